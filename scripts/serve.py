"""What `make run` does after the set-up: migrate, static files, demo, then the server.

One start of Django for all of it, the server's processes included, so that a second `make run` is up within two seconds.
"""
import hashlib
import os
import socket
import sys
from pathlib import Path

import environ

ROOT = Path(__file__).resolve().parent.parent


def end(sentence):
    print(f"servicecentre: {sentence}", file=sys.stderr)
    raise SystemExit(1)


def port_is_free(host, port):
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            return str(error)
    return ""


def collect_static(root):
    """Collect, hash and compress the static files, unless they are as they were the last time (it takes seconds)."""
    import django
    from django.contrib.staticfiles import finders
    from django.core.management import call_command

    seen = [django.__version__]
    for finder in finders.get_finders():
        for path, storage in finder.list([]):
            about = os.stat(storage.path(path))
            seen.append(f"{path} {about.st_size} {about.st_mtime_ns}")
    stamp = root / f".collected-{hashlib.sha256(chr(10).join(sorted(seen)).encode()).hexdigest()[:16]}"
    if not stamp.exists():
        call_command("collectstatic", verbosity=0, interactive=False, clear=True)
        stamp.touch()


def main():
    os.chdir(ROOT)
    os.umask(0o077)                                     # data is this account's alone
    sys.path.insert(0, str(ROOT))
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "servicecentre.settings")
    environ.Env.read_env(os.environ.get("ENV_FILE", ".env"))
    os.environ.setdefault("DEMO", "1")                  # `make run` shows the program; a real centre says DEMO=0

    import django
    from django.core.exceptions import ImproperlyConfigured
    try:
        django.setup()
    except ImproperlyConfigured as error:
        end(error)
    from django.conf import settings
    from django.core.management import CommandError, call_command, get_commands
    from django.db import connections

    from servicecentre import checks
    if trouble := port_is_free(settings.HOST, settings.PORT):
        end(f"{settings.HOST} port {settings.PORT} cannot be used ({trouble}); another: PORT=8001 make run")
    print(checks.describe_database())
    call_command("migrate", verbosity=0, interactive=False)
    collect_static(settings.STATIC_ROOT)
    if settings.DEMO and "demo" in get_commands():
        try:
            call_command("demo")
        except CommandError as refusal:                 # a centre of its own lives here
            print(f"demo: {refusal}")
    try:
        checks.refuse_unless_sound()
    except ImproperlyConfigured as error:
        end(error)
    for sentence in checks.silent_helpers():
        print(sentence, file=sys.stderr)
    connections.close_all()                             # nothing of the database is open when the server forks

    from gunicorn.app.wsgiapp import WSGIApplication
    sys.argv = ["gunicorn", "-c", "gunicorn.conf.py", "servicecentre.wsgi"]
    WSGIApplication().run()


if __name__ == "__main__":
    main()
