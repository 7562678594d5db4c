"""A person asks for their own data: asked, decided, handed over; a numbered paper and a line in the log at each step (FORMS 7.7)."""
from django.core.exceptions import ValidationError
from django.db.models import Q

from billing.models import Charge, Payment
from households.agents import use_letter
from households.models import Matter, Person
from servicecentre.files.models import File
from servicecentre.kit.identity import mask_phone, show_plate
from servicecentre.kit.money import yuan
from servicecentre.kit.periods import business_day, now, shown_date, today
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
LEFT_OUT = [["证件号码、电话的全号", "本人在前台当面看、当面抄；不印在要存档的纸上，免得别人翻到"],
            ["共有人、住户、租户、受托人", "是别人的个人信息，只写有几位"],
            ["工作日志、承诺", "里面有别人和经办人；要看哪一次，可以当面查"]]


@act
def receive_request(household, *, person, wants, scope, id_checked, by, letter=None, despite=()):
    """Take a request in: its paper GX with the last day to answer; returns the DataRequest.

    Refused for a person who has nothing to do with the household and without a look at the applicant's papers [law: 个人信息保护法
    45–50]. An agent comes with the person's own letter for 查阅资料, and this is one use of it (DOMAIN §9.22).
    """
    household = type(household).objects.lock(household)
    if not Person.objects.of(household.estate_id).of_household(household).filter(pk=person.pk).exists():
        raise Refused({"person": "这个人不是这一户的"})
    if not id_checked:
        raise Refused({"id_checked": "先核对申请人的身份证件，再受理"})
    scope = _text("scope", scope, 200)
    if not scope:
        raise Refused({"scope": "请写明要哪些信息"})
    agent = _by_agent(letter, person, DataRequest.Wants(wants), by, despite) if letter else {"agent": "", "letter": ""}
    day = today()
    due_on = term(day, PrivacyPolicy.of(household.estate))
    wants = DataRequest.Wants(wants)
    paper = issue_paper(DATA_REQUEST, household, by=by, content={
        **_head(household, by), "person": person.name, "id_masked": person.id_masked, "phone": mask_phone(person.phone) if person.phone else "",
        **agent, "wants": [[choice.label, choice == wants] for choice in DataRequest.Wants], "scope": scope,
        "terms": worded(household.estate, "request_terms", 天数=(due_on - day).days, 期限=due_on.isoformat())})
    request = DataRequest.objects.create(
        estate=household.estate, household=household, person=person, wants=wants, scope=scope, **agent, paper=paper,
        received_by=by, received_at=now(), due_on=due_on)
    record(by, f"受理个人信息申请 {paper.number}，{wants.label}，{shown_date(due_on)} 前答复", request, household=household)
    return request


def _by_agent(letter, person, wants, by, despite):
    """Who comes in the person's place and by which letter, in words; it is noted as used."""
    if letter.principal_id != person.pk:
        raise Refused({"letter": f"这份委托书是{letter.principal.name}写的，不是{person.name}的"})
    use_letter(letter, matter=Matter.FILES, words=f"个人信息申请，{wants.label}", by=by, despite=despite)
    return {"agent": letter.agent.name[:40], "letter": letter.number or f"{business_day(letter.taken_at)} 收件"}


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
    """[{title, rows: [[what, words]]}]: plain JSON; the person's own data, of others only how many they are.

    Numbers are masked: the paper is kept for years and opened by who may see papers, while a full number is shown only for a reason
    (TRUST 26); they are read out from the screen at the desk.

    The household's money, papers and photos are an owner's to see, for as long as they own (DOMAIN §8).
    """
    own = household.ownerships.filter(person=person).order_by("-left_on").first()
    parts = [("登记的资料", _register(person)), ("房屋", _homes(person)), ("委托书", _letters(person)), ("健康和照顾", _cares(person, household)),
             ("嘱咐", _wishes(person, household)), ("宠物", _pets(household, own)), ("紧急联系人", _contacts(household, own)), ("车辆", _vehicles(person)),
             ("账单", _charges(household, own)), ("收款", _payments(household, own)), ("单据", _papers(person, household, own)),
             ("照片、扫描件", _files(person, household, own)), ("什么时候看过完整号码", _looks(person, household)),
             ("没有列在这里的", LEFT_OUT)]
    return [{"title": title, "rows": rows or [["—", "没有"]]} for title, rows in parts]


