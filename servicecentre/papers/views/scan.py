"""What a scanned code says: the stored paper to its own people, the centre's phone to everybody else."""
from django.contrib.auth.decorators import login_not_required
from django.core.exceptions import ValidationError
from django.shortcuts import render
from django.views.decorators.http import require_http_methods

from servicecentre.estates.mount import in_estate
from servicecentre.kit.headers import client_address
from servicecentre.kit.periods import today
from servicecentre.kit.snapshot import snapshot
from servicecentre.kit.throttle import too_often
from servicecentre.papers.issuing import paper_of_mark
from servicecentre.roles import RIGHTS
from servicecentre.staff import gate

A_MINUTE = 30                             # scans of one address without signing in; a guess is one of 2⁸⁰ anyway


@login_not_required
@require_http_methods(["GET", "HEAD"])
def mark(request, mark):
    """What a scanned code says: to staff of its estate the stored paper and its state, to others the centre's phone (TRUST T7)."""
    if not request.user.is_authenticated and too_often("mark", client_address(request), most=A_MINUTE):
        return render(request, "papers/mark.html", {"busy": True}, status=429)
    with snapshot():
        try:
            paper = paper_of_mark(mark)
        except ValidationError as error:
            return render(request, "papers/mark.html", {"wrong": error.messages[0]}, status=404)
        seen = paper and request.user.is_authenticated and not gate.shut(request, paper.estate)
        roles = request.user.roles_at(paper.estate) if seen else frozenset()
        with in_estate(paper.estate.slug if paper else "-"):
            page_url = paper and paper.get_absolute_url()
        return render(request, "papers/mark.html", {
            "page_url": page_url, "paper": paper if roles else None, "note": paper.note_on(today()) if roles else "",
            "phone": paper.estate.phone if paper else "", "unknown": paper is None,
            "figures": bool(RIGHTS["papers.view_paper"].roles & roles)}, status=200 if paper else 404)
