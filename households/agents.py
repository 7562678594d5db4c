"""Acts on authorisation letters: taken in, the principal rung, each use within matters and term, revoked (FORMS 1.3, DOMAIN §9.22)."""
from django.urls import reverse

from servicecentre.kit.identity import mask_phone
from servicecentre.kit.periods import exact_moment, now, today
from servicecentre.kit.refused import Refused
from servicecentre.kit.text import clean_text
from servicecentre.papers.issuing import issue_paper
from servicecentre.papers.kinds import LETTER
from servicecentre.worklog.acts import act, record
from servicecentre.worklog.stale import fresh

from .entering import LETTER as BY_LETTER
from .entering import checked, enter_person
from .models import AuthorisationLetter, Household, LetterCall, LetterUse, Matter
from .people import known_as, open_tenure
from .standing import said

COPIES = ("委托书", "委托人证件复印件", "受托人证件复印件")          # what lies in the file once ``copies_kept`` is said


def letters_of(household, day):
    """Every letter of the household with ``why`` it can't be used on that day: those that can first, of them those with a term."""
    rows = list(household.letters.with_state().order_by("-pk"))
    for row in rows:
        row.why = row.why_not(day)
    return sorted(rows, key=lambda row: (bool(row.why), row.valid_to is None))


@act
def take_letter(household, *, principal, name, id_number, phone, matters, valid_from, copies_kept, by, valid_to=None, relation="",
                authority="", id_kind="", may_delegate=False, notary_no="", despite=()):
    """Enter a letter; ``principal`` is the Ownership who gives it, the other words are the agent's. Returns the letter,
    whose paper WT is printed in two copies and signed by hand.

    Refused without both ID copies in the file [seed], without a matter, and from an owner who has died (it lapsed).
    """
    household = open_tenure(household)
    if principal.household_id != household.pk or principal.left_on:
        raise Refused({"principal": "委托人要是这一户现在的业主"})
    if principal.person.deceased_on:
        raise Refused({"principal": "委托人已去世，委托终止"})
    if not copies_kept:
        raise Refused({"copies_kept": "委托人和受托人的证件复印件都要收进住户资料"})
    codes = [code for code in Matter.values if code in matters]
    if not codes:
        raise Refused({"matters": "请勾委托的事项"})
    if valid_to and valid_to < valid_from:
        raise Refused({"valid_to": "有效期止日不能早于起日"})
    agent = enter_person(household.estate, unit=household.unit, by=by, phones=BY_LETTER, despite=despite, name=name, id_kind=id_kind,
                         id_number=id_number, phone=phone)
    if agent.pk == principal.person_id:
        raise Refused({"name": "受托人就是委托人本人，请核对"})
    letter = AuthorisationLetter(
        estate=household.estate, household=household, principal=principal.person, agent=agent, relation=checked("relation", clean_text, relation, 10),
        matters=codes, authority=checked("authority", clean_text, authority, 200), valid_from=valid_from, valid_to=valid_to,
        may_delegate=may_delegate, notary_no=checked("notary_no", clean_text, notary_no, 40), taken_at=now(), taken_by=by)
    letter.paper = issue_paper(LETTER, household, content=_letter_content(letter), by=by)
    letter.save(force_insert=True)
    term = f"{valid_from} 至 {valid_to}" if valid_to else f"{valid_from} 起用一次"
    record(by, f"收委托书 {letter.number}，{known_as(letter.principal)}委托{known_as(agent)}：{letter.matter_words}，{term}", letter, household=household)
    return letter


def _letter_content(letter):
    """The words of households/letter-1: what was taken in, of whom and by whom; numbers masked."""
    estate, household = letter.estate, letter.household
    return {"estate": {"name": estate.name, "company": estate.company, "centre": estate.centre_name, "phone": estate.phone},
            "unit": household.unit.code, "household": household.number, "clerk": letter.taken_by.name, "taken_at": exact_moment(letter.taken_at),
            "principal": _party(letter.principal), "agent": {**_party(letter.agent), "relation": letter.relation},
            "matters": [[matter.label, matter in letter.matters] for matter in Matter], "authority": letter.authority,
            "valid_from": letter.valid_from.isoformat(), "valid_to": letter.valid_to.isoformat() if letter.valid_to else "",
            "may_delegate": letter.may_delegate, "notary_no": letter.notary_no, "copies": COPIES}


