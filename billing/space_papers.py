"""What a parking agreement says, frozen at issue: plain JSON, every label as it shall be read (papers/printing.py, FORMS 4.1)."""
from servicecentre.kit.money import in_words, price_text
from servicecentre.papers.wordings import worded

from .models import ParkingContract, SpaceKind


def contract_content(contract, space, vehicle, lines, due, by):
    """Content of billing/parking-1 for a contract about to be made: ``lines`` are the MonthLines that its signing bills, due on ``due``."""
    household, estate = contract.household, contract.household.estate
    owner = household.ownerships.live().select_related("person").order_by("position", "pk").first()
    person = owner.person if owner else None
    total = sum(line.amount for line in lines)
    return {
        "estate": {"name": estate.name, "company": estate.company, "centre": estate.centre_name, "phone": estate.phone},
        "household": household.number, "unit": household.unit.label, "owners": household.owner_names, "holder": contract.holder_name,
        "id_masked": person.id_masked if person else "", "phone": person.shown_phone if person else "", "clerk": by.name,
        "kinds": [[kind.label, kind == contract.space_kind] for kind in SpaceKind],
        "space": f"{space.number}{f'（{space.place}）' if space.place else ''}" if space else "不固定",
        "rights": [[label, value == contract.ownership] for value, label in ParkingContract.Ownership.choices], "proof": contract.proof,
        "plate": vehicle.shown_plate, "vehicle": "　".join(filter(None, (vehicle.brand, vehicle.colour))), "card": contract.card_no,
        "starts_on": contract.starts_on.isoformat(), "ends_on": contract.ends_on.isoformat() if contract.ends_on else "",
        "price": _two(contract.unit_price), "cycles": [[label, value == contract.cycle_months] for value, label in ParkingContract.Cycle.choices],
        "due": due.isoformat(), "first": first_words(lines), "total": total,
        "words": in_words(total), "remarks": contract.remarks, "terms": worded(estate, "parking_terms")}


def first_words(lines):
    """「2026年12月—2027年2月　260.00 × 3」: whole months folded, each part of a month by itself; "" where the first cycle is free."""
    if not lines:
        return ""
    whole = [line for line in lines if line.share_num == line.share_den]
    parts = [f"{_two(line.unit_price)} × {line.share_num}/{line.share_den}" for line in lines if line.share_num != line.share_den]
    parts += [f"{_two(whole[0].unit_price)} × {len(whole)}"] if whole else []
    first, last = lines[0].month.label, lines[-1].month.label
    return f"{first if first == last else f'{first}—{last}'}　{' + '.join(parts)}"


def _two(price):
    whole, _, part = price_text(price).partition(".")
    return f"{whole}.{part.ljust(2, '0')}"
