"""Acts on notices: posted, extended, taken down; a wrong one is never edited (FORMS 6.11, DOMAIN §10 «outage asked»)."""
from datetime import timedelta

from django.core.exceptions import ValidationError

from households.models import Unit
from servicecentre.kit.periods import SHANGHAI, exact_moment, now, today
from servicecentre.kit.refused import Refused
from servicecentre.kit.text import clean_text
from servicecentre.papers.issuing import issue_paper, void_paper
from servicecentre.papers.kinds import NOTICE
from servicecentre.worklog.acts import act, record

from .models import Notice, NoticePlace, NoticeTerm
from .models.notices import where_words

LONGEST = timedelta(days=92)              # from start to end, extensions included
AHEAD = timedelta(days=92)                # how far ahead one may be posted
BEGUN = timedelta(days=2)                 # how long ago what is told may have begun
AFTERWARDS = timedelta(hours=24)          # how long after its end one may still be extended
MOST_PLACES = 30
WEEKDAYS = "一二三四五六日"


@act
def post_notice(estate, *, kind, whole, places, starts_at, ends_at, cause, words, by, doer="", instead=None, despite=()):
    """Post a notice with its paper TZ; returns the Notice.

    ``places``: (Building, entrance) pairs, "" for the whole building, none where it is for the ``whole`` estate; ``instead``: the
    one taken down that this sets right. Refused for odd times, without a place, and, unless "like_notice" is accepted, where one of
    the same kind is up there for that time.
    """
    kind = Notice.Kind(kind)
    _refuse_odd_times(starts_at, ends_at)
    places = _checked(estate, whole, places)
    cause, doer, words = _said("cause", cause, 60, "请写原因，前台好回答来问的人"), _text("doer", doer, 60), _said("words", words, 200, "请写内容")
    if instead is not None and not Notice.objects.lock(instead).down_at:
        raise Refused("原来那张还没有撤下，请先撤下再重贴。")
    _refuse_a_second(estate, kind, whole, places, starts_at, ends_at, despite)
    notice = Notice.objects.create(estate=estate, kind=kind, whole=whole, starts_at=starts_at, ends_at=ends_at, cause=cause, doer=doer, words=words,
                                   posted_by=by, posted_at=now())
    NoticePlace.objects.bulk_create(NoticePlace(estate=estate, notice=notice, building=building, entrance=entrance) for building, entrance in places)
    notice = Notice.objects.with_places().get(pk=notice.pk)
    paper = issue_paper(NOTICE, estate=estate, by=by, content=notice_content(notice, by), replaces=instead.last_term().paper if instead else None)
    NoticeTerm.objects.create(estate=estate, notice=notice, n=1, ends_at=ends_at, paper=paper, by=by, at=notice.posted_at)
    again = f"，改正 {paper.replaces}" if instead else ""
    record(by, f"张贴{notice.title} {paper}：{notice.where}，{exact_moment(starts_at)} 至 {exact_moment(ends_at)}，{cause}{again}", notice)
    return notice


@act
def extend_notice(notice, *, ends_at, reason, version, by):
    """It takes longer: a later end, and a paper with it in place of the one that hangs there, which is void. Returns the Notice.

    Refused for one taken down, long over, or changed meanwhile, and for an end that is not later.
    """
    notice = _up(notice, version)
    before, reason = notice.last_term(), _said("reason", reason, 60, "请写为什么延时，要告知住户")
    if now() > notice.ends_at + AFTERWARDS:
        raise Refused("这张通知结束已超过一天，请另贴一张。")
    if ends_at <= notice.ends_at:
        raise Refused({"ends_at": f"要晚于现在的结束时间 {exact_moment(notice.ends_at)}，提早结束请撤下"})
    if ends_at <= now():
        raise Refused({"ends_at": "这个时间已经过了"})
    if ends_at > notice.starts_at + LONGEST:
        raise Refused({"ends_at": f"从开始算最长 {LONGEST.days} 天，请核对日期"})
    old, notice.ends_at = notice.ends_at, ends_at
    notice.extended += 1
    notice.version += 1
    notice.save(update_fields=["ends_at", "extended", "version"])
    void_paper(before.paper, reason=f"延到 {exact_moment(ends_at)}，改贴新的一张", by=by)
    paper = issue_paper(NOTICE, estate=notice.estate, by=by, content=notice_content(notice, by, old=old, reason=reason), replaces=before.paper)
    NoticeTerm.objects.create(estate=notice.estate, notice=notice, n=before.n + 1, ends_at=ends_at, reason=reason, paper=paper, by=by, at=now())
    record(by, f"{notice.title} {before.paper} 延时：由 {exact_moment(old)} 改为 {exact_moment(ends_at)}，{reason}，改贴 {paper}", notice)
    return notice


@act
def take_down_notice(notice, *, reason, version, by):
    """It ends before its time, or was wrong: its paper is void with the reason. Returns the Notice. Refused once it is over."""
    notice = _up(notice, version)
    reason = _said("reason", reason, 120, "请写为什么撤下，如「提前恢复供水」「日期写错」")
    if now() >= notice.ends_at:
        raise Refused("到时间已经自己结束，不用撤下。")
    term = notice.last_term()
    void_paper(term.paper, reason=reason, by=by)
    notice.down_at, notice.down_by, notice.down_reason = now(), by, reason
    notice.version += 1
    notice.save(update_fields=["down_at", "down_by", "down_reason", "version"])
    record(by, f"撤下{notice.title} {term.paper}：{reason}", notice)
    return notice


