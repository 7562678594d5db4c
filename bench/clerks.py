"""Claims: twenty clerks who take money at once, in as many processes as gunicorn.conf.py starts and each form sent twice, lose nothing,
double nothing and never read that the database is locked; one payment takes at most twenty times the bare SQL that it writes. On both engines.
"""
import os
import statistics
import sys
import threading
from multiprocessing import get_context

from _common import SCALE, make_register, on_both, result, seconds, start

UNITS = 4000 * SCALE
CLERKS, EACH = 20, 25
PROCESSES = {"sqlite": 1, "postgresql": 4}          # SQLite has one writer, and is served by one process of many threads
ALONE = 60                                # payments measured one by one
RATIO = 20


def main(engine):
    start("clerks")
    from billing.models import Allocation, Charge, Payment
    from billing.run import bill_month
    from servicecentre.desk.proofs import prove
    from servicecentre.kit.periods import BillingMonth
    from servicecentre.papers.models import Paper
    from servicecentre.staff.models import User
    estate, processes = make_register("clerks", UNITS), PROCESSES[engine]
    month = BillingMonth(2026, 11)
    while not (owing := _owing(estate)) or len(owing) < CLERKS * EACH + 2 * ALONE:             # kept between runs: the next month then
        bill_month(estate, month, by=User.system())
        month = month.next
    before, numbers, money = Payment.objects.count(), Paper.objects.count(), _paid(estate)
    shares = [owing[n * EACH:(n + 1) * EACH] for n in range(CLERKS)]
    context = get_context("spawn")
    with context.Pool(processes) as pool:
        took, said = seconds(lambda: pool.starmap(work, [(engine, os.getpid(), shares[n::processes]) for n in range(processes)], chunksize=1))
    wrong = [sentence for sentences in said for sentence in sentences]
    taken = Payment.objects.count() - before
    lost = CLERKS * EACH - taken + sum(fen for _, fen in owing[:CLERKS * EACH]) - (_paid(estate) - money)
    doubled = Payment.objects.filter(household__in=[pk for pk, _ in owing[:CLERKS * EACH]]).values("household", "day", "total").count() - CLERKS * EACH \
        if not before else taken - CLERKS * EACH
    locked = [sentence for sentence in wrong if "lock" in sentence.lower() or "正在" in sentence]
    broken = [violation for violation in prove({2, 3, 4, 5})]
    print(f"{engine}: {taken} payments by {CLERKS} clerks in {took:.1f} s, {taken / took:.0f} a second; refused: {wrong[:3]}; proofs: {broken[:3]}")
    good = result(f"clerks_lost_{engine}", lost, 0, lost == 0 and not wrong and not broken)
    good &= result(f"clerks_doubled_{engine}", doubled, 0, doubled == 0 and Paper.objects.count() - numbers == taken)
    good &= result(f"clerks_locked_{engine}", len(locked), 0, not locked)
    whole, bare = _one_by_one(engine, owing[CLERKS * EACH:])
    print(f"{engine}: one payment {whole * 1000:.1f} ms, its bare SQL {bare * 1000:.1f} ms; {Charge.objects.count():,} charges, "
          f"{Allocation.objects.count():,} allocations stand")
    return result(f"clerks_payment_{engine}", f"{whole / bare:.1f}", RATIO, whole <= RATIO * bare) and good


def work(engine, parent, shares):
    """One process: each clerk a thread; every form is sent twice. Returns what was refused."""
    start("clerks")
    from django.db import connection

    from billing.cashier import collect_payment
    from households.models import Household
    from servicecentre.staff.models import User
    wrong = []

    def clerk(number, households):
        try:
            user, _ = User.objects.get_or_create(username=f"clerk-{number}", defaults={"name": f"收款员{number}"})
            for pk, due in households:
                household = Household.objects.select_related("estate").get(pk=pk)
                for _ in range(2):
                    collect_payment(household, parts=[("cash", due, "")], payer_name="业主", by=user, request_key=f"{parent}-{pk}")
        except Exception as error:
            wrong.append(f"{type(error).__name__}: {error}")
        finally:
            connection.close()
    threads = [threading.Thread(target=clerk, args=(households[0][0], households)) for households in shares]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return wrong


def _owing(estate):
    """[(household pk, fen)] of who owes something, by number."""
    from django.db.models import F, Sum

    from billing.models import Charge
    rows = Charge.objects.of(estate).unpaid().values("household").annotate(fen=Sum(F("amount") - F("paid"))).order_by("household")
    return [(row["household"], int(row["fen"])) for row in rows]


def _paid(estate):
    from django.db.models import Sum

    from billing.models import Charge
    return int(Charge.objects.of(estate).live().aggregate(fen=Sum("paid", default=0))["fen"])


def _one_by_one(engine, owing):
    """Median seconds of one payment, and of the statements that it writes alone, each in its own transaction."""
    from billing.cashier import collect_payment
    from households.models import Household
    from servicecentre.staff.models import User
    by = User.system()
    wholes, bares = [], []
    for n, (pk, due) in enumerate(owing[:2 * ALONE]):
        household = Household.objects.select_related("estate").get(pk=pk)

        def pay(household=household, due=due, n=n):
            return collect_payment(household, parts=[("cash", due, "")], payer_name="业主", by=by, request_key=f"alone-{os.getpid()}-{n}")
        if n % 2:
            wholes.append(seconds(pay)[0])
        else:
            bares.append(_replayed(engine, pay))
    return statistics.median(wholes), statistics.median(bares)


def _replayed(engine, pay):
    """Let the act write and take it back; then only its INSERTs and UPDATEs, in a transaction of their own. Seconds."""
    from django.db import connection, transaction
    written, ids = [], {}

    def keep(execute, sql, params, many, context):
        if sql.startswith(("INSERT", "UPDATE")):
            written.append((sql, params, many))
            if engine == "postgresql" and sql.startswith("INSERT") and (table := sql.split('"')[1]) not in ids:
                with connection.cursor() as cursor:
                    cursor.execute("SELECT last_value, is_called FROM pg_sequences s, LATERAL (SELECT s.last_value IS NOT NULL AS is_called) c "
                                   "WHERE schemaname || '.' || sequencename = pg_get_serial_sequence(%s, 'id')", [f'"{table}"'])
                    ids[table] = cursor.fetchone()
        return execute(sql, params, many, context)
    with transaction.atomic():
        with connection.execute_wrapper(keep):
            pay()
        transaction.set_rollback(True)
    with connection.cursor() as cursor:                                       # the same ids again: PostgreSQL's sequences do not roll back
        for table, (last, called) in ids.items():
            cursor.execute("SELECT setval(pg_get_serial_sequence(%s, 'id'), %s, %s)", [f'"{table}"', last or 1, called])

    def replay():
        with transaction.atomic(), connection.cursor() as cursor:
            for sql, params, many in written:
                (cursor.executemany if many else cursor.execute)(sql, params)
    return seconds(replay)[0]


if __name__ == "__main__":
    if len(sys.argv) > 1:
        raise SystemExit(not main(sys.argv[1]))
    on_both(__file__)
