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
    that knows what hangs on it. ``row``: the name under which the paper knows that row, for a link, which says ``see``;
    a row with ``paper_note(day)`` tells there what has become of it since.
    """

    letters: str
    name: str
    edition: str = ""
    copies: tuple[Copy, ...] = ()
    alone: bool = False
    row: str = ""
    see: str = "看这笔业务、作废"


# A desk prints on plain sheets and hands the payer the top one while the rest still comes: the customer's copy first.
THREE_COPIES = (Copy("customer", "第二联", "客户"), Copy("stub", "第一联", "存根"), Copy("ledger", "第三联", "记账"))

RECEIPT = Kind("SJ", "收据", "billing/receipt-1", THREE_COPIES, row="payment")
VOID = Kind("ZF", "作废单", "billing/void-1", (Copy("desk", "第二联", "前台"), Copy("finance", "第一联", "财务")), row="receipt_void")

_PAYEE_AND_FINANCE = (Copy("payee", "第二联", "收款人"), Copy("finance", "第一联", "财务"))
REFUND = Kind("TK", "退款单", "billing/refund-1", _PAYEE_AND_FINANCE, row="refund", see="看这笔退款")
WAIVER = Kind("JM", "减免申请单", "billing/waiver-1", row="waiver", see="看这笔减免")
DEPOSIT = Kind("YJ", "押金收据", "billing/deposit-receipt-1", THREE_COPIES, row="deposit", see="看这笔押金")
DEPOSIT_RETURN = Kind("YT", "押金退还单", "billing/deposit-refund-2", _PAYEE_AND_FINANCE,
                      row="deposit_return", see="看这次退押金")

NOTICE = Kind("TZ", "通知", "tickets/notice-1", row="notice_term")

_PERSON_AND_DESK = (Copy("person", "第一联", "申请人"), Copy("desk", "第二联", "前台"))
DATA_REQUEST = Kind("GX", "个人信息申请单", "desk/data-request-1", _PERSON_AND_DESK)
DATA_COPY = Kind("FB", "个人信息副本", "desk/data-copy-1")             # what the request's answer hands over

_AGENT_AND_FILE = (Copy("agent", "第二联", "受托人"), Copy("file", "第一联", "存档"))
PARKING = Kind("CW", "车位服务协议", "billing/parking-1", (Copy("owner", "第一份", "业主"), Copy("desk", "第二份", "服务中心")),
               row="parking_contract", see="看车位协议")

LETTER = Kind("WT", "授权委托书", "households/letter-1", _AGENT_AND_FILE, row="letter", see="看委托书")

VACANCY = Kind("KZ", "空置申请表", "billing/vacancy-2", (Copy("owner", "第二联", "业主"), Copy("file", "第一联", "存档")), row="vacancy",
               see="看这份空置")

KINDS = {kind.letters: kind for kind in (
    RECEIPT, DEPOSIT, DEPOSIT_RETURN, REFUND, VOID, Kind("BY", "停电备用单"),
    Kind("CJ", "催缴通知单", alone=True), Kind("RB", "收费日报表"), Kind("RH", "入伙办结单"), Kind("ZX", "装修申请表"), Kind("XK", "施工许可证"),
    Kind("CR", "施工出入证"), Kind("DH", "动火许可证"), Kind("WZ", "违章整改通知单"), Kind("ZG", "整改通知单"), Kind("GD", "报修派工单"),
    Kind("FX", "物品放行条"), Kind("YS", "钥匙借用单"), VACANCY, WAIVER, Kind("GT", "公摊分摊表"),
    PARKING, NOTICE, LETTER, DATA_REQUEST, DATA_COPY)}


def copy_of(kind, code):
    """The copy with this code; None where the kind has none such."""
    return next((copy for copy in kind.copies if copy.code == code), None)


# Names that texts may use, in double braces: what each becomes, and what a preview puts there.
NAMES = {
    "小区": ("小区名称", "银河国际街区一期"),
    "公司": ("物业公司", "莲花物业"),
    "服务中心": ("服务中心的全名", "银河国际街区一期物业服务中心"),
    "服务电话": ("小区概况里的号码", "025-88886666"),
    "房号": ("单据上的写法", "3栋2单元1801"),
    "户号": ("这一户的编号", "YH-ZH-3-2-1801-02"),
    "业主": ("业主，有几位都写", "张雨萍、陈犇（共有）"),
    "交款人": ("谁来交的", "张雨萍"),
    "收款人": ("谁收的", "李婷"),
    "日期": ("收款那天", "2026年11月24日"),
    "合计": ("这一张收的，元", "510.48"),
    "大写": ("合计的大写", "伍佰壹拾元肆角捌分"),
    "收据号码": ("作废的那张收据", "SJ-2026-001234"),
    "天数": ("几天内答复", "15"),
    "期限": ("最晚哪天答复", "2026-12-09"),
}
OF_ESTATE = ("小区", "公司", "服务中心", "服务电话")
OF_RECEIPT = (*OF_ESTATE, "房号", "户号", "业主", "交款人", "收款人", "日期", "合计", "大写")


class Text(NamedTuple):
    """An editable text of a paper: what it is for, where it stands, the paper's letters, the names it may use, what is printed at first."""

    label: str
    where: str
    kind: str
    names: tuple[str, ...] = ()
    default: str = ""


