from django.urls import path

from voicebot import metrics, sessions_api, views

urlpatterns = [
    path("talk/<slug:slug>/", views.talk, name="talk"),
    path("embed/<slug:slug>/", views.embed, name="embed"),
    path("embed.js", views.embed_script, name="embed_script"),
    path("api/start", views.start, name="start"),
    path("api/sessions", sessions_api.sessions, name="sessions"),
    path("api/sessions/<uuid:session_id>", sessions_api.session, name="session"),
    path("ws/session/<uuid:session_id>/", views.socket, name="socket"),
    path("healthz", views.healthz, name="healthz"),
    path("readyz", views.readyz, name="readyz"),
    path("metrics", metrics.show, name="metrics"),
]
