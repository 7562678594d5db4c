"""A paper of each kind as a preview prints it: the shape of its content as printing.py and the template tell it, nobody's data."""
from servicecentre.kit.money import in_words
from servicecentre.kit.periods import now, today

from ..kinds import KINDS, NAMES, TEXTS
from ..models import Paper, Print
from ..printing import render
from ..wordings import of_estate, put_in, sample

MONTHS = ("2026年9月", "2026年10月", "2026年11月")


def preview(estate, key, text, *, kind, by):
    """PDF bytes of a sample paper with this text on it; nothing is numbered, nothing is kept. Raises kit.pdf.Busy."""
    content = CONTENTS[kind](estate, put_in(text, sample(estate))) | {"title": TEXTS[key].label}
    paper = Paper(estate=estate, kind=kind, number="样张", edition=KINDS[kind].edition, mark="YANGZHANG", issued_on=today(),
                  content=content | {"number": "样张", "mark": "YANGZHANG", "issued_on": today().isoformat()})
    return render(paper, Print(paper=paper, n=1, copies=next((copy.code for copy in KINDS[kind].copies), ""), by=by, at=now()))


def _heads(estate):
    names = of_estate(estate)
    return {"estate": {"name": names["小区"], "company": names["公司"], "centre": names["服务中心"], "phone": names["服务电话"]},
            "household": _said("户号"), "unit": _said("房号"), "owners": _said("业主"), "payer": _said("交款人"), "relation": "",
            "cashier": _said("收款人")}


def _said(name):
    return NAMES[name][1]


def _receipt(estate, text):
    total = 17016 * len(MONTHS)
    return {**_heads(estate), "lines": [{"fee": "物业管理服务费", "period_label": month, "quantity_label": "89.56 ㎡", "price_label": "1.90",
                                         "percent_label": "100%", "amount": 17016} for month in MONTHS],
            "total": total, "words": in_words(total), "parts": [{"method": "现金", "amount": total, "reference": ""}], "tendered": 60000,
            "change": 60000 - total, "credit_used": 0, "credit_added": 0, "credit_left": 0, "still_due": 0, "remarks": text}


def _void(estate, text):
    total = 17016 * len(MONTHS)
    return {**_heads(estate), "receipt": _said("收据号码"), "received_at": "2026-11-24 09:40", "ways": "现金 510.48", "copies_back": 3,
            "lines": [{"fee": "物业管理服务费", "formula": "89.56 ㎡ × 1.90", "period": month, "after": "恢复为未缴", "amount": -17016} for month in MONTHS],
            "total": -total, "words": in_words(-total), "reasons": [["金额有误", True], ["收错户", False]], "said": f"多收了一个月 {text}".strip(),
            "goes": [["重开收据", True], ["转预存", False]], "reissued": "", "asked_by": "李婷", "asked_at": "2026-11-24 10:05",
            "approved_by": "陈静", "approved_at": "2026-11-24 10:20"}


def _notice(estate, text):
    heads = _heads(estate)["estate"]
    return {"estate": heads, "unit": "3栋、4栋，5栋1、2单元", "when": ["11月26日（周四）", "9:00—15:00"], "words": text,
            "about": [["原因", "更换主管阀门"], ["施工", "工程部"], ["咨询", heads["phone"]]], "until": "11月26日", "clerk": _said("收款人")}


def _request(estate, text):
    return {**_heads(estate), "clerk": _said("收款人"), "person": _said("交款人"), "id_masked": "3201**********0026", "phone": "138****5678", "agent": "",
            "letter": "", "wants": [["查阅", False], ["复制", True]], "scope": "登记的资料", "terms": text}


def _copy(estate, text):
    return {**_heads(estate), "clerk": _said("收款人"), "person": _said("交款人"), "request": "GX-2026-000012", "left_out": "", "terms": text,
            "parts": [{"title": "登记的资料", "rows": [["姓名（名称）", _said("交款人")], ["居民身份证", "3201**********0026"]]}]}


def _parking(estate, text):
    return {**_heads(estate), "holder": _said("业主"), "id_masked": "3201**********0026", "phone": "138****5678", "clerk": _said("收款人"),
            "kinds": [["共用", True], ["专用", False], ["露天", False]], "space": "不固定", "proof": "", "plate": "苏A·D7K38", "vehicle": "比亚迪　白",
            "rights": [["自有", False], ["租用", True], ["共有", False]], "card": "", "starts_on": "2026-12-01", "ends_on": "2027-11-30",
            "price": "260.00", "cycles": [["月", False], ["季", True], ["半年", False], ["年", False]], "due": "2026-12-08",
            "first": "2026年12月—2027年2月　260.00 × 3", "total": 78000, "words": in_words(78000), "remarks": "", "terms": text}


def _deposit(estate, text):
    return {**_heads(estate), "id_masked": "3201**********0026", "phone": "138****5678", "basis": "施工许可证 XK-2026-000086", "kind": "装修押金",
            "remarks": "", "total": 200000, "words": in_words(200000), "way": "转账 2,000.00　流水号 20261124003307", "due_back_on": "2027-05-18",
            "account": "张雨萍　工商银行东山支行　**** 8812", "terms": text, "note": text}


def _vacancy(estate, text):
    return {**_heads(estate), "agent": "", "gas": False, "area": "89.56 ㎡", "phone": "138****5678",
            "applied_on": "2026-08-20", "spell_from": "2026-01-10", "planned_to": "未定",
            "proofs": [["交付后没入住", True], ["抄表", False]], "reasons": [["在外地工作", True], ["其他", False]], "key_left": False,
            "contact": "王芳　139****1111", "said": "", "clerk": _said("收款人"), "rule": "连续空置满 6 个整月后，其后各整月按 70%",
            "limits": "水每月 1 吨，电每月 10 度", "statement": text, "checks": [], "blank": [""] * 3, "credits": [], "approval": None,
            "whys": ["入住", "出租", "到期"]}


CONTENTS = {"YJ": _deposit, "SJ": _receipt, "KZ": _vacancy, "ZF": _void, "CW": _parking, "TZ": _notice, "GX": _request, "FB": _copy}
