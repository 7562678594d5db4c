"""The map of papers: numbers, one paper, its PDF, printing again."""
from django.urls import path

from .views import batches, numbers, paper, printers

app_name = "papers"
urlpatterns = [
    path("", numbers.numbers, name="numbers"),
    path("batches/", batches.batches, name="batches"),
    path("batches/print/", batches.print_batch, name="print_batch"),
    path("batches/<int:pk>/", batches.batch, name="batch"),
    path("batches/<int:pk>/take/", batches.take_batch, name="take_batch"),
    path("batches/<int:pk>/stop/", batches.stop_batch, name="stop_batch"),
    path("batches/<int:pk>/pdf/", batches.batch_pdf, name="batch_pdf"),
    path("printers/", printers.printers, name="printers"),
    path("printers/add/", printers.add_computer, name="add_computer"),
    path("printers/<int:pk>/choose/", printers.choose_computer, name="choose_computer"),
    path("printers/<int:pk>/set/", printers.set_computer, name="set_computer"),
    path("printers/fit/<int:pk>/", printers.confirm_fit, name="confirm_fit"),
    path("printers/test/<int:pk>/", printers.test_page, name="test_page"),
    path("<int:pk>/", paper.paper, name="paper"),
    path("<int:pk>/pdf/<int:n>/", paper.show_pdf, name="pdf"),
    path("<int:pk>/reprint/", paper.reprint, name="reprint"),
    path("<int:pk>/void/", paper.void_alone, name="void_alone"),
]