PROPOSED = "张贴时先填好的内容，张贴以前还可以改"
TEXTS = {
    "receipt_remarks": Text("收据备注", "每张收据的备注栏，在收款人写的备注后面", "SJ", OF_RECEIPT),
    "void_remarks": Text("作废单说明", "每张作废单的说明栏，在申请人写的说明后面", "ZF", (*OF_RECEIPT, "收据号码")),
    "deposit_terms": Text("押金退还条件", "每张押金收据的退还条件", "YJ", OF_ESTATE, "验收合格、钥匙证卡交回后，凭本收据原件到前台申请退还；只扣除有照片、"
                          "有依据的损坏修复费和双方约定的款项。遗失本收据的，由交款人本人持证件书面声明后办理；委托他人的，附委托书和双方证件。"),
    "deposit_remarks": Text("押金收据备注", "每张押金收据的备注栏", "YJ", OF_ESTATE, "押金不是收费，不开发票，不计利息。"),
    "notice_water": Text("停水通知", PROPOSED, "TZ", OF_ESTATE, "上述时间停水，请提前储水，关好水龙头，离家前再检查一遍。来水初期水质发浑属正常，"
                         "放水几分钟即可。如有急需（医疗、婴幼儿用水），请联系前台。"),
    "notice_power": Text("停电通知", PROPOSED, "TZ", OF_ESTATE, "上述时间户内和公共区域停电。请提前关闭电脑、电器，停电期间不要乘坐电梯；冰箱少开门，"
                         "来电后再逐个开启电器。家中有使用医疗设备、行动不便的住户，请提前告诉前台，我们安排人员协助。"),
    "notice_lift": Text("电梯停运通知", PROPOSED, "TZ", OF_ESTATE, "上述时间电梯停运，请走楼梯。老人、孕妇、行动不便和要搬大件的住户，请提前告诉前台，"
                        "我们安排人员协助。"),
    "notice_pest": Text("消杀通知", PROPOSED, "TZ", OF_ESTATE, "上述时间在公共区域消杀。请关好门窗，收好晾晒的衣物和食物，看好孩子和宠物，不要接触药剂和"
                        "饵料。"),
    "notice_works": Text("施工通知", PROPOSED, "TZ", OF_ESTATE, "上述时间施工，会有噪声和粉尘，请关好门窗。经过时请绕开围挡，听从现场人员指引，"
                         "看好老人和孩子。"),
    "notice_other": Text("通知", PROPOSED, "TZ", OF_ESTATE),
    "parking_terms": Text("车位协议补充约定", "车位服务协议的最后一条约定，空着就没有", "CW", OF_ESTATE),
    "request_terms": Text("个人信息申请单说明", "每张申请单「请求」下面", "GX", (*OF_ESTATE, "天数", "期限"),
                          "已核对申请人身份证件原件（代办的，并核对代办人证件和委托书）。本中心自受理起 {{天数}} 天内，即 {{期限}} 前答复；"
                          "不办理或部分办理的，一并告知理由。答复中别人的个人信息不提供或以掩码提供。对答复有异议，可向履行个人信息保护职责的部门投诉、举报。"),
    "copy_terms": Text("个人信息副本说明", "每张副本的末尾", "FB", OF_ESTATE,
                       "证件号码、电话以掩码提供，本人可在前台当面核对；别人的个人信息不列。这些信息为物业服务、收费、应急联系所用，产权结束后到期清理；"
                       "收据等会计凭证依法另行保存。发现有误，可申请更正、补充。"),
    "vacancy_statement": Text("空置声明", "每张空置申请表，业主签字前看的", "KZ", OF_ESTATE,
                              "房屋自上列起始日起无人居住，未出租、未装修、未存放经营物品。入住、出租、装修或出售前，本人先告知服务中心；同意服务中心"
                              "每月抄表或现场核查。如实际使用，同意自使用当月起补按全额。"),
}
