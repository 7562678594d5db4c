"""What an invariant of DOMAIN §9 is to `manage.py prove`: its number, its name, and how the database is asked; each app's stand in proofs*.py."""
from collections.abc import Callable
from typing import NamedTuple

CHUNK = 2000


class Violation(NamedTuple):
    invariant: int
    where: str
    text: str


class Proof(NamedTuple):
    number: int
    label: str
    ask: Callable


PROOFS = []


def proof(number, label):
    """Registers a generator of (where, text) under its number of DOMAIN §9."""
    def keep(ask):
        PROOFS.append(Proof(number, label, ask))
        return ask
    return keep


def prove(numbers=None):
    """Yields every Violation of the invariants asked for (default: all there are), in their order."""
    for p in sorted(PROOFS, key=lambda p: p.number):
        if numbers is None or p.number in numbers:
            for where, text in p.ask():
                yield Violation(p.number, where, text)


def checked():
    """Numbers of DOMAIN §9 that are checked."""
    return sorted({p.number for p in PROOFS})


def place(row, household=None):
    """Where something is wrong: the estate and the household's number."""
    return f"{row.estate.slug} {(household or row).number}"
