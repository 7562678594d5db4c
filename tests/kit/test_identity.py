"""Numbers of persons, organisations, phones and cars (DOMAIN §8, IMPORT «Register», TRUST §4 rows 26–28)."""

from datetime import date, timedelta

import pytest
from django.core.exceptions import ValidationError
from hypothesis import given
from hypothesis import strategies as some

from servicecentre.kit import identity
from servicecentre.kit.identity import IdKind
from servicecentre.kit.periods import today

CREDIT = "0123456789ABCDEFGHJKLMNPQRTUWXY"


def card(start):
    """17 digits with the check character of GB 11643, computed another way than the code's."""
    total = sum(int(digit) * (2 ** (17 - place) % 11) for place, digit in enumerate(start))
    return start + "10X98765432"[total % 11]


def code(start):
    """17 characters with the check character of GB 32100."""
    total = sum(CREDIT.index(mark) * pow(3, place, 31) for place, mark in enumerate(start))
    return start + CREDIT[-total % 31]


@pytest.mark.parametrize("number", ["320102196507228320", "11010519491231002X", "440308199901101512", card("32010219960229123"),
                                    card("71000019900101001"), card("32010219880417001")])
def test_resident_numbers_are_taken(number):
    assert identity.check_identity(IdKind.RESIDENT, number) == number
    assert identity.guess_kind(number) == (IdKind.RESIDENT, number)


@pytest.mark.parametrize("text", ["11010519491231002x", " １１０１０５１９４９１２３１００２Ｘ ", "110105 19491231 002X",
                                  "110105-19491231-002X",
                                  "\u202a11010519491231002X\u202c", "1101051949\u200b1231002X"])
def test_resident_number_is_brought_into_one_form(text):
    assert identity.check_identity("resident", text) == "11010519491231002X"


@pytest.mark.parametrize("text, words", [
    ("11010519491231002", "18 位，现在 17 位"), ("1101051949123100211", "现在 19 位"), ("110105194912310021", "校验不符"),
    ("320102196902301234", "出生日期 1969-02-30 不存在"), ("320102202113011234", "2021-13-01 不存在"),
    (card("32010218991231001"), "1899-12-31 不存在"), (card("32010219970229123"), "1997-02-29 不存在"),
    ("3.20106E+17", "单元格须为文本"), (320102198001011234, "单元格须为文本"), (3.201021980010112e+17, "单元格须为文本"),
    ("320102198001011200.0", "单元格须为文本"), ("", "请填写证件号码"), (None, "请填写证件号码"), ("　 ", "请填写证件号码"),
    ("1" * 500, "太长"), ("320105491231002", "15 位的旧身份证号"), ("١١٠١٠٥١٩٤٩١٢٣١٠٠٢X", "看不出|统一社会信用代码里没有"),
])
def test_wrong_number_is_refused_with_the_reason(text, words):
    with pytest.raises(ValidationError, match=words):
        identity.guess_kind(text)
    with pytest.raises(ValidationError):
        identity.check_identity(IdKind.RESIDENT, text)


def test_birth_date_may_be_today_but_not_tomorrow():
    born = card(f"320102{today():%Y%m%d}123")
    assert identity.check_identity(IdKind.RESIDENT, born) == born
    unborn = card(f"320102{today() + timedelta(days=1):%Y%m%d}123")
    for kind in (IdKind.RESIDENT, IdKind.HMT_RESIDENCE, IdKind.FOREIGN_PERMANENT):
        with pytest.raises(ValidationError, match="还没到|开头"):
            identity.check_identity(kind, unborn)


def test_province_must_exist():
    with pytest.raises(ValidationError, match="不是省份代码"):
        identity.check_identity(IdKind.RESIDENT, card("19010219900101123"))


@pytest.mark.parametrize("start", ["81000019900101123", "82000019850630001", "83000020000229456"])
def test_residence_cards_of_hong_kong_macao_and_taiwan_are_their_own_kind(start):
    number = card(start)
    assert identity.guess_kind(number) == (IdKind.HMT_RESIDENCE, number)
    assert identity.check_identity(IdKind.HMT_RESIDENCE, number) == number
    with pytest.raises(ValidationError, match="改选证件类别"):
        identity.check_identity(IdKind.RESIDENT, number)
    with pytest.raises(ValidationError, match="校验不符"):
        identity.guess_kind(number[:-1] + ("0" if number[-1] != "0" else "1"))


