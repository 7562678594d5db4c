"""One raw statement for each rule that the database keeps: both engines refuse it, and the refusal becomes the rule's own sentence.

A named constraint without its line in RULES is red, a new kind of guard without its breach is red (TRUST §intro).
"""
from datetime import date
from functools import partial
from typing import NamedTuple

import pytest
from django.apps import apps
from django.db import IntegrityError, connection, transaction
from django.db.models import UniqueConstraint

from billing.models import (
    Allocation,
    BillingPolicy,
    Charge,
    Credit,
    FeeKind,
    Payment,
    PaymentPart,
    Price,
    ReceiptVoid,
    Shift,
)
from households.models import (
    AuthorisationLetter,
    Building,
    Contact,
    HandoverReading,
    Household,
    KnownLayout,
    OwnerChange,
    Ownership,
    Person,
    RegisterImport,
    Resident,
    SpecialCare,
    StandingInstruction,
    TakenOver,
    Unit,
    UnitArea,
    UnitUse,
    Vehicle,
)
from servicecentre.desk.models import DataRequest, PrivacyPolicy, RetentionItem, RetentionRun
from servicecentre.desk.office import create_estate
from servicecentre.estates.models import CalendarDay, Contractor, ContractorPerson, Department, Estate, HoursPolicy, Phone
from servicecentre.files.models import File
from servicecentre.jobs.models import Job
from servicecentre.kit import guards
from servicecentre.kit.refused import in_words
from servicecentre.papers.models import Computer, Paper, Print, Printer, Series, Wording
from servicecentre.staff.models import Post, User
from servicecentre.worklog.models import Done, Entry, Promise, Seal
from tickets.models import Notice, NoticePlace, NoticeTerm

from .areas import deposits, refunds, spaces, vacancy, visits
from .twins import goes_through
from .worlds import a_month, taken_back, unwritten

OUR_MODELS = [m for m in apps.get_models() if m.__module__.split(".")[0] in ("servicecentre", "households", "billing", "tickets")]
CONSTRAINTS = {c.name: (model, c) for model in OUR_MODELS for c in model._meta.constraints}
GUARDS = [(model, guard) for model in OUR_MODELS for guard in guards.guards_of(model)]


class Copy(NamedTuple):
    """INSERT … SELECT of the first row that fits, some columns replaced by SQL."""

    model: type
    fits: str = "TRUE"
    change: dict = {}

    def run(self):
        columns = [f.column for f in self.model._meta.local_concrete_fields if not f.primary_key]
        chosen = ", ".join(self.change.get(c, _quoted(c)) for c in columns)
        return _execute(f"INSERT INTO {self.model._meta.db_table} ({', '.join(map(_quoted, columns))}) SELECT {chosen} "
                        f"FROM {self.model._meta.db_table} WHERE id = {_first(self.model, self.fits)}")


class Change(NamedTuple):
    """UPDATE of the first row that fits, by SQL."""

    model: type
    fits: str = "TRUE"
    change: dict = {}

    def run(self):
        return _update(self.model, _first(self.model, self.fits), self.change)


