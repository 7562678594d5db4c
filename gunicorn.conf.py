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
control_socket_disable = True               # it would be made under $HOME
worker_tmp_dir = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None
loglevel = "warning"


def _job_worker():
    """The embedded worker of servicecentre.jobs."""
    if importlib.util.find_spec("servicecentre.jobs.worker"):
        from servicecentre.jobs import worker
        return worker
    return None


def when_ready(server):
    print(f"http://{bind}/   (Ctrl-C ends it)", flush=True)


def post_worker_init(worker):
    if jobs := _job_worker():
        jobs.start()


def worker_exit(server, worker):
    if stop := getattr(_job_worker(), "stop", None):
        stop()
