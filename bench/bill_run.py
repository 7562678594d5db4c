"""Claims: billing a month of 100,000 units takes at most twice the bare INSERT of the same finished rows into the same table, on both
engines, and memory does not grow with the units; with vacant months, parking contracts and several fees at most two and a half times.
No credit waits; the triggers are in place for both.
"""
import sys

from _common import SCALE, make_register, on_both, peak_mb, result, seconds, start

UNITS = 100_000 * SCALE
ROUNDS = 3
RATIO, MEMORY = 2.0, 16                   # MB more for ten times the units
OF_ALL_KINDS = 2.5


def main(engine):
    start("bill_run")
    from django.db import connection, transaction

    from billing.models import BillRun, Charge, FeeKind
    from billing.preview import preview
    from billing.run import bill_month
    from servicecentre.kit import guards
    from servicecentre.kit.periods import BillingMonth
    from servicecentre.staff.models import User

    month, by = BillingMonth(2026, 11), User.system()
    table = Charge._meta.db_table
    columns = ", ".join(f'"{field.column}"' for field in Charge._meta.concrete_fields if not field.primary_key)

    def execute(sql):
        with connection.cursor() as cursor:
            cursor.execute(sql)
            return cursor.rowcount

    def emptied():
        guards.lift()
        execute(f"TRUNCATE {table} CASCADE" if engine == "postgresql" else f"DELETE FROM {table}")
        guards.put_back()

    def bare():
        with transaction.atomic():
            return execute(f"INSERT INTO {table} ({columns}) SELECT {columns} FROM bench_rows")

    def measured(large):
        """(run's shortest time, bare insert's, what the first run and the looks beside it took and gave)."""
        run_times, bare_times = [], []
        execute("DROP TABLE IF EXISTS bench_rows")
        for turn in range(ROUNDS):
            emptied()
            took, run = seconds(lambda: bill_month(large, month, by=by))
            run_times.append(took)
            if not turn:
                execute(f"CREATE TABLE bench_rows AS SELECT * FROM {table}")
                sums = run.count, run.total
                again, second = seconds(lambda: bill_month(large, month, by=by))
                shown_in, shown = seconds(lambda: preview(large, month))
            emptied()
            took, rows = seconds(bare)
            bare_times.append(took)
            assert (run.count, run.total) == sums and rows == run.count, "not the same rows"
        emptied()
        fresh_in, fresh = seconds(lambda: preview(large, month))
        assert second.added == 0 and (shown.made_count, shown.made_total) == (fresh.new_count, fresh.new_total) == sums
        execute("DROP TABLE bench_rows")
        print(f"{engine}: {large}: {sums[0]:,} lines of {UNITS:,} units, {sums[1] / 100:,.2f} yuan; run {min(run_times):.2f} s, bare insert "
              f"{min(bare_times):.2f} s, again {again:.2f} s, preview {fresh_in:.2f} s before and {shown_in:.2f} s after; peak {peak_mb()} MB")
        return min(run_times) / min(bare_times)

    small, large = make_register("tenth", UNITS // 10), make_register("whole", UNITS)
    emptied()
    bill_month(small, month, by=by)
    before = peak_mb()
    ratio = measured(large)
    grown = peak_mb() - before
    good = result(f"bill_run_memory_{engine}", grown, MEMORY, grown <= MEMORY, "MB")
    good &= result(f"bill_run_{engine}", f"{ratio:.2f}", RATIO, ratio <= RATIO)
    every = make_register("every", UNITS)
    if not FeeKind.objects.of(every).filter(code="rubbish").exists():
        _everything(every, by, execute, {"date": "DATE", "now": "now()"} if engine == "postgresql" else {"date": "", "now": "datetime('now')"})
    ratio = measured(every)
    BillRun.objects.update(undone_at=None)
    return result(f"bill_run_every_kind_{engine}", f"{ratio:.2f}", OF_ALL_KINDS, ratio <= OF_ALL_KINDS) and good


def _everything(estate, by, execute, words):
    """Two further fees by area, a parking contract for each third household, a vacant month for each tenth home; in SQL alone."""
    from datetime import date

    from billing.fee_kinds import add_fee_kind
    from billing.models import FeeKind, Price, VacancyApplication
    from households.models import Household, RegisterImport
    from servicecentre.kit.periods import now
    for code, name, price in (("rubbish", "垃圾清运费", 1500), ("lift", "电梯运行费", 3000)):
        kind = add_fee_kind(estate, name=name, bills="home", unit_name="㎡", per="月", by=by)
        FeeKind.objects.filter(pk=kind.pk).update(code=code)
        Price.objects.create(estate=estate, fee_kind=kind, unit_price=price, starts_on=date(2020, 1, 1), basis="测量", made_by=by)
    listed = RegisterImport.objects.create(estate=estate, kind="parking", file="-", label="测量", sha256="0" * 64, size=1, state="applied", made_by=by)
    space = FeeKind.objects.of(estate).get(code="parking_shared")
    execute(f"""
        INSERT INTO billing_parkingcontract (estate_id, household_id, fee_kind_id, price_id, opening_id, subject, space_kind, unit_price, starts_on,
            cycle_months, billed_from, ownership, proof, holder_name, card_no, remarks, signed_by_id, signed_at, version)
        SELECT {estate.pk}, id, {space.pk}, {space.prices.get().pk}, {listed.pk}, 'CW-' || number, 'shared', 2600000, {words['date']} '2026-03-01',
            1, {words['date']} '2026-04-01', 'rent', '', '业主', '', '', {by.pk}, {words['now']}, 1
        FROM households_household WHERE estate_id = {estate.pk} AND id % 3 = 0 AND ends_on IS NULL""")
    one = Household.objects.of(estate).filter(unit__kind="home").first()
    spell = VacancyApplication.objects.create(estate=estate, household=one, unit=one.unit, spell_from=date(2026, 1, 1), proof="never_in", contact="测量",
                                              applied_on=date(2026, 8, 1), reason="away", asked_by=by, asked_at=now())
    execute(f"""
        INSERT INTO billing_vacancymonth (estate_id, application_id, household_id, period, percent, made_at, made_by_id)
        SELECT {estate.pk}, {spell.pk}, h.id, {words['date']} '2026-11-01', 70, {words['now']}, {by.pk}
        FROM households_household h JOIN households_unit u ON u.id = h.unit_id WHERE h.estate_id = {estate.pk} AND h.id % 10 = 0 AND u.kind = 'home'""")
    execute("ANALYZE")


if __name__ == "__main__":
    if len(sys.argv) > 1:
        raise SystemExit(not main(sys.argv[1]))
    on_both(__file__)
