"""Health: is the process there, can it serve. No versions, no counts (TRUST §6)."""
from django.contrib.auth.decorators import login_not_required
from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor
from django.http import HttpResponse

from servicecentre.kit import guards


@login_not_required
def healthz(request):
    """The process answers; no query."""
    return HttpResponse("ok", content_type="text/plain")


@login_not_required
def readyz(request):
    """503 unless the database answers, its schema is this code's, and every guard stands."""
    try:
        executor = MigrationExecutor(connection)
        lacking = bool(executor.migration_plan(executor.loader.graph.leaf_nodes()) or guards.missing())
    except DatabaseError:
        lacking = True
    return HttpResponse("not ready" if lacking else "ok", status=503 if lacking else 200, content_type="text/plain")
