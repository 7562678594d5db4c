"""What every page shows around its own content: navigation by right, the day, the shift."""
from datetime import timedelta

from django.conf import settings
from django.urls import reverse
from django.utils import timezone

from billing.models import Shift
from servicecentre.kit.periods import WEEKDAYS, exact_moment, now, today
from servicecentre.roles import Role
from servicecentre.staff.access import may
from servicecentre.worklog.models import Entry

# Groups of (label, URL name, right, Alt digit); the rail shows what this user may open.
NAV = (
    (("首页", "home", "desk.view_home", ""),
     ("收费", "billing:counter", "billing.collect_payment", "1"),
     ("房屋住户", "households:units", "households.view_register", ""),
     ("车位", "billing:parking", "billing.view_parking", ""),
     ("临停", "billing:gate", "billing.view_gate", ""),
     ("空置", "billing:vacancies", "billing.view_vacancies", ""),
     ("空置核查", "billing:vacancy_round", "billing.check_vacancy", ""),
     ("承诺", "worklog:promises", "worklog.make_promise", ""),
     ("通知", "tickets:notices", "tickets.view_notices", ""),
     ("工作日志", "worklog:day", "worklog.view_day", ""),
     ("话术和手册", "texts:phrases", "papers.view_phrases", "")),
    (("出账", "billing:run", "billing.view_run", ""),
     ("收费标准", "billing:tariff", "billing.view_tariff", ""),
     ("收款流水", "billing:payments", "billing.view_payments", ""),
     ("审批", "billing:approvals", "billing.view_refunds", ""),
     ("押金和专户", "billing:deposits", "billing.view_deposits", ""),
     ("打印台", "papers:numbers", "papers.view_numbers", ""),
     ("个人信息申请", "data_requests", "desk.view_data_requests", ""),
     ("查看记录", "looks", "desk.view_looks", ""),
     ("到期清理", "retention", "desk.view_retention", ""),
     ("导入登记表", "households:import", "households.import_register", "")),
    (("小区概况", "estate", "desk.view_estate", ""),
     ("设置", "settings", "desk.view_settings", "")),
)
# Tabs over the pages of money that is nobody's income yet: billing/_funds.html, the first of them in the rail.
FUNDS = (("押金", "billing:deposits", "billing.view_deposits"), ("公摊预存", "billing:prepayments", "billing.view_prepayments"),
         ("备用金", "billing:petty_cash", "billing.view_petty_cash"), ("公共收益", "billing:common_income", "billing.view_common_income"))
# Tabs over each page of the office: label, URL name, right. A page shows them by extending desk/office/page.html.
OFFICE = (("规矩", "settings", "desk.view_settings"), ("收费项目", "billing:fee_kinds", "billing.view_fee_kinds"),
          ("节假日", "calendar", "desk.view_calendar"), ("部门", "departments", "desk.view_departments"),
          ("施工单位", "contractors", "desk.view_contractors"), ("人员岗位", "users", "desk.view_users"),
          ("角色权限", "rights", "desk.view_rights"))
BELOW = {"billing:deposits": ("take_deposit", "prepayments", "demand_all_prepayments", "prepayment", "demand_prepayment", "return_prepayment",
                              "move_prepayment", "petty_cash", "top_up_petty_cash", "count_petty_cash", "reverse_petty_cash", "common_income",
                              "add_common_cost", "void_common_cost"),
         "billing:counter": ("collect", "collected", "use_credit"), "billing:approvals": (
    "voids", "void", "ask_void", "void_receipt", "refuse_void", "refunds", "refund", "ask_refund", "approve_refund", "refuse_refund", "withdraw_refund",
    "pay_refund", "bounce_refund", "waivers", "waiver", "ask_waiver", "waive_charge", "refuse_waiver",
    "rebill_asked", "approve_rebill", "refuse_rebill"),
         "settings": ("fee_kinds", "add_fee_kind", "change_fee_kind")}    # pages that belong to an item
LISTED = {"billing:vacancy_round": "billing.view_vacancies"}     # left out for who has the list that leads there
CLOCKS_DIFFER = timedelta(minutes=2)


class Rights:
    """``{% if "desk.search" in rights %}``: what a template leaves out for who may not open it; the door asks again."""

    def __init__(self, request):
        self.request = request

    def __contains__(self, right):
        return may(self.request, right)


def shell(request):
    """Context of base.html; nothing where no estate or nobody is there."""
    roles = getattr(request, "roles", None)
    if not roles:
        return {}
    day = today()
    shift = Shift.objects.of(request.estate).filter(cashier=request.user, closed_at=None).first()
    return {
        "rights": Rights(request),
        "nav": [items for group in NAV if (items := [_item(request, *row) for row in group if _has(request, row)])],
        "office": _tabs(request, OFFICE), "funds": _tabs(request, FUNDS),
        "shell": {"day": f"{day.month}月{day.day}日 周{WEEKDAYS[day.weekday()]}",
                  "role": "、".join(role.label for role in Role if role in roles),
                  "clock": clock_trouble(request.estate),
                  "shift": f"当班 {timezone.localtime(shift.opened_at):%H:%M} 起" if shift else "",
                  "finds": may(request, "desk.search"),
                  "lock_after": int(settings.LOCK_AFTER.total_seconds()) if settings.LOCK_AFTER else 0,
                  "many": request.user.posts.held(on=day).exclude(estate=request.estate).exists()},
    }


def _tabs(request, pages):
    return [{"label": label, "url": url, "active": request.path == url} for label, name, right in pages
            if may(request, right) and (url := reverse(name))]


def _has(request, row):
    return may(request, row[2]) and not (row[1] in LISTED and may(request, LISTED[row[1]]))


def clock_trouble(estate):
    """A machine whose clock stands before what was already written, in a sentence (TRUST F7); else an empty text."""
    newest = Entry.objects.of(estate).latest_moment()
    if newest is None or now() >= newest - CLOCKS_DIFFER:
        return ""
    return f"最新一条日志是 {exact_moment(newest)} 写的，电脑现在却是 {exact_moment(now())}。请管理员先校准日期和时间，再收款、办事。"


def _item(request, label, name, right, alt):
    url = reverse(name)
    here = getattr(request.resolver_match, "url_name", None)
    active = request.path == url or (name != "home" and request.path.startswith(url))
    if any(here in names for names in BELOW.values()):
        active = here in BELOW.get(name, ())
    return {"label": label, "url": url, "active": active, "alt": alt}
