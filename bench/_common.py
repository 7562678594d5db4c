"""What the benches share: an engine each in a process of its own, estates of any size made in SQL and kept between runs."""
import io
import os
import resource
import statistics
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
KEPT = ROOT / "var" / "bench"             # data of SQLite stays here between runs; PostgreSQL's is made anew, unless DATABASE_URL names one
SCALE = int(os.environ.get("SCALE", "1"))
ENGINES = ("sqlite", "postgresql")


def on_both(script):
    """Run this bench once per engine, each in its own process; exit 1 when one fails or falls short."""
    codes = []
    for engine in ENGINES:
        command = [sys.executable, "-u", script, engine]
        environment = {**os.environ, "BENCH_ENGINE": engine}
        if engine == "sqlite":
            environment.pop("DATABASE_URL", None)
        elif "postgres" not in environment.get("DATABASE_URL", ""):
            command = [str(ROOT / "scripts" / "with-postgres"), *command]
        codes.append(subprocess.run(command, cwd=ROOT, env=environment).returncode)
    raise SystemExit(any(codes))


def start(name):
    """Django on this bench's own database, migrated, triggers in place; call before any import of ours."""
    folder = KEPT / f"{name}-{SCALE}"
    folder.mkdir(parents=True, exist_ok=True)
    os.environ.update(DJANGO_SETTINGS_MODULE="servicecentre.settings", DATA_DIR=str(folder), ENV_FILE=os.devnull, DEMO="1")
    sys.path.insert(0, str(ROOT))
    import django
    django.setup()
    from django.core.management import call_command
    call_command("migrate", verbosity=0)
    from servicecentre.kit import guards
    if missing := guards.missing():
        raise SystemExit(f"{name}: triggers are missing: {missing[:3]}")


def result(name, figure, limit, good, unit=""):
    """The line that `make bench` reads. ``good``: within the limit."""
    print(f"RESULT {name} {figure}{unit} {limit}{unit} {'ok' if good else 'short'}", flush=True)
    return good


def seconds(call):
    """(how long it took, what it gave)."""
    begun = time.perf_counter()
    given = call()
    return time.perf_counter() - begun, given


def weighed(estate, page, rounds=30, block=5):
    """(ms of CPU that this page of the estate costs, ms of one that says ok behind the sign-in alone, the page's body).

    Through the whole WSGI application, in this process: middleware, session, user, mount, door, snapshot, queries, templates.
    """
    from django.conf import settings
    from django.core.management import call_command
    from django.core.wsgi import get_wsgi_application
    from django.http import HttpResponse
    from django.test import Client
    from django.urls import path

    from servicecentre import urls
    from servicecentre.roles import Role
    from servicecentre.staff.models import Post, User

    call_command("collectstatic", interactive=False, verbosity=0)
    user = User.objects.filter(username="bench").first() or User.objects.create_user("bench", "测量", password=None)
    Post.objects.get_or_create(estate=estate, user=user, role=Role.CLERK)
    browser = Client()
    browser.force_login(user, backend=settings.AUTHENTICATION_BACKENDS[-1])
    session = browser.session.session_key
    urls.urlpatterns.append(path("ok/", lambda request: HttpResponse("ok")))
    settings.ALLOWED_HOSTS = ["bench"]
    application = get_wsgi_application()

    def get(asked):
        """(status, body) as a server would have them."""
        status, (place, _, query) = [], asked.partition("?")
        environ = {"REQUEST_METHOD": "GET", "PATH_INFO": f"/e/{estate.slug}{place}", "QUERY_STRING": query, "SERVER_NAME": "bench",
                   "SERVER_PORT": "80", "HTTP_HOST": "bench", "REMOTE_ADDR": "127.0.0.1", "HTTP_COOKIE": f"{settings.SESSION_COOKIE_NAME}={session}",
                   "wsgi.url_scheme": "https" if settings.SECURE_SSL_REDIRECT else "http", "wsgi.input": io.BytesIO(), "wsgi.errors": sys.stderr}
        answer = application(environ, lambda line, headers: status.append(line))
        body = b"".join(answer)
        answer.close()
        return status[0], body

    status, body = get(page)
    assert status == "200 OK" and get("/ok/") == ("200 OK", b"ok"), status
    cpu = {page: [], "/ok/": []}
    for _ in range(rounds):                                    # by turns, so that what else the machine does falls on both
        for asked, spent in cpu.items():
            begun = time.process_time()
            for _ in range(block):
                get(asked)
            spent.append((time.process_time() - begun) / block * 1000)
    return (*(statistics.median(spent) for spent in cpu.values()), body)


def peak_mb():
    """The most memory this process has held so far, in MB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024


def make_register(slug, units, per_building=500):
    """An estate of so many units: each 8th without a household, without area or with one that left; each 50th begins in
    the month of 2026-11. Made once, in SQL alone; returns the Estate."""
    from django.db import connection, transaction

    from households.models import Household
    from servicecentre.desk.office import create_estate
    from servicecentre.staff.models import User
    by = User.system()
    estate = create_estate(slug, f"测量 {units:,} 套", by=by)
    if Household.objects.of(estate).exists():
        return estate
    words = {"date": "DATE", "no": "FALSE"} if connection.vendor == "postgresql" else {"date": "", "no": "0"}
    with transaction.atomic(), connection.cursor() as cursor:
        for statement in _REGISTER.split(";"):
            cursor.execute(statement.format(estate=estate.pk, units=units, per=per_building, by=by.pk, **words))
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    return estate


_NUMBERS = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {units})"
_REGISTER = f"""
INSERT INTO households_building (estate_id, code, sort)
{_NUMBERS} SELECT {{estate}}, CAST(i AS varchar), CAST(i AS varchar) FROM n WHERE i <= ({{units}} + {{per}} - 1) / {{per}};
INSERT INTO households_unit (estate_id, building_id, entrance, room, code, sort, kind, trade, remark, version)
{_NUMBERS} SELECT {{estate}}, b.id, '1', CAST(i AS varchar), b.code || '-1-' || CAST(i AS varchar), CAST(1000000 + i AS varchar),
       CASE WHEN i % 20 = 0 THEN 'shop' ELSE 'home' END, '', '', 1
FROM n JOIN households_building b ON b.estate_id = {{estate}} AND b.code = CAST((i - 1) / {{per}} + 1 AS varchar);
INSERT INTO households_unitarea (estate_id, unit_id, area, starts_on, basis)
SELECT {{estate}}, id, 5000 + (CAST(room AS bigint) * 7919) % 9000, {{date}} '2000-01-01', '' FROM households_unit
WHERE estate_id = {{estate}} AND CAST(room AS bigint) % 40 <> 8;
INSERT INTO households_household (estate_id, unit_id, serial, number, starts_on, ends_on, developer, owner_names, remark, opened_by_id, version)
SELECT {{estate}}, id, 1, code || '-01', CASE WHEN CAST(room AS bigint) % 50 = 7 THEN {{date}} '2026-11-12' ELSE {{date}} '2020-03-01' END,
       CASE WHEN CAST(room AS bigint) % 40 = 16 THEN {{date}} '2026-09-30' END, {{no}}, '业主', '', {{by}}, 1
FROM households_unit WHERE estate_id = {{estate}} AND CAST(room AS bigint) % 40 NOT IN (0, 24, 32)
"""
