"""What is kept no longer than its purpose needs: proposed by one, signed by another, gone by one act; log, papers, money stay (DOMAIN §14)."""
from datetime import date, timedelta

import pytest
from django.apps import apps
from django.core.files.storage import default_storage
from django.db import models

from billing.cashier import collect_payment
from billing.charges import make_charge
from billing.corrections import mend_line
from billing.models import Charge, FeeKind
from billing.settlement import settlement
from households.agents import call_principal, take_letter, use_letter
from households.importing.applying import import_register
from households.importing.undoing import undo_import
from households.importing.uploads import store
from households.models import Household, Person, SearchKey
from households.owners import correct_first_day
from households.people import add_contact, add_resident, add_vehicle
from households.register import add_unit, change_household, change_owner, open_household
from households.standing import add_care, add_pet, give_instruction
from servicecentre.desk.retention import DELETED, EMPTIED, GONE, due, ended_before, propose_retention, sign_retention, withdraw_retention
from servicecentre.files import storing
from servicecentre.files.models import File
from servicecentre.kit.periods import BillingMonth, now
from servicecentre.kit.refused import Refused
from servicecentre.papers.models import Paper
from servicecentre.roles import CONFIRMED
from servicecentre.worklog.attaching import attach_files
from servicecentre.worklog.day import keep_promise, make_promise
from servicecentre.worklog.models import Entry

from ..conftest import person_at
from ..files.making import ready
from ..households.lists import planned, register, row
from ..worlds import at, resident_id

ID, AGENT = resident_id("32010619880417002"), resident_id("32010619900101001")


@pytest.fixture(autouse=True)
def today():
    with at(2026, 11, 21, 2):
        yield


@pytest.fixture
def unit(estate, clerk):
    return add_unit(estate, code="3-2-1801", area=8956, by=clerk, despite=("new_building",))


@pytest.fixture
def seller(unit, clerk):
    """A household of 2015, sold on 2019-06-30, with everything that a register may know."""
    with at(2015, 1, 2, 2):
        home = open_household(unit, owners=[{"name": "张雨萍", "id_number": ID, "phone": "13800135678", "email": "z@example.cn",
                                             "mail_address": "后街 1 号"}], starts_on=date(2015, 1, 1), remark="找她先打电话", by=clerk)
        add_resident(home, name="张小雨", relation="女儿", phone="13700137000", by=clerk)
        add_contact(home, name="张大山", phone="13912342046", by=clerk)
        add_vehicle(home, plate="苏AD7K38", brand="比亚迪", driver_phone="13700137001", by=clerk)
        letter = take_letter(home, principal=home.ownerships.get(), matters=["files"], valid_from=date(2015, 1, 1), relation="表姐", name="何代芳",
                    id_number=AGENT, phone="13500135000", authority="代领文件", copies_kept=True, by=clerk)
        call_principal(letter, phone="phone", question="问王大姐认不认识", answered_by="王大姐", result="confirmed", by=clerk)
        use_letter(letter, matter="files", words="替王大姐领文件", by=clerk)
        add_resident(home, name="张雨萍", id_number=ID, email="new@example.cn", by=clerk)              # met again: noted beside no household
        give_instruction(home, words="钥匙不给老何", given_by="张雨萍", starts_on=date(2015, 1, 1), by=clerk)
        add_pet(home, kind="犬", licence_no="宁犬7788", by=clerk)
        add_care(home, about="外婆", words="心脏不好", consent_by="外婆本人", consent=True, by=clerk)
        change_household(home, version=home.version, remark="找她先打新电话", by=clerk)
        with storing.kept([ready(kind="identity", purpose="办证"), ready()]) as files:
            attach_files(home.persons.get(), files=files, right="households.view_household", household=home, by=clerk)
    with at(2019, 7, 1, 2):
        change_owner(unit, owners=[{"name": "郑和", "phone": "13600136000"}], last_day=date(2019, 6, 30), by=clerk)
    home.refresh_from_db()
    return home


