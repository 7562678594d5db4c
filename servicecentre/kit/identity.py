"""Numbers of persons, organisations, phones and cars: take them as people write them, keep them in one form (DOMAIN §8).

Everything refused is refused in the clerk's words: what is wrong and what it should look like (TRUST §4 rows 26–28).
"""

import re
from datetime import date
from numbers import Number

from django.core.exceptions import ValidationError
from django.db.models import TextChoices

from .periods import today
from .text import narrow


class IdKind(TextChoices):
    RESIDENT = "resident", "居民身份证"
    PASSPORT = "passport", "护照"
    HK_MACAO_PERMIT = "hk_macao_permit", "港澳居民来往内地通行证"
    TAIWAN_PERMIT = "taiwan_permit", "台湾居民来往大陆通行证"
    HMT_RESIDENCE = "hmt_residence", "港澳台居民居住证"
    FOREIGN_PERMANENT = "foreign_permanent", "外国人永久居留身份证"
    OFFICER = "officer", "军官证"
    CREDIT_CODE = "credit_code", "统一社会信用代码"


_NARROW = {code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)}
# Blanks and invisible marks that phones, chats and spreadsheets leave around a number.
_BLANKS = re.compile(r"[\s\u00ad\u200b-\u200f\u202a-\u202e\u2060\u2066-\u2069\ufeff]+")
_DASHES = re.compile(r"[-‐‑‒–—―−_]+")
_PROVINCES = {*range(11, 16), *range(21, 24), *range(31, 38), *range(41, 47), *range(50, 55), *range(61, 66), 71}
_HMT_PREFIXES = ("810000", "820000", "830000")
_LOST = re.compile(r"[0-9.]+E\+[0-9]+|[0-9]{15,}\.[0-9]*", re.IGNORECASE)


# Persons and organisations

def check_identity(kind, text) -> str:
    """The number of that kind in its one form (narrow, capitals, no blanks), or ValidationError in words."""
    number = _number(text)
    if kind == IdKind.CREDIT_CODE:
        return check_credit_code(number)
    return _CHECKS[IdKind(kind)](number)


def guess_kind(text) -> tuple[IdKind, str]:
    """Kind and number by the pattern alone, as lists need it (IMPORT «Register»); ValidationError in words."""
    number = _number(text)
    if re.fullmatch(r"[HM](?:[0-9]{8}|[0-9]{10})", number):
        return IdKind.HK_MACAO_PERMIT, number
    if re.fullmatch(r"[0-9]{8}", number):
        return IdKind.TAIWAN_PERMIT, number
    if re.fullmatch(r"[A-Z]{1,2}[0-9]{7,8}", number):
        return IdKind.PASSPORT, number
    if re.fullmatch(r"[0-9]{15}", number):
        raise ValidationError("15 位的旧身份证号已停用，请按 18 位证件填写")
    if len(number) != 18:
        if re.fullmatch(r"[0-9]+X?", number):
            raise ValidationError(f"身份证号是 18 位，现在 {len(number)} 位")
        raise ValidationError("看不出是哪种证件，请核对号码")
    if not re.fullmatch(r"[0-9]{17}[0-9X]", number):
        return IdKind.CREDIT_CODE, check_credit_code(number)
    kind = _kind_of_eighteen(number)
    try:
        return kind, _CHECKS[kind](number)
    except ValidationError:
        if _organisation_in_digits(number):
            return IdKind.CREDIT_CODE, number
        raise


def check_credit_code(text) -> str:
    """统一社会信用代码, 18 characters with the check of GB 32100; any registering body (9, 1, 5, A, N, Y …)."""
    number = _number(text)
    if len(number) != 18:
        raise ValidationError(f"统一社会信用代码是 18 位，现在 {len(number)} 位")
    if wrong := re.search(r"[^0-9A-HJ-NPQRTUWXY]", number):
        raise ValidationError(f"统一社会信用代码里没有 {wrong.group()}，请看是否抄错")
    if not re.fullmatch(r"[0-9]{6}", number[2:8]):
        raise ValidationError("统一社会信用代码第 3 至 8 位是地区，应为数字")
    if not credit_code_holds(number):
        raise ValidationError("统一社会信用代码校验不符，请逐位核对")
    return number


