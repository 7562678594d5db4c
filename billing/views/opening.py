"""What came before the first bill: uploading the lists of old arrears and of parking; the rest of the way is every list's (households/views/importing.py)."""
from households.views.importing import uploads_of
from servicecentre.staff.access import needs


@needs("billing.import_arrears")
def import_arrears(request):
    return uploads_of(request, "arrears")


@needs("billing.import_parking")
def import_parking(request):
    return uploads_of(request, "parking")