@pytest.fixture
def manager2(estate):
    from servicecentre.roles import Role
    return person_at(estate, "lihong", "李红", Role.MANAGER)


def test_nothing_personal_is_left_and_nothing_else_is_gone(estate, seller, manager, manager2, django_capture_on_commit_callbacks):
    places = [path for file in File.objects.all() for path in (file.path, file.thumb) if path]
    entries = Entry.objects.count()
    run = propose_retention(estate, by=manager)
    item = run.items.get()
    assert (item.household, item.people, item.contacts, item.vehicles, item.scans) == (seller, 3, 1, 1, 2)
    assert Person.objects.filter(name="张雨萍").exists() and all(map(default_storage.exists, places))          # nothing goes before two have signed
    with django_capture_on_commit_callbacks(execute=True):
        run = sign_retention(run, by=manager2)
    assert run.items.get().gone and run.signed_by == manager2
    text = register_as_text(estate)
    for word in ("张雨萍", "张小雨", "张大山", "女儿", ID, ID[-4:], "13800135678", "13912342046", "1370013700", "z@example.cn", "后街", "苏AD7K38", "比亚迪",
                 "找她先打", "何代芳", AGENT, "13500135000", "表姐", "王大姐", "@example.cn", "老何", "宁犬", "外婆", "心脏"):
        assert word not in text, word
    assert "郑和" in text and "13600136000" in text
    assert not any(map(default_storage.exists, places)) and File.objects.there().count() == 0 and File.objects.count() == 2
    assert Entry.objects.count() == entries + 2 and Household.objects.get(pk=seller.pk).number == "3-2-1801-01"
    assert due(estate, ended_before(estate)).count() == 0


def register_as_text(estate):
    """Every column of every row of the register, as it is stored and as it reads."""
    rows = [row for model in apps.get_app_config("households").get_models() for row in model._base_manager.all()]
    return repr([{f.name: getattr(row, f.attname) for f in row._meta.local_fields} for row in rows])


def test_lists_that_came_in_before_go_too(estate, seller, clerk, manager, manager2, settings, tmp_path, django_capture_on_commit_callbacks):
    settings.MEDIA_ROOT = tmp_path
    data = register(row(code="7-1-101", owner="老业主", id="", remark="先打电话"))
    importing = import_register(estate, planned(estate, data), stored=store(data, "登记表.xlsx"), by=clerk)
    assert importing.written and default_storage.exists(importing.file)
    with at(2040, 1, 2, 2), django_capture_on_commit_callbacks(execute=True):
        sign_retention(propose_retention(estate, by=manager), by=manager2)
    importing.refresh_from_db()
    assert importing.emptied_at and importing.written is None and importing.report["counts"]["created"] == 1
    assert not default_storage.exists(importing.file) and "老业主" not in repr((importing.report, importing.mapping))
    assert "导入的名单 1 份" in Entry.objects.latest("pk").words
    with pytest.raises(Refused, match="没有留下"):
        undo_import(importing, reason="x", by=manager)


def test_who_is_due_only_since_the_proposal_keeps_their_people(estate, seller, unit, clerk, manager, manager2):
    """The signer lets go what stands in the run, and nobody of a household that does not."""
    other = add_unit(estate, code="1-1-101", area=9000, by=clerk, despite=("new_building",))
    with at(2015, 1, 2, 2):
        home = open_household(other, owners=[{"name": "张雨萍", "id_number": ID}], starts_on=date(2015, 1, 1), by=clerk)
    promise = None
    with at(2019, 7, 1, 2):
        change_owner(other, owners=[{"name": "吴天"}], last_day=date(2019, 6, 30), by=clerk)
        promise = make_promise(estate, to_whom="张女士", words="寄收据", due_at=now() + timedelta(days=1), household=home, by=clerk)
    run = propose_retention(estate, by=manager)
    assert run.items.get().household == seller and run.items.get().people == 2
    keep_promise(promise, outcome="已寄", version=promise.version, by=clerk)                        # now the other one is due as well
    sign_retention(run, by=manager2)
    assert Person.objects.filter(name="张雨萍").exists()


