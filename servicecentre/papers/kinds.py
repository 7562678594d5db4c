"""Kinds of numbered papers: letters, name, the template that prints them today, their copies (DOMAIN §15); and the texts on them."""
from typing import NamedTuple


class Copy(NamedTuple):
    """One 联 of a paper."""

    code: str
    ordinal: str
    name: str


class Kind(NamedTuple):
    """``copies`` stand in the order in which the first print brings them out; the first is what a later print gives.

    ``alone``: nothing else hangs on such a paper, so it may be voided by itself; every other kind is voided by the act
    that knows what hangs on it. ``row``: the name under which the paper knows that row, for a link.
    """

    letters: str
    name: str
    edition: str = ""
    copies: tuple[Copy, ...] = ()
    alone: bool = False
    row: str = ""


# A desk prints on plain sheets and hands the payer the top one while the rest still comes: the customer's copy first.
THREE_COPIES = (Copy("customer", "第二联", "客户"), Copy("stub", "第一联", "存根"), Copy("ledger", "第三联", "记账"))

RECEIPT = Kind("SJ", "收据", "billing/receipt-1", THREE_COPIES, row="payment")
VOID = Kind("ZF", "作废单", "billing/void-1", (Copy("desk", "第二联", "前台"), Copy("finance", "第一联", "财务")), row="receipt_void")

_PERSON_AND_DESK = (Copy("person", "第一联", "申请人"), Copy("desk", "第二联", "前台"))
DATA_REQUEST = Kind("GX", "个人信息请求单", "desk/data-request-1", _PERSON_AND_DESK)
DATA_COPY = Kind("GX", "个人信息副本", "desk/data-copy-1")             # of the same series: what the request's answer hands over

KINDS = {kind.letters: kind for kind in (
    RECEIPT, Kind("YJ", "押金收据"), Kind("YT", "押金退还单"), Kind("TK", "退款单"), VOID, Kind("BY", "停电备用单"),
    Kind("CJ", "催缴通知单", alone=True), Kind("RB", "收费日报表"), Kind("RH", "入伙办结单"), Kind("ZX", "装修申请表"), Kind("XK", "施工许可证"),
    Kind("CR", "施工出入证"), Kind("DH", "动火许可证"), Kind("WZ", "违章整改通知单"), Kind("ZG", "整改通知单"), Kind("GD", "报修派工单"),
    Kind("FX", "物品放行条"), Kind("YS", "钥匙借用单"), Kind("KZ", "空置申请表"), Kind("JM", "减免申请单"), Kind("GT", "公摊分摊表"),
    Kind("CW", "车位服务协议"), Kind("TZ", "通知", alone=True), Kind("WT", "授权委托书"), DATA_REQUEST)}


def copy_of(kind, code):
    """The copy with this code; None where the kind has none such."""
    return next((copy for copy in kind.copies if copy.code == code), None)


class Text(NamedTuple):
    """An editable text: what it is for, what stands there until an estate writes its own, and the names it may use."""

    label: str
    default: str = ""
    names: tuple[str, ...] = ()


TEXTS = {
    "receipt_remarks": Text("收据备注(每张都印)", "", ("小区", "服务电话")),
}
