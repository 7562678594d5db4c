"""Forms of standing instructions, use, pets, special care and authorisation letters."""
from crispy_forms.layout import Layout, Row
from django import forms

from households.models import LetterCall, Matter, StandingInstruction, UnitUse
from households.standing import WITHOUT_PAGE
from servicecentre.kit.fields import DayField, PhoneField, TextField
from servicecentre.kit.forms import DeskForm
from servicecentre.kit.identity import mask_phone
from servicecentre.kit.periods import today

from .people import ID_KINDS, OfPersonForm

AGENT_RELATIONS = [("", "不填"), *((word, word) for word in ("配偶", "父母", "子女", "亲属", "朋友", "中介", "员工", "其他"))]      # FORMS 1.3


class InstructionForm(DeskForm):
    words = TextField(label="嘱咐", max_length=120, help_text="如 借钥匙前先打业主本人手机")
    moment = forms.ChoiceField(label="什么时候显示", choices=StandingInstruction.Moment.choices)
    given_by = TextField(label="谁嘱咐的", max_length=40)
    starts_on = DayField(label="从哪天起", initial=today)
    ends_on = DayField(label="到哪天", required=False, help_text="空着就一直显示")
    layout = Layout("words", Row("moment", "given_by"), Row("starts_on", "ends_on"))

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["moment"].choices = [(code, f"{label}（目前只在户页显示）" if code in WITHOUT_PAGE else label)
                                         for code, label in StandingInstruction.Moment.choices]


class WithdrawForm(DeskForm):
    reason = TextField(label="原因", max_length=60)
    layout = Layout("reason")


class UseForm(DeskForm):
    use = forms.ChoiceField(label="使用情况", choices=UnitUse.Use.choices, widget=forms.RadioSelect)
    starts_on = DayField(label="从哪天起", initial=today)
    basis = TextField(label="依据", max_length=80, required=False, help_text="如 租约、抄表、现场看过")
    layout = Layout("use", Row("starts_on", "basis"))


class PetForm(DeskForm):
    kind = TextField(label="种类", max_length=20, help_text="如 犬、猫")
    breed = TextField(label="品种", max_length=30, required=False)
    licence_no = TextField(label="犬证", max_length=40, required=False)
    vaccinated_on = DayField(label="免疫日", required=False)
    large = forms.BooleanField(label="大型或烈性犬", required=False)
    layout = Layout(Row("kind", "breed"), Row("licence_no", "vaccinated_on"), "large")


class EndPetForm(DeskForm):
    ended_on = DayField(label="从哪天起不再登记", initial=today)
    layout = Layout("ended_on")


class CareForm(DeskForm):
    about = TextField(label="谁", max_length=40)
    words = TextField(label="要注意什么", max_length=200, help_text="如 独居，行动不便，停电先通知")
    consent_by = TextField(label="谁同意登记", max_length=40, help_text="本人；孩子由监护人")
    consent = forms.BooleanField(label="已单独告知用途，本人或监护人同意登记", required=False)
    layout = Layout(Row("about", "consent_by"), "words", "consent")


class LetterForm(OfPersonForm):
    """The agent's data, what the letter allows and until when."""

    principal = forms.ModelChoiceField(label="委托人（业主）", queryset=None, empty_label=None)
    name = TextField(label="受托人姓名", max_length=60)
    relation = forms.ChoiceField(label="与业主关系", choices=AGENT_RELATIONS, required=False)
    phone = PhoneField(label="受托人电话")
    id_kind = forms.ChoiceField(label="受托人证件类别", choices=ID_KINDS, required=False)
    id_number = TextField(label="受托人证件号码", max_length=40)
    matters = forms.MultipleChoiceField(label="委托事项", choices=Matter.choices, widget=forms.CheckboxSelectMultiple,
                                        error_messages={"required": "请勾委托的事项"})
    authority = TextField(label="权限说明", max_length=200, required=False)
    valid_from = DayField(label="有效期起", initial=today)
    valid_to = DayField(label="有效期止", required=False, help_text="没写就只用一次")
    notary_no = TextField(label="公证书号", max_length=40, required=False)
    may_delegate = forms.BooleanField(label="可以转委托", required=False)
    copies_kept = forms.BooleanField(label="委托书和双方证件复印件已收进住户资料", required=False)
    layout = Layout(Row("principal", "valid_from", "valid_to"), Row("name", "relation", "phone"), Row("id_kind", "id_number", "notary_no"),
                    "matters", "authority", Row("may_delegate", "copies_kept"))

    def __init__(self, *args, household, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["principal"].queryset = household.ownerships.live().select_related("person")
        self.fields["principal"].label_from_instance = lambda ownership: ownership.person.name

    def check_dates(self):
        first, last = self.cleaned_data.get("valid_from"), self.cleaned_data.get("valid_to")
        if first and last and last < first:
            self.add_error("valid_to", "有效期止日不能早于起日")


class UseLetterForm(DeskForm):
    matter = forms.ChoiceField(label="办哪一项", widget=forms.RadioSelect)
    words = TextField(label="办了什么", max_length=120)
    layout = Layout("matter", "words")

    def __init__(self, *args, letter, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["matter"].choices = [(code, Matter(code).label) for code in letter.matters]


class CallForm(DeskForm):
    """Only the register's numbers may be dialled, never the letter's."""

    phone = forms.ChoiceField(label="打的号码", widget=forms.RadioSelect)
    answered_by = TextField(label="接听人", max_length=40, required=False)
    question = TextField(label="核对了什么", max_length=120)
    result = forms.ChoiceField(label="结果", choices=LetterCall.Result.choices, widget=forms.RadioSelect)
    layout = Layout("phone", Row("answered_by", "question"), "result")

    def __init__(self, *args, letter, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["phone"].choices = [(name, mask_phone(getattr(letter.principal, name))) for name in ("phone", "phone2")
                                        if getattr(letter.principal, name)]
        if not self.fields["phone"].choices:
            self.fields["phone"].help_text = "登记资料里没有委托人的电话，先补上；不能打委托书上写的号码"


class RevokeForm(DeskForm):
    revoked_on = DayField(label="撤销日", initial=today)
    revoked_how = TextField(label="怎么撤销的", max_length=60, help_text="如 本人到场书面撤销")
    version = forms.IntegerField(widget=forms.HiddenInput, min_value=1)
    layout = Layout(Row("revoked_on", "revoked_how"))
