"""The map of texts: what the desk says and reads, and how it is changed."""
from django.urls import path

from . import views

app_name = "texts"
urlpatterns = [
    path("", views.phrases, name="phrases"),
    path("phrases/new/", views.write_phrase, name="write_phrase"),
    path("handbook/", views.handbook, name="handbook"),
    path("handbook/new/", views.write_page, name="write_page"),
    path("handbook/<int:pk>/", views.handbook_page, name="handbook_page"),
    path("papers/", views.paper_text, name="paper_text"),
    path("papers/preview/", views.preview_text, name="preview_text"),
    path("<int:pk>/", views.text, name="text"),
    path("<int:pk>/change/", views.change_text, name="change_text"),
    path("<int:pk>/withdraw/", views.withdraw_text, name="withdraw_text"),
]
