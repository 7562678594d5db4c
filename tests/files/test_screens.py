"""Pages of files: stored and shown, by right and estate only, damaged ones said so, identity papers for a reason (TRUST T14, F8, 26)."""
import errno
from datetime import timedelta
from unittest import mock

import pytest
from django.core.files.storage import FileSystemStorage, default_storage
from django.core.files.uploadedfile import SimpleUploadedFile

from billing.charges import make_charge
from billing.models import FeeKind
from billing.spaces import sign_contract
from billing.waivers import ask_waiver
from households.agents import take_letter
from households.people import add_vehicle
from servicecentre.desk.attachments import HOLDERS
from servicecentre.desk.data_requests import receive_request
from servicecentre.files import storing
from servicecentre.files.models import File
from servicecentre.kit.periods import now, today
from servicecentre.papers.issuing import issue_paper
from servicecentre.papers.kinds import KINDS
from servicecentre.roles import Role
from servicecentre.worklog.day import make_promise
from servicecentre.worklog.models import Entry

from ..conftest import person_at
from ..factories import make_household
from ..twins import without_triggers
from ..worlds import resident_id
from .making import pdf, picture, ready, upload


@pytest.fixture
def household(estate):
    return make_household(estate, "3-2-1801", owner="张雨萍")


@pytest.fixture
def send(desk, household):
    """send(*uploads, **fields): what the page answers."""
    keys = iter(range(1000))

    def send(*uploads, desk=desk, **fields):
        return desk.post(f"/households/{household.pk}/files/add/",
                         {"request_key": f"k{next(keys)}", "files": list(uploads), **fields})
    return send


def identity(household, **more):
    return {"kind": "identity", "person": household.persons.get().pk, "purpose": "办理入住", **more}


def bins():
    """Everything that lies in the store's folder of files."""
    found = []
    for folder in default_storage.listdir("files")[0] if default_storage.exists("files") else ():
        found += [f"files/{folder}/{name}" for name in default_storage.listdir(f"files/{folder}")[1]]
    return set(found)


@pytest.fixture(autouse=True)
def nothing_left_over(db):
    """After each test every stored byte has its row."""
    before = bins()
    yield
    named = {path for file in File.objects.there() for path in (file.path, file.thumb)}
    assert bins() - before <= named


def test_a_full_disk_is_said_beside_what_was_typed(send, monkeypatch):
    monkeypatch.setattr(FileSystemStorage, "_save", mock.Mock(side_effect=OSError(errno.ENOSPC, "full")))
    page = send(upload()).content.decode()
    assert "磁盘已满，文件没有收" in page and not File.objects.exists()


def test_photos_and_a_contract_are_stored_and_listed(desk, send, household):
    answer = send(upload(name="厨房.jpg"), upload(pdf(), "合同.pdf"))
    assert answer.status_code == 302
    assert list(File.objects.values_list("label", "kind", "content_type")) == [
        ("厨房.jpg", "photo", "image/jpeg"), ("合同.pdf", "scan", "application/pdf")]
    assert Entry.objects.latest("pk").words == "添加照片等附件 2 件"
    for page in (f"/households/{household.pk}/files/", f"/households/{household.pk}/"):
        text = desk.get(page).content.decode()
        assert "厨房.jpg" in text and "合同.pdf" in text


def test_each_kind_is_served_as_what_it_is_and_nothing_else(desk, send):
    send(upload(picture("PNG"), "图.png"), upload(picture("WEBP"), "x.html"), upload(pdf(script="app.alert(1)"), "<b>.html"))
    for file, kind, saved_as in zip(File.objects.order_by("pk"), ("image/png", "image/jpeg", "application/pdf"), ("inline", "inline", "attachment"),
                                    strict=True):
        answer = desk.get(file.get_absolute_url())
        assert answer.status_code == 200 and answer.content == file.content()
        assert answer["Content-Type"] == kind and answer["X-Content-Type-Options"] == "nosniff"
        assert answer["Content-Disposition"].startswith(saved_as) and answer["Cache-Control"] == "no-store"
        assert "sandbox" in [part.strip() for part in answer["Content-Security-Policy"].split(";")]
        assert ".html" not in answer["Content-Disposition"]
    small = desk.get(f"{File.objects.first().get_absolute_url()}thumb/")
    assert small["Content-Type"] == "image/jpeg" and small.content.startswith(b"\xff\xd8") and "sandbox" in small["Content-Security-Policy"]


