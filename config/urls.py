"""The routes of the HTTP side; `voicebot.routing` has the WebSocket's."""

from django.contrib import admin
from django.urls import include, path
from django.views.i18n import set_language

admin.site.site_header = "Greenroom"
admin.site.site_title = "Greenroom"
admin.site.index_title = "The company"

handler404 = "voicebot.views.not_found"
urlpatterns = [
    path("admin/", admin.site.urls),
    path("language/", set_language, name="set_language"),
    path("", include("characters.urls")),
    path("", include("voicebot.urls")),
]
