"""The map of papers: numbers, one paper, its PDF, printing again."""
from django.urls import path

from .views import numbers, paper

app_name = "papers"
urlpatterns = [
    path("", numbers.numbers, name="numbers"),
    path("<int:pk>/", paper.paper, name="paper"),
    path("<int:pk>/pdf/<int:n>/", paper.show_pdf, name="pdf"),
    path("<int:pk>/reprint/", paper.reprint, name="reprint"),
    path("<int:pk>/void/", paper.void_alone, name="void_alone"),
]
