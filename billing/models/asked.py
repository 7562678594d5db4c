"""Rows that one person asks for and another decides: what waits for whom, the same words for all of them."""
from django.db.models import Q

from servicecentre.kit.rows import EstateQuerySet


class AskedQuerySet(EstateQuerySet):
    def undecided(self):
        """Waiting for a second person."""
        return self.filter(approved=None)


class PaidOutQuerySet(EstateQuerySet):
    """Of what may be withdrawn until finance has paid it, and may come back from the bank."""

    def undecided(self):
        return self.filter(approved=None, withdrawn_at=None)

    def to_pay(self):
        """Approved, and the money still here."""
        return self.filter(approved=True, withdrawn_at=None, paid_at=None)

    def waiting(self):
        """Asked for and not ended: the money is set aside, nothing else becomes of it meanwhile."""
        return self.filter(Q(approved=None) | Q(approved=True), withdrawn_at=None, paid_at=None)

    def paid(self):
        """Paid out, those that the bank returned left out."""
        return self.filter(paid_at__isnull=False, bounced_at=None)
