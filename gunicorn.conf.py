"""The server: on SQLite one process of eight threads, on PostgreSQL as many processes as WEB_WORKERS says."""
import os
import threading

from servicecentre import settings

on_sqlite = settings.DATABASES["default"]["ENGINE"].endswith("sqlite3")
bind = f"[{settings.HOST}]:{settings.PORT}" if ":" in settings.HOST else f"{settings.HOST}:{settings.PORT}"
worker_class = "gthread"
workers = 1 if on_sqlite else settings.WEB_WORKERS
threads = 8
timeout = 60
graceful_timeout = 30
umask = 0o077                               # what it writes is its own account's
control_socket_disable = True               # it would be made under $HOME
worker_tmp_dir = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None
loglevel = "warning"


def when_ready(server):
    print(f"http://{bind}/   (Ctrl-C ends it)", flush=True)


def post_worker_init(worker):
    """The embedded worker starts in the process that serves, never before the fork; beside it what the first request need not wait for."""
    from servicecentre.jobs import worker as jobs
    worker.stop_jobs = jobs.start()
    threading.Thread(target=make_ready, daemon=True).start()


def make_ready():
    """Numbers that a kill left out of the outer journal; the first PDF's fonts and styles."""
    from django.db import connection

    from servicecentre.kit import pdf
    from servicecentre.papers import journal
    try:
        journal.catch_up()
    finally:
        connection.close()
    pdf.warm()


def worker_exit(server, worker):
    if stop := getattr(worker, "stop_jobs", None):
        stop.set()
