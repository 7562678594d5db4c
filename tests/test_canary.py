"""A number of identity planted in the data shows nowhere but where it is revealed: each page, PDF, export and log line, as each role (TRUST 26).

Twins: one template that shows it, one log line that holds it, and the reveal itself are all found by the same crawl.
"""
import io
import logging

import pytest
from django.template.loaders.base import Loader

from households import exporting
from households.models import Household, Person, Unit
from households.people import add_resident, reveal_identity
from households.register import change_household, change_unit
from servicecentre.desk.office import create_estate
from servicecentre.kit.lines import Lines
from servicecentre.kit.refused import Refused
from servicecentre.papers.issuing import ALL, reprint_paper
from servicecentre.papers.kinds import DATA_COPY, KINDS
from servicecentre.papers.models import Paper
from servicecentre.roles import Role
from servicecentre.staff.models import User

from .conftest import Desk, person_at
from .crawling import crawl, headers_of, text_of
from .files.making import upload
from .households.lists import register, row
from .walk import INSIDE, address, everyone, unframed
from .worlds import a_month, at, resident_id, set_once, taken_back, unwritten, worked_off

THEN = (2026, 11, 21, 3)
CANARY = resident_id("32010619880417002")                 # the world's first owner has it
BIRD2 = resident_id("32010619770707001")                   # in an uploaded list, in a remark and behind a wrong row
PAPERS = {}                                               # set in type once for all who read them


@pytest.fixture(scope="module")
def world(django_db_setup, django_db_blocker):
    from households.importing.uploads import receive

    with unwritten(django_db_blocker), at(*THEN):
        world = a_month(create_estate("galaxy1", "银河国际街区一期", by=User.system()))
        assert world.person.id_number == CANARY and Person.objects.filter(id_digest=world.person.id_digest).exists()
        add_resident(world.household, name="住客", id_number=BIRD2, by=world.clerk)
        worked_off(world.upload)
        Household.objects.filter(pk=world.household.pk).update(remark=f"证 {BIRD2}，{CANARY}")           # as an older program took it
        Unit.objects.filter(pk=world.unit.pk).update(remark=f"原业主 {BIRD2}")
        listed = register(row(code="9-1-101"), row(code="9-1-102", area="八十九"))
        world.imported = worked_off(receive(world.estate, data=listed, name=f"登记表 {BIRD2}.xlsx", by=world.clerk))
        reveal_identity(world.person, household=world.household, reason="核对身份", by=world.clerk)
        world.everyone = everyone(world)
        yield world


@pytest.fixture(autouse=True)
def db(world):
    with taken_back(), set_once(PAPERS), at(*THEN):
        yield


def birds(text):
    """The planted numbers, whole or without their check digit, with or without blanks."""
    packed = text.replace(" ", "").replace("\u3000", "")
    return [bird for bird in (CANARY, BIRD2) if bird[:17] in packed]


def hits(desk, world):
    """Where one shows, one page of each sort; the frame around all pages is read at home."""
    with unframed():
        found = [where for where, text in crawl(desk, world, alike=1) if birds(text + where)]
    return found + ["/"] * bool(birds(text_of(desk.get("/"))))


@pytest.mark.parametrize("role", Role)
def test_no_role_sees_a_number_by_looking_around(world, role):
    assert hits(Desk(person_at(world.estate, f"only-{role}", "某人", role), world.estate), world) == []


def test_who_may_do_everything_sees_none_either_and_sees_much(world):
    with unframed():
        seen = dict(crawl(world.everyone, world))
    assert [where for where, text in seen.items() if birds(text + where)] == []
    kinds = {"pdf": "%PDF" not in "".join(seen) and any("/pdf/" in w or w.endswith(".pdf") for w in seen), "xlsx": any(".xlsx" in w for w in seen)}
    assert len(seen) > 100 and all(kinds.values()), (len(seen), kinds)


