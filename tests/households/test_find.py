"""Finding: every way a clerk asks finds the household, at this estate only, in a bounded number of queries."""
from datetime import date

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from households.find import find, rebuild, rebuild_units, unit_of
from households.models import Household, SearchKey, Unit
from households.people import add_contact, add_resident, add_vehicle
from households.register import add_unit, change_owner, open_household
from servicecentre.kit.text import parse_room
from servicecentre.worklog.models import Entry


@pytest.fixture
def household(estate, clerk):
    unit = add_unit(estate, code="3-2-1801", area=8956, by=clerk)
    household = open_household(unit, owners=[{"name": "张雨萍", "phone": "13800135678"}], starts_on=date(2026, 3, 18), by=clerk)
    add_resident(household, name="周子涵", relation="子女", birth_year=2000, by=clerk)
    add_contact(household, name="林秀英", phone="025-83451933", by=clerk)
    add_vehicle(household, plate="苏A·D5K26", by=clerk)
    return household


@pytest.fixture
def neighbours(estate, household, clerk):
    """Four more on the same floor, one without an owner."""
    for n, name in enumerate(("顾明远", "张雨桐", "买买提·阿卜杜拉"), 2):
        unit = add_unit(estate, code=f"3-2-180{n}", area=8956, by=clerk)
        open_household(unit, owners=[{"name": name, "phone": f"1390000218{n}"}], starts_on=date(2026, 1, 1), by=clerk)
    return add_unit(estate, code="3-2-1805", area=8956, by=clerk)


def found(estate, text):
    return [hit.unit.code for hit in find(estate, text).hits]


@pytest.mark.parametrize("text", [
    "3-2-1801", "3栋2单元1801", "3#2-1801", "３－２－１８０１", "321801", "32 1801", "1801", "1801室", " 3-2-1801 ",
    "张雨萍", "雨萍", "张雨", "zyp", "ZYP", "zhangyuping", "周子涵", "子涵", "5678", "13800135678", "138 0013 5678", "1933", "83451933",
    "025-83451933", "苏AD5K26", "苏a·d5k26", "D5K", "5K26", "林秀英",
])
def test_every_way_to_ask_finds_the_household(estate, household, text):
    assert found(estate, text) == ["3-2-1801"]


@pytest.mark.parametrize("text", ["", "   ", "3-2-1899", "王", "9999", "'; DROP TABLE", "%", "_", "\\", "\u3000", "x" * 5000, "🙂"])
def test_what_is_not_there_is_not_found(estate, household, text):
    assert found(estate, text) == []


def test_part_of_a_room_finds_the_floor(estate, neighbours):
    assert found(estate, "32180") == ["3-2-1801", "3-2-1802", "3-2-1803", "3-2-1804", "3-2-1805"]


def test_unit_without_owner_is_found_as_a_unit(estate, neighbours):
    hit, = find(estate, "3-2-1805").hits
    assert hit.household is None and hit.get_absolute_url().endswith(f"/units/{neighbours.pk}/")


def test_name_with_middle_dot_is_found_without(estate, neighbours):
    assert found(estate, "阿卜杜拉") == found(estate, "买买提阿卜") == ["3-2-1804"]


def test_hit_says_who_matched(estate, household):
    assert (lambda who: (who.name, who.role))(find(estate, "zzh").hits[0].who) == ("周子涵", "住户")
    assert (lambda who: (who.name, who.role))(find(estate, "1933").hits[0].who) == ("林秀英", "紧急联系人")
    assert find(estate, "D5K").hits[0].plate == "苏AD5K26"


def test_household_comes_once_though_several_keys_fit(estate, neighbours, clerk):
    household = Household.objects.get(unit__code="3-2-1802")
    add_contact(household, name="顾明远", phone="13900001802", by=clerk)      # a phone that ends like a room
    assert found(estate, "1802").count("3-2-1802") == 1


def test_former_owner_comes_last_and_marked(estate, household, clerk):
    change_owner(household.unit, owners=[{"name": "张雨萌", "phone": "13700001111"}], last_day=date(2026, 6, 30), by=clerk)
    hits = find(estate, "张雨").hits
    assert [(hit.household.owner_names, hit.former) for hit in hits] == [("张雨萌", False), ("张雨萍", True)]
    assert [hit.household.owner_names for hit in find(estate, "1801").hits] == ["张雨萌"]


def test_room_to_be_handed_over_shows_who_will_hold_it(estate, clerk):
    unit = add_unit(estate, code="4-1-101", area=8956, by=clerk)
    coming = open_household(unit, owners=[{"name": "许文静"}], starts_on=date(2040, 1, 1), by=clerk, despite=("far_day",))
    assert find(estate, "4-1-101").hits[0].household == coming


def test_more_than_the_limit_is_said(estate, neighbours):
    few = find(estate, "32180", limit=3)
    assert len(few.hits) == 3 and few.more
    assert not find(estate, "32180", limit=10).more


def test_other_estate_finds_nothing(estate, other_estate, household):
    assert [find(other_estate, text).hits for text in ("3-2-1801", "张雨萍", "zyp", "5678", "D5K")] == [[]] * 5


@pytest.mark.parametrize("text", ["1801", "张", "zyp", "D5K"])
def test_number_of_queries_does_not_grow(estate, neighbours, clerk, text):
    with CaptureQueriesContext(connection) as few:
        find(estate, text)
    for n in range(1, 31):
        unit = add_unit(estate, code=f"5-{n}-1801", area=8956, despite=("new_building",), by=clerk)
        open_household(unit, owners=[{"name": f"张宇平{n}", "phone": "13900003333"}], starts_on=date(2026, 1, 1), by=clerk)
    with CaptureQueriesContext(connection) as many:
        find(estate, text)
    assert len(few) == len(many) <= 4


def test_rebuild_is_what_the_acts_wrote(estate, neighbours):
    def keys():
        return sorted(SearchKey.objects.values_list("estate", "term", "unit", "household"), key=str)

    before = keys()
    SearchKey.objects.all().delete()
    rebuild_units(Unit.objects.values_list("pk", flat=True))
    rebuild(Household.objects.values_list("pk", flat=True))
    rebuild(Household.objects.values_list("pk", flat=True))
    assert keys() == before and before


def test_unit_is_known_however_padded(estate, household):
    assert unit_of(estate, parse_room("03-02-01801")) == household.unit
    assert unit_of(estate, parse_room("3-2-1899")) is None


def test_index_is_used_for_each_question(estate, household):
    with CaptureQueriesContext(connection) as queries:
        find(estate, "1801")
    lookup = next(q["sql"] for q in queries if "searchkey" in q["sql"])
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("SET LOCAL enable_seqscan = off")
            cursor.execute("SET LOCAL enable_bitmapscan = off")
        cursor.execute(f"EXPLAIN {'QUERY PLAN ' if connection.vendor == 'sqlite' else ''}{lookup}")
        plan = "\n".join(str(row) for row in cursor.fetchall())
    assert plan.count("search_by_term") == lookup.count("LIMIT") >= 3
    assert "B-TREE" not in plan and "Sort" not in plan                # the index itself gives the order, so LIMIT ends the reading


def test_asking_is_no_matter_for_the_log(estate, household):
    before = Entry.objects.count()
    find(estate, "张雨萍")
    assert Entry.objects.count() == before
