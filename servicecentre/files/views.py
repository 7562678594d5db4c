"""One file, served to whom it may concern: this estate, its own right, nothing that a browser could run (TRUST T14)."""
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils.http import content_disposition_header
from django.views.decorators.http import require_GET

from servicecentre.kit import store
from servicecentre.roles import RIGHTS
from servicecentre.staff.access import may, needs

from .models import JPEG, Damaged, File


@needs("files.view_file")
@require_GET
def file(request, pk):
    """The file itself; an identity paper only by an act with a reason, so not here."""
    row = _file(request, pk)
    try:
        data = row.content()
    except Damaged:
        return render(request, "files/damaged.html", {"file": row}, status=410)
    except store.Silent as silent:
        return render(request, "503.html", {"headline": "文件现在打不开", "reason": silent.sentence}, status=503)
    return _sandboxed(HttpResponse(data, content_type=row.content_type, headers={
        "Content-Disposition": content_disposition_header(row.is_pdf, row.name)}))


@needs("files.view_file")
@require_GET
def thumb(request, pk):
    row = _file(request, pk)
    try:
        data, status = (row.small(), 200) if row.thumb else (b"", 410)
    except Damaged:
        data, status = b"", 410
    except store.Silent:
        data, status = b"", 503
    return _sandboxed(HttpResponse(data, content_type=JPEG, status=status))


def _sandboxed(response):
    """As csp.decorators.csp_update would mark it; a page that only tells of a file stays as pages are."""
    response._csp_update = {"sandbox": True}
    return response


def _file(request, pk):
    """This estate's file, if who asks has the right that it names; one that was removed or is an identity paper is none."""
    row = get_object_or_404(File.objects.of(request.estate).there().exclude(kind=File.Kind.IDENTITY), pk=pk)
    if row.right not in RIGHTS or not may(request, row.right):
        raise Http404("没有这个附件，或您不能看。")
    return row
