"""Fields: read in the trade's units, refused beside the field, shown again as typed (TRUST §4, rows 1–28 and 40)."""

from datetime import date

import pytest
from django import forms
from django.core.exceptions import ValidationError
from django.http import QueryDict

from servicecentre.kit import fields
from servicecentre.kit.periods import BillingMonth


class Sheet(forms.Form):
    amount = fields.MoneyField(label="金额")
    change = fields.MoneyField(zero=True, required=False)
    area = fields.AreaField()
    price = fields.PriceField()
    month = fields.MonthField()
    day = fields.DayField()
    phone = fields.PhoneField()
    plate = fields.PlateField()
    name = fields.TextField(max_length=10)
    remark = fields.TextField(max_length=20, lines=True, required=False)


GOOD = {"amount": "¥1,409.50 元", "change": "0", "area": "８９．５６", "price": "1.9", "month": "2026年11月", "day": "2025.10.3",
        "phone": "+86 138-0013-8000", "plate": "苏a·d7k38", "name": "　李四 ", "remark": "一\r\n二"}


def test_sheet_is_read_in_the_units_of_the_trade():
    sheet = Sheet(GOOD)
    assert sheet.is_valid(), sheet.errors
    assert sheet.cleaned_data == {
        "amount": 140950, "change": 0, "area": 8956, "price": 19000, "month": BillingMonth(2026, 11), "day": date(2025, 10, 3),
        "phone": "13800138000", "plate": "苏AD7K38", "name": "李四", "remark": "一\n二"}
    assert [sheet[name].value() for name in GOOD] == [
        "1409.50", "0.00", "89.56", "1.9", "2026-11", "2025-10-03", "13800138000", "苏A·D7K38", "李四", "一\n二"]


@pytest.mark.parametrize("field, typed, words", [
    ("amount", "1e3", "请输入金额"), ("amount", "0", "大于 0"), ("amount", "170.165", "两位小数"), ("change", "-1", "大于 0"),
    ("area", "0", "大于 0"),
    ("price", "2000", "1,000"), ("month", "2026-13", "没有 13 月"), ("day", "2026-02-30", "没有 30 日"), ("phone", "1380013", "11 位"),
    ("plate", "苏a·1o234", "没有字母 O"), ("name", "李\u202e四", "看不见"), ("name", "王" * 11, "最多 10 字"),
    ("remark", "a\x00", "看不见"),
])
def test_what_is_refused_is_said_beside_the_field_and_stays_typed(field, typed, words):
    sheet = Sheet(GOOD | {field: typed})
    assert not sheet.is_valid() and list(sheet.errors) == [field]
    assert words in sheet.errors[field][0]
    assert sheet[field].value() == typed


@pytest.mark.parametrize("blank", ["", " 　", None])
def test_required_fields_say_so_and_the_others_may_be_empty(blank):
    sheet = Sheet(dict.fromkeys(GOOD, blank))
    assert set(sheet.errors) == set(GOOD) - {"change", "remark"}
    assert all(errors == ["请填写"] for errors in sheet.errors.values())
    assert (sheet.cleaned_data["change"], sheet.cleaned_data["remark"]) == (None, "")


@pytest.mark.parametrize("field", ["amount", "area", "price", "month", "day", "phone", "plate", "name"])
def test_a_field_sent_twice_is_refused(field):
    data = QueryDict(mutable=True)
    data.update(GOOD)
    data.appendlist(field, GOOD[field])
    sheet = Sheet(data)
    assert list(sheet.errors) == [field] and "两个值" in sheet.errors[field][0]
    assert sheet[field].value() == ""


def test_initial_values_are_shown_in_their_form():
    sheet = Sheet(initial={"amount": 5, "area": 8950, "price": 2600000, "month": date(2026, 11, 1), "day": date(2026, 1, 2),
                           "plate": "苏AD12345", "name": "李四"})
    assert [sheet[name].value() for name in sheet.fields] == [
        "0.05", "", "89.50", "260", "2026-11", "2026-01-02", "", "苏A·D12345", "李四", ""]
    html = str(sheet["amount"]) + str(sheet["name"]) + str(sheet["day"])
    assert 'inputmode="decimal"' in html and 'maxlength="10"' in html and 'type="date"' in html and "style" not in html


def test_unchanged_sheet_knows_it():
    initial = {"amount": 140950, "day": date(2025, 10, 3), "month": BillingMonth(2026, 11)}
    changed = Sheet(GOOD, initial=initial).changed_data
    assert not {"amount", "day", "month"} & set(changed)
    assert "amount" in Sheet(GOOD | {"amount": "1"}, initial=initial).changed_data


def test_special_plate_is_taken_and_its_warning_kept_in_this_form_only():
    sheet = Sheet(GOOD | {"plate": "苏A1234学"})
    assert sheet.is_valid() and "特种车牌" in sheet.fields["plate"].warning
    assert Sheet.base_fields["plate"].warning is None


@pytest.mark.parametrize("typed, value", [("12", 12), (" １２ ", 12), ("0", 0), ("", None)])
def test_a_count_is_a_whole_number(typed, value):
    assert fields.CountField(required=False).clean(typed) == value


@pytest.mark.parametrize("typed", ["1_0", "٣", "1.5", "-1", "1e2", "100000", "9" * 5000, ["1", "2"]])
def test_what_is_no_count_is_refused_in_words(typed):
    with pytest.raises(ValidationError, match="整数|填 0 到|两个值"):
        fields.CountField().clean(typed)


@pytest.mark.parametrize("typed, shown", [("8:00", "08:00"), ("１７：３０", "17:30"), ("23:59:00", "23:59")])
def test_a_time_of_day(typed, shown):
    field = fields.ClockField()
    assert field.prepare_value(field.clean(typed)) == shown


@pytest.mark.parametrize("typed", ["24:00", "8", "8:60", "8:0", "morning"])
def test_what_is_no_time_of_day_is_refused_in_words(typed):
    with pytest.raises(ValidationError, match="如 08:30"):
        fields.ClockField().clean(typed)


def test_yes_and_no_have_their_words_and_nothing_else_is_taken():
    field = fields.YesNoField(no="停用", yes="在用")
    assert [field.clean(each) for each in ("yes", "no")] == [True, False] and field.prepare_value(False) == "no"
    for typed in ("1", "", "True"):
        with pytest.raises(ValidationError):
            field.clean(typed)


def test_a_reading_is_no_area():
    reading = fields.ReadingField(required=False)
    assert [reading.clean(text) for text in ("0", "123456.7", "２８６．４", "")] == [0, 12345670, 28640, None]
    assert reading.prepare_value(12345670) == "123456.70"
    for text, words in (("-1", "不能小于 0"), ("1.234", "最多两位小数"), ("1000000000.01", "读数不能超过"), ("x", "请输入读数")):
        with pytest.raises(ValidationError, match=words):
            reading.clean(text)
