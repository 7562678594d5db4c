"""Input of parking by the month: the terms of a contract and who signs it, its changes and its end, an entry of a space."""
from crispy_forms.layout import Layout, Row
from django import forms
from django.core.exceptions import ValidationError

from billing.models import ParkingContract, ParkingSpace, SpaceKind
from households.models import Household, Unit
from servicecentre.files.forms import FilesField, FilesMixin
from servicecentre.kit.fields import DayField, PlateField, TextField
from servicecentre.kit.forms import DeskForm
from servicecentre.kit.text import parse_room

NO_KIND, NO_CYCLE = "请选种类", "请选怎么付"


class SpaceField(TextField):
    """A space by its number, of this estate; set ``estate`` before it is cleaned. None when left empty."""

    estate = None

    def clean(self, value):
        number = super().clean(value)
        if not number:
            return None
        space = ParkingSpace.objects.of(self.estate).filter(number=number).first()
        if space is None:
            raise ValidationError("没有这个车位号，请核对，或先登记车位")
        return space

    def prepare_value(self, value):
        return value.number if isinstance(value, ParkingSpace) else super().prepare_value(value)


class CycleField(forms.TypedChoiceField):
    """Months between two payments, as 「3m」 in the form."""

    def __init__(self, **options):
        super().__init__(choices=[(f"{value}m", label) for value, label in ParkingContract.Cycle.choices], coerce=lambda text: int(text[:-1]),
                         empty_value=None, widget=forms.RadioSelect, error_messages={"required": NO_CYCLE, "invalid_choice": NO_CYCLE}, **options)

    def prepare_value(self, value):
        return f"{value}m" if isinstance(value, int) else value


class TermsForm(DeskForm):
    """What the price depends on: kind, space, days, cycle."""

    space_kind = forms.ChoiceField(label="种类", choices=SpaceKind.choices, widget=forms.RadioSelect,
                                   error_messages={"required": NO_KIND, "invalid_choice": NO_KIND})
    space = SpaceField(label="车位号", max_length=20, required=False)
    starts_on = DayField(label="从")
    ends_on = DayField(label="到", required=False)
    cycle_months = CycleField(label="怎么付")

    def __init__(self, *args, estate, **kwargs):
        super().__init__(*args, **kwargs)
        self.estate = self.fields["space"].estate = estate


class SignForm(FilesMixin, TermsForm):
    """Terms, household and vehicle; the household is the one that holds the room on the first day."""

    not_for_act = ("room",)

    room = TextField(label="房号", max_length=30)
    holder_name = TextField(label="使用人", max_length=40, required=False)
    plate = PlateField(label="车牌")
    brand = TextField(label="品牌", max_length=30, required=False)
    colour = TextField(label="颜色", max_length=10, required=False)
    owner_name = TextField(label="车主", max_length=40, required=False)
    licence_seen = forms.BooleanField(label="行驶证看过", required=False, widget=forms.CheckboxInput(attrs={"class": "form-check-input"}))
    proof = TextField(label="权属证明", max_length=60, required=False)
    card_no = TextField(label="卡、遥控", max_length=30, required=False)
    remarks = TextField(label="备注", max_length=60, required=False)
    files = FilesField(label="专用车位权属证明的照片、扫描件", required=False)
    field_order = ("room", "holder_name", "space_kind", "space", "starts_on", "ends_on", "cycle_months", "plate")
    household = None

    def clean_room(self):
        code = parse_room(self.cleaned_data["room"]).code
        if not Unit.objects.of(self.estate).filter(code=code).exists():
            raise ValidationError("没有这套房，请核对房号")
        return code

    def clean(self):
        clean = super().clean()
        if not {"room", "starts_on"} & self.errors.keys():
            holders = Household.objects.of(self.estate).live().filter(unit__code=clean["room"]).select_related("unit", "estate")
            self.household = holders.on(clean["starts_on"]).first()
            if self.household is None:
                self.add_error("starts_on", "该月无业主")
        return clean


class EndForm(DeskForm):
    last_day = DayField(label="最后一天（这天还停）")
    reason = TextField(label="为什么提前终止", max_length=60)
    version = forms.IntegerField(widget=forms.HiddenInput)
    layout = Layout(Row("last_day", "reason"), "version")


class CancelForm(DeskForm):
    reason = TextField(label="为什么取消", max_length=60)
    version = forms.IntegerField(widget=forms.HiddenInput)
    layout = Layout("reason", "version")


class ChangeVehicleForm(DeskForm):
    plate = PlateField(label="新车牌")
    from_day = DayField(label="从哪天起")
    brand = TextField(label="品牌", max_length=30, required=False)
    colour = TextField(label="颜色", max_length=10, required=False)
    owner_name = TextField(label="车主", max_length=40, required=False)
    licence_seen = forms.BooleanField(label="行驶证看过", required=False, widget=forms.CheckboxInput(attrs={"class": "form-check-input"}))
    reason = TextField(label="为什么换", max_length=60)
    version = forms.IntegerField(widget=forms.HiddenInput)
    layout = Layout(Row("plate", "from_day"), Row("brand", "colour", "owner_name"), "licence_seen", "reason", "version")


class ChangeSpaceForm(DeskForm):
    space = SpaceField(label="新车位号", max_length=20, required=False)
    from_day = DayField(label="从哪天起")
    reason = TextField(label="为什么换", max_length=60)
    version = forms.IntegerField(widget=forms.HiddenInput)
    layout = Layout(Row("space", "from_day"), "reason", "version")

    def __init__(self, *args, estate, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["space"].estate = estate


class ContractEntryForm(DeskForm):
    """Of a space that needs no proof of right none is asked."""

    holder_name = TextField(label="使用人", max_length=40)
    card_no = TextField(label="卡、遥控", max_length=30, required=False)
    proof = TextField(label="权属证明（证名和编号）", max_length=60, required=False)
    remarks = TextField(label="备注", max_length=60, required=False)
    version = forms.IntegerField(widget=forms.HiddenInput)

    def __init__(self, *args, contract, **kwargs):
        super().__init__(*args, **kwargs)
        asks = contract.space_kind == SpaceKind.DEDICATED
        if not asks:
            del self.fields["proof"]
        self.helper.layout = Layout(Row("holder_name", "card_no"), *(["proof"] if asks else []), "remarks", "version")


class SpaceEntryForm(DeskForm):
    number = TextField(label="车位号", max_length=20)
    kind = forms.ChoiceField(label="种类", choices=SpaceKind.choices)
    place = TextField(label="位置", max_length=60, required=False)
    state = forms.ChoiceField(label="状态", choices=ParkingSpace.State.choices, initial=ParkingSpace.State.TO_LET)
    remark = TextField(label="备注", max_length=60, required=False)
    layout = Layout(Row("number", "kind"), Row("place", "state"), "remark")


class ChangeEntryForm(DeskForm):
    place = TextField(label="位置", max_length=60, required=False)
    state = forms.ChoiceField(label="状态", choices=ParkingSpace.State.choices)
    remark = TextField(label="备注", max_length=60, required=False)
    version = forms.IntegerField(widget=forms.HiddenInput)
    layout = Layout(Row("place", "state"), "remark", "version")