MADE_OF = "(2 * {0} * {1} * {2} * {3} + 1000000 * {4}) / (2000000 * {4})"      # amount of quantity, price, percent, share
ONCE_MORE = "'2026-11-30 00:00:00+00:00'"
RULES = {
    "one_estate_per_code": Copy(Estate),
    "closes_after_it_opens": Change(HoursPolicy, "TRUE", {"closes_at": "opens_at"}),
    "one_phone_per_name": Copy(Phone),
    "one_department_per_name": Copy(Department),
    "one_contractor_per_name": Copy(Contractor),
    "one_person_per_contractor": Copy(ContractorPerson),
    "one_mark_per_day": Copy(CalendarDay),
    "one_user_per_name": Copy(User, "mobile = ''"),
    "one_user_per_mobile": Copy(User, "mobile <> ''", {"username": "'another'"}),
    "one_post_per_role": Copy(Post, "ends_on IS NULL AND ended_at IS NULL"),
    "post_ends_after_start": Change(Post, "ends_on IS NOT NULL", {"ends_on": "'2001-01-01'"}),
    "cover_has_a_last_day": Change(Post, "covers_id IS NOT NULL", {"ends_on": "NULL"}),
    "post_ended_by_someone": Change(Post, "ended_at IS NULL", {"ended_at": ONCE_MORE}),
    "one_act_per_request_key": Copy(Done),
    "promise_kept_by_someone": Change(Promise, "kept_at IS NULL", {"kept_at": ONCE_MORE}),
    "one_seal_after_another": Copy(Seal, change={"day": "'2050-01-01'"}),
    "one_seal_per_day": Copy(Seal, change={"n": "n + 5000"}),
    "one_series_per_kind_and_year": Copy(Series),
    "one_paper_per_number": Copy(Paper, "voided_at IS NULL", {"serial": "serial + 5000"}),
    "one_paper_per_serial": Copy(Paper, "voided_at IS NULL", {"number": "'SJ-2026-999999'"}),
    "void_paper_says_why": Change(Paper, "voided_at IS NULL", {"voided_at": ONCE_MORE}),
    "serial_has_room": Change(Paper, "TRUE", {"serial": "10000000"}),
    "one_print_per_turn": Copy(Print, "n = 1"),
    "reprint_has_reason": Copy(Print, "n = 1", {"n": "99"}),
    "stopped_only_when_asked": Change(Job, "TRUE", {"state": "'stopped'"}),
    "one_computer_per_name": Copy(Computer),
    "one_printer_per_sheet": Copy(Printer),
    "moved_within_reason": Change(Printer, "TRUE", {"x": "201"}),
    "one_wording_per_edition": Copy(Wording),
    "one_import_at_a_time": Copy(RegisterImport, "state = 'reading'"),
    "one_file_per_place": Copy(File),
    "file_has_content": Change(File, "TRUE", {"size": "0"}),
    "identity_scan_says_what_for": Change(File, "kind = 'identity'", {"purpose": "''"}),
    "removed_file_says_why": Change(File, "removed_at IS NULL", {"removed_at": ONCE_MORE}),
    "privacy_terms_within_reason": Change(PrivacyPolicy, "TRUE", {"request_days": "0"}),
    "data_request_decided_by_someone": Change(DataRequest, "result IS NULL", {"result": "'done'"}),
    "data_request_refused_with_reason": Change(DataRequest, "result = 'done'", {"result": "'refused'", "reason": "''"}),
    "data_request_done_after_decision": Change(DataRequest, "result IS NOT NULL AND done_at IS NULL", {"done_at": ONCE_MORE}),
    "one_retention_run_at_a_time": Copy(RetentionRun, "done_at IS NULL AND withdrawn_at IS NULL"),
    "retention_needs_two_people": Change(RetentionRun, "signed_by_id IS NOT NULL", {"signed_by_id": "proposed_by_id"}),
    "retention_ends_once": Change(RetentionRun, "withdrawn_at IS NOT NULL", {"done_at": ONCE_MORE}),
    "one_item_per_household": Copy(RetentionItem),
    "one_memory_per_header": Copy(KnownLayout),
    "one_building_per_code": Copy(Building),
    "one_unit_per_code": Copy(Unit),
    "area_within_reason": Change(UnitArea, "TRUE", {"area": "0"}),
    "area_from_the_first": Change(UnitArea, "TRUE", {"starts_on": "'2027-02-02'"}),
    "one_area_at_a_time": Copy(UnitArea, "ends_on IS NOT NULL", {"starts_on": "'2026-01-01'"}),
    "one_person_per_id": Copy(Person, "id_digest <> ''"),
    "identity_only_encrypted": Change(Person, "id_digest <> ''", {"id_number": "'320106198804170026'"}),
    "one_household_per_number": Copy(Household, "ends_on IS NOT NULL", {"voided_at": ONCE_MORE}),
    "one_current_household_per_unit": Copy(Household, "ends_on IS NULL", {"number": "'9-9-909-09'", "starts_on": "'2050-01-01'"}),
    "tenure_ends_after_start": Change(Household, "TRUE", {"ends_on": "'1999-01-01'", "starts_on": "'1999-01-02'"}),
    "tenures_do_not_overlap": Copy(Household, "ends_on IS NOT NULL", {"number": "'9-9-909-09'"}),
    "one_share_per_owner": Copy(Ownership, "left_on IS NULL"),
    "one_residence_per_person": Copy(Resident, "left_on IS NULL"),
    "lease_ends_after_start": Change(Resident, "lease_to IS NOT NULL", {"lease_to": "'2001-01-01'"}),
    "one_contact_per_number": Copy(Contact),
    "one_vehicle_per_plate": Copy(Vehicle, "ended_on IS NULL"),
    "letter_ends_after_start": Change(AuthorisationLetter, "valid_to IS NOT NULL", {"valid_to": "'2001-01-01'"}),
    "instruction_ends_after_start": Change(StandingInstruction, "ends_on IS NOT NULL", {"ends_on": "'2001-01-01'"}),
    "use_ends_after_start": Change(UnitUse, "ends_on IS NOT NULL", {"ends_on": "'2001-01-01'"}),
    "one_use_at_a_time": Copy(UnitUse, "voided_at IS NULL"),
    "care_with_consent": Change(SpecialCare, "TRUE", {"consent_by": "''"}),
    "one_change_per_seller": Copy(OwnerChange, "undone_at IS NULL"),
    "one_reading_per_kind": Copy(HandoverReading),
    "reading_within_reason": Change(HandoverReading, "TRUE", {"reading": "-1"}),
    "taken_over_when_both_sign": Change(TakenOver, "TRUE", {"seller_signed": "FALSE"}),
    "one_fee_kind_per_code": Copy(FeeKind, "TRUE", {"name": "'另一个名称'"}),
    "one_fee_kind_per_name": Copy(FeeKind, "TRUE", {"code": "'another'"}),
    "price_within_reason": Change(Price, "TRUE", {"unit_price": "-1"}),
    "price_from_the_first": Change(Price, "ends_on IS NULL", {"starts_on": "'2045-02-02'"}),
    "one_price_at_a_time": Copy(Price, "withdrawn_at IS NULL"),
    "due_day_exists_every_month": Change(BillingPolicy, "TRUE", {"due_day": "29"}),
    "year_discount_goes_one_way": Change(BillingPolicy, "TRUE", {"year_discount": "5", "year_free_months": "1"}),
    "year_discount_ends_after_it_begins": Change(BillingPolicy, "TRUE", {"year_discount_from": "'2026-12-02'", "year_discount_to": "'2026-12-01'"}),
    "billing_rules_within_reason": Change(BillingPolicy, "TRUE", {"vacancy_percent": "101"}),
    "one_live_charge": Copy(Charge, "voided_at IS NULL"),
    "paid_stays_within_amount": Change(Charge, "voided_at IS NULL", {"paid": "amount + 1"}),
    "charge_factors_within_reason": Change(Charge, "paid = 0", {
        "percent": "101", "amount": MADE_OF.format("quantity", "unit_price", "101", "share_num", "share_den")}),
    "amount_is_what_made_it": Change(Charge, "TRUE", {"amount": "amount + 1"}),
    "void_charge_is_unpaid": Change(Charge, "paid > 0", {"voided_at": ONCE_MORE}),
    "period_is_a_month": Change(Charge, "TRUE", {"period": "'2026-11-02'"}),
    "credit_stays_within_amount": Change(Credit, "TRUE", {"left": "amount + 1"}),
    "one_open_shift_per_cashier": Copy(Shift, "closed_at IS NULL"),
    "payment_stays_within_total": Change(Payment, "voided_at IS NULL", {"refunded": "total + 1"}),
    "void_payment_has_nothing_left": Change(Payment, "voided_at IS NOT NULL", {"left": "1"}),
    "one_part_per_method": Copy(PaymentPart),
    "part_is_positive": Change(PaymentPart, "TRUE", {"amount": "0"}),
    "allocation_is_positive": Change(Allocation, "TRUE", {"amount": "0"}),
    "allocation_has_one_source": Change(Allocation, "TRUE", {"payment_id": "NULL", "credit_id": "NULL"}),
    "one_void_per_receipt": Copy(ReceiptVoid, "approved IS NULL"),
    "void_needs_two_people": Change(ReceiptVoid, "approved", {"decided_by_id": "asked_by_id", "cashier_id": "decided_by_id"}),
    "correction_names_its_line": Change(Credit, "source = 'correction'", {"charge_id": "NULL"}),
    "void_decided_by_someone": Change(ReceiptVoid, "approved", {"decided_by_id": "NULL"}),
    "cashier_approves_no_void": Change(ReceiptVoid, "approved", {"cashier_id": "decided_by_id"}),
    "notice_ends_after_it_starts": Change(Notice, "TRUE", {"ends_at": "starts_at"}),
    "notice_taken_down_with_reason": Change(Notice, "down_at IS NULL", {"down_at": ONCE_MORE}),
    "one_place_per_notice": Copy(NoticePlace),
    "one_term_per_turn": Copy(NoticeTerm, "TRUE", {"paper_id": "(SELECT MIN(id) FROM papers_paper)"}),
    "later_term_has_reason": Change(NoticeTerm, "n > 1", {"reason": "''"}),
    "bounced_money_goes_nowhere": Change(ReceiptVoid, "approved", {"reason": "'bounced'"}),
    "three_copies_at_most": Change(ReceiptVoid, "TRUE", {"copies_back": "4"}),
}
RULES |= refunds.rules(Change, Copy)
RULES |= spaces.rules(Change, Copy)
RULES |= deposits.rules(Change, Copy)
RULES |= vacancy.rules(Change, Copy)
RULES |= visits.rules(Change, Copy)


