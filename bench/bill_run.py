"""Claim: billing a month of 100,000 units takes at most twice the bare INSERT of the same finished rows into the same
table, on both engines, and memory does not grow with the units. No credit waits; the triggers are in place for both.
"""
import sys

from _common import SCALE, make_register, on_both, peak_mb, result, seconds, start

UNITS = 100_000 * SCALE
ROUNDS = 3
RATIO, MEMORY = 2.0, 16                   # MB more for ten times the units


def main(engine):
    start("bill_run")
    from django.db import connection, transaction

    from billing.models import BillRun, Charge
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

    small, large = make_register("tenth", UNITS // 10), make_register("whole", UNITS)
    emptied()
    bill_month(small, month, by=by)
    before = peak_mb()
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
    grown = peak_mb() - before
    emptied()
    fresh_in, fresh = seconds(lambda: preview(large, month))
    assert second.added == 0 and (shown.made_count, shown.made_total) == (fresh.new_count, fresh.new_total) == sums
    execute("DROP TABLE bench_rows")
    BillRun.objects.update(undone_at=None)
    print(f"{engine}: {run.count:,} lines of {UNITS:,} units, {run.total / 100:,.2f} yuan; run {min(run_times):.2f} s, bare insert "
          f"{min(bare_times):.2f} s, again {again:.2f} s, preview {fresh_in:.2f} s before and {shown_in:.2f} s after; peak {peak_mb()} MB")
    ratio = min(run_times) / min(bare_times)
    good = result(f"bill_run_memory_{engine}", grown, MEMORY, grown <= MEMORY, "MB")
    return result(f"bill_run_{engine}", f"{ratio:.2f}", RATIO, ratio <= RATIO) and good


if __name__ == "__main__":
    if len(sys.argv) > 1:
        raise SystemExit(not main(sys.argv[1]))
    on_both(__file__)
