"""Names, rooms and the search box: what is typed finds what was stored (IMPORT «Any list», MEASURED D3, TRUST §4)."""

import pytest
from django.core.exceptions import ValidationError
from hypothesis import example, given
from hypothesis import strategies as some

from servicecentre.kit import text as kit
from servicecentre.kit.text import clean_text, normal_query, parse_room, room_terms, ways_to_write


@pytest.mark.parametrize("typed, kept", [
    ("　 李 四\u00a0", "李 四"), ("\u200b李\ufeff四", "李四"), ("李\t四", "李 四"), ("李\r\n四", "李 四"), ("e\u0301", "é"),
    ("　", ""), (None, ""),
    ("𠮷野䶮", "𠮷野䶮"), ("阿卜杜拉·买买提", "阿卜杜拉·买买提"), ("水管💧漏", "水管💧漏"), ("=1+1", "=1+1"),
    ("{{ 7*7 }}<script>", "{{ 7*7 }}<script>"),
    ("王" * 80, "王" * 80), (12, "12"),
])
def test_text_is_kept_as_typed_but_for_blanks_and_invisible_marks(typed, kept):
    assert clean_text(typed, 80) == kept


@pytest.mark.parametrize("typed", ["李\x00四", "李\ud800四", "李\u202e四", "李\u2066四", "李\x07四", "李\x1b[31m四",
                                                                                                  "李\u200f四", "李\uffff四", "\x7f"])
def test_control_and_bidi_characters_are_refused(typed):
    with pytest.raises(ValidationError, match="看不见的控制字符"):
        clean_text(typed, 80)


def test_text_beyond_its_limit_is_refused_with_the_limit():
    for typed in ("王" * 81, "王" * 10_000_000):
        with pytest.raises(ValidationError, match=f"最多 80 字，现在 {len(typed)} 字"):
            clean_text(typed, 80)


def test_lines_are_kept_only_where_they_may_be():
    assert clean_text(" 一 \r\n\r\n二\u2028三\n", 80, lines=True) == "一\n\n二\n三"
    assert clean_text(" 一 \r\n\r\n二\u2028三\n", 80) == "一 二 三"


@given(some.text(max_size=60))
def test_clean_text_stays_as_it_is_when_cleaned_again(typed):
    for lines in (False, True):
        try:
            kept = clean_text(typed, 80, lines=lines)
        except ValidationError:
            continue
        assert clean_text(kept, 80, lines=lines) == kept == kept.strip()
        kept.encode()


def test_full_width_signs_become_narrow():
    assert kit.narrow("３－２（ＡＢｃ）　。，") == "3-2(ABc) 。,"
    assert kit.narrow(None) == ""


SPELLINGS = ["3-2-1801", "3栋2单元1801", "3幢2单元1801室", "3#2-1801", "3—2—1801", "３－２－１８０１", "3 2 1801",
             "3栋 2单元 1801室", "3#-2-1801",
             "三栋二单元1801", "3号楼2单元1801", "3——2——1801", "3–2–1801", "03-02-1801", " 3-2-1801\u200b", "3座2门1801户",
             "3.2.1801", "3/2/1801"]


@pytest.mark.parametrize("typed", SPELLINGS)
def test_home_is_read_in_every_spelling(typed):
    room = parse_room(typed)
    assert room == parse_room("3-2-1801") and room.key == "3-2-1801" and not room.shop
    assert normal_query(typed) == [("r", "3-2-1801")]


@pytest.mark.parametrize("typed, code", [("S01", "S01"), ("s01", "S01"), ("Ｓ０１", "S01"), ("S-01", "S01"), ("商铺S01", "S01"),
                                         ("商铺01", "S01"),
                                         ("S01号", "S01"), ("S1-102", "S1-102"), ("B12", "B12")])
def test_shop_is_read_in_every_spelling(typed, code):
    room = parse_room(typed)
    assert room.shop and room.code == code == str(room)


@pytest.mark.parametrize("typed, code", [("1-1-101", "1-1-101"), ("12栋1单元0101", "12-1-0101"), ("A1-2-1801a", "A1-2-1801A"),
                                         ("十二幢1单元101", "12-1-101"),
                                         ("二十三栋1单元101", "23-1-101"), ("3栋甲单元101", "3-甲-101"), ("3-2-B101", "3-2-B101")])
def test_room_is_written_as_the_list_has_it(typed, code):
    assert parse_room(typed).code == code


