"""Input of notices: a new one, a later end, taking one down, printing once more."""
from crispy_forms.layout import Field, Layout, Row
from django import forms

from households.models import Building, Unit
from servicecentre.kit.fields import TextField, YesNoField
from servicecentre.kit.forms import DeskForm
from servicecentre.worklog.forms import DueField

PARTED = "/"                              # parts a building's code from its entrance's in a choice


class MomentField(DueField):
    """A day and a time of day, Asia/Shanghai."""

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.error_messages["required"] = "请填日期和时间"


class NoticeForm(DeskForm):
    """Where, when, why, in which words; the kind is the page's."""

    whole = YesNoField(label="范围", no="选楼栋、单元", yes="全小区", initial=False)
    places = forms.MultipleChoiceField(label="楼栋、单元", required=False, widget=forms.CheckboxSelectMultiple,
                                       error_messages={"invalid_choice": "没有这个楼栋单元，请刷新后重选"})
    starts_at = MomentField(label="开始")
    ends_at = MomentField(label="结束")
    cause = TextField(label="原因", max_length=60)
    doer = TextField(label="施工单位、负责人", max_length=60, required=False)
    words = TextField(label="内容", max_length=200, widget=forms.Textarea(attrs={"rows": 4}))
    field_order = ("starts_at", "ends_at", "whole", "places", "cause", "doer", "words")
    layout = Layout(Row("starts_at", "ends_at"), "whole", Field("places", template="tickets/_places.html"), Row("cause", "doer"), "words")

    def __init__(self, *args, estate, **kwargs):
        super().__init__(*args, **kwargs)
        self.there = _places_of(estate)
        self.fields["places"].choices = [(value, _label(*place)) for value, place in self.there.items()]

    def by_building(self):
        """[(building, its ticks)], the whole building's tick first."""
        found = {}
        for tick in self["places"]:
            found.setdefault(self.there[tick.data["value"]][0], []).append(tick)
        return list(found.items())

    def clean_places(self):
        return [self.there[value] for value in self.cleaned_data["places"]]


def _places_of(estate):
    """{value: (Building, entrance)} of all buildings that have units, each whole ("") and by its entrances."""
    entrances = {}
    for building, entrance in Unit.objects.of(estate).values_list("building", "entrance").distinct():
        entrances.setdefault(building, set()).add(entrance)
    return {f"{building.code}{PARTED}{entrance}": (building, entrance) for building in Building.objects.of(estate).order_by("sort", "pk")
            if building.pk in entrances for entrance in sorted({"", *entrances[building.pk]}, key=lambda e: (len(e), e))}


def _label(building, entrance):
    return f"{entrance}单元" if entrance else f"{building} {'整栋' if building.code.isascii() else '全部'}"


def value_of(place):
    """The choice that stands for a NoticePlace."""
    return f"{place.building.code}{PARTED}{place.entrance}"


class ExtendForm(DeskForm):
    ends_at = MomentField(label="新的结束时间")
    reason = TextField(label="为什么延时", max_length=60)
    version = forms.IntegerField(widget=forms.HiddenInput)
    layout = Layout(Row("ends_at", "reason"), "version")


class TakeDownForm(DeskForm):
    reason = TextField(label="撤下原因", max_length=120)
    version = forms.IntegerField(widget=forms.HiddenInput)
    layout = Layout("reason", "version")
