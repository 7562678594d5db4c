"""A store that does not answer: said in words, nothing half kept, a file never called damaged because of it (TRUST F8)."""
import pytest
from django.core.files.storage import default_storage
from django.core.files.uploadedfile import SimpleUploadedFile

from households.models import RegisterImport
from servicecentre.files import proving
from servicecentre.files.models import File
from servicecentre.kit import store
from servicecentre.worklog.models import Entry

from ..factories import make_household
from ..households.lists import many, register
from .making import pdf, upload
from .test_screens import bins, identity


@pytest.fixture
def household(estate):
    return make_household(estate, "3-2-1801", owner="张雨萍")


@pytest.fixture
def send(desk, household):
    keys = iter(range(1000))
    return lambda *uploads, **fields: desk.post(f"/households/{household.pk}/files/add/",
                                                {"request_key": f"k{next(keys)}", "files": list(uploads), **fields})


@pytest.fixture(autouse=True)
def own_store(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path


@pytest.fixture
def silent(monkeypatch):
    """silent("save", after=1): from then on, after one more success, the store raises where it is asked for this."""
    class Store:
        failing = {}

        def __getattr__(self, name):
            def asked(*args):
                if name in self.failing and (left := self.failing[name]) <= 0:
                    raise OSError("[Errno 5] Input/output error")
                if name in self.failing:
                    self.failing[name] = left - 1
                return getattr(default_storage, name)(*args)
            return asked
    place = Store()
    monkeypatch.setattr(store, "default_storage", place)

    def silent(*names, after=0):
        place.failing = dict.fromkeys(names, after)
    return silent


@pytest.mark.parametrize("after", [0, 1, 2])
def test_an_upload_is_refused_in_words_and_nothing_is_kept(send, silent, after):
    silent("save", after=after)                           # the picture, its thumbnail, the second file
    answer = send(upload(name="一.jpg"), upload(pdf(), "二.pdf"))
    assert answer.status_code == 200 and answer.context["form"].errors["files"] == [store.NOT_KEPT]
    assert not File.objects.exists() and not bins() and not Entry.objects.filter(words__startswith="添加").exists()
    silent()
    assert send(upload(name="一.jpg"), upload(pdf(), "二.pdf")).status_code == 302 and File.objects.count() == 2


def test_a_file_that_cannot_be_read_now_is_not_called_damaged(desk, send, silent, household):
    send(upload())
    send(upload(), **identity(household))
    photo, scan = File.objects.order_by("pk")
    silent("open")
    for answer in (desk.get(photo.get_absolute_url()), desk.post(f"/files/{scan.pk}/reveal/", {"reason": "核对身份", "request_key": "r"})):
        text = answer.content.decode()
        assert answer.status_code == 503 and "文件现在打不开" in text and "文件已损坏" not in text and "Errno" not in text
    assert desk.get(f"{photo.get_absolute_url()}thumb/").status_code == 503
    assert desk.get(f"/households/{household.pk}/files/").status_code == 200
    silent()
    assert desk.get(photo.get_absolute_url()).status_code == 200


@pytest.mark.parametrize("name", ["open", "listdir"])
def test_prove_says_that_it_did_not_come_to_an_end(send, silent, name):
    send(upload())
    silent(name)
    assert list(proving.wrong_files()) == [("附件", f"没有核对完：{store.NOT_READ}")]


def test_what_could_not_be_taken_away_is_told_after_a_day(manager_desk, send, silent, monkeypatch, django_capture_on_commit_callbacks):
    send(upload())
    file = File.objects.get()
    silent("delete")
    with django_capture_on_commit_callbacks(execute=True):
        assert manager_desk.post(f"/files/{file.pk}/remove/", {"reason": "传错了户", "request_key": "x"}).status_code == 302
    assert list(proving.wrong_files()) == []
    monkeypatch.setattr(proving, "LEFT_OVER", proving.LEFT_OVER * 0)
    assert {where for where, _ in proving.wrong_files()} == {file.path, file.thumb} == bins()


def test_an_empty_store_is_proved(db):
    assert list(proving.wrong_files()) == []


def test_a_list_is_refused_in_words(desk, silent):
    silent("save")
    answer = desk.post("/import/", {"file": SimpleUploadedFile("登记表.xlsx", register(*many(2))), "request_key": "i"})
    assert answer.status_code == 200 and store.NOT_KEPT in answer.content.decode() and not RegisterImport.objects.exists()
