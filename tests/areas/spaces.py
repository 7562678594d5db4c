"""Parking spaces and contracts in the worlds that judge the house: a month of them, their pages, more of them, what breaks their rules."""
from datetime import date, timedelta

from billing.models import ParkingContract, SpaceKind
from billing.spaces import add_space, cancel_contract, change_space, change_vehicle, end_contract, sign_contract


def month(w):
    """One whose space and vehicle changed, one ended early, one renewed, one called off, one of a dedicated space, one of the old list."""
    w.space, other, w.free_space, _ = (add_space(w.estate, number=f"L-0{n}", kind=SpaceKind.OPEN, by=w.clerk) for n in range(1, 5))
    own = add_space(w.estate, number="D-01", kind=SpaceKind.DEDICATED, by=w.clerk)
    moved = _sign(w, "苏A10001", space_kind=SpaceKind.OPEN, space=w.space, starts_on=date(2026, 11, 16), ends_on=date(2027, 10, 31))
    moved = change_space(moved, space=other, from_day=date(2026, 11, 22), reason="原位漏水", version=1, by=w.clerk)
    w.contract = change_vehicle(moved, plate="苏A10002", from_day=date(2026, 11, 22), reason="换新车", version=2, by=w.clerk)
    ended = _sign(w, "苏A10003", space_kind=SpaceKind.OPEN, space=w.space, cycle_months=3)
    end_contract(ended, last_day=date(2027, 1, 10), reason="卖车", version=1, by=w.clerk)
    first = _sign(w, "苏A10004", starts_on=date(2026, 11, 20), ends_on=date(2026, 11, 30))
    w.renewed = _sign(w, "苏A10004", renews=first)
    w.dedicated = _sign(w, "苏A10005", space_kind=SpaceKind.DEDICATED, space=own, proof="不动产权第 0012345 号")
    cancel_contract(_sign(w, "苏A10006", space_kind=SpaceKind.OPEN, space=w.free_space, starts_on=date(2026, 12, 10)), reason="填错车位", version=1, by=w.clerk)
    w.old_contract = _of_the_old_list(w)


def _sign(w, plate, **changes):
    terms = {"space_kind": SpaceKind.SHARED, "starts_on": date(2026, 12, 1), "cycle_months": 1}
    return sign_contract(w.buyer, plate=plate, **terms | changes, by=w.clerk)


def _of_the_old_list(w):
    like = w.renewed
    return ParkingContract.objects.create(
        estate=w.estate, household=w.buyer, fee_kind=like.fee_kind, price=like.price, opening=w.imported, subject="原登记 B003 1-6",
        space_kind=SpaceKind.SHARED, unit_price=like.unit_price, starts_on=date(2026, 11, 16), billed_from=date(2026, 12, 1), ownership="rent",
        holder_name="郑和", signed_by=w.clerk, signed_at=like.signed_at)


def pages(w):
    on_contract = ("parking_contract", "renew_contract", "end_contract", "cancel_contract", "change_vehicle", "change_space")
    return {**{f"billing:{name}": [w.contract.pk] for name in on_contract}, "billing:change_contract_entry": [w.dedicated.pk],
            **{f"billing:{name}": [w.space.pk] for name in ("parking_space", "change_space_entry")}}


def crowd(w, i):
    """One space more, held by a contract that ends soon; the contract of the world has another vehicle and space, a space another holder."""
    day = date(2026, 11, 21) + timedelta(days=i)
    space = add_space(w.estate, number=f"N-{i:02d}", kind=SpaceKind.OPEN, by=w.clerk)
    rents = {"space_kind": SpaceKind.OPEN, "cycle_months": 1, "by": w.clerk}
    sign_contract(w.household, space=w.free_space, plate=f"苏B2{i:04d}", starts_on=day, ends_on=day, **rents)
    sign_contract(w.household, space=space, plate=f"苏B1{i:04d}", starts_on=date(2026, 11, 21), ends_on=date(2026, 12, 10), **rents)
    day += timedelta(days=2)
    second = add_space(w.estate, number=f"M-{i:02d}", kind=SpaceKind.OPEN, by=w.clerk)
    w.contract = change_vehicle(w.contract, plate=f"苏B3{i:04d}", from_day=day, reason="换车", version=w.contract.version, by=w.clerk)
    w.contract = change_space(w.contract, space=second, from_day=day, reason="换位", version=w.contract.version, by=w.clerk)


def rules(Change, Copy):
    """What each rule of these tables refuses (tests/test_fences.py)."""
    from billing.models import ContractVehicle, ParkingSpace, SpaceHold

    without = "(SELECT t.id FROM {0} t WHERE NOT EXISTS (SELECT 1 FROM billing_spacehold h WHERE h.{1} = t.id) ORDER BY t.id LIMIT 1)"
    return {
        "one_space_per_number": Copy(ParkingSpace),
        "one_contract_per_subject": Copy(ParkingContract, "opening_id IS NOT NULL"),
        "renewed_once": Copy(ParkingContract, "renews_id IS NOT NULL AND voided_at IS NULL", {
            "subject": "'another'", "paper_id": "(SELECT MIN(id) FROM papers_paper)"}),
        "contract_ends_after_start": Change(ParkingContract, "voided_at IS NULL", {"ends_on": "'1999-01-01'"}),
        "contract_within_what_was_agreed": Change(ParkingContract, "agreed_to IS NOT NULL", {"ends_on": "'2090-01-01'"}),
        "contract_terms_within_reason": Change(ParkingContract, "TRUE", {"cycle_months": "5"}),
        "dedicated_space_needs_proof": Change(ParkingContract, "space_kind = 'dedicated' AND opening_id IS NULL", {"proof": "''"}),
        "contract_ended_with_reason": Change(ParkingContract, "ended_at IS NULL", {"ended_at": "'2026-11-30 00:00:00+00:00'"}),
        "contract_has_its_paper": Change(ParkingContract, "opening_id IS NULL", {"paper_id": "NULL"}),
        "hold_ends_after_start": Change(SpaceHold, "TRUE", {"ends_on": "'1999-01-01'"}),
        "one_contract_per_space": Copy(SpaceHold, "voided_at IS NULL", {"contract_id": without.format("billing_parkingcontract", "contract_id")}),
        "one_space_per_contract": Copy(SpaceHold, "voided_at IS NULL", {"space_id": without.format("billing_parkingspace", "space_id")}),
        "parked_vehicle_ends_after_start": Change(ContractVehicle, "TRUE", {"ends_on": "'1999-01-01'"}),
        "one_vehicle_per_contract": Copy(ContractVehicle, "voided_at IS NULL"),
    }
