"""A notice and the papers that tell it, parted on purpose and found under invariant 6."""
import pytest

from servicecentre.papers.models import Paper
from tickets.models import Notice, NoticePlace, NoticeTerm

from .behind import behind, found, unguarded

WRONG = {
    "an end that no paper says": (Notice, "UPDATE tickets_notice SET ends_at = '2026-12-01 00:00:00+00:00' WHERE id = {up}"),
    "down without its paper": (Notice, "UPDATE tickets_notice SET down_at = posted_at, down_by_id = posted_by_id, down_reason = 'x' WHERE id = {up}"),
    "up again, the paper void": (Notice, "UPDATE tickets_notice SET down_at = NULL, down_by_id = NULL, down_reason = NULL WHERE id = {down}"),
    "of the whole estate and of buildings": (Notice, "UPDATE tickets_notice SET whole = NOT whole WHERE id = {up}"),
    "of no place": (Notice, "UPDATE tickets_notice SET whole = NOT whole WHERE id = {down}"),
    "the paper before an extension is live": (Paper, "UPDATE papers_paper SET voided_at = NULL, voided_by_id = NULL, void_reason = NULL WHERE id = {first}"),
    "a paper without its notice": (NoticeTerm, "DELETE FROM tickets_noticeterm WHERE paper_id = {last}"),
}


@pytest.mark.parametrize("what", WRONG)
def test_6_a_notice_parted_from_its_paper(world, what):
    model, sql = WRONG[what]
    first, last = world.notice.terms.values_list("paper", flat=True)
    with unguarded(model):
        behind(sql.format(up=world.notice.pk, down=world.taken_down.pk, first=first, last=last))
        assert found() == {6}


def test_the_world_has_both_kinds(world):
    assert NoticePlace.objects.filter(notice=world.notice).count() == 2 and world.taken_down.whole
