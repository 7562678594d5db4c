"""Forms of people: a person's data, residents, tenants, contacts, vehicles, and the reason for looking."""
from crispy_forms.layout import Layout, Row
from django import forms

from households.entering import check_birth_year, check_name, person_fields
from households.models import Person, Resident
from servicecentre.kit.fields import DayField, PhoneField, PlateField, TextField
from servicecentre.kit.forms import DeskForm
from servicecentre.kit.identity import mask_phone
from servicecentre.kit.refused import Refused

from .register import ID_KINDS

SEXES = [("", "不填"), *Person.Sex.choices]
RELATIONS = [("", "不填"), *((word, word) for word in ("配偶", "子女", "父母", "祖父母", "亲属", "保姆", "其他"))]      # FORMS 1.4


class OfPersonForm(DeskForm):
    """A form that holds a person's data: all that is wrong is told in one round, by the act's own checks."""

    CHECKED = ("name", "kind", "id_kind", "id_number", "phone", "phone2", "birth_year")

    def clean(self):
        typed = {name: self.cleaned_data[name] for name in self.CHECKED if self.cleaned_data.get(name)}
        if typed.get("name"):
            try:
                person_fields(None, **typed)
            except Refused as refusal:
                self.refuse(refusal)
        elif typed.get("birth_year"):
            try:
                check_birth_year(typed["birth_year"])
            except forms.ValidationError as error:
                self.add_error("birth_year", error)
        self.check_dates()
        return self.cleaned_data

    def check_dates(self):
        """What the form's days say to each other."""
        first, last = self.cleaned_data.get("lease_from"), self.cleaned_data.get("lease_to")
        if first and last and last < first:
            self.add_error("lease_to", "租期止日不能早于起日")


class PersonForm(OfPersonForm):
    """Correct a person's data; the ID number and phones are shown masked, and stay where left empty (TRUST 26)."""

    name = TextField(label="姓名（名称）", max_length=60)
    kind = forms.ChoiceField(label="类别", choices=Person.Kind.choices, widget=forms.RadioSelect)
    phone = PhoneField(label="电话", required=False)
    phone2 = PhoneField(label="备用电话", required=False)
    id_kind = forms.ChoiceField(label="证件类别", choices=ID_KINDS, required=False)
    id_number = TextField(label="证件号码", max_length=40, required=False)
    sex = forms.ChoiceField(label="性别", choices=SEXES, required=False)
    birth_year = forms.IntegerField(label="出生年", min_value=1900, max_value=2100, required=False)
    mail_address = TextField(label="通讯地址", max_length=120, required=False)
    email = forms.EmailField(label="邮箱", required=False)
    legal_rep = TextField(label="法人", max_length=40, required=False)
    contact = TextField(label="联系人", max_length=40, required=False)
    forget = forms.MultipleChoiceField(label="删去", required=False, widget=forms.CheckboxSelectMultiple, help_text="删了就不留，变更记录里也不留")
    version = forms.IntegerField(widget=forms.HiddenInput, min_value=1)
    layout = Layout(Row("name", "kind"), Row("phone", "phone2"), Row("id_kind", "id_number"), "forget", Row("sex", "birth_year", "email"),
                    Row("mail_address", "legal_rep", "contact"))

    SHOWN = ("name", "kind", "sex", "birth_year", "mail_address", "email", "legal_rep", "contact", "version")

    def __init__(self, *args, person, **kwargs):
        super().__init__(*args, initial={field: getattr(person, field) for field in self.SHOWN}, **kwargs)
        masked = {"phone": mask_phone(person.phone), "phone2": mask_phone(person.phone2), "id_number": person.id_masked}
        for field, now in masked.items():
            self.fields[field].help_text = f"现在是 {now}，不改就空着" if now else "还没有登记"
        self.fields["forget"].choices = [(field, self.fields[field].label) for field, now in masked.items() if now]
        if not self.fields["forget"].choices:
            del self.fields["forget"]


class ResidentForm(OfPersonForm):
    """Who lives there with the owner; of a child under 14 also the guardian who agrees."""

    name = TextField(label="姓名", max_length=60)
    relation = forms.ChoiceField(label="与业主关系", choices=RELATIONS, required=False)
    phone = PhoneField(label="电话", required=False)
    sex = forms.ChoiceField(label="性别", choices=SEXES, required=False)
    birth_year = forms.IntegerField(label="出生年", min_value=1850, max_value=2100, required=False)
    guardian = TextField(label="监护人", max_length=40, required=False, help_text="未满 14 岁的要填")
    guardian_consent = forms.BooleanField(label="监护人同意登记孩子的资料", required=False)
    layout = Layout(Row("name", "relation", "phone"), Row("sex", "birth_year", "guardian"), "guardian_consent")


class ChangeResidentForm(DeskForm):
    relation = forms.ChoiceField(label="与业主关系", choices=RELATIONS, required=False)
    guardian = TextField(label="监护人", max_length=40, required=False, help_text="未满 14 岁的要填")
    guardian_consent = forms.BooleanField(label="监护人同意登记孩子的资料", required=False)
    version = forms.IntegerField(widget=forms.HiddenInput, min_value=1)
    layout = Layout(Row("relation", "guardian"), "guardian_consent")

    def __init__(self, *args, resident, **kwargs):
        super().__init__(*args, initial={
            "relation": resident.relation, "guardian": resident.guardian, "version": resident.version,
            "guardian_consent": bool(resident.guardian_consent_on)}, **kwargs)
        if resident.relation not in dict(RELATIONS):
            self.fields["relation"].choices = [*RELATIONS, (resident.relation, resident.relation)]