def test_residence_card_begins_as_it_must():
    with pytest.raises(ValidationError, match="810000"):
        identity.check_identity(IdKind.HMT_RESIDENCE, "320102196507228320")


def test_foreigners_card_begins_with_nine():
    number = card("93284019880101123")
    assert identity.guess_kind(number) == (IdKind.FOREIGN_PERMANENT, number)
    assert identity.check_identity(IdKind.FOREIGN_PERMANENT, number.lower()) == number
    assert identity.check_identity(IdKind.FOREIGN_PERMANENT, "USA110000000001") == "USA110000000001"
    with pytest.raises(ValidationError, match="以 9 开头"):
        identity.check_identity(IdKind.FOREIGN_PERMANENT, "320102196507228320")
    with pytest.raises(ValidationError, match="不存在"):
        identity.check_identity(IdKind.FOREIGN_PERMANENT, card("93284019881301123"))


@pytest.mark.parametrize("start", ["91320104MA02D361W", "A1110000600037341", "N2320100MC1234567", "Y1310000123456789",
                                   "51320000500012345",
                                   "12320000466007000", "92320102MA1N1N1N1", "G1320000717800000", "33320000123456789"])
def test_organisations_of_every_prefix_are_taken(start):
    number = code(start)
    assert identity.check_identity(IdKind.CREDIT_CODE, number.lower()) == number
    if not number.isdigit():
        assert identity.guess_kind(number) == (IdKind.CREDIT_CODE, number)


@pytest.mark.parametrize("number", ["91320104MA02D361WB", "91320103MAYRH1K7C1", "91320106MAQMMG51YA", "91110000600037341L"])
def test_codes_of_the_register_are_taken(number):
    assert identity.guess_kind(number) == (IdKind.CREDIT_CODE, number)


@pytest.mark.parametrize("text, words", [
    ("91320104MA02D361W", "18 位，现在 17 位"), ("91320104MA02D361WC", "校验不符"), ("91320104MAO2D361WB", "没有 O"),
    ("9132A104MA02D361WB", "地区"), ("统一", "18 位，现在 2 位"),
])
def test_wrong_code_is_refused_with_the_reason(text, words):
    with pytest.raises(ValidationError, match=words):
        identity.check_identity(IdKind.CREDIT_CODE, text)


def test_organisation_of_digits_only_is_no_person():
    number = next(number for tail in range(100_000_000, 100_000_999)
                  if (number := code(f"91320104{tail}")).isdigit())
    assert identity.guess_kind(number) == (IdKind.CREDIT_CODE, number)


@given(some.integers(0, 10**17 - 1))
def test_slip_in_a_persons_number_is_not_taken_for_an_organisation(digits):
    number = f"32{digits:017d}"[:17]
    right = card(number)
    wrong = number + str((int(right[-1]) + 1) % 10 if right[-1] != "X" else 3)
    try:
        kind, _ = identity.guess_kind(wrong)
    except ValidationError:
        return
    weighted = sum(int(digit) * weight for digit, weight in zip(wrong[8:17], (3, 7, 9, 10, 5, 8, 4, 2, 1), strict=True))
    assert kind == IdKind.CREDIT_CODE and code(number) == wrong and weighted % 11 == 0


@pytest.mark.parametrize("text, kind, number", [
    ("h12345678", IdKind.HK_MACAO_PERMIT, "H12345678"), ("M1234567890", IdKind.HK_MACAO_PERMIT, "M1234567890"),
    ("12345678", IdKind.TAIWAN_PERMIT, "12345678"), (12345678, IdKind.TAIWAN_PERMIT, "12345678"),
    ("E12345678", IdKind.PASSPORT, "E12345678"), ("ea1234567", IdKind.PASSPORT, "EA1234567"), ("G1234567", IdKind.PASSPORT, "G1234567"),
])
def test_kind_is_told_by_the_pattern(text, kind, number):
    assert identity.guess_kind(text) == (kind, number)
    assert identity.check_identity(kind, text) == number


@pytest.mark.parametrize("text", ["123456789", "E123456", "ABC1234567", "张三", "无", "H1234567", "1234567"])
def test_what_fits_no_pattern_is_wrong(text):
    with pytest.raises(ValidationError):
        identity.guess_kind(text) if text != "H1234567" else identity.check_identity(IdKind.HK_MACAO_PERMIT, text)