def credit_code_holds(number: str) -> bool:
    """Whether the check character of GB 32100 fits; python-stdnum computes, its list of prefixes is too short for us."""
    from stdnum.cn import uscc

    return bool(re.fullmatch(r"[0-9A-HJ-NPQRTUWXY]{18}", number)) and uscc.calc_check_digit(number[:17]) == number[17]


def _organisation_in_digits(number):
    """Whether 18 digits are an organisation after all, and not a person's number with a slip in it.

    The check of GB 32100 alone would let through each 31st slip; so outside 9… the organisation's own ninth
    character must fit as well (GB 11714).
    """
    if not credit_code_holds(number) or int(number[2:4]) not in {10, *_PROVINCES}:
        return False
    total = sum(int(digit) * weight for digit, weight in zip(number[8:16], (3, 7, 9, 10, 5, 8, 4, 2), strict=True))
    return number[0] == "9" or number[16] == str(-total % 11)


def born_on(number: str) -> date | None:
    """The birth date that an 18-character personal number holds, or None when it holds none."""
    if not re.fullmatch(r"[0-9]{17}[0-9X]", number):
        return None
    try:
        return date(int(number[6:10]), int(number[10:12]), int(number[12:14]))
    except ValueError:
        return None


def mask_identity(number: str) -> str:
    """`3201**********1234`; shorter numbers keep less, very short ones nothing (DOMAIN §8)."""
    shown = 4 if len(number) >= 15 else 2 if len(number) >= 7 else 0
    return number[:shown] + "*" * (len(number) - 2 * shown) + number[len(number) - shown:]


_LIKE_IDENTITY = re.compile(r"(?<![0-9A-Za-z])(?:[0-9][0-9 ]{13,}[0-9Xx]?|[0-9A-Za-z]{2}[0-9]{6}[0-9A-Za-z]{10})(?![0-9A-Za-z])")


def hide_identities(text: str) -> str:
    """The text with every number that looks like one of identity masked; full-width digits count."""
    plain = narrow(text)
    return _LIKE_IDENTITY.sub(lambda m: mask_identity(m[0]), plain) if _LIKE_IDENTITY.search(plain) else text


RESIDENT_IN_TEXT = re.compile(r"(?<![0-9A-Za-z])[0-9]{17}[0-9Xx](?![0-9A-Za-z])")
_LONG_NUMBER = re.compile(r"(?<!\d)\d(?:[ -]?\d){13,15}(?:[ -]?[\dXx]){1,2}(?!\d)")


def hide_in_name(name: str) -> str:
    """A file's name without the middle of what is as long as a number of identity, or of one without its check digit (TRUST 26)."""
    return _LONG_NUMBER.sub(_cut_short, name)


def _cut_short(found):
    digits = re.sub("[ -]", "", found.group())
    return f"{digits[:3]}***{digits[-2:]}" if len(digits) in (15, 17, 18) else found.group()


def _kind_of_eighteen(number):
    if number.startswith(_HMT_PREFIXES):
        return IdKind.HMT_RESIDENCE
    return IdKind.FOREIGN_PERMANENT if number.startswith("9") else IdKind.RESIDENT


def _eighteen(number, name):
    """Length, birth date and check of GB 11643, in the order in which a clerk can see what is wrong."""
    from stdnum.cn import ric

    if len(number) != 18:
        raise ValidationError(f"{name}是 18 位，现在 {len(number)} 位")
    if not re.fullmatch(r"[0-9]{17}[0-9X]", number):
        raise ValidationError(f"{name}是 17 位数字加一位数字或 X")
    born = born_on(number)
    if not born or born.year < 1900:
        raise ValidationError(f"{name}里的出生日期 {number[6:10]}-{number[10:12]}-{number[12:14]} 不存在")
    if born > today():
        raise ValidationError(f"{name}里的出生日期 {born} 还没到")
    if ric.calc_check_digit(number) != number[17]:
        raise ValidationError(f"{name}校验不符，请逐位核对")
    return number


