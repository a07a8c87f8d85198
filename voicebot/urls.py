from django.urls import path

from voicebot.http import api, pages, probes, start, web_app

urlpatterns = [
    path("talk/<slug:slug>/", pages.talk, name="talk"),
    path("embed/<slug:slug>/", pages.embed, name="embed"),
    path("embed.js", pages.embed_script, name="embed_script"),
    path("manifest.webmanifest", web_app.manifest, name="manifest"),
    path("service-worker.js", web_app.service_worker, name="service_worker"),
    path("offline/", web_app.offline, name="offline"),
    *api.routes(),
    path("ws/session/<uuid:session_id>/", start.socket, name="socket"),
    path("healthz", probes.healthz, name="healthz"),
    path("readyz", probes.readyz, name="readyz"),
    path("metrics", probes.metrics_page, name="metrics"),
]