def test_other_kinds_are_checked_by_their_pattern():
    assert identity.check_identity(IdKind.OFFICER, "南字第01234567号") == "南字第01234567号"
    assert identity.check_identity(IdKind.PASSPORT, "123456789") == "123456789"
    for kind, text in ((IdKind.OFFICER, "三"), (IdKind.PASSPORT, "ABC"), (IdKind.PASSPORT, "ABCDEFG"), (IdKind.TAIWAN_PERMIT, "123")):
        with pytest.raises(ValidationError):
            identity.check_identity(kind, text)
    with pytest.raises(ValueError):
        identity.check_identity("library_card", "1")


def test_birth_date_is_read_from_the_number():
    assert identity.born_on("11010519491231002X") == date(1949, 12, 31)
    assert identity.born_on("320102196902301234") is None
    assert identity.born_on("91320104MA02D361WB") is None is identity.born_on("E12345678")


def test_numbers_are_masked():
    assert identity.mask_identity("320106198804171234") == "3201**********1234"
    assert identity.mask_identity("E12345678") == "E1*****78"
    assert identity.mask_identity("12345") == "*****"
    assert identity.mask_identity("") == ""
    assert [identity.mask_phone(p) for p in ("13812345678", "025-83456789", "025-83456789-801", "4001234567", "")] == [
        "138****5678", "025-****6789", "025-****6789", "400****4567", ""]


@pytest.mark.parametrize("text, phone", [
    ("13800138000", "13800138000"), ("+86 138-0013-8000", "13800138000"), ("86-13800138000", "13800138000"), (13800138000, "13800138000"),
    ("008613800138000", "13800138000"), ("１３８００１３８０００", "13800138000"), ("138 0013 8000", "13800138000"),
    (13800138000.0, "13800138000"),
    ("013800138000", "13800138000"), ("19911919545", "19911919545"), ("025-83456789", "025-83456789"), ("02583456789", "025-83456789"),
    ("(025)8345 6789", "025-83456789"), ("（025）83456789", "025-83456789"), ("+86 25 83456789", "025-83456789"),
    ("13800138000.0", "13800138000"),
    ("+86 10 62345678", "010-62345678"), ("010—62345678", "010-62345678"), ("0513-85123456", "0513-85123456"),
    ("0511-8512345", "0511-8512345"),
    ("025-83456789-801", "025-83456789-801"), ("025-83456789转801", "025-83456789-801"), ("400-123-4567", "4001234567"),
    ("+852 6123 4567", "+85261234567"), ("\u202a+86 13800138000\u202c", "13800138000"),
])
def test_phones_are_brought_into_one_form(text, phone):
    assert identity.check_phone(text) == phone


@pytest.mark.parametrize("text, words", [
    ("1380013", "手机是 11 位，现在 7 位"), ("1380013800", "现在 10 位"), ("138001380001", "现在 12 位"), ("12800138000", "13 至 19"),
    ("83456789", "带区号"), ("025-1234567", "座机"), ("025-8345678", "座机"), ("", "请填写电话"), (None, "请填写电话"),
    ("无", "只有数字"),
    ("13800138000 13900139000", "只有数字|现在 22 位"), ("١٣٨٠٠١٣٨٠٠٠", "只有数字"), ("+852", "境外|只有"),
    ("9" * 5000, "只有数字"), (1.5, "手机"),
])
def test_wrong_phone_is_refused_with_the_reason(text, words):
    with pytest.raises(ValidationError, match=words):
        identity.check_phone(text)


@pytest.mark.parametrize("text, name, phone", [
    ("刘秀志 15175866125", "刘秀志", "15175866125"), ("刘秀志15175866125", "刘秀志", "15175866125"),
    ("15175866125刘秀志", "刘秀志", "15175866125"),
    ("刘秀志（妻）：151-7586-6125", "刘秀志(妻)", "15175866125"), ("刘秀志 电话:025-83456789转8", "刘秀志", "025-83456789-8"),
    ("刘秀志、15175866125", "刘秀志", "15175866125"), ("15175866125(刘秀志)", "刘秀志", "15175866125"), ("刘秀志", "刘秀志", ""),
    ("", "", ""),
    (None, "", ""), (15175866125, "", "15175866125"), ("刘秀志 +86 151 7586 6125", "刘秀志", "15175866125"),
    ("刘秀志 15175866125/15175866126", "刘秀志 /15175866126", "15175866125"),
])
def test_name_and_phone_of_one_cell_are_parted(text, name, phone):
    assert identity.split_phone(text) == (name, phone)


