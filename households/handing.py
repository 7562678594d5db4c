"""What is written down at a change of owner: papers seen, meters read, what goes along (DOMAIN §2, design/screens 36)."""
from servicecentre.kit.identity import check_phone
from servicecentre.kit.periods import now
from servicecentre.kit.refused import Refused
from servicecentre.kit.text import clean_text

from .entering import checked
from .models import HandoverReading, OwnerChange, TakenOver

PAPERS = (("deed", "不动产权证书"), ("contract", "买卖合同"), ("seller_id", "卖方身份证件"), ("buyer_id", "买方身份证件"),
          ("heritage", "继承公证或判决"), ("letter", "委托书"), ("licence", "单位营业执照"))
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
