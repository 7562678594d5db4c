"""Unit codes out of the cells of a row, and buildings out of titles: what lists write in one, two or three columns."""
import re

from django.core.exceptions import ValidationError

from servicecentre.kit.text import RoomCode, narrow, parse_room

_DASHES = re.compile(r"[-‐‑‒–—―−－_~～﹣]+")
_HAN = "一二两三四五六七八九十百甲乙丙丁"
_NUMBER = rf"(?:[0-9]{{1,4}}|[A-Za-z][0-9]{{0,3}}|[{_HAN}]{{1,5}})"
_BUILDING = rf"第?(?P<building>{_NUMBER})\s*(?:号?(?:楼栋|楼幢|楼座|楼|栋|幢|座)|#\s*(?:楼|栋|幢|座)?|号)"
_ENTRANCE = rf"第?(?P<entrance>{_NUMBER})\s*(?:单元|门栋|门洞|门|梯|#)"
_ROOM = r"(?P<room>[0-9]{1,6}[A-Za-z]?(?:-[0-9]{1,2})?|[A-Za-z][0-9]{1,5})\s*(?:号房|号室|房间|室|房|号|户)?"
_BARE_BUILDING = re.compile(rf"(?:{_BUILDING}|(?P<number>{_NUMBER}))")
_BARE_ENTRANCE = re.compile(rf"(?:{_ENTRANCE}|(?P<number>{_NUMBER})号?)")
_BUILDING_AND_ENTRANCE = re.compile(rf"(?:{_BUILDING}|(?P<b>{_NUMBER}))-?(?:{_ENTRANCE}|(?<=-)(?P<e>{_NUMBER}))")
_WHOLE = re.compile(rf"(?:{_BUILDING}|(?P<b>{_NUMBER})(?=-))-?(?:{_ENTRANCE}|(?P<e>{_NUMBER})(?=-))-?{_ROOM}")
_TWO = re.compile(rf"(?:{_ENTRANCE}|{_BUILDING}|(?P<first>{_NUMBER})(?=-))-?{_ROOM}")
_BARE_ROOM = re.compile(_ROOM)
_SHOP = re.compile(r"(?:商铺|商业|底商|门面|店铺|铺位|商|铺)?(?:编号|号)?-?(?P<code>[A-Z]{1,3}-?[0-9]{1,5}(?:-[0-9]{1,3})?[A-Z]?)"
                   r"(?:号铺|号商铺|号|铺)?")
_ASK = "房号写成 3-2-1801，或分楼栋、单元、房号三列"


def unit_code(building: str, entrance: str, room: str, *, shop: bool = False, told: tuple = ("", "")):
    """(RoomCode, "") of what three cells say, or (None, why not). Any of the cells may hold more than its own part.

    `told`: building and entrance of the whole table, used where the row names none. `shop`: a code of its own, as S01,
    is possible also where the text alone would not show it.
    """
    b, e, r = (_bare(text) for text in (building, entrance, room))
    if not r and not b and not e:
        return None, "没有房号"
    parts, why = _parts(b, e, r, told)
    if parts is None:
        lone = r or (e or b if not (e and b) else "")
        if code := _shop_code(lone, shop):
            return code, ""
        return None, why
    try:
        return parse_room("-".join(parts)), ""
    except ValidationError as error:
        return None, error.messages[0]


def place_of_title(text: str) -> tuple[str, str]:
    """Building and entrance that a sheet's name or title stands for (`3栋`, `3#楼2单元`, `6号楼业主登记表`), or ("", "").

    A title that names several (1栋、2栋, 1-6栋) or a floor (一楼) stands for none.
    """
    bare = _bare(text)
    found = list(re.finditer(rf"(?<![0-9A-Za-z]){_BUILDING}(?:-?{_ENTRANCE})?", bare))
    named = [one for one in found if re.search("号楼|[栋幢座#]", one.group())]
    if len(named) != 1 or re.search(rf"{_NUMBER}[-至到~、]$", bare[:named[0].start()]):
        return "", ""
    return _digits(named[0]["building"]), _digits(named[0]["entrance"] or "")


def section_of(text: str) -> tuple[str, str] | None:
    """Building and entrance of a row that holds nothing else, or None: such a row speaks for those below it."""
    bare = _bare(text)
    if found := re.fullmatch(rf"{_BUILDING}(?:-?{_ENTRANCE})?", bare):
        return _digits(found["building"]), _digits(found["entrance"] or "")
    if found := re.fullmatch(_ENTRANCE, bare):
        return "", _digits(found["entrance"])
    return None