def test_who_proposed_cannot_sign(estate, seller, manager):
    run = propose_retention(estate, by=manager)
    with pytest.raises(Refused, match="另一位来签"):
        sign_retention(run, by=manager)
    assert Person.objects.filter(name="张雨萍").exists()


def test_it_is_signed_once_and_not_after_it_was_withdrawn(estate, seller, manager, manager2):
    run = withdraw_retention(propose_retention(estate, by=manager), by=manager)
    for act in (sign_retention, withdraw_retention):
        with pytest.raises(Refused, match="已撤回"):
            act(run, by=manager2)
    run = sign_retention(propose_retention(estate, by=manager), by=manager2)
    with pytest.raises(Refused, match="已清理"):
        sign_retention(run, by=manager2)


def test_with_nothing_to_go_there_is_nothing_to_propose(estate, unit, manager):
    with pytest.raises(Refused, match="不用清理"):
        propose_retention(estate, by=manager)


@pytest.mark.parametrize("day", [(2024, 6, 30), (2024, 6, 29)])
def test_not_a_day_too_early(estate, seller, manager, day):
    with at(*day, 2), pytest.raises(Refused, match="不用清理"):
        propose_retention(estate, by=manager)


def test_on_the_first_day_it_may(estate, seller, manager):
    with at(2024, 7, 1, 2):
        assert propose_retention(estate, by=manager).items.count() == 1


def test_who_owes_stays(estate, seller, clerk, manager):
    make_charge(seller, FeeKind.objects.of(estate).get(code="shared_utilities"), quantity=100, period=BillingMonth(2019, 6), by=clerk)
    with pytest.raises(Refused, match="不用清理"):
        propose_retention(estate, by=manager)


def test_who_paid_beyond_the_last_day_stays_until_it_was_mended_and_given_back(estate, seller, clerk, manager):
    """The statement gives money back: a bill paid for days after the sale, then the credit that mending makes of it (DOMAIN §2)."""
    line = make_charge(seller, FeeKind.objects.of(estate).get(code="property"), quantity=8956, period=BillingMonth(2019, 6), by=clerk)
    collect_payment(seller, parts=[("cash", line.amount, "")], payer_name="张雨萍", by=clerk)
    buyer = seller.unit.households.get(ends_on=None)
    correct_first_day(buyer, version=buyer.version, starts_on=date(2019, 6, 16), reason="抄错", by=manager)
    seller.refresh_from_db()
    assert settlement(seller, seller.ends_on).back_due == 8508
    for step in (lambda: None, lambda: mend_line(Charge.objects.get(pk=line.pk), by=manager)):
        step()
        with pytest.raises(Refused, match="不用清理"):
            propose_retention(estate, by=manager)


def test_who_is_promised_something_stays(estate, seller, clerk, manager):
    make_promise(estate, to_whom="张女士", words="寄收据", due_at=now() + timedelta(days=1), household=seller, by=clerk)
    with pytest.raises(Refused, match="不用清理"):
        propose_retention(estate, by=manager)


def test_what_came_up_between_the_two_signatures_stays(estate, seller, clerk, manager, manager2):
    run = propose_retention(estate, by=manager)
    make_charge(seller, FeeKind.objects.of(estate).get(code="shared_utilities"), quantity=100, period=BillingMonth(2019, 6), by=clerk)
    run = sign_retention(run, by=manager2)
    assert run.items.get().outcome == "现在有未结事项，留着" and Person.objects.filter(name="张雨萍").exists()


def test_who_still_owns_elsewhere_keeps_their_own_data(estate, seller, clerk, manager, manager2):
    other = add_unit(estate, code="1-1-101", area=9000, by=clerk, despite=("new_building",))
    open_household(other, owners=[{"name": "张雨萍", "id_number": ID}], starts_on=date(2020, 1, 1), by=clerk)
    run = propose_retention(estate, by=manager)
    assert run.items.get().people == 2                                                      # the daughter and the agent alone
    sign_retention(run, by=manager2)
    kept = Person.objects.get(name="张雨萍")
    assert kept.id_number == ID and kept.phone == "13800135678"
    assert Household.objects.get(pk=seller.pk).owner_names == GONE and not SearchKey.objects.filter(household=seller).exists()


