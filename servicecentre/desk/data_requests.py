"""A person asks for their own data: asked, decided, handed over; a numbered paper and a line in the log at each step (FORMS 7.7)."""
from django.core.exceptions import ValidationError
from django.db.models import Q

from billing.models import Charge, Payment
from households.models import Person
from servicecentre.files.models import File
from servicecentre.kit.identity import mask_phone, show_plate
from servicecentre.kit.periods import now, shown_date, today
from servicecentre.kit.refused import Refused
from servicecentre.kit.text import clean_text
from servicecentre.papers.issuing import issue_paper
from servicecentre.papers.kinds import DATA_COPY, DATA_REQUEST
from servicecentre.papers.models import Paper
from servicecentre.papers.wordings import worded
from servicecentre.worklog.acts import act, record
from servicecentre.worklog.models import Entry

from .looks import LOOKS
from .models import DataRequest, PrivacyPolicy, term

MOST_ROWS = 200


@act
def receive_request(household, *, person, wants, scope, id_checked, by, agent="", letter=""):
    """Take a request in: its paper GX with the last day to answer; returns the DataRequest.

    Refused for a person who has nothing to do with the household, without a look at the applicant's papers, and for an agent
    without a letter [law: 个人信息保护法 45–50].
    """
    household = type(household).objects.lock(household)
    here = Q(ownerships__household=household) | Q(residences__household=household)
    if not Person.objects.of(household.estate_id).filter(here, pk=person.pk).exists():
        raise Refused({"person": "这个人不是这一户的"})
    if not id_checked:
        raise Refused({"id_checked": "先核对申请人的身份证件，再受理"})
    scope, agent, letter = _text("scope", scope, 200), _text("agent", agent, 40), _text("letter", letter, 40)
    if not scope:
        raise Refused({"scope": "请写明要哪些信息"})
    if agent and not letter:
        raise Refused({"letter": "代办要有委托书，请写委托书号或日期"})
    day = today()
    due_on = term(day, PrivacyPolicy.of(household.estate))
    wants = DataRequest.Wants(wants)
    paper = issue_paper(DATA_REQUEST, household, by=by, content={
        **_head(household, by), "person": person.name, "id_masked": person.id_masked, "phone": mask_phone(person.phone) if person.phone else "",
        "agent": agent, "letter": letter, "wants": [[choice.label, choice == wants] for choice in DataRequest.Wants], "scope": scope,
        "terms": worded(household.estate, "request_terms", 天数=(due_on - day).days, 期限=due_on.isoformat())})
    request = DataRequest.objects.create(
        estate=household.estate, household=household, person=person, wants=wants, scope=scope, agent=agent, letter=letter, paper=paper,
        received_by=by, received_at=now(), due_on=due_on)
    record(by, f"受理个人信息申请 {paper.number}，{wants.label}，{shown_date(due_on)} 前答复", request, household=household)
    return request


@act
def decide_request(request, *, result, by, reason=""):
    """Decide what is done about it; a refusal, also of a part, tells its reason [law: 个人信息保护法 50]. Returns the DataRequest."""
    request = DataRequest.objects.lock(request)
    if request.result:
        raise Refused(f"{request.decided_by.name}已经决定：{request.get_result_display()}。")
    reason = _text("reason", reason, 200)
    result = DataRequest.Result(result)
    if result != DataRequest.Result.DONE and not reason:
        raise Refused({"reason": "不办理、部分办理要写理由，要告知申请人"})
    request.result, request.reason, request.decided_by, request.decided_at = result, reason, by, now()
    request.save(update_fields=["result", "reason", "decided_by", "decided_at"])
    record(by, f"决定个人信息申请 {request.paper.number}：{result.label}{f'，{reason}' if reason else ''}", request, household=request.household)
    return request


@act
def answer_request(request, *, given, by):
    """Tell the applicant and close it; who may see or copy gets the masked copy, frozen as a paper FB. Returns the DataRequest."""
    request = DataRequest.objects.lock(request)
    if not request.result:
        raise Refused("主管还没有决定，请先决定再答复。")
    if request.done_at:
        raise Refused(f"{request.done_by.name}已经办结。")
    given = _text("given", given, 160)
    if not given:
        raise Refused({"given": "请写明办了什么、交了什么、怎么告知的"})
    if request.gives_copy:
        request.copy = issue_paper(DATA_COPY, request.household, by=by, content={
            **_head(request.household, by), "person": request.person.name, "request": request.paper.number,
            "parts": what_we_hold(request.person, request.household), "left_out": request.reason or "",
            "terms": worded(request.estate, "copy_terms")})
        given = f"{given}；副本 {request.copy.number}"
    request.given, request.done_by, request.done_at = given, by, now()
    request.save(update_fields=["given", "copy", "done_by", "done_at"])
    late = "，比期限晚" if today() > request.due_on else ""
    record(by, f"办结个人信息申请 {request.paper.number}{late}：{given}", request, household=request.household)
    return request


