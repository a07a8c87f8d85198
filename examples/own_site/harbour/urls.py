from django.contrib import admin
from django.urls import include, path
from django.views.generic import RedirectView, TemplateView

urlpatterns = [
    path("", TemplateView.as_view(template_name="home.html"), name="home"),
    path("accounts/", include("django.contrib.auth.urls")),
    # The desk is entered by the login of this project.
    path("voices/desk/login/", RedirectView.as_view(pattern_name="login", query_string=True)),
    path("voices/desk/", admin.site.urls),
    path("voices/", include("greenroom.urls")),
]