def test_papers_and_the_log_stand_as_they_were(estate, seller, manager, manager2, clerk):
    before = (list(Paper.objects.values_list("pk", "digest")), list(Entry.objects.values_list("pk", "mark")))
    sign_retention(propose_retention(estate, by=manager), by=manager2)
    after = (list(Paper.objects.values_list("pk", "digest")), list(Entry.objects.values_list("pk", "mark")))
    assert after[0] == before[0] and after[1][:len(before[1])] == before[1] and all(e.intact for e in Entry.objects.all())


# Columns of the register that tell nothing of a person once the household's own row is emptied, or stay by law.
# None: a place's row, one that is deleted, or one that is only added to, as the log is.
KEPT = {"households.Household": {"number"}, "households.Ownership": {"share"}, "households.Resident": {"pays"},
        "households.AuthorisationLetter": {"matters"}, "households.OwnerChange": {"papers"}, "households.Amendment": {"row_type", "what"},
        # emptied by expiring.empty_imports: the file itself, written, findings and samples
        "households.RegisterImport": {"kind", "file", "label", "sha256", "words", "mapping", "report", "plan_digest", "written", "undo_reason"},
        **dict.fromkeys((f"households.{name}" for name in ("Unit", "Building", "UnitArea", "UnitUse", "SearchKey", "KnownLayout")), None),
        **dict.fromkeys((model._meta.label for model in DELETED), None),
        **dict.fromkeys((f"households.{name}" for name in ("HandoverReading", "TakenOver")), None)}


def test_no_personal_field_is_forgotten():
    """A new text of the register is emptied, or is listed as one that may stay."""
    for model in apps.get_app_config("households").get_models():
        if KEPT.get(model._meta.label, ()) is None:
            continue
        texts = {f.name for f in model._meta.local_fields if isinstance(f, (models.CharField, models.TextField, models.JSONField)) and not f.remote_field}
        texts -= {f.name for f in model._meta.local_fields if f.choices and f.name not in EMPTIED.get(model, {})}
        assert texts - set(EMPTIED.get(model, ())) == set(KEPT.get(model._meta.label, ())), f"{model._meta.label}: {texts}"


def test_through_the_pages(desk, manager_desk, seller, manager2, desk_of, estate):
    assert desk.get("/retention/").status_code == 403
    listed = manager_desk.get("/retention/").content.decode()
    assert "提出清理 1 户" in listed and "3-2-1801-01" in listed and "张雨萍" in listed and "3-2-1801-02" not in listed      # which, before it is proposed
    assert {"desk.propose_retention", "desk.sign_retention"} <= CONFIRMED
    where = manager_desk.post("/retention/propose/", {"request_key": "a"}).url
    page = manager_desk.get(where).content.decode()
    assert "要另一位主管或管理员签字" in page and "签字，清理" not in page and "3-2-1801-01" in page
    assert "提出人不能自己签字" in manager_desk.post(f"{where}sign/", {"request_key": "b"}).content.decode()
    second = desk_of(manager2)
    assert "签字，清理 1 户" in second.get(where).content.decode()
    assert second.post(f"{where}sign/", {"request_key": "c"}).status_code == 302
    assert "已清理" in second.get(where).content.decode()
    assert desk.get(f"/households/{seller.pk}/").status_code == 200


def test_an_emptied_household_still_has_its_pages(desk, estate, seller, manager, manager2):
    sign_retention(propose_retention(estate, by=manager), by=manager2)
    page = desk.get(f"/households/{seller.pk}/").content.decode()
    assert GONE in page and "张" not in page.partition('class="g g-hh"')[2].partition("往来")[0]
    assert desk.get(f"/billing/households/{seller.pk}/account/").status_code in (200, 404)
    assert desk.post("/search/", {"q": "已清理"}).status_code == 200
