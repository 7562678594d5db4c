"""The settings of an estate (DOMAIN §13): what each says, where it comes from, who changed it when; and the act that changes one."""
from dataclasses import dataclass

from django.db import models

from billing.models import BillingPolicy
from servicecentre.estates.models import HoursPolicy, Mark, MoveInPolicy, RenovationPolicy, ServicePolicy, Setting
from servicecentre.kit.money import yuan
from servicecentre.kit.periods import now
from servicecentre.kit.refused import Refused
from servicecentre.kit.text import clean_text
from servicecentre.roles import Role
from servicecentre.staff.models import StaffPolicy
from servicecentre.worklog.acts import act, record
from servicecentre.worklog.models import DayPolicy, Entry
from servicecentre.worklog.stale import fresh

from .editing import checked
from .models import PrivacyPolicy, SettingChange

POLICIES = (BillingPolicy, HoursPolicy, StaffPolicy, DayPolicy, PrivacyPolicy, MoveInPolicy, RenovationPolicy, ServicePolicy)
CHANGED = "desk.change_setting"
ADMINISTRATORS = "这条规矩管着主管自己，要由系统管理员改。"


@dataclass
class Shown:
    """A setting as the page shows it."""

    policy: object
    setting: Setting
    last: object = None                                          # the SettingChange that was the last

    key = property(lambda self: key_of(self.policy, self.setting))
    field = property(lambda self: self.policy._meta.get_field(self.setting.field))
    label = property(lambda self: self.field.verbose_name)
    value = property(lambda self: value_text(self.policy, self.setting))
    default = property(lambda self: getattr(self.policy, self.setting.field) == self.field.get_default())
    unset = property(lambda self: self.setting.mark == Mark.UNSET and self.default)

    @property
    def source(self):
        """(css, word) of its mark; what the deck left open and the estate has set is the estate's own."""
        if self.setting.mark == Mark.UNSET and not self.default:
            return "", "本小区定的"
        return (f"src-{self.setting.mark}" if self.setting.mark in (Mark.SEED, Mark.UNSET) else ""), Mark(self.setting.mark).label


def shown(estate):
    """[(title, [Shown])] of every policy; a query a policy, one for what was changed."""
    last = {change.key: change for change in SettingChange.objects.of(estate).select_related("by").order_by("pk")}
    return [(policy.title, [Shown(policy, setting, last.get(key_of(policy, setting))) for setting in policy.settings])
            for policy in (each.of(estate) for each in POLICIES)]


def key_of(policy, setting):
    """A setting's name for the program: it stays when the label is reworded."""
    return f"{policy._meta.label_lower}.{setting.field}"


def changes(estate):
    """Entries of every change of a setting, newest first."""
    return Entry.objects.of(estate).filter(act=CHANGED).select_related("by").newest_first()


def find(estate, key):
    """The Shown setting of this key, or None; only one that a page reads."""
    return next((each for _, group in shown(estate) for each in group if each.key == key and each.setting.used), None)


def value_text(policy, setting, value=None):
    """A setting's value in words: 5 日, 500.00 元, 不顺延; the estate's own, or the one given."""
    field = policy._meta.get_field(setting.field)
    value = getattr(policy, setting.field) if value is None else value
    if isinstance(field, models.BooleanField):
        return setting.yes_no[value]
    if field.choices:
        return dict(field.choices)[value]
    if isinstance(field, models.DateField):
        return "不限" if value is None else value.isoformat()
    if isinstance(field, models.TimeField):
        return f"{value:%H:%M}"
    if setting.unit == "元":
        return f"{yuan(value)} 元"
    return f"{value} {setting.unit}".strip()


@act
def change_setting(estate, *, key, value, basis, version, by):
    """Give a setting another value from now on; what was made by the old one stays. Returns the estate.

    Refused on a stale page, out of its bounds, when nothing would change, and for a manager where the administrator decides.
    """
    wanted = find(estate, key)
    if wanted is None:
        raise Refused("没有这条规矩，或现在还没有页面用到它。")
    if not may_change(by.roles_at(estate), wanted.setting):
        raise Refused(ADMINISTRATORS)
    policy, setting = type(wanted.policy).hold(estate), wanted.setting
    fresh(policy, version)
    value = _clean(wanted, value)
    before = getattr(policy, setting.field)
    if value == before:
        raise Refused({"value": f"现在就是{value_text(policy, setting)}，没有改。"})
    basis = checked("basis", clean_text, basis, 100)
    was = value_text(policy, setting)
    setattr(policy, setting.field, value)
    _refuse_broken(policy)
    policy.version += 1
    policy.save(update_fields=[setting.field, "version"])
    SettingChange.objects.create(estate=estate, key=wanted.key, at=now(), by=by)
    record(by, f"规矩「{wanted.label}」{was} 改为 {value_text(policy, setting)}" + (f"，凭 {basis}" if basis else ""), policy)
    return estate


def may_change(roles, setting):
    """May somebody with these roles change it, who may change settings at all?"""
    return not setting.administrator or Role.ADMINISTRATOR in roles


def _clean(wanted, value):
    """The value as its column takes it; refused beside the field."""
    setting, field = wanted.setting, wanted.field
    if isinstance(field, models.IntegerField):
        if not isinstance(value, int) or not setting.least <= value <= setting.most:
            bounds = (setting.least, setting.most) if setting.unit != "元" else (yuan(setting.least), yuan(setting.most))
            raise Refused({"value": "填 {} 到 {}".format(*bounds)})
    elif field.choices:
        if value not in dict(field.choices):
            raise Refused({"value": "请选一种"})
    elif isinstance(field, models.CharField):
        value = checked("value", clean_text, value, field.max_length)
    return value


def _refuse_broken(policy):
    """A rule between two settings, told beside the field instead of by the database."""
    for constraint in policy._meta.constraints:
        if isinstance(constraint, models.CheckConstraint):
            checked("value", constraint.validate, type(policy), policy)
