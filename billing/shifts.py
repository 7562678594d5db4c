"""The cashier's shift: a till for one day, opened by the first payment (DOMAIN §2 Cash-up; counting it is another issue)."""
from servicecentre.kit.periods import business_day, now
from servicecentre.worklog.acts import act, record

from .models import Shift


@act
def open_shift(estate, *, by):
    """This cashier's shift of today, locked; opened with float 0 when there is none, yesterday's left open being ended first.

    A shift is one day's till (DOMAIN §2 [practice]), so money of a new day never lands in an old one.
    """
    at = now()
    day = business_day(at)
    shift = Shift.objects.of(estate).filter(cashier=by, closed_at=None).select_for_update(of=("self",)).first()
    if shift is not None and shift.day == day:
        return shift
    if shift is not None:
        shift.closed_at = at
        shift.save(update_fields=["closed_at"])
        record(by, f"{shift.day} 的收费班次没有交班，次日首笔收款时自动结束，未点款", shift, estate=estate)
    shift, opened = Shift.objects.get_or_create(estate=estate, cashier=by, closed_at=None,      # the other thread of one cashier waits here
                                                defaults={"day": day, "opened_at": at})
    if opened:
        record(by, "收费开班，首笔收款时自动，备用零钱 0.00 元", shift, estate=estate)
    return Shift.objects.lock(shift)
