"""The progress page of long work; it asks again by itself and may be left."""
from django.shortcuts import get_object_or_404, render
from django_htmx.http import HttpResponseClientRedirect

from servicecentre.staff.access import needs

from .models import Job


@needs("jobs.view_job")
def job(request, pk):
    row = get_object_or_404(Job.objects.of(request.estate).select_related("made_by"), pk=pk)
    go_on = bool(request.GET.get("go"))               # the page that asks wants what comes of it, not a link to it
    if request.htmx and go_on and row.ended and row.leads_to:
        return HttpResponseClientRedirect(row.leads_to)
    return render(request, "jobs/_job.html" if request.htmx else "jobs/job.html", {"job": row, "go_on": go_on})