@pytest.fixture(scope="module")
def world(django_db_setup, django_db_blocker):
    with unwritten(django_db_blocker):
        world = a_month(create_estate("galaxy1", "银河国际街区一期", by=User.system()))
        User.objects.create_user("mobile", "有手机的人", mobile="13800135678")
        Done.objects.create(request_key="k", user=world.clerk, act="x", digest="d")
        world.next_door = a_month(create_estate("lotus2", "莲花新城二期", by=User.system()))
        yield world


@pytest.fixture(autouse=True)
def db(world):
    """In pytest-django's place: each test takes back what it did to the one world."""
    with taken_back():
        yield


def test_every_rule_has_its_line():
    assert set(RULES) == set(CONSTRAINTS)
    assert [name for name, rule in RULES.items() if rule.model is not CONSTRAINTS[name][0]] == []


# Both are broken by the same row, and PostgreSQL asks the older one first: which that is differs between an estate's tables and a test's.
SPEAKS_FIRST = {"one_current_household_per_unit": "tenures_do_not_overlap"}


@pytest.mark.parametrize("name", RULES)
def test_the_database_refuses_by_the_rules_sentence(name):
    model, constraint = CONSTRAINTS[name]
    if isinstance(RULES[name], Change):
        guards.lift(models=[model])                       # what stops the statement shall be the constraint alone
    if connection.vendor == "postgresql" and name in SPEAKS_FIRST:
        with connection.cursor() as cursor:
            cursor.execute(f"SET CONSTRAINTS ALL IMMEDIATE; ALTER TABLE {model._meta.db_table} DROP CONSTRAINT {SPEAKS_FIRST[name]}")
    assert refusal_of(RULES[name].run) == constraint.violation_error_message


