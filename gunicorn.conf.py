"""The server: on SQLite one process of eight threads, on PostgreSQL as many processes as WEB_WORKERS says."""
import importlib.util
import os

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
    """The embedded worker of servicecentre.jobs starts in the process that serves, never before the fork."""
    if importlib.util.find_spec("servicecentre.jobs.worker"):
        from servicecentre.jobs import worker as jobs
        worker.stop_jobs = jobs.start()


def worker_exit(server, worker):
    if stop := getattr(worker, "stop_jobs", None):
        stop.set()