def _resident(number):
    name = "身份证号"
    if len(number) == 18 and number.startswith(_HMT_PREFIXES):
        raise ValidationError("81、82、83 开头的是港澳台居民居住证，请改选证件类别")
    _eighteen(number, name)
    if int(number[:2]) not in _PROVINCES:
        raise ValidationError(f"{name}前两位 {number[:2]} 不是省份代码")
    return number


def _hmt_residence(number):
    name = "港澳台居民居住证号"
    _eighteen(number, name)
    if not number.startswith(_HMT_PREFIXES):
        raise ValidationError(f"{name}以 810000、820000 或 830000 开头")
    return number


def _foreign_permanent(number):
    name = "外国人永久居留身份证号"
    if re.fullmatch(r"[A-Z]{3}[0-9]{12}", number):  # cards of before December 2023 stay valid until they run out
        return number
    _eighteen(number, name)
    if not number.startswith("9"):
        raise ValidationError(f"{name}以 9 开头")
    return number


def _by_pattern(pattern, words):
    def check(number):
        if not re.fullmatch(pattern, number):
            raise ValidationError(words)
        return number
    return check


_CHECKS = {
    IdKind.RESIDENT: _resident,
    IdKind.HMT_RESIDENCE: _hmt_residence,
    IdKind.FOREIGN_PERMANENT: _foreign_permanent,
    IdKind.HK_MACAO_PERMIT: _by_pattern(r"[HM](?:[0-9]{8}|[0-9]{10})", "港澳居民来往内地通行证是 H 或 M 加 8 位或 10 位数字"),
    IdKind.TAIWAN_PERMIT: _by_pattern(r"[0-9]{8}|[0-9]{10}(?:[A-Z]|\([A-Z]\))?", "台湾居民来往大陆通行证是 8 位数字"),
    IdKind.PASSPORT: _by_pattern(r"(?=.*[0-9])[A-Z0-9]{5,15}", "护照号是 5 至 15 位字母和数字"),
    IdKind.OFFICER: _by_pattern(r"[\u4e00-\u9fff]{1,6}字第?[0-9]{4,10}号?|[0-9]{6,10}", "军官证号如 南字第01234567号"),
}


def _number(text):
    """Narrow, capitals, no blanks; refused when a spreadsheet has eaten digits (TRUST §4 row 27)."""
    if isinstance(text, Number) and not isinstance(text, bool):
        text = str(int(text)) if text % 1 == 0 and abs(text) < 10**15 else "1E+17"
    number = _BLANKS.sub("", str("" if text is None else text).translate(_NARROW)).upper()
    if _LOST.fullmatch(number):
        raise ValidationError("单元格须为文本，号码的后几位已丢失，请按证件重填")
    if not number:
        raise ValidationError("请填写证件号码")
    if len(number) > 40:
        raise ValidationError("证件号码太长，请核对")
    return number if re.search(r"[\u4e00-\u9fff]", number) else _DASHES.sub("", number)


# Phones

_EIGHT_DIGIT_AREAS = r"0(?:10|2[0-57-9])"
_LANDLINE = re.compile(rf"(?P<area>{_EIGHT_DIGIT_AREAS})(?P<eight>[2-9][0-9]{{7}})|(?P<far>0[3-9][0-9]{{2}})(?P<local>[2-9][0-9]{{6,7}})")
_EXTENSION = re.compile(r"(?:转|分机|[xX]|EXT\.?)([0-9]{1,6})$", re.IGNORECASE)
_PHONE_IN_TEXT = re.compile(r"(?:\+|00)?[0-9][0-9()\s\-‐‑‒–—―−.]{4,}[0-9](?:(?:转|分机)[0-9]{1,6})?")


