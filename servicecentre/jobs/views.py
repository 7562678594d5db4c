"""The progress page of long work; it asks again by itself and may be left."""
from django.shortcuts import get_object_or_404, render

from servicecentre.staff.access import needs

from .models import Job


@needs("jobs.view_job")
def job(request, pk):
    row = get_object_or_404(Job.objects.of(request.estate).select_related("made_by"), pk=pk)
    return render(request, "jobs/_job.html" if request.htmx else "jobs/job.html", {"job": row})