@pytest.mark.parametrize("text", ["刘秀志 1380013", "刘秀志 123", "刘秀志 12345678901"])
def test_wrong_phone_beside_a_name_is_refused(text):
    with pytest.raises(ValidationError):
        identity.split_phone(text)


@pytest.mark.parametrize("text, plate", [
    ("苏A12345", "苏A12345"), ("苏a·L2CJS", "苏AL2CJS"), ("苏A F56625", "苏AF56625"), ("苏Ａ１２３４５", "苏A12345"),
    ("苏A-12345", "苏A12345"),
    ("苏A·D12345", "苏AD12345"), ("苏AF20913", "苏AF20913"), ("苏AK2A913"[:7], "苏AK2A91"), ("苏AGA1234", "苏AGA1234"),
    ("苏AKB1234", "苏AKB1234"), ("苏A12345D", "苏A12345D"), ("苏A12345F", "苏A12345F"), ("京ADF1234", "京ADF1234"),
    ("苏ADD1234", "苏ADD1234"),
])
def test_plates_are_brought_into_one_form(text, plate):
    assert identity.check_plate(text) == (plate, None)


@pytest.mark.parametrize("text", ["苏A1234学", "苏A1234警", "苏A1234挂", "粤Z1234港", "粤Z1234澳", "使014578", "014578使",
                                  "沪A1234领", "苏A123学",
                                  "军A12345", "南A12345", "VA12345", "WJ苏12345", "WJ01-12345"])
def test_special_plates_are_taken_with_a_warning(text):
    plate, warning = identity.check_plate(text)
    assert plate == text.replace("-", "") and "特种车牌" in warning


@pytest.mark.parametrize("text, words", [
    ("苏a·1o234", "没有字母 O，请看是否为数字 0"), ("苏A1234I", "没有字母 I，请看是否为数字 1"), ("苏O12345", "没有字母 O"),
    ("苏O1234警", "没有字母 O"),
    ("苏A1234", "7 位，新能源 8 位，现在 6 位"), ("苏A1234567", "现在 9 位"), ("苏112345", "第二位是字母"), ("苏AL12345", "新能源"),
    ("苏ADA123B", "新能源"), ("苏A12345K", "新能源"), ("A12345", "省份简称"), ("", "请填写车牌"), (None, "请填写车牌"),
    ("龙A12345", "省份简称"),
    ("苏A１２３４٥", "省份简称|新能源"), ("苏", "现在 1 位"), ("苏A12345苏B12345", "省份简称"), ("苏A" + "1" * 9999, "现在 60 位"),
])
def test_wrong_plate_is_refused_with_the_reason(text, words):
    with pytest.raises(ValidationError, match=words):
        identity.check_plate(text)


def test_plate_is_shown_as_on_the_car():
    assert identity.show_plate("苏AD7K38") == "苏A·D7K38" and identity.show_plate("苏AD12345") == "苏A·D12345"
    assert identity.show_plate("使014578") == "使014578" and identity.show_plate("") == ""


@pytest.mark.parametrize("text", ["苏A·QLARU、苏A·YSGVZ", "苏A·QLARU 苏A·YSGVZ", "苏AQLARU苏AYSGVZ", "苏A QLARU/苏A YSGVZ",
                                  "苏A·QLARU，苏A·YSGVZ;",
                                  "苏a·qlaru\n苏A-YSGVZ"])
def test_plates_of_one_cell_are_parted(text):
    assert identity.split_plates(text) == ["苏AQLARU", "苏AYSGVZ"]


def test_a_wrong_or_special_plate_stays_whole():
    assert identity.split_plates("苏A12苏B12345") == ["苏A12", "苏B12345"]
    assert identity.split_plates("WJ苏12345") == ["WJ苏12345"]
    assert identity.split_plates("无") == ["无"] and identity.split_plates(None) == []


@given(some.text() | some.text("0123456789Xx苏A·-+()（） \u3000EH"))
def test_whatever_is_typed_is_taken_or_refused_in_words(text):
    for check in (identity.guess_kind, identity.check_phone, identity.check_plate, identity.split_phone, identity.split_plates,
                  *(lambda t, kind=kind: identity.check_identity(kind, t) for kind in IdKind)):
        try:
            check(text)
        except ValidationError as refused:
            assert refused.messages[0]


@given(some.text("0123456789+- ()", min_size=5))
def test_a_phone_taken_once_is_taken_again_as_it_is(text):
    try:
        phone = identity.check_phone(text)
    except ValidationError:
        return
    assert identity.check_phone(phone) == phone