@pytest.mark.parametrize(("model", "guard"), GUARDS, ids=[f"{m._meta.label}-{g.rule or g.name(m)}" for m, g in GUARDS])
def test_each_guard_alone_refuses_by_its_sentence(world, model, guard):
    alone(model, guard)
    breaches = list(BREACHES[guard.__class__.__name__](world, model, guard))
    assert breaches, "the world has no row to try this on"
    for breach in breaches:
        assert refusal_of(breach) == guard.sentence
    guards.lift(models=[model])
    if connection.vendor == "sqlite" or guard.__class__.__name__ != "_Overlap":      # PostgreSQL's is a constraint, no trigger
        assert all(goes_through(breach, guard.sentence) for breach in breaches), "the twin"


def test_a_statement_that_no_rule_forbids_is_seen_as_such():
    """The checker itself: without its constraint's breach the statement passes, and the test above would say so."""
    with pytest.raises(pytest.fail.Exception):
        refusal_of(Change(Building, "TRUE", {"sort": "'x'"}).run)


def test_no_two_guards_share_a_name():
    names = [guard.name(model) for model, guard in GUARDS] + [n for n in CONSTRAINTS if not any(
        n == guard.name(model) for model, guard in GUARDS)]
    assert len(names) == len(set(names))


@pytest.mark.skipif("connection.vendor != 'postgresql'")
@pytest.mark.parametrize("model", [m for m, g in GUARDS if "DELETE" in g.events], ids=lambda m: m._meta.label)
def test_a_table_of_kept_rows_is_not_emptied_at_once(model):
    sentences = {guard.sentence for m, guard in GUARDS if "DELETE" in guard.events}
    _execute("SET CONSTRAINTS ALL IMMEDIATE")             # PostgreSQL won't truncate a table with judgements pending
    assert refusal_of(lambda: _execute(f"TRUNCATE {model._meta.db_table} CASCADE")) in sentences


