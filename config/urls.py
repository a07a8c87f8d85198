"""The routes of the HTTP side; `voicebot.routing` has the WebSocket's."""

from django.contrib import admin
from django.urls import include, path
from django.utils.translation import gettext_lazy as _

admin.site.site_header = "Greenroom"
admin.site.site_title = "Greenroom"
admin.site.index_title = _("Overview")

handler400 = "voicebot.http.error_pages.bad_request"
handler403 = "voicebot.http.error_pages.forbidden"
handler404 = "voicebot.http.error_pages.not_found"
handler500 = "greenroom.http.outage.on_server_error"
urlpatterns = [
    path("admin/", admin.site.urls),
    path("", include("greenroom.urls")),
]
