"""Input of the developer's page: who it is, and the day each building was finished."""
from crispy_forms.layout import Layout, Row

from households.models import Building
from servicecentre.kit.fields import DayField, PhoneField, TextField
from servicecentre.kit.forms import DeskForm

A_ROW = 3


class DeveloperForm(DeskForm):
    """One day field for each building; those that are empty are not finished yet, or entered already."""

    name = TextField(label="建设单位", max_length=60)
    id_number = TextField(label="统一社会信用代码", max_length=40, required=False)
    contact = TextField(label="联系人", max_length=40, required=False)
    phone = PhoneField(label="电话", required=False)

    def __init__(self, *args, estate, held, **kwargs):
        super().__init__(*args, **kwargs)
        self.days = {}
        for building in Building.objects.of(estate).order_by("sort", "pk"):
            first, units, still = held.get(building.pk, (None, 0, 0))
            self.days[f"finished_{building.pk}"] = building.pk
            self.fields[f"finished_{building.pk}"] = DayField(
                label=f"{building} 竣工日期", required=False,
                help_text=f"{first} 竣工，{units} 套，还没交付 {still} 套" if first else "竣工后、交付前由建设单位交费")
        names = list(self.days)
        self.not_for_act = tuple(names)
        self.helper.layout = Layout(Row("name", "id_number"), Row("contact", "phone"),
                                    *(Row(*names[start:start + A_ROW]) for start in range(0, len(names), A_ROW)))

    def clean(self):
        clean = super().clean()
        if not self.errors and not any(clean.get(name) for name in self.days):
            self.add_error(None, "至少填一栋的竣工日期。")
        return clean

    def act_fields(self):
        finished = {pk: self.cleaned_data[name] for name, pk in self.days.items() if self.cleaned_data[name]}
        return {**super().act_fields(), "finished": finished}