@pytest.mark.parametrize("asked", [CANARY, CANARY[-4:], "张雨萍", "3-2-1801", BIRD2])
def test_a_search_shows_none(world, asked):
    for headers in ({}, {"HX-Request": "true"}):
        answer = world.everyone.post("/search/", {"q": asked}, headers=headers)
        shown = answer.content.decode().replace(f'value="{asked}"', "")              # what was typed stands in its own box
        assert not birds(shown.replace(f"「{asked}」", "").replace(asked, "", 1) if asked in (CANARY, BIRD2) else shown)


def test_forms_that_are_refused_show_no_number_of_others(world):
    for name, _, _ in INSIDE:
        with taken_back(), unframed():
            answer = world.everyone.post(address(world, name), {"name": "某", "reason": "", "id_number": ""})
            assert not birds(text_of(answer)), name


def test_every_paper_printed_anew_holds_none(world):
    """Each template in use, all its copies, as its PDF; the copy of one's data among them."""
    newest = {paper.edition: paper for paper in Paper.objects.of(world.estate).exclude(edition="").order_by("pk")}
    assert set(newest) == {kind.edition for kind in (*KINDS.values(), DATA_COPY) if kind.edition}
    for edition, paper in newest.items():
        again = reprint_paper(paper, reason="核对", copies=ALL if KINDS[paper.kind].copies else "", by=world.everyone.user)
        answer = world.everyone.get(again.get_pdf_url())
        assert answer["Content-Type"] == "application/pdf", edition
        text = text_of(answer)
        assert paper.number in text.replace(" ", "") and not birds(text + headers_of(answer)), edition


def test_a_remark_takes_none(world):
    with pytest.raises(Refused, match="备注里不写证件号码"):
        change_household(world.household, version=world.household.version, remark=f"证 {CANARY}", by=world.clerk)
    with pytest.raises(Refused, match="备注里不写证件号码"):
        change_unit(world.unit, version=world.unit.version, kind="home", remark=CANARY, by=world.clerk)


def test_a_file_named_by_a_number_is_shown_and_logged_without_it(world, operators_log):
    place = address(world, "attach_household_files")
    assert world.everyone.post(place, {"kind": "", "files": upload(name=f"{CANARY}.jpg"), "request_key": "bird"}).status_code == 302
    listed = world.everyone.get(address(world, "household_files"))
    assert f"320***{CANARY[-2:]}.jpg" in text_of(listed) and not birds(text_of(listed))
    assert not birds("".join(text for _, text in crawl(world.everyone, world, ("household_files", "households:history", "worklog:day"))))
    assert not birds(operators_log.getvalue())


MONTHS = {"first": "2026-03", "last": "2027-02", "reason": "核对"}
EXPORTS = {"register": ("/units/export/", {"reason": "核对"}), "charges": ("/billing/charges/export/", MONTHS),
           "unpaid ones": ("/billing/charges/export/", MONTHS | {"unpaid": "on"})}


def taken_out(world, what):
    where, data = EXPORTS[what]
    answer = world.everyone.post(where, data)
    assert answer.status_code == 200 and "attachment" in answer["Content-Disposition"]
    return text_of(answer) + headers_of(answer)


@pytest.mark.parametrize("what", EXPORTS)
def test_what_goes_out_as_excel_holds_none(world, operators_log, what):
    text = taken_out(world, what)
    assert "张雨萍" in text and not birds(text)
    assert ("3201**********" in text) is (what == "register")
    assert not birds("".join(text for _, text in crawl(world.everyone, world, ("worklog:day", "home")))) and not birds(operators_log.getvalue())


def test_twin_an_export_that_hides_nothing_is_found(world, monkeypatch):
    monkeypatch.setattr(exporting, "hide_identities", lambda text: text)
    assert set(birds(taken_out(world, "register"))) == {CANARY, BIRD2}


