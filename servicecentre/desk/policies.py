"""The settings of an estate (DOMAIN §13): what each says, where it comes from, who changed it when; and the act that changes one."""
import re
from dataclasses import dataclass

from django.db import models

from billing.models import BillingPolicy
from servicecentre.estates.models import HoursPolicy, Mark, Setting
from servicecentre.kit.money import yuan
from servicecentre.kit.refused import Refused
from servicecentre.kit.text import clean_text
from servicecentre.staff.models import StaffPolicy
from servicecentre.worklog.acts import act, record
from servicecentre.worklog.models import Entry
from servicecentre.worklog.stale import fresh

from .editing import checked
from .models import PrivacyPolicy

POLICIES = (StaffPolicy, BillingPolicy, HoursPolicy, PrivacyPolicy)                          # a new app's Policy is one word more
CHANGED = "desk.change_setting"


@dataclass
class Shown:
    """A setting as the page shows it."""

    policy: object
    setting: Setting
    last: object = None                                          # the Entry of its last change

    key = property(lambda self: f"{self.policy._meta.label_lower}.{self.setting.field}")
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
    """[(title, [Shown])] of every policy; two queries a policy at most, one for what was changed."""
    policies = [policy.of(estate) for policy in POLICIES]
    last = last_changes(estate) if any(policy.pk for policy in policies) else {}
    return [(policy.title, [Shown(policy, setting, last.get((policy._meta.label_lower, policy._meta.get_field(setting.field).verbose_name)))
                            for setting in policy.settings]) for policy in policies]


def changes(estate):
    """Entries of every change of a setting, newest first."""
    return Entry.objects.of(estate).filter(act=CHANGED).select_related("by").newest_first()


def last_changes(estate):
    """{(policy, label): the Entry of its last change}."""
    found = {}
    for entry in changes(estate)[:300]:
        if named := re.match("规矩「(.+?)」", entry.words):
            found.setdefault((entry.row_type, named[1]), entry)
    return found


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
    if isinstance(field, models.TimeField):
        return f"{value:%H:%M}"
    if setting.unit == "元":
        return f"{yuan(value)} 元"
    return f"{value} {setting.unit}".strip()


@act
def change_setting(estate, *, key, value, basis, version, by):
    """Give a setting another value from now on; what was made by the old one stays. Returns the estate.

    Refused on a stale page, out of its bounds, or when nothing would change.
    """
    wanted = find(estate, key)
    if wanted is None:
        raise Refused("没有这条规矩，或现在还没有页面用到它。")
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
    record(by, f"规矩「{wanted.label}」{was} 改为 {value_text(policy, setting)}" + (f"，凭 {basis}" if basis else ""), policy)
    return estate


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