def _party(person):
    return {"name": person.name, "id_kind": person.get_id_kind_display(), "id_masked": person.id_masked,
            "phone": mask_phone(person.phone) if person.phone else ""}


@act
def use_letter(letter, *, matter, words, by, on=None, despite=()):
    """Note that the agent used the letter; returns the LetterUse. Refused outside its matters and term, a second time when it is
    for one use (DOMAIN §9.22), once the principal has denied it, died or is owner no more; unless="not_called" while no call has confirmed it.

    After the sale the tenure is closed, but for money that is still to be given back."""
    household = Household.objects.lock(letter.household_id) if matter == Matter.REFUND else open_tenure(letter.household_id)
    AuthorisationLetter.objects.lock(letter)
    letter = AuthorisationLetter.objects.with_state().get(pk=letter.pk)
    day = on or today()
    if why := letter.why_not(day):
        raise Refused(f"这份委托书不能用：{why}。")
    if matter not in letter.matters:
        raise Refused({"matter": f"委托书只写了：{letter.matter_words}"})
    if not letter.calls.filter(result=LetterCall.Result.CONFIRMED).exists() and "not_called" not in despite:
        raise Refused(f"还没有打通电话向{letter.principal.name}核实过这份委托书，请先按登记的号码打。现在就要用，再继续。", unless="not_called",
                      link=("去核实", reverse("households:call_principal", args=[letter.pk])))
    use = LetterUse.objects.create(estate=letter.estate, letter=letter, matter=matter, words=said("words", words, 120, "请写办了什么"),
                                   day=day, at=now(), by=by)
    record(by, f"{known_as(letter.agent)}凭委托书办{use.get_matter_display()}", use, household=household)
    return use


@act
def call_principal(letter, *, phone, question, result, by, answered_by=""):
    """Note a call to the principal; ``phone`` is which of the register's two numbers was dialled: `phone` or `phone2`."""
    letter = AuthorisationLetter.objects.select_related("household", "principal").lock(letter)
    dialled = getattr(letter.principal, phone if phone in ("phone", "phone2") else "phone")
    if not dialled:
        raise Refused({"phone": "登记资料里没有这个号码；不能打委托书上写的号码"})
    call = LetterCall.objects.create(estate=letter.estate, letter=letter, dialled=mask_phone(dialled), result=result, at=now(), by=by,
                                     answered_by=checked("answered_by", clean_text, answered_by, 40),
                                     question=said("question", question, 120, "请写核对了什么"))
    record(by, f"打电话向{known_as(letter.principal)}核实委托：{call.get_result_display()}", call, household=letter.household,
           urgent=result == LetterCall.Result.DENIED)
    return call


@act
def revoke_letter(letter, *, version, revoked_on, revoked_how, by):
    """The principal took the letter back; it is good for no later day."""
    letter = AuthorisationLetter.objects.select_related("household", "agent").lock(letter)
    if letter.revoked_on:
        raise Refused(f"已于 {letter.revoked_on} 撤销。")
    fresh(letter, version)
    if revoked_on > today():
        raise Refused({"revoked_on": "撤销日还没到"})
    if (last := letter.uses.last()) and last.day > revoked_on:
        raise Refused({"revoked_on": f"{last.day} 还用过，撤销日不能更早"})
    letter.revoked_on, letter.revoked_how = revoked_on, said("revoked_how", revoked_how, 60, "请写怎么撤销的")
    letter.version += 1
    letter.save(update_fields=["revoked_on", "revoked_how", "version"])
    record(by, f"撤销给{known_as(letter.agent)}的委托书，{revoked_on}", letter, household=letter.household)
    return letter
