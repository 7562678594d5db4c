"""All pages of the work log under one name: the log's own, and the roof's that also look at rooms, receipts and the journal."""
from django.urls import path

from servicecentre.worklog.urls import app_name, urlpatterns

from . import log, review

__all__ = ["app_name", "urlpatterns"]

urlpatterns = [
    path("", log.day, name="day"),
    path("day.pdf", log.day_pdf, name="day_pdf"),
    path("remark/", log.remark, name="make_remark"),
    path("review/", review.review, name="review"),
    path("review/see/", review.see, name="see_entries"),
    path("review/entries/<int:pk>/", review.comment, name="comment_entry"),
    path("review/seal/", review.seal, name="seal_day"),
    *urlpatterns,
]