@pytest.mark.skipif("connection.vendor != 'sqlite'")
def test_replacing_a_kept_row_does_not_slip_through():
    """INSERT OR REPLACE deletes; only recursive_triggers makes the delete's trigger see it (TRUST 7)."""
    pk = Payment.objects.order_by("pk").values_list("pk", flat=True).first()
    columns = ", ".join(_quoted(f.column) for f in Payment._meta.local_concrete_fields)
    replaced = f"INSERT OR REPLACE INTO billing_payment ({columns}) SELECT {columns} FROM billing_payment WHERE id = {pk}"
    assert refusal_of(lambda: _execute(replaced)) == guards.Undeletable.sentence


# --- how a guard is broken --------------------------------------------------------------------------------------------

def deletes(world, model, guard):
    yield partial(_execute, f"DELETE FROM {model._meta.db_table} WHERE id = {_first(model)}")


def changes(world, model, guard):
    yield partial(_update, model, _first(model), {"id": "id"})
    yield from deletes(world, model, guard)


def thaws(world, model, guard):
    for field in map(model._meta.get_field, guard.fields):
        yield _thaw(world, model, field, "TRUE")
    for field in map(model._meta.get_field, guard.once):
        if not model._base_manager.filter(**{f"{field.name}__isnull": False}).exists():
            _update(model, _first(model), {field.column: _other(world, field, None)})             # the one time that is allowed
        yield _thaw(world, model, field, f"{_quoted(field.column)} IS NOT NULL")
        yield partial(_update, model, _first(model, f"{_quoted(field.column)} IS NOT NULL"), {field.column: "NULL"})


def mixes(world, model, guard):
    """Each pointer to a row next door, the row's own move to next door, and a new row made so."""
    for field in map(model._meta.get_field, guard.fields):
        theirs = field.related_model._default_manager.filter(estate=world.next_door.estate).values_list("pk", flat=True).first()
        assert theirs, f"nobody next door has a {field.related_model}"
        row = _first(model, f"estate_id = {world.estate.pk} AND {field.column} IS NOT NULL")
        yield partial(_update, model, row, {field.column: str(theirs)})
        yield partial(_update, model, row, {"estate_id": str(world.next_door.estate.pk)})
        yield partial(_moved, model, row, world.next_door.estate)


def comes_late(world, model, guard):
    if guard.moment:                                       # 23:59 of the sealed day in Shanghai
        changed = {guard.moment: f"'{world.seal.day} 15:59:00+00:00'", "path": "'files/late'"}
        yield Copy(model, f"estate_id = {world.estate.pk}", changed).run
    else:
        yield Copy(model, f"estate_id = {world.estate.pk} AND day <= '{world.seal.day}'").run


def overlaps(world, model, guard):
    yield RULES[guard.constraint.name].run
    c = guard.constraint
    row = model._default_manager.filter(**{f"{c.ends}__isnull": False}).first()
    later = model._default_manager.filter(**{c.by: getattr(row, c.by)}, **{f"{c.starts}__gt": getattr(row, c.ends)}).first()
    yield partial(_update, model, later.pk, {model._meta.get_field(c.starts).column: f"'{getattr(row, c.starts)}'"})


