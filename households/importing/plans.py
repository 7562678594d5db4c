"""What the plans of all lists have in common: findings, counts, and a digest of what was shown (TRUST 20)."""
from dataclasses import dataclass, field

from .rows import Judged

CREATED, UPDATED, UNCHANGED = "created", "updated", "unchanged"


@dataclass
class ListPlan(Judged):
    """A list beside the estate as it stands. ``errors`` make it refusable, ``obstacles`` refuse it; the counts are of good rows.

    Each list adds what its own rows do, ``digest`` and ``counts()``.
    """

    estate: object
    reading: object
    handover_default: object = None
    findings: list = field(default_factory=list)

    asks_day = False

    @property
    def obstacles(self):
        """Sentences: why nothing may be applied before it is settled."""
        return list(self.reading.obstacles)

    def differences(self):
        """[(unit code, label, old, new)] of what rows change in what is there."""
        return []

    def new_places(self):
        """Buildings that the estate has not got yet, where that is worth a word."""
        return []

    def __str__(self):                                 # what @act compares for a repeated request
        return self.digest