def test_nothing_is_served_by_its_place_in_the_store(desk, send):
    send(upload())
    path = File.objects.get().path
    for place in (f"/media/{path}", f"/{path}", f"/static/{path}", f"/static/../media/{path}"):
        assert desk.get(place).status_code == 404


def test_who_lacks_the_files_own_right_sees_none(send, estate, desk_of):
    send(upload())
    file = File.objects.get()
    for role, status in ((Role.FINANCE, 200), (Role.GUARD, 404), (Role.ENGINEER, 404), (Role.ADMINISTRATOR, 404)):
        assert desk_of(person_at(estate, f"r-{role}", "某", role)).get(file.get_absolute_url()).status_code == status, role


def test_a_right_that_is_no_more_shows_the_file_to_nobody(desk, send):
    send(upload())
    file = File.objects.get()
    with without_triggers(File):
        File.objects.update(right="gone.right")
    assert desk.get(file.get_absolute_url()).status_code == 404


def test_another_estate_sees_none(send, other_clerk, other_estate, desk_of, estate):
    send(upload())
    file = File.objects.get()
    assert desk_of(other_clerk, other_estate).get(file.get_absolute_url()).status_code == 404
    assert desk_of(other_clerk).get(file.get_absolute_url()).status_code == 404


@pytest.mark.parametrize("spoil", ["flip", "cut", "gone"])
@pytest.mark.parametrize("kind", ["", "identity"])
def test_a_file_that_was_changed_on_disk_says_so(desk, send, household, spoil, kind):
    send(upload(), **(identity(household) if kind else {}))
    file = File.objects.get()
    with default_storage.open(file.path) as stored:
        data = bytearray(stored.read())
    default_storage.delete(file.path)
    data[len(data) // 2] ^= 1
    if spoil != "gone":
        from django.core.files.base import ContentFile
        assert default_storage.save(file.path, ContentFile(bytes(data if spoil == "flip" else data[:-40]))) == file.path
    answer = desk.post(f"/files/{file.pk}/reveal/", {"reason": "核对身份", "request_key": "r"}) if kind else desk.get(file.get_absolute_url())
    assert answer.status_code == 410 and "文件已损坏" in answer.content.decode()


# --- refused ----------------------------------------------------------------------------------------------------------

@pytest.mark.parametrize(("uploads", "words"), [
    ([], "请选择文件或拍照"), ([b""], "空文件"), ([b"<svg/>"], "只收照片"), ([picture(), b"<html>"], "只收照片"),
    ([picture()] * 11, "一次最多 10 个文件，现在 11 个")], ids=["none", "empty", "svg", "one of two", "eleven"])
def test_what_is_refused_is_said_beside_the_field_and_nothing_is_kept(send, uploads, words):
    before = bins()
    answer = send(*(SimpleUploadedFile(f"{n}.jpg", data) for n, data in enumerate(uploads)))
    assert answer.status_code == 200 and any(words in error for error in answer.context["form"].errors["files"])
    assert File.objects.count() == 0 and bins() == before and not Entry.objects.filter(words__startswith="添加").exists()


def test_a_photo_of_26_mb_is_refused_in_words(send, monkeypatch):
    answer = send(SimpleUploadedFile("大.jpg", b"\xff\xd8\xff" + b"\0" * (26 * 1024 * 1024)))
    assert "「大.jpg」有 26 MB，最多 25 MB" in answer.context["form"].errors["files"][0]


def test_one_key_stores_once(send, desk):
    for _ in range(2):
        assert send(upload(name="一.jpg"), request_key="same").status_code == 302
    assert File.objects.count() == 1
    answer = send(upload(picture(colour=(0, 0, 255))), request_key="same")
    assert answer.status_code == 200 and File.objects.count() == 1 and "请重新选" in str(answer.context["form"].errors["files"])


def test_an_act_that_fails_leaves_no_file(household, clerk, monkeypatch):
    from servicecentre.worklog import attaching

    monkeypatch.setattr(attaching, "record", lambda *a, **k: 1 / 0)
    before = bins()
    with pytest.raises(ZeroDivisionError), storing.kept([ready()]) as files:
        attaching.attach_files(household, files=files, right="households.view_household", by=clerk)
    assert bins() == before and File.objects.count() == 0


# --- identity papers --------------------------------------------------------------------------------------------------

def test_an_identity_paper_is_seen_by_an_act_with_a_reason_only(desk, send, household):
    assert send(upload(name="身份证.jpg"), **identity(household)).status_code == 302
    file = File.objects.get()
    assert (file.row_type, file.purpose, file.thumb) == ("households.person", "办理入住", "")
    listed = desk.get(f"/households/{household.pk}/files/").content.decode()
    assert "张雨萍的证件" in listed and "thumb" not in listed
    assert desk.get(file.get_absolute_url()).status_code == 404 and desk.get(f"{file.get_absolute_url()}thumb/").status_code == 404
    page = f"/files/{file.pk}/reveal/"
    assert b"data:image" not in desk.get(page).content
    assert "请填写" in str(desk.post(page, {"reason": " ", "request_key": "a"}).context["form"].errors)
    assert b"data:image/jpeg;base64," in desk.post(page, {"reason": "核对身份", "request_key": "b"}).content
    entry = Entry.objects.latest("pk")
    assert (entry.words, entry.row, entry.household_no) == ("查看证件影像，核对身份", file, household.number)
    again = desk.post(page, {"reason": "核对身份", "request_key": "b"})
    assert b"data:image" not in again.content and "刚才已经显示过" in again.content.decode()
    assert Entry.objects.filter(act="worklog.reveal_scan").count() == 1


@pytest.mark.parametrize(("change", "field"), [({"person": ""}, "person"), ({"person": "999999"}, "person"), ({"purpose": ""}, "purpose")])
def test_an_identity_paper_says_whose_and_what_for(send, household, change, field):
    answer = send(upload(), **identity(household) | change)
    assert answer.status_code == 200 and field in answer.context["form"].errors and File.objects.count() == 0


def test_only_a_manager_takes_a_file_away_and_its_row_says_why(desk, manager_desk, send, django_capture_on_commit_callbacks):
    send(upload())
    file = File.objects.get()
    where = f"/files/{file.pk}/remove/"
    assert desk.post(where, {"reason": "传错了"}).status_code == 403
    with django_capture_on_commit_callbacks(execute=True):
        assert manager_desk.post(where, {"reason": "传错了户", "request_key": "x"}).status_code == 302
    file.refresh_from_db()
    assert file.removed_why == "传错了户" and not default_storage.exists(file.path) and not default_storage.exists(file.thumb)
    assert desk.get(file.get_absolute_url()).status_code == 404 and manager_desk.get(where).status_code == 404


@pytest.fixture
def held(estate, household, clerk):
    """A row of each kind that files hang on."""
    paper = issue_paper(KINDS["TZ"], household, content={}, by=clerk)
    request = receive_request(household, person=household.persons.get(), wants="copy", scope="全部", id_checked=True, by=clerk)
    letter = take_letter(household, principal=household.ownerships.get(), name="何代理", id_number=resident_id("32010619900101001"), phone="13700001111",
                         copies_kept=True, matters=["pay"], valid_from=today(), valid_to=today() + timedelta(days=30), by=clerk)
    line = make_charge(household, FeeKind.objects.of(estate).get(code="renovation"), quantity=100, unit_price=10_0000, by=clerk)
    waiver = ask_waiver(line, amount=1_00, reason="试", by=clerk)
    contract = sign_contract(household, space_kind="shared", starts_on=today(), cycle_months=1, plate="苏A54321", by=clerk)
    return {"waiver": waiver, "parking_contract": contract, "paper": paper, "letter": letter, "unit": household.unit,
            "vehicle": add_vehicle(household, plate="苏A12345", by=clerk), "data_request": request,
            "promise": make_promise(estate, to_whom="张女士", words="回电", due_at=now() + timedelta(hours=1), by=clerk)}


@pytest.mark.parametrize("what", HOLDERS)
def test_files_hang_on_any_record(desk, held, household, what):
    where, right = f"/files/{what}/{held[what].pk}/", HOLDERS[what].right
    assert desk.post(f"{where}add/", {"files": [upload(name="扫描.jpg")], "request_key": "h"}).status_code == 302
    file = File.objects.attached_to(held[what]).get()
    assert "扫描.jpg" in desk.get(where).content.decode() and file.right == right
    assert file.household_no == (household.number if what in ("letter", "vehicle", "data_request", "waiver", "parking_contract") else "")
    line = Entry.objects.get(act="worklog.attach_files")
    assert desk.get(f"/files/{file.pk}/page/").url.endswith(where) and line.row == held[what]