BREACHES = {"Undeletable": deletes, "AppendOnly": changes, "Frozen": thaws, "Stays": thaws, "SameEstate": mixes, "_Overlap": overlaps,
            "Sealed": comes_late}


def _thaw(world, model, field, fits):
    pk = _first(model, fits)
    now = model._base_manager.filter(pk=pk).values_list(field.attname, flat=True).get()
    return partial(_update, model, pk, {field.column: _other(world, field, now)})


def _other(world, field, now):
    """Another value of the column, as SQL."""
    if field.remote_field:
        rows = field.related_model._base_manager.exclude(pk=now)
        if field.related_model not in (User, Estate):
            rows = rows.filter(estate=world.estate)
        return str(rows.values_list("pk", flat=True).first() or -1)
    kind = field.get_internal_type()
    if kind == "DateTimeField":
        return "'2031-01-01 00:00:00+00:00'" if now is None else "'2031-02-01 00:00:00+00:00'"
    if kind == "DateField":
        return "'2031-01-01'" if now != date(2031, 1, 1) else "'2031-02-01'"
    if kind == "BooleanField":
        return "FALSE" if now else "TRUE"
    if kind == "JSONField":
        return """'{"other": 1}'"""
    return str(now + 1 if isinstance(now, int) else 7) if "Integer" in kind else f"'{'another'[:field.max_length]}'"


def _moved(model, pk, estate):
    """The row again in another estate, from an empty place so that no unique rule speaks first."""
    columns = [f.column for f in model._meta.local_concrete_fields]
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {', '.join(map(_quoted, columns))} FROM {model._meta.db_table} WHERE id = {pk}")
        values = dict(zip(columns, cursor.fetchone(), strict=True)) | {"estate_id": estate.pk}
        for field in _unique_words(model):
            values[field.column] = f"{values[field.column]}x" if isinstance(values[field.column], str) else values[field.column] + 5000
        cursor.execute(f"DELETE FROM {model._meta.db_table} WHERE id = {pk}")
        cursor.execute(f"INSERT INTO {model._meta.db_table} ({', '.join(map(_quoted, values))}) VALUES ({', '.join(['%s'] * len(values))})",
                       list(values.values()))


def _unique_words(model):
    """What must differ for two rows of one estate to be two, by its own unique rules."""
    names = {name for c in model._meta.constraints if isinstance(c, UniqueConstraint) if "estate" in c.fields for name in c.fields}
    return [f for f in map(model._meta.get_field, names) if f.name in ("code", "number", "key", "serial", "subject")]


def alone(model, guard):
    """Of this model's triggers only the guard's stand."""
    guards.lift(models=[model])
    with connection.cursor() as cursor:
        for _, create, function in guard.statements(model, connection.vendor):
            for sql in (function, create):
                if sql:
                    cursor.execute(sql)


def refusal_of(statement):
    """The sentence that the database's refusal becomes; fails when it refuses nothing."""
    with pytest.raises(IntegrityError) as refused, transaction.atomic():
        statement()
    refusal = in_words(refused.value)
    assert refusal is not None, f"no sentence for {refused.value}"
    return refusal.sentence


def _update(model, pk, change):
    assignments = ", ".join(f"{_quoted(column)} = {value}" for column, value in change.items())
    return _execute(f"UPDATE {model._meta.db_table} SET {assignments} WHERE id = {pk}")


def _first(model, fits="TRUE"):
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT id FROM {model._meta.db_table} WHERE {fits} ORDER BY id LIMIT 1")
        row = cursor.fetchone()
    assert row, f"the world has no {model._meta.label} where {fits}"
    return row[0]


def _execute(sql):
    with connection.cursor() as cursor:
        cursor.execute(sql)
        assert cursor.rowcount != 0, f"met no row: {sql}"


def _quoted(column):
    return connection.ops.quote_name(column)


assert Entry in OUR_MODELS            # the walk sees the house
