"""The form of a promise: what is wrong is told in the page's order, and what was typed stays."""
from datetime import timedelta

from households import find
from servicecentre.kit.periods import now
from servicecentre.worklog.models import Promise

from ..factories import make_household


def test_errors_stand_in_the_order_of_the_fields_and_keep_what_was_typed(desk):
    page = desk.post("/promises/new/", {"household": "99-9-9999", "phone": "1380013", "words": "书面说明"})
    assert list(page.context["form"].errors) == ["household", "to_whom", "phone", "due_at"]
    text = page.content.decode()
    assert 'value="99-9-9999"' in text and 'value="1380013"' in text and 'value="书面说明"' in text


def test_a_room_is_known_however_padded(desk, estate):
    household = make_household(estate, "3-2-0101")
    find.rebuild_units([household.unit_id])
    desk.post("/promises/new/", {"household": "3-2-101", "to_whom": "张女士", "words": "书面说明", "due_at": f"{now() + timedelta(days=1):%Y-%m-%dT%H:%M}",
                                 "request_key": "k"})
    assert Promise.objects.get().household_no == household.number
