"""A room typed on a form that is about a household (the roof knows rooms, the log below does not)."""
from django.core.exceptions import ValidationError

from households.find import unit_of
from servicecentre.kit.fields import TextField
from servicecentre.kit.forms import DeskForm
from servicecentre.kit.periods import today
from servicecentre.kit.text import parse_room


def household_named(estate, text):
    """Who holds the unit of this room now; None where the text names none."""
    try:
        unit = unit_of(estate, parse_room(text or ""))
    except ValidationError:
        return None
    return unit and unit.household_on(today())


class RoomForm(DeskForm):
    """Brings ``household``, by its room; ``empty_rooms`` also takes a unit that has none now, as ``room``."""

    empty_rooms = False

    household = TextField(label="房号", max_length=40, required=False)

    def __init__(self, *args, estate, **kwargs):
        super().__init__(*args, **kwargs)
        self.estate, self.room = estate, ""

    def clean_household(self):
        """The current household of the room typed."""
        text = self.cleaned_data["household"]
        if not text:
            return None
        unit = unit_of(self.estate, parse_room(text))
        held = unit and unit.household_on(today())
        if held is None and self.empty_rooms and unit:
            self.room = unit.code
        elif held is None:
            raise ValidationError(f"没有 {text} 这套房" + ("" if self.empty_rooms else "，或现在没有业主"))
        return held

    def act_fields(self):
        return super().act_fields() | ({"room": self.room} if self.empty_rooms else {})