def check_phone(text) -> str:
    """`13800138000`, `025-83456789`, `025-83456789-801`, `4001234567`, `+85261234567`; ValidationError in words.

    Takes +86, blanks, brackets and dashes of every kind (TRUST §4 row 28).
    """
    if isinstance(text, Number) and not isinstance(text, bool):
        text = str(int(text)) if text % 1 == 0 else str(text)
    raw = _BLANKS.sub("", str("" if text is None else text).translate(_NARROW)).removesuffix(".0")
    if not raw:
        raise ValidationError("请填写电话")
    extension = ""
    if found := _EXTENSION.search(raw):
        raw, extension = raw[:found.start()], "-" + found[1]
    elif found := re.fullmatch(rf"({_EIGHT_DIGIT_AREAS}-?[0-9]{{8}}|0[3-9][0-9]{{2}}-?[0-9]{{7,8}})-([0-9]{{1,6}})", _DASHES.sub("-", raw)):
        raw, extension = found[1], "-" + found[2]
    digits = re.sub(r"[().]", "", _DASHES.sub("", raw))
    if not re.fullmatch(r"\+?[0-9]{1,20}", digits):
        raise ValidationError("电话只有数字，如 13800138000 或 025-83456789")
    digits = re.sub(r"^(?:\+|00)(?=[1-9])", "+", digits)
    if digits.startswith("+") and not digits.startswith("+86"):
        if not re.fullmatch(r"\+[1-9][0-9]{6,14}", digits):
            raise ValidationError("境外电话是 + 加 7 至 15 位数字")
        return digits
    if digits.startswith("+86"):
        digits = digits[3:] if re.match(r"0|1[3-9]|[48]00", digits[3:]) else "0" + digits[3:]
    elif re.fullmatch(r"86(?:1[3-9][0-9]{9}|0[0-9]{10,11})", digits):
        digits = digits[2:]
    if re.fullmatch(r"01[3-9][0-9]{9}", digits):
        digits = digits[1:]
    return _domestic(digits) + extension


def _domestic(digits):
    if re.fullmatch(r"1[3-9][0-9]{9}|[48]00[0-9]{7}", digits):
        return digits
    if found := _LANDLINE.fullmatch(digits):
        return f"{found['area'] or found['far']}-{found['eight'] or found['local']}"
    if digits.startswith("0"):
        raise ValidationError("座机是区号加 7 或 8 位，如 025-83456789，请核对位数")
    if digits.startswith("1") and len(digits) == 11:
        raise ValidationError(f"手机以 13 至 19 开头，现在是 {digits[:2]}")
    if re.fullmatch(r"[2-9][0-9]{6,7}", digits):
        raise ValidationError("座机请带区号，如 025-83456789")
    raise ValidationError(f"手机是 11 位，现在 {len(digits)} 位")


def mask_account(number: str) -> str:
    """`**** 8812` of a bank account; nothing of a short one."""
    return f"**** {number[-4:]}" if len(number) >= 8 else "****" if number else ""


def mask_phone(phone: str) -> str:
    """`138****5678`, `025-****6789`: the last four are what a clerk asks for."""
    number, _, rest = phone.partition("-")
    if rest:
        local = rest.partition("-")[0]
        return f"{number}-****{local[-4:]}"
    if len(phone) < 8:
        return "*" * len(phone)
    return f"{phone[:3]}****{phone[-4:]}"


_WRITTEN_NUMBER = re.compile(r"(?<![0-9A-Za-z])(?:[0-9]{17}[0-9Xx]|1[3-9][0-9][ -]?[0-9]{4}[ -]?[0-9]{4}|0[0-9]{2,3}[ -]?[0-9]{7,8})(?![0-9A-Za-z])")


def mask_numbers(text: str) -> str:
    """Phones and ID numbers that stand inside free text masked: `董桐 18628164212` → `董桐 186****4212`; the rest as it is."""
    def masked(found):
        number = found.group()
        digits = re.sub(r"[ -]", "", number)
        return mask_identity(digits) if len(digits) == 18 else mask_phone(digits)
    return _WRITTEN_NUMBER.sub(masked, text)