def _bare(text):
    text = re.sub(r"[\s\u200b-\u200d\ufeff]+", "", narrow(text or ""))
    return _DASHES.sub("-", text).replace("、", "-").replace("/", "-").replace("\\", "-").replace("＃", "#").strip("-").upper()


def _parts(b, e, r, told):
    """The three parts, or (None, why)."""
    if whole := _whole(r):
        given = (_number(_BARE_BUILDING, b, "building"), _number(_BARE_ENTRANCE, e, "entrance"))
        for part, name, own in zip(given, ("楼栋", "单元"), whole, strict=False):
            if part and part != own:
                return None, f"房号里的{name}是 {own}，{name}一列是 {part}"
        return whole, ""
    if not r:
        # All in one of the other columns, as 单元号 3-2-1801.
        for text in (e, b, f"{b}-{e}"):
            if whole := _whole(text):
                return whole, ""
        return None, "没有房号"
    building, entrance = _number(_BARE_BUILDING, b, "building"), _number(_BARE_ENTRANCE, e, "entrance")
    if b and building is None and (both := _BUILDING_AND_ENTRANCE.fullmatch(b)):
        building, within = _digits(both["building"] or both["b"]), _digits(both["entrance"] or both["e"])
        if e and entrance != within:
            return None, f"楼栋一列写的单元是 {within}，单元一列是 {entrance or e}"
        entrance = within
    if b and building is None:
        return None, f"看不出楼栋：{b[:20]}"
    if e and entrance is None:
        return None, f"看不出单元：{e[:20]}"
    room = None
    if bare := _BARE_ROOM.fullmatch(r):
        room = bare["room"]
    if (two := _TWO.fullmatch(r)) and (room is None or "-" in room):
        # 2单元1801 or 2-1801 beside a building, 3-1801 beside an entrance; 101-1 beside both is a room.
        first = _digits(two["entrance"] or two["building"] or two["first"])
        named = "building" if two["building"] else "entrance" if two["entrance"] else ""
        if not named and building and entrance and first not in (building, entrance):
            if room is None:
                return None, f"房号 {r[:20]} 和楼栋、单元两列不符"
        else:
            named = named or ("entrance" if not entrance and (building or told[0]) else "building" if not building else "")
            if named and (building if named == "building" else entrance) not in ("", first):
                return None, f"房号 {r[:20]} 和{'楼栋' if named == 'building' else '单元'}一列不符"
            room = two["room"]
            building, entrance = (first if named == "building" else building), (first if named == "entrance" else entrance)
    if room is None:
        return None, f"看不出房号：{r[:20]}"
    building, entrance = building or told[0], entrance or told[1]
    if not building or not entrance:
        lacking = "和".join(name for name, part in (("楼栋", building), ("单元", entrance)) if not part)
        return None, f"房号不完整，缺{lacking}。{_ASK}"
    return (building, entrance, room), ""


def _whole(text):
    """The three parts of a complete code, also behind an estate's name (银河国际街区3栋2单元1801室)."""
    found = _WHOLE.fullmatch(text) or (re.search(rf"(?<![0-9A-Z]){_WHOLE.pattern}$", text) if re.search("[\u4e00-\u9fff]", text) else None)
    if not found:
        return None
    return _digits(found["building"] or found["b"]), _digits(found["entrance"] or found["e"]), found["room"]


def _number(pattern, text, name):
    """A cell's building or entrance number, "" for an empty cell, None when it is something else."""
    if not text:
        return ""
    found = pattern.fullmatch(text)
    return _digits(found[name] or found["number"]) if found else None


def _digits(number):
    """三 → 3, 十二 → 12, 03 → 3; letters stay."""
    if not number:
        return ""
    if number.isdigit():
        return str(int(number))
    if number[0] not in _HAN or number in "甲乙丙丁":
        return number
    digits = {han: n for n, han in enumerate("零一二三四五六七八九")} | {"两": 2}
    total = last = 0
    for han in number:
        if han in ("十", "百"):
            total += (last or 1) * (10 if han == "十" else 100)
            last = 0
        else:
            last = digits.get(han, 0)
    return str(total + last)


def _shop_code(text, shop):
    try:
        code = parse_room(text)
        return code if code.shop else None
    except ValidationError:
        pass
    found = _SHOP.fullmatch(text)
    if not found:
        return None
    try:
        return parse_room(found["code"].replace("-", "", 1) if re.fullmatch("S-[0-9]+", found["code"]) else found["code"])
    except ValidationError:
        return RoomCode("", "", found["code"]) if shop else None
