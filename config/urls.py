"""The routes of the HTTP side; `voicebot.routing` has the WebSocket's."""

from django.contrib import admin
from django.urls import include, path

admin.site.site_header = "Greenroom"
admin.site.site_title = "Greenroom"
admin.site.index_title = "The company"

urlpatterns = [
    path("admin/", admin.site.urls),
    path("", include("characters.urls")),
    path("", include("voicebot.urls")),
]
