"""Claim: a list of fifty rows costs at most 15 times the CPU of a page that says ok to somebody signed in.

Through the whole WSGI application, in one process: middleware, session, user, mount, door, snapshot, queries, templates.
The unit list is the page; ok stands behind the sign-in alone.
"""
import io
import statistics
import sys
import time

from _common import make_register, on_both, result, start

UNITS, PER_PAGE, ROUNDS, BLOCK, RATIO = 1_000, 50, 30, 5, 15


def main(engine):
    start("list_page")
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
    estate = make_register("list", UNITS)
    add_owners(estate)
    user = User.objects.filter(username="bench").first() or User.objects.create_user("bench", "测量", password=None)
    Post.objects.get_or_create(estate=estate, user=user, role=Role.CLERK)
    browser = Client()
    browser.force_login(user, backend=settings.AUTHENTICATION_BACKENDS[-1])
    session = browser.session.session_key
    urls.urlpatterns.append(path("ok/", lambda request: HttpResponse("ok")))
    settings.ALLOWED_HOSTS = ["bench"]
    application = get_wsgi_application()

    def get(page):
        """(status, body) as a server would have them."""
        status = []
        environ = {"REQUEST_METHOD": "GET", "PATH_INFO": f"/e/{estate.slug}{page}", "QUERY_STRING": "", "SERVER_NAME": "bench", "SERVER_PORT": "80",
                   "HTTP_HOST": "bench", "REMOTE_ADDR": "127.0.0.1", "HTTP_COOKIE": f"{settings.SESSION_COOKIE_NAME}={session}",
                   "wsgi.url_scheme": "https" if settings.SECURE_SSL_REDIRECT else "http", "wsgi.input": io.BytesIO(), "wsgi.errors": sys.stderr}
        answer = application(environ, lambda line, headers: status.append(line))
        body = b"".join(answer)
        answer.close()
        return status[0], body

    status, body = get("/units/")
    assert status == "200 OK" and body.count(b'<a class="room"') == PER_PAGE, (status, len(body))
    assert get("/ok/") == ("200 OK", b"ok")
    cpu = {"/units/": [], "/ok/": []}
    for _ in range(ROUNDS):                                    # by turns, so that what else the machine does falls on both
        for page, spent in cpu.items():
            begun = time.process_time()
            for _ in range(BLOCK):
                get(page)
            spent.append((time.process_time() - begun) / BLOCK * 1000)
    a_list, ok = (statistics.median(spent) for spent in cpu.values())
    print(f"{engine}: list {a_list:.2f} ms, {len(body) / 1024:.1f} KB; ok {ok:.2f} ms of CPU a request")
    return result(f"list_page_{engine}", f"{a_list / ok:.1f}", RATIO, a_list / ok <= RATIO, "x")


def add_owners(estate):
    """A named owner with a phone for every household, once."""
    from households.models import Household, Ownership, Person

    households = list(Household.objects.of(estate).filter(persons=None))
    people = Person.objects.bulk_create([Person(estate=estate, name=f"业主{n}", phone=f"138{n:08d}") for n in range(len(households))])
    Ownership.objects.bulk_create([Ownership(estate=estate, household=h, person=p) for h, p in zip(households, people, strict=True)])


if __name__ == "__main__":
    if len(sys.argv) > 1:
        raise SystemExit(not main(sys.argv[1]))
    on_both(__file__)
