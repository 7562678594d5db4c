"""What people write, brought into one form: names and remarks, room codes, and the terms by which a household is found.

The same functions make the search keys and read the search box, so that both agree (MEASURED D3).
"""

import re
import unicodedata
from dataclasses import dataclass
from itertools import product

from django.core.exceptions import ValidationError

_NARROW = {code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)} | {0x3000: " "}
_BIDI = set("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
_INVISIBLE = re.compile("[\u00ad\u180e\u200b-\u200f\u202a-\u202e\u2060-\u2064\u2066-\u2069\ufeff]")
_DASHES = re.compile(r"[-‐‑‒–—―−─ー﹣_]+")
TERM_MAX = 24  # a search key holds so many characters; what is longer is found by its beginning


def clean_text(text, limit: int, *, lines: bool = False) -> str:
    """Text fit to be kept: NFC, blanks (U+3000 too) trimmed, zero-width marks dropped; at most `limit` characters.

    NUL, lone surrogates, bidi and other control characters are refused (TRUST §4 rows 14–18, 21), here and not only in
    forms, since SQLite would take them and PostgreSQL not. Line breaks are kept only with `lines`, else become blanks.
    Nothing but blanks is "": whether that may be is the field's or the act's to say.
    """
    text = "" if text is None else str(text)
    if len(text) > 20 * limit + 2000:
        raise ValidationError(f"最多 {limit} 字，现在 {len(text)} 字")
    text = re.sub(r"\r\n?|[\u2028\u2029\x85\x0b\x0c]", "\n", text).replace("\t", " ")
    kept = []
    for character in text:
        category = unicodedata.category(character)
        if character in _BIDI or category == "Cs" or category == "Cc" and character != "\n" or ord(character) & 0xFFFE == 0xFFFE:
            raise ValidationError("含有看不见的控制字符，请删去后重新输入")
        if category != "Cf":
            kept.append(character)
    text = unicodedata.normalize("NFC", "".join(kept))
    if lines:
        text = "\n".join(line.rstrip() for line in text.split("\n")).strip()
    else:
        text = re.sub(r"\s*\n\s*", " ", text.strip())
    if len(text) > limit:
        raise ValidationError(f"最多 {limit} 字，现在 {len(text)} 字")
    return text


def narrow(text) -> str:
    """Full-width letters, digits and signs as half-width ones; the rest as it is."""
    return str("" if text is None else text).translate(_NARROW)


# Rooms

_CN_DIGITS = {mark: digit for digit, mark in enumerate("〇一二三四五六七八九")}
_BLOCK = r"(?P<building>[0-9]{1,3}[A-Z]?|[A-Z][0-9]{0,2})(?=[-#号栋幢座楼])-?(?:#楼|号楼|[#号栋幢座楼])?-?"
_ENTRANCE = r"(?P<entrance>[0-9]{1,2}|[A-Z]|[甲乙丙丁东西中])(?=[-#单门])-?(?:单元|[#门])?-?"
_HOME = re.compile(_BLOCK + _ENTRANCE + r"(?P<room>[0-9]{1,5}[A-Z]?|[A-Z]{1,2}[0-9]{1,4})(?:室|房|户|号房?)?")
_SHOP = re.compile(
    r"(?:(?:商业|商铺|底商|铺位|商|铺)-?(?P<letters>[A-Z]{0,2})|(?P<alone>S|[A-Z]{1,2}(?=-?[0-9]{2})))-?"
    r"(?P<digits>[0-9]{1,4}[A-Z]?|(?<=S)[0-9]{1,2}-[0-9]{1,4})(?:号|铺|室|号铺|商铺)?")
_BEGUN = re.compile(_BLOCK + rf"(?:{_ENTRANCE})?")


def ways_to_write(code: str) -> list[str]:
    """The codes of one unit as lists write them, with and without idle zeros: `3-2-101`, `3-2-0101`, `03-02-0101`; `S1`, `S01`."""
    parts = code.split("-")
    return ["-".join(way) for way in product(*(_ways(part, (2,) if at < len(parts) - 1 else (2, 3, 4)) for at, part in enumerate(parts)))]


def _ways(part, widths):
    if not (found := re.fullmatch("([A-Z]*)0*([0-9]+)([A-Z]?)", part)):
        return [part]
    return sorted({part, *(found[1] + found[2].zfill(wide) + found[3] for wide in (1, *widths))})


@dataclass(frozen=True, eq=False)
class RoomCode:
    """A unit's name: building, entrance, room as the list has them; a shop has neither building nor entrance.

    Two codes are equal when they name the same unit: `3-2-0101` and `3-2-101` are (DOMAIN §15: padded ones too).
    """

    building: str
    entrance: str
    room: str

    @property
    def shop(self) -> bool:
        return not self.building

    @property
    def code(self) -> str:
        """`3-2-1801` or `S01`, as papers print it."""
        return "-".join(filter(None, (self.building, self.entrance, self.room)))

    @property
    def key(self) -> str:
        """The code without idle zeros, by which units are matched: `3-2-101`, `S1`."""
        return _unpadded(self.code)

    def __eq__(self, other):
        return self.key == other.key if isinstance(other, RoomCode) else NotImplemented

    def __hash__(self):
        return hash(self.key)

    def __str__(self):
        return self.code


def parse_room(text) -> RoomCode:
    """`3-2-1801`, `3栋2单元1801`, `3幢2单元1801室`, `3#2-1801`, `3—2—1801`, full-width, `S01` (IMPORT «Any list»).

    ValidationError in words when it is none of these, or a part is missing.
    """
    plain = _plain_room(text)
    if found := _HOME.fullmatch(plain):
        return RoomCode(found["building"], found["entrance"], found["room"])
    if found := _SHOP.fullmatch(plain):
        letters, digits = found["letters"] or found["alone"] or "S", found["digits"]
        return RoomCode("", "", letters + (digits if letters == "S" else re.sub(r"^[0-9](?![0-9])", r"0\g<0>", digits)))    # A05: alone, A5 is no shop
    if not plain:
        raise ValidationError("请填写房号，如 3-2-1801")
    if re.fullmatch(r"[0-9A-Z]{1,5}(?:室|号)?", plain) or _BEGUN.match(plain):
        raise ValidationError("房号不完整，要有楼栋、单元和房号，如 3-2-1801")
    raise ValidationError("看不出是哪一户，房号如 3-2-1801、3栋2单元1801 或 S01")


def _plain_room(text):
    plain = _INVISIBLE.sub("", narrow(text)).upper().strip()[:60]
    plain = re.sub(r"[一二三四五六七八九十]{1,3}(?=栋|幢|座|号|单元)", lambda found: _cn_number(found.group()), plain)
    return _DASHES.sub("-", re.sub(r"[\s./\\]+", "-", plain))


def _cn_number(text):
    """Up to 99: 三, 十二, 二十, 二十三."""
    tens, ten, ones = text.rpartition("十")
    if not ten:
        return "".join(str(_CN_DIGITS[mark]) for mark in text)
    return str(_CN_DIGITS.get(tens, 1) * 10 + _CN_DIGITS.get(ones, 0))


def _unpadded(text):
    return re.sub(r"(?<![0-9])0+(?=[0-9])", "", text)


# Search: the terms that are stored

def room_terms(code) -> list[str]:
    """Every form in which a clerk types a room: `3-2-1801`, `321801`, `1801`; three-digit rooms and shops of one also padded."""
    room = code if isinstance(code, RoomCode) else parse_room(code)
    last = _unpadded(room.room)
    digits = re.sub(r"^[A-Z]+", "", room.room) if room.shop else room.room
    terms = [room.code, room.key, room.code.replace("-", ""), room.key.replace("-", ""), digits, _unpadded(digits)]
    if room.shop and re.fullmatch(r"[A-Z]+[0-9]", room.key):
        terms += [f"{room.key[:-1]}0{room.key[-1]}", f"0{room.key[-1]}"]
    elif re.fullmatch(r"[0-9]{3}", last) and not room.shop:
        terms += [last.zfill(4), _unpadded(room.building) + _unpadded(room.entrance) + last.zfill(4)]
    return list(dict.fromkeys(terms))


def name_terms(name: str) -> list[str]:
    """A name and each of its ends of two characters or more, so that any part of it is the beginning of one."""
    bare = _bare_name(name)
    if len(bare) < 2:
        return [bare] if bare else []
    return list(dict.fromkeys(bare[start:start + TERM_MAX] for start in range(len(bare) - 1)))


def phone_terms(phone: str) -> list[str]:
    """The whole number, its last four, and for a landline the number without its area."""
    parts = phone.split("-")
    digits = re.sub(r"[^0-9]", "", "".join(parts[:2]))
    terms = [digits, re.sub(r"[^0-9]", "", parts[1]) if len(parts) > 1 else "", digits[-4:]]
    return [term for term in dict.fromkeys(terms) if len(term) >= 4]


def plate_terms(plate: str) -> list[str]:
    """A plate and each of its ends of three characters or more."""
    bare = _bare_name(plate)
    return [bare[start:] for start in range(max(len(bare) - 2, 1))] if bare else []


def _bare_name(text):
    """Letters and digits of any script in capitals: what stays of `阿卜杜拉·买买提`, `南京(江宁)`, `苏A·D7K38`."""
    return "".join(character for character in narrow(text).upper() if character.isalnum())


# Surnames that pypinyin reads as common words; of the ones told apart by family, all readings.
_SURNAMES = {
    "单": "shan", "曾": "zeng", "解": "xie", "仇": "qiu", "区": "ou", "翟": "zhai", "查": "zha", "任": "ren", "乐": "yue le",
    "盖": "ge", "缪": "miao", "朴": "piao", "覃": "qin tan", "员": "yun", "秘": "bi", "召": "shao", "折": "she", "繁": "po",
    "种": "chong", "乜": "nie", "洗": "xian", "祭": "zhai", "黑": "he", "句": "gou", "车": "che", "阚": "kan", "卜": "bu",
    "薄": "bo", "能": "nai", "粘": "nian", "郗": "chi xi", "隗": "wei kui", "谌": "chen shen", "费": "fei bi", "盛": "sheng",
    "郇": "xun huan", "晟": "cheng sheng", "尉": "wei yu", "臧": "zang", "长": "zhang chang", "重": "chong", "尹": "yin",
    "於": "yu", "牟": "mou mu", "那": "na", "宁": "ning", "石": "shi", "郄": "qie xi", "厍": "she", "冼": "xian", "行": "xing hang",
    "万": "wan", "贾": "jia", "沈": "shen", "颉": "xie jie", "佴": "nai er", "都": "du", "炅": "gui", "殷": "yin", "角": "jue",
    "过": "guo", "应": "ying", "哈": "ha", "瞿": "qu", "褚": "chu", "相": "xiang", "燕": "yan", "𠮷": "ji",
}
_DOUBLE_SURNAMES = {
    "尉迟": "yu chi", "万俟": "mo qi", "长孙": "zhang sun", "澹台": "tan tai", "单于": "chan yu", "令狐": "ling hu",
    "亓官": "qi guan", "宰父": "zai fu", "皇甫": "huang fu", "鲜于": "xian yu", "乐正": "yue zheng", "夏侯": "xia hou",
    "毌丘": "guan qiu", "鲁阳": "lu yang", "叱干": "chi gan", "可频": "ke pin", "句龙": "gou long", "贺若": "he ruo",
}
_READ_DOUBLE = {"欧阳", "司马", "上官", "诸葛", "司徒", "东方", "公孙", "宇文", "慕容", "申屠", "太史", "端木", "轩辕", "南宫", "百里", "呼延", "司空"}
_GIVEN = {"乐": "le yue", "行": "xing hang", "长": "chang zhang", "重": "chong zhong", "茜": "qian xi", "晟": "sheng cheng",
          "朝": "chao zhao", "曾": "zeng ceng", "单": "dan shan", "𠮷": "ji"}


def pinyin_spellings(name: str) -> tuple[set[str], set[str]]:
    """Initials and full spellings of a name in small letters, `({"sxx", "dxx"}, {"shanxiongxin", …})`.

    The library's reading and the surname's own are both given, since clerks know the person and others the character.
    """
    readings = _readings(name)
    spellings = [[]]
    for choices in readings:
        spellings = [[*said, choice] for said in spellings for choice in choices][:16]
    spellings = [said for said in spellings if said]
    return {"".join(word[0] for word in said)[:TERM_MAX] for said in spellings}, {"".join(said)[:TERM_MAX] for said in spellings}


def pinyin_initials(name: str) -> set[str]:
    """The initials alone: `{"zjg"}`, `{"sxx", "dxx"}`."""
    return pinyin_spellings(name)[0]


def pinyin_terms(name: str) -> list[str]:
    """What the search keys hold of a name's sound: initials and full spelling, each in every reading; of Latin names each word."""
    initials, whole = pinyin_spellings(name)
    words = {word.lower()[:TERM_MAX] for word in re.findall(r"[A-Za-z]{2,}", narrow(name))}
    return sorted(initials | whole | words)


def _readings(name):
    from pypinyin import lazy_pinyin  # 160 ms: only when a name is read

    plain = narrow(name)
    readings, first = [], True
    for chunk in re.findall(r"[A-Za-z]+|[0-9]|[^\W_A-Za-z0-9]+", plain):
        if chunk.isascii():
            readings.append([chunk.lower()])
        else:
            readings += _han_readings(chunk, lazy_pinyin(chunk), surname=first)
        first = False
    return readings


def _han_readings(chunk, said, surname):
    if len(said) != len(chunk):  # the library keeps what it cannot read in one piece
        from pypinyin import lazy_pinyin

        said = [lazy_pinyin(character)[0] for character in chunk]
    readings = []
    for place, (character, word) in enumerate(zip(chunk, said, strict=True)):
        own = _GIVEN.get(character, "").split()
        if surname and place < 2 and chunk[:2] in _DOUBLE_SURNAMES:
            own = [_DOUBLE_SURNAMES[chunk[:2]].split()[place]]
        elif surname and place == 0:
            own = _SURNAMES.get(character, "").split()
        choices = [choice for choice in dict.fromkeys([*own, word]) if re.fullmatch(r"[a-z]+", choice)]
        if choices:
            readings.append(choices)
    return readings


def surname(name: str) -> str:
    """What a log calls a person by: `周某`, `欧阳某`, `J某`; "" for no name (STYLE §8: persons by surname only)."""
    bare = name.strip()
    if not bare:
        return ""
    double = bare[:2] in _DOUBLE_SURNAMES or bare[:2] in _READ_DOUBLE and len(bare) > 2
    return f"{bare[:2] if double else bare[0]}某"


# Search: what was typed

_PROVINCE_AND_LETTER = re.compile(r"[京津冀晋蒙辽吉黑沪苏浙皖闽赣鲁豫鄂湘粤桂琼渝川贵云藏陕甘青宁新][A-Z][A-Z0-9]*[学警挂港澳使领]?")


def normal_query(text) -> list[tuple[str, str]]:
    """(kind, term) pairs to look up by their beginning, likeliest first: r room, n name, p pinyin, t phone, v plate.

    A four-digit entry is a room, a phone's end and a plate's; asking each kind by itself keeps one LIMIT from
    drowning the others (MEASURED D3). Nothing usable typed: an empty list.
    """
    plain = re.sub(r"\s+", " ", _INVISIBLE.sub("", narrow(text))).strip().upper()[:64]
    bare = _bare_name(plain)
    if not bare:
        return []
    room = _room_query(plain)
    digits = re.sub(r"[-+() ]", "", _DASHES.sub("-", plain))
    if re.fullmatch(r"[0-9]+", digits) and (not room or digits == plain):
        return _digit_query(digits, grouped=digits != plain)
    if room and not bare.isascii() or room and re.search(r"[-#]", _plain_room(plain)):
        return [("r", room)]
    if _PROVINCE_AND_LETTER.fullmatch(bare):
        return [("v", bare[:TERM_MAX])]
    pairs = [("r", room)] if room else []
    if not bare.isascii():
        pairs.append(("n", bare[:TERM_MAX]))
        return pairs + ([("v", bare)] if re.search(r"[0-9]", bare) else [])
    if bare.isalpha():
        pairs.append(("p", bare.lower()[:TERM_MAX]))
    elif re.search(r"[A-Z]{3}", bare):
        pairs.append(("n", bare[:TERM_MAX]))
    return pairs + ([("v", bare)] if 3 <= len(bare) <= 8 else [])


def _digit_query(digits, grouped):
    digits = re.sub(r"^(?:00)?86(?=1[0-9]{10}$)", "", digits)[:TERM_MAX]
    pairs = [] if grouped or len(digits) > 8 else [("r", digits)]
    if len(digits) >= 4:
        pairs.append(("t", digits))
    if 3 <= len(digits) <= 6:
        pairs.append(("v", digits))
    return pairs


def _room_query(plain):
    """The term of a whole room code, of one begun (3栋 → `3-`, 3栋2单元 → `3-2-`), of a room alone, or None."""
    room = _plain_room(plain)
    if found := re.fullmatch(r"([0-9]{1,4}[A-Z]?)(?:室|房|号房)", room):
        return found[1]
    room = re.sub(r"^[A-Z]+-[A-Z]+-(?=[0-9]+-)", "", room)  # the label of a household's file: YH-ZH-3-2-1801-02
    room = re.sub(r"(?<=[0-9]-)([0-9]{3,5})-[0-9]{1,2}$", r"\1", room)  # a household's number ends with its serial
    try:
        code = parse_room(room)
        return code.code if code.shop else code.key
    except ValidationError:
        pass
    if re.fullmatch(r"[A-Z]{1,2}[0-9][A-Z]?", room):  # A5: a block of that name, or the shop A05
        return room
    if found := re.fullmatch(_BLOCK + r"([0-9]{3,4}[A-Z]?)(?:室|房)?", room):  # 3栋1801: the entrance is left out
        return found[2]
    if (found := _BEGUN.fullmatch(room)) and re.search(r"[-#号栋幢座楼]", room):
        return _unpadded(f"{found['building']}-" + (f"{found['entrance']}-" if found["entrance"] else ""))
    if found := re.fullmatch(_BLOCK + r"([0-9]{1,2})", room):
        return _unpadded(f"{found['building']}-{found[2]}")
    return None
