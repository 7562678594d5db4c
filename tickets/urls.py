"""The map of tickets: notices."""
from django.urls import path

from .views import notices

app_name = "tickets"
urlpatterns = [
    path("notices/", notices.show_notices, name="notices"),
    path("notices/post/", notices.post_notice, name="post_notice"),
    path("notices/<int:pk>/", notices.show_notice, name="notice"),
    path("notices/<int:pk>/pdf/", notices.notice_pdf, name="notice_pdf"),
    path("notices/<int:pk>/print/", notices.print_notice, name="print_notice"),
    path("notices/<int:pk>/extend/", notices.extend_notice, name="extend_notice"),
    path("notices/<int:pk>/take-down/", notices.take_down_notice, name="take_down_notice"),
    path("notices/<int:pk>/again/", notices.post_again, name="post_again"),
]