class LeaseForm(OfPersonForm):
    """The term of a lease and who pays which fee."""

    lease_from = DayField(label="租期起")
    lease_to = DayField(label="租期止", required=False)
    fee_payer = forms.ChoiceField(label="费用由谁交", choices=Resident.FeePayer.choices, initial=Resident.FeePayer.OWNER,
                                  widget=forms.RadioSelect, help_text="不管谁交，欠费都在这一户名下")
    pays = forms.MultipleChoiceField(label="租户交哪些", choices=Resident.FEES, required=False, widget=forms.CheckboxSelectMultiple,
                                     help_text="租户交而一项也不勾，就是都由租户交")


class TenantForm(LeaseForm):
    name = TextField(label="姓名（名称）", max_length=60)
    phone = PhoneField(label="电话", required=False)
    id_kind = forms.ChoiceField(label="证件类别", choices=ID_KINDS, required=False)
    id_number = TextField(label="证件号码", max_length=40, required=False)
    guardian = TextField(label="监护人", max_length=40, required=False, help_text="未满 14 岁的要填")
    guardian_consent = forms.BooleanField(label="监护人同意登记孩子的资料", required=False)
    field_order = ["name", "phone", "id_kind", "id_number", "lease_from", "lease_to", "fee_payer", "pays", "guardian", "guardian_consent"]
    layout = Layout(Row("name", "phone"), Row("id_kind", "id_number"), Row("lease_from", "lease_to"), Row("fee_payer", "pays"),
                    Row("guardian", "guardian_consent"))


class ChangeTenantForm(LeaseForm):
    version = forms.IntegerField(widget=forms.HiddenInput, min_value=1)
    layout = Layout(Row("lease_from", "lease_to"), Row("fee_payer", "pays"))


class LeaveForm(DeskForm):
    left_on = DayField(label="搬离日")
    layout = Layout("left_on")


class ContactForm(DeskForm):
    name = TextField(label="姓名", max_length=40)
    relation = TextField(label="关系", max_length=20, required=False)
    phone = PhoneField(label="电话")
    layout = Layout(Row("name", "relation", "phone"))

    def clean_name(self):
        return check_name(self.cleaned_data["name"], 40)


class ChangeContactForm(ContactForm):
    """The phone is shown masked and stays where left empty."""

    version = forms.IntegerField(widget=forms.HiddenInput, min_value=1)

    def __init__(self, *args, contact, **kwargs):
        super().__init__(*args, initial={name: getattr(contact, name) for name in ("name", "relation", "version")}, **kwargs)
        self.fields["phone"].required = False
        self.fields["phone"].help_text = f"现在是 {mask_phone(contact.phone)}，不改就空着"


class VehicleForm(DeskForm):
    plate = PlateField(label="车牌", help_text="如 苏A·D5K26；新能源 8 位")
    brand = TextField(label="品牌", max_length=30, required=False)
    colour = TextField(label="颜色", max_length=10, required=False)
    driver_phone = PhoneField(label="驾驶人电话", required=False)
    layout = Layout(Row("plate", "brand", "colour"), "driver_phone")


class ChangeVehicleForm(DeskForm):
    """The plate itself is not changed: another plate is another vehicle."""

    brand = TextField(label="品牌", max_length=30, required=False)
    colour = TextField(label="颜色", max_length=10, required=False)
    driver_phone = PhoneField(label="驾驶人电话", required=False)
    version = forms.IntegerField(widget=forms.HiddenInput, min_value=1)
    layout = Layout(Row("brand", "colour"), "driver_phone")

    def __init__(self, *args, vehicle, **kwargs):
        super().__init__(*args, initial={name: getattr(vehicle, name) for name in ("brand", "colour", "version")}, **kwargs)
        now = mask_phone(vehicle.driver_phone)
        self.fields["driver_phone"].help_text = f"现在是 {now}，不改就空着" if now else "还没有登记"


class EndVehicleForm(DeskForm):
    ended_on = DayField(label="从哪天起不再登记")
    layout = Layout("ended_on")


class ConfirmForm(DeskForm):
    """Nothing to fill in; the key makes a second click harmless."""

    layout = Layout()


class RevealForm(DeskForm):
    """Why somebody's number is looked at; the reason stands in the log."""

    REASONS = ("核对本人身份", "联系本人", "办理业务登记", "公安、法院凭文书查询")

    reason = forms.ChoiceField(label="为什么要看", choices=[(reason, reason) for reason in (*REASONS, "其他")], widget=forms.RadioSelect)
    words = TextField(label="说明", max_length=40, required=False)
    words.when = "选「其他」要写"
    not_for_act = ("words",)
    layout = Layout("reason", "words")

    def clean(self):
        data = self.cleaned_data
        if data.get("reason") == "其他":
            if not data.get("words"):
                self.add_error("words", "请写明为什么要看")
            data["reason"] = data.get("words", "")
        elif data.get("words") and data.get("reason"):
            data["reason"] = f"{data['reason']}，{data['words']}"
        return data
