"""Claim: a list of fifty rows costs at most 15 times the CPU of a page that says ok to somebody signed in. The unit list is the page."""
import sys

from _common import make_register, on_both, result, start, weighed

UNITS, PER_PAGE, RATIO = 1_000, 50, 15


def main(engine):
    start("list_page")
    estate = make_register("list", UNITS)
    add_owners(estate)
    a_list, ok, body = weighed(estate, "/units/")
    assert body.count(b'<a class="room"') == PER_PAGE, len(body)
    print(f"{engine}: list {a_list:.2f} ms, {len(body) / 1024:.1f} KB; ok {ok:.2f} ms of CPU a request")
    return result(f"list_page_{engine}", f"{a_list / ok:.1f}", RATIO, a_list / ok <= RATIO, "x")


def add_owners(estate):
    """A named owner with a phone for every household, once."""
    from households.models import Household, Ownership, Person

    households = list(Household.objects.of(estate).filter(persons=None))
    people = Person.objects.bulk_create([Person(estate=estate, name=f"业主{n}", phone=f"138{n:08d}") for n in range(len(households))])
    Ownership.objects.bulk_create([Ownership(estate=estate, household=h, person=p) for h, p in zip(households, people, strict=True)])


if __name__ == "__main__":
    if len(sys.argv) > 1:
        raise SystemExit(not main(sys.argv[1]))
    on_both(__file__)
