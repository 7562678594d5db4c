"""What every page shows around its own content: navigation by right, the day, the shift."""
from django.urls import reverse
from django.utils import timezone

from billing.models import Shift
from servicecentre.kit.periods import today
from servicecentre.roles import Role
from servicecentre.staff.access import may

# Groups of (label, URL name, right, Alt digit); the rail shows what this user may open.
NAV = (
    (("首页", "home", "desk.view_home", ""),
     ("收费", "billing:counter", "billing.collect_payment", "1"),
     ("房屋住户", "households:units", "households.view_register", ""),
     ("承诺", "worklog:promises", "worklog.make_promise", ""),
     ("工作日志", "worklog:day", "worklog.view_day", "")),
    (("出账", "billing:run", "billing.view_run", ""),
     ("收费标准", "billing:tariff", "billing.view_tariff", ""),
     ("收款流水", "billing:payments", "billing.view_payments", ""),
     ("收据作废", "billing:voids", "billing.view_voids", ""),
     ("单据号码", "papers:numbers", "papers.view_numbers", ""),
     ("导入登记表", "households:import", "households.import_register", "")),
)
BELOW = {"billing:counter": ("collect", "collected", "use_credit"), "billing:voids": ("ask_void",)}    # pages that belong to an item
WEEKDAYS = "一二三四五六日"


def shell(request):
    """Context of base.html; nothing where no estate or nobody is there."""
    roles = getattr(request, "roles", None)
    if not roles:
        return {}
    day = today()
    shift = Shift.objects.of(request.estate).filter(cashier=request.user, closed_at=None).first()
    return {
        "nav": [items for group in NAV if (items := [_item(request, *row) for row in group if may(request, row[2])])],
        "shell": {"day": f"{day.month}月{day.day}日 周{WEEKDAYS[day.weekday()]}",
                  "role": "、".join(role.label for role in Role if role in roles),
                  "shift": f"当班 {timezone.localtime(shift.opened_at):%H:%M} 起" if shift else "",
                  "finds": may(request, "desk.search"),
                  "many": request.user.posts.exclude(estate=request.estate).exists()},
    }



def _item(request, label, name, right, alt):
    url = reverse(name)
    here = getattr(request.resolver_match, "url_name", None)
    active = request.path == url or (name != "home" and request.path.startswith(url))
    if any(here in names for names in BELOW.values()):
        active = here in BELOW.get(name, ())
    return {"label": label, "url": url, "active": active, "alt": alt}