def _register(person):
    rows = [("姓名（名称）", person.name), (person.get_id_kind_display() or "证件", person.id_masked),
            ("电话", mask_phone(person.phone) if person.phone else ""), ("备用电话", mask_phone(person.phone2) if person.phone2 else ""),
            ("性别", person.get_sex_display()), ("出生年", person.birth_year and str(person.birth_year)),
            ("去世日", person.deceased_on and str(person.deceased_on)), ("通讯地址", person.mail_address),
            ("邮箱", person.email), ("法人", person.legal_rep and "（单位的法定代表人，已登记）"), ("联系人", person.contact and "（单位的联系人，已登记）")]
    return [[label, value] for label, value in rows if value]


def _homes(person):
    rows = [[o.household.unit.code, f"业主，{_span(o)}{f'，份额 {o.share}' if o.share else ''}{_consent(o)}{_others(o)}"]
            for o in person.ownerships.select_related("household__unit").order_by("pk")]
    return rows + [[r.household.unit.code, f"{r.relation or r.get_kind_display()}{_lease(r)}{_consent(r)}{f'，{r.left_on} 搬离' if r.left_on else ''}"]
                   for r in person.residences.select_related("household__unit").order_by("pk")]


def _lease(resident):
    return f"，租期 {resident.lease_from} 至 {resident.lease_to or '未定'}" if resident.lease_from else ""


def _span(ownership):
    return f"{ownership.household.starts_on} 至 {ownership.left_on or ownership.household.ends_on or '今'}"


def _others(ownership):
    others = ownership.household.ownerships.live().exclude(person=ownership.person_id).count()
    return f"，另有共有人 {others} 人" if others and not ownership.left_on else ""


def _consent(row):
    return f"，监护人 {row.guardian_consent_on} 同意登记" if row.guardian_consent_on else ""


def _letters(person):
    """Given and held; who stands on the other side is somebody else's to know."""
    return [[letter.household.unit.code, f"{what}：{letter.matter_words}，{letter.valid_from} 至 {letter.valid_to or '用一次'}"
             f"{f'，{letter.revoked_on} 撤销' if letter.revoked_on else ''}"]
            for letters, what in ((person.letters_given, "委托别人"), (person.letters_held, "受别人委托"))
            for letter in letters.select_related("household__unit").order_by("pk")]


def _cares(person, household):
    return [[care.words, f"{care.consent_on} 单独同意登记"] for care in household.cares.filter(about=person.name, ended_on=None).order_by("pk")]


def _vehicles(person):
    rows = [v for o in person.ownerships.live().select_related("household") for v in o.household.vehicles.order_by("pk")]
    return [[show_plate(v.plate), " ".join(filter(None, (v.brand, v.colour, f"已注销 {v.ended_on}" if v.ended_on else "")))] for v in rows]


def _until(rows, own, field):
    """Of a household's rows those of the person's time as an owner; none for who never owned."""
    if not own:
        return rows.none()
    return rows.filter(**{f"{field}__lte": own.left_on}) if own.left_on else rows


def _listed(rows, told):
    """At most MOST_ROWS, and how many more there are."""
    shown = [told(row) for row in rows[:MOST_ROWS]]
    more = rows.count() - len(shown)
    return shown + ([["另有", f"{more} 笔没有逐笔列出，可在前台当面看"]] if more > 0 else [])


