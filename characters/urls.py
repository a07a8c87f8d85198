from django.urls import path, re_path

from characters.pages import views, voice

urlpatterns = [
    path("", views.show_gallery, name="gallery"),
    path("characters/<slug:slug>/", views.show_character, name="character"),
    path("characters/<slug:slug>/voice-<int:version>.wav", voice.voice, name="voice"),
    path("characters/<slug:slug>/share-<int:version>.png", views.share_image, name="share"),
    re_path(r"^media/portraits/(?P<name>[A-Za-z0-9_-]+\.webp)$", views.portrait, name="portrait"),
]
