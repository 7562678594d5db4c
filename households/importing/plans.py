"""What the plans of all lists have in common: findings, counts, and a digest of what was shown (TRUST 20)."""
from dataclasses import dataclass, field

from .rows import ERROR, WARNING

CREATED, UPDATED, UNCHANGED = "created", "updated", "unchanged"


@dataclass
class ListPlan:
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

    @property
    def errors(self):
        return [finding for finding in self.findings if finding.level == ERROR]

    @property
    def warnings(self):
        return [finding for finding in self.findings if finding.level == WARNING]

    @property
    def wrong_rows(self):
        """{(sheet, row)} of every row that is not taken because something in it is wrong."""
        return {(finding.sheet, finding.row) for finding in self.errors}

    def differences(self):
        """[(unit code, label, old, new)] of what rows change in what is there."""
        return []

    def new_places(self):
        """Buildings that the estate has not got yet, where that is worth a word."""
        return []

    def __str__(self):                                 # what @act compares for a repeated request
        return self.digest