def _head(household, by):
    estate = household.estate
    return {"estate": {"name": estate.name, "company": estate.company, "centre": estate.centre_name, "phone": estate.phone},
            "unit": household.unit.code, "household": household.number, "clerk": by.name}


def _text(field, text, limit):
    try:
        return clean_text(text, limit)
    except ValidationError as error:
        raise Refused({field: error.messages}) from error


# --- what we hold about a person, for the copy: numbers masked, other people's data left out --------------------------------

def what_we_hold(person, household):
    """[{title, rows: [[what, words]]}]: plain JSON; the person's own data with masked numbers, of others only how many they are."""
    parts = [("登记的资料", _register(person)), ("房屋", _homes(person)), ("车辆", _vehicles(person)), ("收费", _money(household)),
             ("单据", _papers(household)), ("照片、扫描件", _files(person, household)), ("谁看过完整号码", _looks(person, household))]
    return [{"title": title, "rows": rows or [["—", "没有"]]} for title, rows in parts]


def _register(person):
    rows = [("姓名（名称）", person.name), (person.get_id_kind_display() or "证件", person.id_masked),
            ("电话", mask_phone(person.phone) if person.phone else ""), ("备用电话", mask_phone(person.phone2) if person.phone2 else ""),
            ("性别", person.get_sex_display()), ("出生年", person.birth_year and str(person.birth_year)), ("通讯地址", person.mail_address),
            ("邮箱", person.email), ("法人", person.legal_rep and "（单位的法定代表人，已登记）"), ("联系人", person.contact and "（单位的联系人，已登记）")]
    return [[label, value] for label, value in rows if value]


def _homes(person):
    rows = [[o.household.unit.code, f"业主，{_span(o.household)}{f'，份额 {o.share}' if o.share else ''}{_others(o.household)}"]
            for o in person.ownerships.select_related("household__unit").order_by("pk")]
    return rows + [[r.household.unit.code, f"{r.relation or r.get_kind_display()}{_lease(r)}{f'，{r.left_on} 搬离' if r.left_on else ''}"]
                   for r in person.residences.select_related("household__unit").order_by("pk")]


def _lease(resident):
    return f"，租期 {resident.lease_from} 至 {resident.lease_to or '未定'}" if resident.lease_from else ""


def _span(household):
    return f"{household.starts_on} 至 {household.ends_on or '今'}"


def _others(household):
    others = household.ownerships.count() - 1
    return f"，另有共有人 {others} 人" if others else ""


def _vehicles(person):
    rows = [v for o in person.ownerships.all() for v in o.household.vehicles.order_by("pk")]
    return [[show_plate(v.plate), " ".join(filter(None, (v.brand, v.colour, f"已注销 {v.ended_on}" if v.ended_on else "")))] for v in rows]


def _money(household):
    charges = Charge.objects.of(household.estate_id).filter(household=household).live()
    payments = Payment.objects.of(household.estate_id).filter(household=household).live()
    return [["账单", f"{charges.count()} 笔，明细见对账单"], ["收款", f"{payments.count()} 笔，明细见收据"]]


def _papers(household):
    rows = Paper.objects.of(household.estate_id).filter(household_no=household.number).order_by("pk")[:MOST_ROWS]
    return [[paper.number, f"{paper.kind_label}，{paper.issued_on}{'，已作废' if paper.is_void else ''}"] for paper in rows]


def _files(person, household):
    mine = File.objects.of_household(household).there().filter(Q(row_type="households.household") | Q(
        row_type="households.person", row_id=person.pk)).order_by("pk")[:MOST_ROWS]
    return [[file.get_kind_display(), f"{file.made_at:%Y-%m-%d} 存入{f'，仅供{file.purpose}' if file.purpose else ''}"] for file in mine]


def _looks(person, household):
    scans = File.objects.of(household.estate_id).filter(row_type="households.person", row_id=person.pk).values("pk")
    rows = Entry.objects.of(household.estate_id).filter(act__in=LOOKS).filter(
        Q(row_type="households.person", row_id=person.pk) | Q(row_type="files.file", row_id__in=scans)
        | Q(row_type="households.household", household_no=household.number)).order_by("pk")
    return [[f"{entry.day}", f"{LOOKS[entry.act]}，{entry.words.partition('，')[2]}"] for entry in rows[:MOST_ROWS]]