def _up(notice, version):
    notice = Notice.objects.with_places().lock(notice)
    if notice.down_at:
        raise Refused(f"{notice.down_by} 已于 {exact_moment(notice.down_at)} 撤下这张通知。")
    if notice.version != version:
        raise Refused("这张通知刚才被别人延时了，请看清新的结束时间再办。")
    return notice


def _refuse_odd_times(starts_at, ends_at):
    if ends_at <= starts_at:
        raise Refused({"ends_at": "结束要晚于开始"})
    if ends_at <= now():
        raise Refused({"ends_at": "这个时间已经过了"})
    if starts_at < now() - BEGUN:
        raise Refused({"starts_at": f"最早填 {BEGUN.days} 天以前，请核对日期"})
    if starts_at > now() + AHEAD:
        raise Refused({"starts_at": f"最多提前 {AHEAD.days} 天张贴，请核对日期"})
    if ends_at > starts_at + LONGEST:
        raise Refused({"ends_at": f"从开始算最长 {LONGEST.days} 天，请核对日期"})


def _checked(estate, whole, places):
    """The places once each, an entrance left out where its whole building is named; Refused for none, too many, or ones that are not there."""
    if whole:
        if places:
            raise Refused({"places": "选了全小区，就不要再勾楼栋、单元"})
        return []
    buildings = {building for building, entrance in places if not entrance}
    places = [(building, entrance) for building, entrance in dict.fromkeys(places) if not entrance or building not in buildings]
    if not places:
        raise Refused({"places": "请勾楼栋或单元，都有就选全小区"})
    if len(places) > MOST_PLACES:
        raise Refused({"places": f"一张通知最多写 {MOST_PLACES} 处，请选整栋或全小区"})
    there = set(Unit.objects.of(estate).filter(building__in={building for building, _ in places}).values_list("building", "entrance"))
    known = {building for building, _ in there}
    for building, entrance in places:
        if (building.pk, entrance) not in there if entrance else building.pk not in known:
            raise Refused({"places": f"没有{where_words([(building, entrance)])}，请刷新后重选"})
    return places


def _refuse_a_second(estate, kind, whole, places, starts_at, ends_at, despite):
    """One of the same kind in the same place and time is mostly the same matter entered twice."""
    if kind == Notice.Kind.OTHER:
        return
    for other in Notice.objects.of(estate).up().filter(kind=kind).meeting(starts_at, ends_at).with_places().soonest_first():
        if (whole or other.whole or _share(places, [(p.building, p.entrance) for p in other.places.all()])) and "like_notice" not in despite:
            raise Refused(f"{other.where} {other.span} 已经贴了{other.title}。时间变长请在那张上办延时。", unless="like_notice",
                          link=(f"看{other.title}", other.get_absolute_url()))


def _share(places, others):
    return any(building == theirs and (entrance == their_entrance or not entrance or not their_entrance)
               for building, entrance in places for theirs, their_entrance in others)


def _said(field, text, limit, sentence):
    text = _text(field, text, limit)
    if not text:
        raise Refused({field: sentence})
    return text


def _text(field, text, limit):
    try:
        return clean_text(text, limit)
    except ValidationError as error:
        raise Refused({field: error.messages}) from error


# --- the paper --------------------------------------------------------------------------------------------------------

def notice_content(notice, by, *, old=None, reason=""):
    """What tickets/papers/notice-1.html prints; ``old``: the end that an extension moved, for its ``reason``."""
    estate = notice.estate
    about = [["原因", notice.cause], ["施工", notice.doer], ["延时", f"原定 {_short(old, notice.starts_at)} 结束，{reason}" if old else ""],
             ["咨询", estate.phone]]
    content = {"estate": {"name": estate.name, "company": estate.company, "centre": estate.centre_name, "phone": estate.phone},
               "title": notice.title, "unit": notice.where, "when": when_lines(notice.starts_at, notice.ends_at), "words": notice.words,
               "about": [row for row in about if row[1]], "until": _day(notice.ends_at.astimezone(SHANGHAI)), "clerk": by.name}
    return content | {"tight": _tight(content)}


def _tight(content):
    """Would it outgrow its page at the usual size? In mm, every character as wide as a Chinese one."""
    large = len(content["unit"]) <= 12
    where = 5 + _lines(content["unit"], 12 if large else 17) * (17.6 if large else 12.3)
    words = 5 + _lines("首行" + content["words"], 26) * 10.2
    about = 4 + sum(4 + 8.8 * _lines(said, 25) for _, said in content["about"])
    return len(content["unit"]) > 60 or where + words + about > 126


def _lines(text, width):
    return -(-len(text) // width)


def when_lines(starts_at, ends_at):
    """Two lines: 「11月26日（周四）」 「9:00—15:00」, over several days each end with its own day."""
    starts, ends = (moment.astimezone(SHANGHAI) for moment in (starts_at, ends_at))
    if starts.date() == ends.date():
        return [_weekday(starts), f"{_clock(starts)}—{_clock(ends)}"]
    return [f"{_weekday(starts)}{_clock(starts)} 至", f"{_weekday(ends)}{_clock(ends)}"]


def _short(moment, beside):
    """The time of day, with its day where that is not the start's."""
    there, start = moment.astimezone(SHANGHAI), beside.astimezone(SHANGHAI)
    return _clock(there) if there.date() == start.date() else f"{_day(there)} {_clock(there)}"


def _day(there):
    """With its year where that is not this one."""
    return f"{f'{there.year}年' if there.year != today().year else ''}{there.month}月{there.day}日"


def _weekday(there):
    return f"{_day(there)}（周{WEEKDAYS[there.weekday()]}）"


def _clock(there):
    return f"{there.hour}:{there:%M}"
