"""The map of papers: numbers, one paper, its PDF, printing again."""
from django.urls import path

from . import views

app_name = "papers"
urlpatterns = [
    path("", views.numbers, name="numbers"),
    path("<int:pk>/", views.paper, name="paper"),
    path("<int:pk>/pdf/<int:n>/", views.show_pdf, name="pdf"),
    path("<int:pk>/reprint/", views.reprint, name="reprint"),
]