def test_padded_rooms_are_the_same_unit():
    assert parse_room("3-2-0101") == parse_room("03-02-101") and parse_room("S01") == parse_room("S1")
    assert {"3-2-101", "3-2-0101", "03-02-0101"} <= set(ways_to_write("3-2-101")) and set(ways_to_write("3-2-0101")) >= {"3-2-101"}
    assert {"S1", "S01"} <= set(ways_to_write("S01")) and "甲-2-101" in ways_to_write("甲-2-0101") and "3-2-1010" not in ways_to_write("3-2-101")
    assert len({parse_room("3-2-0101"), parse_room("3-2-101"), parse_room("3-2-1010")}) == 2
    assert parse_room("3-2-101") != "3-2-101"


@pytest.mark.parametrize("typed, words", [("3-2", "不完整"), ("1801", "不完整"), ("3-1801", "不完整"), ("3栋2单元", "不完整"),
                                          ("A1-2", "不完整"), ("", "请填写房号"),
                                          (None, "请填写房号"), ("银河", "看不出"), ("3-2-1801-1", "不完整"),
                                          ("٣-٢-١٨٠١", "看不出"), ("-" * 9999, "看不出"),
                                          ("9" * 9999, "看不出")])
def test_incomplete_room_is_refused_with_an_example(typed, words):
    with pytest.raises(ValidationError, match=words) as refused:
        parse_room(typed)
    assert "3-2-1801" in refused.value.messages[0]


def test_room_is_stored_in_the_forms_that_clerks_type():
    assert set(room_terms("3-2-1801")) == {"3-2-1801", "321801", "1801"}
    assert set(room_terms(parse_room("3-2-0101"))) == set(room_terms("3-2-101")) | {"3-2-0101"}
    assert {"101", "0101", "32101", "320101"} <= set(room_terms("3-2-101"))
    assert {"S01", "S1", "01", "1"} <= set(room_terms("S1")) and set(room_terms("S12")) == {"S12", "12"}


def hits(stored, typed, kind):
    return any(term.startswith(asked) for asked_kind, asked in normal_query(typed) if asked_kind == kind for term in stored)


@pytest.mark.parametrize("typed", [*SPELLINGS, "321801", "1801", "18", "1801室", "3栋", "3栋2单元", "3-2", "3栋1801", "3-1801",
                                   "3-2-1801-02",
                                   "YH-ZH-3-2-1801-02", "3-2-18"])
def test_every_way_to_type_a_room_finds_it(typed):
    assert hits(room_terms("3-2-1801"), typed, "r")


@pytest.mark.parametrize("listed", ["3-2-101", "3-2-0101"])
@pytest.mark.parametrize("typed", ["3-2-101", "3-2-0101", "101", "0101", "32101", "320101", "03栋02单元0101室"])
def test_padded_or_not_the_room_is_found(listed, typed):
    assert hits(room_terms(listed), typed, "r")


@pytest.mark.parametrize("typed", ["4栋", "3栋1单元", "3-21", "2801", "3-2-1802"])
def test_another_room_is_not_found(typed):
    assert not hits(room_terms("3-2-1801"), typed, "r")


@pytest.mark.parametrize("stored", ["S01", "S1"])
def test_shop_is_found_padded_or_not(stored):
    assert all(hits(room_terms(stored), typed, "r") for typed in ("S01", "s1", "商铺1", "商铺S01"))


def test_name_is_found_by_any_part_of_it():
    assert kit.name_terms("欧阳锋") == ["欧阳锋", "阳锋"] and kit.name_terms("䶮") == ["䶮"] and kit.name_terms("·") == []
    company = "南京一品(江宁)商贸有限公司"
    assert all(hits(kit.name_terms(company), typed, "n") for typed in ("南京", "一品", "江宁商贸", "（江宁）", company))
    assert hits(kit.name_terms("阿卜杜拉·买买提"), "买买提", "n") and hits(kit.name_terms("阿卜杜拉·买买提"), "阿卜杜拉•买买提", "n")
    assert not hits(kit.name_terms(company), "二品", "n")
    assert max(map(len, kit.name_terms("长" * 60))) == kit.TERM_MAX


@pytest.mark.parametrize("name, initials", [
    ("单雄信", {"sxx"}), ("曾国藩", {"zgf"}), ("解小东", {"xxd"}), ("仇和", {"qh"}), ("区大伟", {"odw"}), ("翟天临", {"ztl"}),
    ("查良镛", {"zly"}),
    ("任我行", {"rwx"}), ("乐毅", {"yy", "ly"}), ("尉迟恭", {"ycg"}), ("万俟卨", {"mqx"}), ("欧阳锋", {"oyf"}), ("盖聂", {"gn"}),
    ("朴树", {"ps"}),
    ("缪昌文", {"mcw"}), ("种师道", {"csd"}), ("员半千", {"ybq"}), ("张乐", {"zl", "zy"}), ("长孙无忌", {"zswj"}),
    ("𠮷田", {"jt"}), ("John Smith", {"js"}),
    ("沈红军", {"shj"}),
])
def test_initials_know_surnames(name, initials):
    assert initials <= kit.pinyin_initials(name)


