"""What is written down at a change of owner: papers seen, meters read, what goes along (DOMAIN §2, design/screens 36)."""
from collections import Counter

from django.db.models import Q

from servicecentre.files.models import File
from servicecentre.kit.identity import check_phone
from servicecentre.kit.periods import now
from servicecentre.kit.refused import Refused
from servicecentre.kit.text import clean_text
from servicecentre.papers.models import Paper
from servicecentre.worklog.acts import act, record
from servicecentre.worklog.models import Promise

from . import find
from .entering import checked
from .history import change as changed
from .models import Amendment, HandoverReading, Household, OwnerChange, Ownership, SearchKey, TakenOver, Unit

PAPERS = (("deed", "不动产权证书"), ("contract", "买卖合同"), ("seller_id", "卖方身份证件"), ("buyer_id", "买方身份证件"),
          ("heritage", "继承公证或判决"), ("letter", "委托书"), ("licence", "单位营业执照"))
PROOFS = {"deed", "contract", "heritage"}            # of the transfer itself: at least one is seen
GOES_ALONG = (("shared_utilities", "公摊水电费预存的余额"), ("rework", "没修完的返修"), ("books", "两书和保修期"), ("keys", "钥匙、门禁卡"),
              ("parking", "车位"), ("other", "其他"))


def write_down(seller, buyer, *, last_day, basis, by, papers=(), readings=None, seller_phone="", taken_over=(), taken_words="",
               seller_signed=False, buyer_signed=False):
    """The OwnerChange of this change of owner, part of that act; what goes along goes only when both have signed.

    ``papers`` and ``taken_over``: codes of PAPERS and GOES_ALONG; ``readings``: {water, power, gas: 0.01 of its unit}.
    """
    if taken_over and not (seller_signed and buyer_signed):
        raise Refused({"seller_signed" if not seller_signed else "buyer_signed": "勾了随房转的，双方都签字才转"})
    estate, readings = seller.estate, readings or {}
    change = OwnerChange.objects.create(
        estate=estate, seller=seller, buyer=buyer, last_day=last_day, basis=basis, at=now(), by=by,
        papers=[code for code, _ in PAPERS if code in papers],
        seller_phone=checked("seller_phone", check_phone, seller_phone) if seller_phone else "")
    words = checked("taken_words", clean_text, taken_words, 120)
    HandoverReading.objects.bulk_create([HandoverReading(estate=estate, change=change, kind=kind, reading=readings[kind])
                                         for kind in HandoverReading.Kind.values if readings.get(kind) is not None])
    TakenOver.objects.bulk_create([TakenOver(estate=estate, change=change, what=label, words=words, seller_signed=True, buyer_signed=True)
                                   for code, label in GOES_ALONG if code in taken_over])
    return change


@act
def undo_sale(buyer, *, reason, by):
    """A change of owner that was entered by mistake: the new household is void and the seller's tenure goes on. Returns the seller's Household.

    Refused once anything hangs on the new household: bills, money, people, letters, promises, papers, files, a later sale.
    """
    unit = Unit.objects.lock(buyer.unit_id)
    buyer = Household.objects.lock(buyer)
    change = buyer.changes_in.live().first()
    if not change:
        raise Refused("这一户不是变更业主登记的，或已经撤回。")
    reason = checked("reason", clean_text, reason, 80)
    if not reason:
        raise Refused({"reason": "请写明为什么撤回"})
    if buyer.ends_on:
        raise Refused("这一户后来又办过变更业主，先撤回后面那一次。")
    if hanging := _hanging(buyer):
        raise Refused(f"新户已有{'、'.join(f'{word} {n} 处' for word, n in sorted(hanging.items()))}，不能撤回。先撤掉这些，或再办一次变更业主。")
    seller = Household.objects.lock(change.seller_id)
    change.undone_at = buyer.voided_at = now()
    change.save(update_fields=["undone_at"])
    buyer.version += 1
    buyer.save(update_fields=["voided_at", "version"])
    changed(seller, {"ends_on": None}, words={"ends_on": "止"}, by=by, household=seller)
    find.rebuild([seller.pk, buyer.pk])
    record(by, f"{unit.code} 撤回变更业主：{change.last_day} 为止、新户 {buyer.number} 的登记作废，{reason}", seller, household=seller)
    return seller


def _hanging(household):
    """{what: how many} of rows that speak of this household and are not void; its owners, history and search keys are its own."""
    counts = Counter()
    for relation in Household._meta.get_fields(include_hidden=True):
        model = relation.related_model
        if relation.auto_created and relation.one_to_many and model not in (Ownership, OwnerChange, Amendment, SearchKey):
            counts[model._meta.verbose_name] += _standing(model).filter(**{relation.field.name: household}).count()
    for model in (Promise, Paper):
        counts[model._meta.verbose_name] += _standing(model).filter(estate=household.estate_id, household_no=household.number).count()
    counts["附件"] += File.objects.of_household(household).there().count()
    counts["加退的共有人"] += household.ownerships.filter(~Q(left_on=None)).count()
    return +counts


def _standing(model):
    voids = "voided_at" in {field.name for field in model._meta.concrete_fields}
    return model._base_manager.filter(voided_at=None) if voids else model._base_manager