def _charges(household, own):
    rows = Charge.objects.of(household.estate_id).filter(household=household).live().select_related("fee_kind").order_by("-period", "-pk")
    return _listed(_until(rows, own, "period"), lambda c: [f"{c.period:%Y-%m}", f"{c.shown_name} {yuan(c.amount)} 元，已缴 {yuan(c.paid)} 元"])


def _payments(household, own):
    rows = Payment.objects.of(household.estate_id).filter(household=household).live().select_related("paper").order_by("-pk")
    return _listed(_until(rows, own, "day"), lambda p: [f"{p.day}", f"{yuan(p.total)} 元，收据 {p.paper.number}"])


def _wishes(person, household):
    """Those the person gave: another's may speak of anybody."""
    rows = household.instructions.filter(withdrawn_on=None, given_by=person.name).order_by("pk")
    return _listed(rows, lambda i: [i.get_moment_display(), f"{i.words}，{i.starts_on} 起"])


def _pets(household, own):
    pets = household.pets.filter(ended_on=None).order_by("pk") if own and not own.left_on else household.pets.none()
    return _listed(pets, lambda pet: [str(pet), f"犬证 {pet.licence_no}" if pet.licence_no else "已登记"])


def _contacts(household, own):
    number = household.contacts.count() if own and not own.left_on else 0
    return [["已登记", f"{number} 位；是别人的个人信息，姓名和电话不列"]] if number else []


def _papers(person, household, own):
    """Their own requests, copies and letters; of an owner also the household's papers, other people's requests left out."""
    requests = DataRequest.objects.of(household.estate_id).filter(person=person)
    letters = household.letters.filter(Q(principal=person) | Q(agent=person)).exclude(paper=None)
    mine = Q(pk__in=letters.values("paper")) | Q(pk__in=requests.values("paper")) | Q(pk__in=requests.exclude(copy=None).values("copy"))
    if own:
        theirs = ~Q(kind__in=(DATA_REQUEST.letters, DATA_COPY.letters))
        mine |= theirs & Q(issued_on__lte=own.left_on) if own.left_on else theirs
    rows = Paper.objects.of(household.estate_id).filter(mine, household_no=household.number).order_by("pk")[:MOST_ROWS]
    return [[paper.number, f"{paper.kind_label}，{paper.issued_on}{'，已作废' if paper.is_void else ''}"] for paper in rows]


def _files(person, household, own):
    shared = Q(row_type="households.household") if own and not own.left_on else Q(pk=None)
    mine = File.objects.of_household(household).there().filter(shared | Q(
        row_type="households.person", row_id__in=person.entries())).order_by("pk")[:MOST_ROWS]
    return [[file.get_kind_display(), f"{file.made_at:%Y-%m-%d} 存入{f'，仅供{file.purpose}' if file.purpose else ''}"] for file in mine]


def _looks(person, household):
    mine = {"row_type": "households.person", "row_id__in": person.entries()}
    scans = File.objects.of(household.estate_id).filter(**mine).values("pk")
    rows = Entry.objects.of(household.estate_id).filter(act__in=LOOKS).filter(
        Q(**mine) | Q(row_type="files.file", row_id__in=scans) | _phones_shown(person, household)).order_by("pk")
    return [[f"{entry.day}", f"{LOOKS[entry.act]}，{entry.words.partition('，')[2]}"] for entry in rows[:MOST_ROWS]]


def _phones_shown(person, household):
    """Looks at all phones of the household, of the time in which the person's was among them; an agent's never is."""
    spans = [(household.starts_on, own.left_on) for own in household.ownerships.filter(person=person)]
    spans += [(living.lease_from or household.starts_on, living.left_on) for living in household.residents.filter(person=person)]
    then = Q(pk=None)
    for first, last in spans:
        then |= Q(day__gte=first, day__lte=last) if last else Q(day__gte=first)
    return Q(row_type="households.household", household_no=household.number) & then