def split_phone(text) -> tuple[str, str]:
    """A name and a phone out of one cell, as `刘秀志 15175866125`; either may be empty. A wrong phone is refused.

    Of several phones the first is taken, the others stay with the name, where a person sees them.
    """
    plain = str("" if text is None else text).translate(_NARROW).strip()
    found = _PHONE_IN_TEXT.search(plain)
    if not found:
        if re.search(r"[0-9]{3,}", plain):
            raise ValidationError(f"看不出电话：{plain[:40]}")
        return plain, ""
    rest = f"{plain[:found.start()]} {plain[found.end():]}"
    name = re.sub(r"\(\s*\)|(?:联系)?(?:电话|手机)\s*[::]?", " ", rest)
    name = re.sub(r"\s+", " ", name).strip(" :,;/、，；|-")
    if re.fullmatch(r"\([^()]*\)", name):
        name = name[1:-1].strip()
    return name, check_phone(found.group())


# Cars

_PROVINCE = "京津冀晋蒙辽吉黑沪苏浙皖闽赣鲁豫鄂湘粤桂琼渝川贵云藏陕甘青宁新"
_ANY = "[A-HJ-NP-Z0-9]"
_CIVIL = re.compile(rf"[{_PROVINCE}][A-HJ-NP-Z](?:{_ANY}{{5}}|[A-HJK]{_ANY}[0-9]{{4}}|[0-9]{{5}}[DF])")
_SPECIAL = re.compile(
    rf"[{_PROVINCE}][A-HJ-NP-Z]{_ANY}{{3,5}}[学警挂港澳使领]|[0-9]{{6}}使|使[0-9]{{6}}|[{_PROVINCE}][A-HJ-NP-Z]?[0-9]{{4,6}}领"
    rf"|[军空海北沈兰济南广成京VKHBSLJNGCZ][A-Z][0-9]{{5}}|WJ[{_PROVINCE}]?[0-9]{{4,7}}[0-9A-Z]?")


def check_plate(text) -> tuple[str, str | None]:
    """The plate as `苏AD7K38`, and a warning for 学 警 挂 港 澳 使 领 and military ones; ValidationError in words."""
    plate = bare_plate(text)
    if not plate:
        raise ValidationError("请填写车牌，如 苏A12345")
    if _CIVIL.fullmatch(plate):
        return plate, None
    if _SPECIAL.fullmatch(plate):
        return plate, f"{show_plate(plate)} 是特种车牌，请看行驶证核对"
    if plate[0] in _PROVINCE and (wrong := re.search(r"[IO]", plate)):
        raise ValidationError(f"车牌里没有字母 {wrong.group()}，请看是否为数字 {'1' if wrong.group() == 'I' else '0'}")
    if plate[0] in _PROVINCE and re.fullmatch(r"[A-Z0-9]*", plate[1:]):
        if plate[1:] and not plate[1].isalpha():
            raise ValidationError("车牌第二位是字母，如 苏A12345")
        if len(plate) not in (7, 8):
            raise ValidationError(f"车牌是 7 位，新能源 8 位，现在 {len(plate)} 位")
        raise ValidationError("新能源车牌：小车是一个字母、一位字母或数字加 4 位数字，大车是 5 位数字加 D 或 F")
    raise ValidationError("车牌如 苏A12345，以省份简称开头")


def show_plate(plate: str) -> str:
    """`苏A·D7K38`, as it stands on the car."""
    return f"{plate[:2]}·{plate[2:]}" if plate[:1] and plate[0] in _PROVINCE and len(plate) >= 7 else plate


def split_plates(text) -> list[str]:
    """The plates of one cell, bare and not yet checked, whatever parts them: 、 , / blanks, or nothing."""
    parts = re.split(r"[、,;/，；|\n]+", str("" if text is None else text).translate(_NARROW))
    begins = rf"(?<=.)(?=[{_PROVINCE}][A-Z][A-Z0-9]{{4}})"
    return [plate for part in parts for plate in re.split(begins, bare_plate(part)) if plate]


def bare_plate(text):
    """A plate or a part of one without what people write into it: narrow capitals, no dots, no blanks; not checked."""
    plain = str("" if text is None else text).translate(_NARROW).upper()
    return re.sub(r"[·•‧・∙●.\s\u200b-\u200f\ufeff]|" + _DASHES.pattern, "", plain)[:60]