@pytest.fixture
def operators_log(settings):
    """What the operator's log would hold, as it writes it."""
    out = io.StringIO()
    handler = logging.StreamHandler(out)
    kept = {name: value for name, value in settings.LOGGING["formatters"]["json"].items() if name not in ("()", "format")}
    handler.setFormatter(Lines(settings.LOGGING["formatters"]["json"]["format"], **kept))
    logging.getLogger().addHandler(handler)
    loud = [logging.getLogger(name) for name in ("django", "django.request", "django.server", "axes")]
    before = [(logger, logger.level) for logger in loud]
    for logger in loud:
        logger.setLevel(logging.INFO)
    yield out
    logging.getLogger().removeHandler(handler)
    for logger, level in before:
        logger.setLevel(level)


def test_the_operators_log_holds_none(world, operators_log):
    """Refused, not found, forbidden and crashed requests that carry the number in body and address."""
    desk = Desk(world.everyone.user, world.estate, raise_request_exception=False)
    for name, _, _ in INSIDE:
        with taken_back(), unframed():
            desk.post(address(world, name), {"id_number": CANARY, "q": CANARY, "reason": CANARY, "words": "\0" + CANARY})
            desk.get(address(world, name), {"q": CANARY, "room": CANARY, "page": CANARY})
    desk.get(f"/nowhere/?q={CANARY}")
    assert operators_log.getvalue().count("\n") > 20 and not birds(operators_log.getvalue())


def test_a_crash_in_mid_form_logs_none(world, operators_log, monkeypatch):
    from servicecentre.desk import search

    monkeypatch.setattr(search, "find", None)
    desk = Desk(world.everyone.user, world.estate, raise_request_exception=False)
    assert desk.post("/search/", {"q": CANARY}).status_code == 500
    assert "Traceback" in operators_log.getvalue() and not birds(operators_log.getvalue())


# --- twins: the same crawl finds what is planted ----------------------------------------------------------------------------

class Planted(Loader):
    """Loads one template with a number in it before the real one."""

    def get_template_sources(self, template_name):
        from django.template import Origin

        if template_name == "desk/household/people.html":
            yield Origin(name="planted", template_name=template_name, loader=self)

    def get_contents(self, origin):
        return "{% for who in part.people %}<p>{{ who.person.id_number }}</p>{% endfor %}"


def test_twin_a_template_that_shows_a_number_is_found(world, settings):
    templates = [dict(settings.TEMPLATES[0])]
    templates[0]["APP_DIRS"] = False
    templates[0]["OPTIONS"] = templates[0]["OPTIONS"] | {"loaders": [
        "tests.test_canary.Planted", "django.template.loaders.filesystem.Loader", "django.template.loaders.app_directories.Loader"]}
    settings.TEMPLATES = templates
    assert birds(text_of(Desk(world.clerk, world.estate).get(f"/households/{world.household.pk}/"))) == [CANARY, BIRD2]


def test_twin_the_reveal_itself_is_found(world):
    answer = world.everyone.post(address(world, "households:reveal_identity"), {"reason": "核对本人身份", "request_key": "bird"})
    assert birds(answer.content.decode()) == [CANARY]


def test_twin_a_log_line_with_a_number_is_found(world, operators_log):
    logging.getLogger("servicecentre").error("refused %s", CANARY)
    assert birds(operators_log.getvalue()) == [CANARY]


def test_twin_a_number_in_a_pdf_or_in_excel_is_found():
    from types import SimpleNamespace

    from servicecentre.kit.pdf import render_pdf

    pdf = SimpleNamespace(streaming=False, content=render_pdf(f'<meta charset="utf-8"><p>{CANARY}</p>'), get=lambda *a: "application/pdf")
    assert birds(text_of(pdf)) == [CANARY]
    import openpyxl
    book, out = openpyxl.Workbook(), io.BytesIO()
    book.active["B2"] = CANARY
    book.save(out)
    sheet = SimpleNamespace(streaming=False, content=out.getvalue(), get=lambda *a: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet")
    assert birds(text_of(sheet)) == [CANARY]
