"""Forms of who owns: co-owners, shares, a death, a first day put right, two entries made one."""
from crispy_forms.layout import Layout, Row
from django import forms

from households.models import Person
from servicecentre.kit.fields import DayField, PhoneField, TextField
from servicecentre.kit.forms import DeskForm
from servicecentre.kit.periods import today

from .people import ID_KINDS, OfPersonForm

DEED = "如 不动产权证书，11-20 登记"


class AddOwnerForm(OfPersonForm):
    name = TextField(label="姓名（名称）", max_length=60)
    kind = forms.ChoiceField(label="类别", choices=Person.Kind.choices, initial=Person.Kind.PERSON, widget=forms.RadioSelect, required=False)
    phone = PhoneField(label="电话", required=False)
    id_kind = forms.ChoiceField(label="证件类别", choices=ID_KINDS, required=False)
    id_number = TextField(label="证件号码", max_length=40, required=False)
    share = TextField(label="份额", max_length=20, required=False, help_text="如 50%、1/2")
    basis = TextField(label="凭什么", max_length=80, help_text=DEED)
    guardian = TextField(label="监护人", max_length=40, required=False, help_text="业主未满 14 岁的要填")
    guardian_consent = forms.BooleanField(label="监护人同意登记孩子的资料", required=False)
    layout = Layout(Row("name", "kind", "phone"), Row("id_kind", "id_number", "share"), "basis", Row("guardian", "guardian_consent"))


class ShareForm(DeskForm):
    share = TextField(label="份额", max_length=20, required=False, help_text="如 50%、1/2")
    basis = TextField(label="凭什么", max_length=80, help_text=DEED)
    version = forms.IntegerField(widget=forms.HiddenInput, min_value=1)
    guardian = TextField(label="监护人", max_length=40, required=False, help_text="业主未满 14 岁的要填")
    guardian_consent = forms.BooleanField(label="监护人同意登记孩子的资料", required=False)
    layout = Layout(Row("share", "basis"), Row("guardian", "guardian_consent"))

    def __init__(self, *args, ownership, **kwargs):
        super().__init__(*args, initial={"share": ownership.share, "version": ownership.version, "guardian": ownership.guardian,
                                         "guardian_consent": bool(ownership.guardian_consent_on)}, **kwargs)


class RemoveOwnerForm(DeskForm):
    left_on = DayField(label="最后一天", initial=today)
    basis = TextField(label="凭什么", max_length=80, help_text=DEED)
    version = forms.IntegerField(widget=forms.HiddenInput, min_value=1)
    layout = Layout(Row("left_on", "basis"))


class DeathForm(DeskForm):
    died_on = DayField(label="去世日")
    basis = TextField(label="凭什么", max_length=80, help_text="如 死亡证明、户口注销证明")
    contact = TextField(label="现在找谁", max_length=40, required=False, help_text="继承人或家属；电话登记在紧急联系人里")
    version = forms.IntegerField(widget=forms.HiddenInput, min_value=1)
    layout = Layout(Row("died_on", "basis"), "contact")


class WithdrawDeathForm(DeskForm):
    reason = TextField(label="为什么撤回", max_length=80, help_text="如 登记到了配偶名下")
    version = forms.IntegerField(widget=forms.HiddenInput, min_value=1)
    layout = Layout("reason")


class FirstDayForm(DeskForm):
    starts_on = DayField(label="正确的起日")
    reason = TextField(label="为什么更正", max_length=80, help_text="如 登记时年份写错")
    version = forms.IntegerField(widget=forms.HiddenInput, min_value=1)
    layout = Layout(Row("starts_on", "reason"))


class MergeForm(DeskForm):
    """Which of the entries that look alike is the same person."""

    gone = forms.ChoiceField(label="哪一条是同一个人", widget=forms.RadioSelect)
    not_for_act = ("gone",)
    layout = Layout("gone")

    def __init__(self, *args, doubles, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["gone"].choices = doubles
