"""Input of the office's pages: profile, phones, a setting, the calendar, departments, contractors."""
from crispy_forms.layout import Layout, Row
from django import forms
from django.core.exceptions import ValidationError
from django.db import models

from servicecentre.desk.editing import check_number
from servicecentre.estates.models import CalendarDay, Phone
from servicecentre.kit.fields import AreaField, ClockField, CountField, DayField, MoneyField, TextField, YesNoField
from servicecentre.kit.forms import DeskForm
from servicecentre.kit.money import area_text, parse_yuan, yuan


class NumberField(TextField):
    """A number to ring, also a short one (110); "" when left empty."""

    def __init__(self, **options):
        super().__init__(max_length=30, **options)

    def read(self, value):
        return check_number(value)


class GroundField(AreaField):
    """0.01 ㎡ of a whole estate, which may be larger than any unit."""

    def read(self, text):
        try:
            return parse_yuan(text)
        except ValidationError as error:
            raise ValidationError("请输入面积，如 126500 或 126500.5") from error

    def show(self, value):
        return area_text(value)


def version():
    return forms.IntegerField(widget=forms.HiddenInput, min_value=1)


class EstateForm(DeskForm):
    """小区概况; what is counted from the register is not typed."""

    name = TextField(label="小区名称", max_length=60)
    company = TextField(label="物业公司", max_length=60, help_text="问候语用的名称，如 莲花物业")
    centre = TextField(label="服务中心", max_length=60, required=False, help_text="单据上的名称；不填就用小区名称加「物业服务中心」")
    project_code = TextField(label="项目码", max_length=10, help_text="资料编号的开头，如 YH")
    address = TextField(label="地址", max_length=120, required=False)
    phone = NumberField(label="服务电话", required=False, help_text="印在收据上")
    site_area = GroundField(label="用地面积（㎡）", required=False)
    floor_area = GroundField(label="总建筑面积（㎡）", required=False)
    finished_on = DayField(label="竣工日期", required=False)
    spaces_shared = CountField(label="共用车位（个）", required=False)
    spaces_dedicated = CountField(label="专用车位（个）", required=False)
    spaces_open = CountField(label="露天车位（个）", required=False)
    about = TextField(label="其他情况", max_length=400, required=False, lines=True)
    version = version()
    layout = Layout(Row("name", "company"), Row("centre", "project_code"), Row("address", "phone"), Row("site_area", "floor_area", "finished_on"),
                    Row("spaces_shared", "spaces_dedicated", "spaces_open"), "about")
    COLUMNS = ("name", "company", "centre", "project_code", "address", "phone", "site_area", "floor_area", "finished_on", "spaces_shared",
               "spaces_dedicated", "spaces_open", "about", "version")


class PhoneForm(DeskForm):
    kind = forms.ChoiceField(label="类别", choices=Phone.Kind.choices, widget=forms.RadioSelect)
    name = TextField(label="名称", max_length=30, help_text="如 监控中心、电梯困人、自来水抢修")
    number = NumberField(label="电话")
    hours = TextField(label="什么时候打得通", max_length=30, required=False, help_text="如 24 小时、8:00–18:00")
    position = CountField(label="次序", most=999, initial=100, help_text="小的排在前面")
    layout = Layout("kind", Row("name", "number"), Row("hours", "position"))


class ChangePhoneForm(PhoneForm):
    version = version()


class SettingForm(DeskForm):
    """One setting: its new value, and by what decision."""

    basis = TextField(label="凭什么", max_length=100, required=False, help_text="如 业委会决定 11-20、公司通知")
    version = version()
    layout = Layout(Row("value", "basis"))
    field_order = ("value", "basis", "version")

    def __init__(self, *args, shown, **kwargs):
        policy, setting = shown.policy, shown.setting
        kwargs["initial"] = {"value": getattr(policy, setting.field), "version": policy.version}
        super().__init__(*args, **kwargs)
        self.fields["value"] = value_field(shown)
        self.order_fields(self.field_order)


def value_field(shown):
    """The form field that fits a setting's column."""
    column, setting = shown.field, shown.setting
    label = f"{shown.label}（{setting.unit}）" if setting.unit else shown.label
    if isinstance(column, models.BooleanField):
        return YesNoField(label=label, no=setting.yes_no[0], yes=setting.yes_no[1])
    if column.choices:
        return forms.ChoiceField(label=label, choices=column.choices, widget=forms.Select)
    if isinstance(column, models.DateField):
        return DayField(label=label, required=False, help_text="空着就是不限")
    if isinstance(column, models.TimeField):
        return ClockField(label=label)
    if setting.unit == "元":
        return MoneyField(label=label, zero=True, help_text=f"最多 {yuan(setting.most)}")
    if isinstance(column, models.IntegerField):
        return CountField(label=label, least=setting.least, most=setting.most, help_text=f"{setting.least} 到 {setting.most}")
    return TextField(label=label, max_length=column.max_length)


class YearForm(DeskForm):
    """A button: the official days of the year that the page shows."""

    year = CountField(widget=forms.HiddenInput)


class DayForm(DeskForm):
    day = DayField(label="日期")
    kind = forms.ChoiceField(label="放假还是上班", choices=CalendarDay.Kind.choices, widget=forms.RadioSelect)
    name = TextField(label="名称", max_length=40, help_text="如 国庆节、调休上班")
    layout = Layout(Row("day", "kind"), "name")


class ButtonForm(DeskForm):
    """A button."""


class DepartmentForm(DeskForm):
    name = TextField(label="部门", max_length=30)
    responsible = TextField(label="负责人", max_length=40)
    phone = NumberField(label="电话", required=False)
    matters = TextField(label="管什么", max_length=120, required=False, help_text="如 报修、设备、公共设施")
    position = CountField(label="次序", most=999, initial=100, help_text="小的排在前面")
    layout = Layout(Row("name", "responsible"), Row("phone", "position"), "matters")


class InUse(DeskForm):
    """What a row has besides once it is there."""

    active = YesNoField(label="在用", no="停用", yes="在用")
    version = version()


class ChangeDepartmentForm(DepartmentForm, InUse):
    layout = Layout(Row("name", "responsible"), Row("phone", "position"), "matters", "active")


class ContractorForm(DeskForm):
    name = TextField(label="单位名称", max_length=60)
    trade = TextField(label="做什么", max_length=60, required=False, help_text="如 门窗返修、防水")
    phone = NumberField(label="单位电话", required=False)
    remark = TextField(label="备注", max_length=200, required=False)
    person = TextField(label="负责人", max_length=40, help_text="借返修钥匙要本人来")
    person_phone = NumberField(label="负责人电话")
    layout = Layout(Row("name", "trade"), Row("person", "person_phone"), Row("phone", "remark"))


class ChangeContractorForm(InUse):
    name = TextField(label="单位名称", max_length=60)
    trade = TextField(label="做什么", max_length=60, required=False)
    phone = NumberField(label="单位电话", required=False)
    remark = TextField(label="备注", max_length=200, required=False)
    layout = Layout(Row("name", "trade"), Row("phone", "remark"), "active")


class ContractorPersonForm(DeskForm):
    name = TextField(label="负责人", max_length=40)
    phone = NumberField(label="电话")
    layout = Layout(Row("name", "phone"))


class ChangeContractorPersonForm(ContractorPersonForm, InUse):
    layout = Layout(Row("name", "phone"), "active")


def initial(row, form):
    """A row's columns as a form shows them."""
    return {name: getattr(row, name) for name in form.base_fields if hasattr(row, name)}