def test_common_reading_is_kept_beside_the_surnames():
    assert kit.pinyin_initials("单雄信") == {"sxx", "dxx"}
    assert {"shanxiongxin", "danxiongxin", "sxx", "dxx"} == set(kit.pinyin_terms("单雄信"))
    assert kit.pinyin_initials("单田芳") == {"stf", "dtf"} and kit.pinyin_initials("王单") == {"wd", "ws"}
    assert "万" not in str(kit.pinyin_terms("万俟卨")) and kit.pinyin_initials("·") == set()
    assert len(kit.pinyin_initials("乐" * 30)) <= 16


@pytest.mark.parametrize("name, typed", [("张建国", "zjg"), ("张建国", "ZJ"), ("张建国", "zhangj"), ("张建国", "zhang jian guo"),
                                         ("曾国藩", "zengg"),
                                         ("John Smith", "smith"), ("John Smith", "js"), ("Ｊｏｈｎ", "john")])
def test_name_is_found_by_its_sound(name, typed):
    assert hits(kit.pinyin_terms(name), typed, "p")


def test_phone_is_found_whole_and_by_its_last_four():
    assert kit.phone_terms("13800138000") == ["13800138000", "8000"]
    assert kit.phone_terms("025-83456789-801") == ["02583456789", "83456789", "6789"]
    assert kit.phone_terms("") == []
    for typed in ("8000", "13800138000", "138-0013-8000", "+86 138 0013 8000", "138 0013 8000", "008613800138000", "1380013"):
        assert hits(kit.phone_terms("13800138000"), typed, "t"), typed
    for typed in ("025-83456789", "83456789", "6789", "（025）83456789"):
        assert hits(kit.phone_terms("025-83456789"), typed, "t"), typed


def test_plate_is_found_by_any_part_of_three():
    assert kit.plate_terms("苏AD7K38") == ["苏AD7K38", "AD7K38", "D7K38", "7K38", "K38"]
    assert kit.plate_terms("") == []
    for typed in ("苏A·D7K38", "苏a d7k38", "d7k", "7K38", "K38", "苏A"):
        assert hits(kit.plate_terms("苏AD7K38"), typed, "v"), typed
    assert hits(kit.plate_terms("苏A1234学"), "1234学", "v")


@pytest.mark.parametrize("typed, pairs", [
    ("1801", [("r", "1801"), ("t", "1801"), ("v", "1801")]), ("321801", [("r", "321801"), ("t", "321801"), ("v", "321801")]),
    ("张三", [("n", "张三")]), ("王", [("n", "王")]), ("zjg", [("p", "zjg"), ("v", "ZJG")]), ("zj", [("p", "zj")]),
    ("13800138000", [("t", "13800138000")]), ("苏A·D7K38", [("v", "苏AD7K38")]), ("AD7K38", [("v", "AD7K38")]),
    ("7天酒店", [("n", "7天酒店"), ("v", "7天酒店")]), ("7-ELEVEN", [("n", "7ELEVEN"), ("v", "7ELEVEN")]),
    ("", []), (None, []), (" 　", []), ("·-", []), ("\u202e", []),
])
def test_each_text_is_asked_of_the_kinds_that_fit_it(typed, pairs):
    assert normal_query(typed) == pairs


@given(some.text() | some.text("0123456789-#栋单元室苏AS张商铺 ·"))
@example("铺A0")
@example("商铺B5A")
def test_whatever_is_typed_is_searched_without_a_fault(typed):
    for kind, term in normal_query(typed):
        assert kind in "rnptv" and 0 < len(term) <= 64
    try:
        room = parse_room(typed)
    except ValidationError as refused:
        assert refused.messages[0]
    else:
        assert parse_room(room.code) == room and all(hits(room_terms(room), form, "r") for form in (room.code, room.key))


@given(some.text("张单乐曾万俟a1· 𠮷é"))
def test_every_name_has_a_sound_or_none(name):
    for term in kit.pinyin_terms(name):
        assert term.isascii() and 0 < len(term) <= kit.TERM_MAX
    kit.name_terms(name)
