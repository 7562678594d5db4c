"""The people of a row: owners with their numbers, phones, contacts; how several stand in one cell (IMPORT «Register»)."""
import re
from dataclasses import dataclass
from decimal import Decimal

from django.core.exceptions import ValidationError

from servicecentre.kit.identity import check_phone, guess_kind, split_phone
from servicecentre.kit.text import clean_text, narrow

from .labels import FIELDS
from .values import said

NAME_MAX, CONTACT_MAX = 60, 40
WARNING = "warning"

# Words in a name's cell that say that there is no owner; they stay as the unit's remark.
_NO_OWNER = re.compile(r"[(（]?(?:未交付|未交房|未售|未出售|待售|在售|未入伙|未接房|未收房|空置|空房|空户|无业主|暂无业主|库存)[)）]?")
_NO_ID_HERE = re.compile(r"[0-9][0-9.]*[eE]\+?[0-9]+")


@dataclass(frozen=True)
class Owner:
    """A person or organisation; `id_kind` and `id_number` are "" where the list left the number blank."""

    name: str
    id_kind: str = ""
    id_number: str = ""


_HARD = re.compile(r"[、/／,，;；|]+")


def read_owners(row):
    """The owners, [] when the row has none, None when they can't be told."""
    if row.flagged("owner"):
        return None
    text = row.text("owner").strip(" 、,，;；/／|\n\u3000")
    if not text or _NO_OWNER.fullmatch(text):
        if text:
            row.extras.append(text)
        if row.text("id"):
            row.find("owner", "有证件号码，没有业主姓名", value="")
            return None
        return []
    numbers = _numbers(row)
    if numbers is None or row.flagged("id"):
        return None
    names = [name.strip() for name in _HARD.split(text) if name.strip()]
    if numbers and len(names) != len(numbers):
        # A blank parts two names only where there are as many numbers; else it belongs to the name.
        apart = [name for part in names for name in part.split()]
        if len(apart) != len(numbers):
            row.find("owner", f"业主 {len(names)} 人，证件号码 {len(numbers)} 个，对不上")
            return None
        names = apart
    names = [row.attempt("owner", _name, " ".join(name.split())) for name in names]
    if None in names:
        return None
    if not numbers:
        return [Owner(name) for name in names]
    kinds = [row.attempt("id", _identity, number) for number in numbers]
    if None in kinds:
        return None
    if len(set(kinds)) < len(kinds):
        row.find("id", "两位业主的证件号码相同")
        return None
    return [Owner(name, str(kind.value), number) for name, (kind, number) in zip(names, kinds, strict=True)]


def _name(text):
    name = clean_text(text, NAME_MAX)
    if not re.search(r"[^\W0-9_]", name):
        raise ValidationError("业主姓名里没有文字")
    if re.search(r"[0-9]{5,}", name):
        raise ValidationError("业主姓名里有一串数字，请把号码放到它自己的列")
    return name


def _identity(text):
    if "*" in text:
        raise ValidationError("号码是遮住的，请按证件重填")
    if _NO_ID_HERE.fullmatch(text):
        raise ValidationError("单元格须为文本，号码的后几位已丢失，请按证件重填")
    return guess_kind(text)


def _numbers(row):
    """The ID numbers of the row in order; None when the spreadsheet has already lost digits."""
    numbers = []
    for _, value in row.cells.get("id", []):
        if isinstance(value, (int, Decimal)) and not isinstance(value, bool) and (abs(value) >= 10**15 or value != int(value)):
            row.find("id", "单元格须为文本，号码的后几位已丢失，请按证件重填", value=value)
            return None
        for part in _HARD.split(narrow(said(value))):
            pieces = part.split()
            if len(pieces) > 1 and not _is_one_number(part):
                numbers += pieces
            elif pieces:
                numbers.append("".join(pieces))
    return [number for number in numbers if said(number)]


def _is_one_number(text):
    """Whether blanks only group the digits of one number, as 320102 19650722 8320."""
    try:
        guess_kind(text)
    except ValidationError:
        return len(re.sub(r"\s", "", text)) <= 18
    return True


def read_phones(row, got):
    """The phones of the row: the first owner's, but for one that stands beside a further owner's name (业主2, 电话2)."""
    phones = []
    for name in ("phone", "phone2"):
        for part in _phone_parts(row.text(name)):
            if (phone := row.attempt(name, check_phone, part)) and phone not in phones:
                phones.append(phone)
    if not row.text("phone") and phones:
        phones.insert(0, "")  # only the spare one is known
    phones += [phone for phone in _phones_beside(row, got) if phone not in phones]
    got.phone, got.phone2, *more = [*phones, "", ""][:max(2, len(phones))]
    row.extras += [f"电话 {phone}" for phone in more if phone]


def _phones_beside(row, got):
    """Give further owners their phones; returns those that stand beside no name."""
    left = []
    for name, whose, cell in row.beside:
        phones = [phone for part in _phone_parts(said(cell)) if (phone := row.attempt(name, check_phone, part))]
        place = whose if isinstance(whose, int) else _place_of(whose, got.owners)
        if place == 0:
            left += phones
        elif place is not None and place < len(got.owners):
            got.co_phones[place] = list(dict.fromkeys([*got.co_phones.get(place, []), *phones]))
        elif phones:
            row.find(name, "这一列没有业主姓名，记为第一位业主的备用电话", WARNING)
            left += phones
    return left


def _place_of(text, owners):
    first = next((part.strip() for part in _HARD.split(said(text)) if part.strip()), "")
    return next((n for n, one in enumerate(owners) if first and one.name in (" ".join(first.split()), *first.split())), None)


def _phone_parts(text):
    """Phones of one cell, each still to be checked; words in brackets (儿子) are no part of the number."""
    text = re.sub(r"\([^0-9()]*\)", "", narrow(text))
    parts = []
    for part in re.split(r"[、/,;，；|\n]+", text):
        pieces = part.split()
        # Blanks part two whole numbers, else they only group digits (138 0013 8000).
        parts += pieces if len(pieces) > 1 and all(len(re.sub("[^0-9]", "", piece)) >= 10 for piece in pieces) else [part.strip()]
    return [part for part in parts if part]


def read_contact(row, name, phone_name):
    """(name, phone) of an emergency contact or tenant from one cell or two; more people in the cell go to the remark."""
    people, phones = row.text(name), row.text(phone_name)
    first, *more = re.split(r"[;；\n]|[、,，/](?=[^0-9]*[\u4e00-\u9fffA-Za-z])", people) if re.search("[0-9]{5}", people) else [people]
    got = row.attempt(name, split_phone, first.strip())
    if got is None:
        return "", ""
    who, phone = got
    own = re.split(r"[、/,;，；\n]+", phones)
    if own[0]:
        if (split := row.attempt(phone_name, split_phone, own[0])) is None:
            return "", ""
        who, phone = who or split[0], split[1] or phone
    rest = [part.strip() for part in (*more, *own[1:]) if part.strip()]
    if rest:
        row.extras.append(f"{FIELDS[name].label} {'、'.join(rest)}")
        row.find(name, f"{FIELDS[name].label}不止一位，取第一位，其余记入备注", WARNING)
    who = row.attempt(name, clean_text, who, CONTACT_MAX) or ""
    if name == "emergency" and who and not phone and not row.wrong:
        row.find(name, "紧急联系人没有电话，照导，列入待补", WARNING)
    return who, phone
