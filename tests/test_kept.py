"""What was acknowledged is kept, through kill -9 at any moment; what was not is there whole or not at all (TRUST 1).

Twin: a process that answers inside its transaction; the same checker reports the loss.
"""
import os
import random
import signal
import subprocess
import sys
import time
from datetime import date

import pytest
from django.conf import settings

from billing.cashier import collect_payment
from billing.models import Payment
from servicecentre.desk.proofs import prove
from servicecentre.papers.models import Series
from servicecentre.worklog.models import Done, Entry

from .factories import make_household
from .jobs.test_worker import _environment as environment

pytestmark = pytest.mark.django_db(transaction=True)

# Takes payments through the page, one after the other; tells what it is about to send, and then what it was answered.
CLERK = """
import sys, time, django
from contextlib import nullcontext
django.setup()
from django.db import transaction
from django.test import Client
from billing.cashier import shown, waiting_credit
from billing.explain import open_lines
from households.models import Household
from servicecentre.staff.models import User
household, clerk = Household.objects.get(), User.objects.get(username="liting")
desk, early = Client(HTTP_HOST="localhost"), sys.argv[1] == "early"
desk.force_login(clerk, backend="django.contrib.auth.backends.ModelBackend")
for n in range(1, 10_000):
    said = shown(list(open_lines(household)), sum(each.left for each in waiting_credit(household)))
    print("intent", f"k{n}", 100 + n, flush=True)
    with transaction.atomic() if early else nullcontext():
        answer = desk.post(f"/e/galaxy1/billing/households/{household.pk}/collect/", {
            "due_shown": said, "method": "cash", "payer_name": "张明", "payer_relation": "owner", "amount": f"1.{n:02d}" if n < 100 else "9",
            "despite": ["left_over", "same_again"], "request_key": f"k{n}"})
        assert answer.status_code == 302, (answer.status_code, answer.content.decode())
        print("acknowledged", f"k{n}", answer.url.split("/")[-3], flush=True)
        if early:
            time.sleep(600)
"""


@pytest.fixture
def household(estate, clerk):
    return make_household(estate, "3-2-1801", starts_on=date(2025, 3, 18))


def killed(folder, after, *, wait=0.0, early=False):
    """({key: fen} of what was begun, {key: payment} of what was acknowledged) by a process killed ``wait`` seconds behind the n-th answer."""
    process = subprocess.Popen([sys.executable, "-c", CLERK, "early" if early else "late"], cwd=settings.BASE_DIR, env=environment(folder),
                               start_new_session=True, stdout=subprocess.PIPE, text=True)
    lines = []
    try:
        while sum(line.startswith("acknowledged") for line in lines) < after:
            line = process.stdout.readline()
            assert line, "it ended by itself"
            lines.append(line)
        time.sleep(wait)
    finally:
        os.killpg(process.pid, signal.SIGKILL)
        lines += process.stdout.read().splitlines()
        process.wait()
    told = [line.split() for line in lines if len(line.split()) == 3]
    return ({key: int(fen) for word, key, fen in told if word == "intent"}, {key: int(pk) for word, key, pk in told if word == "acknowledged"})


def lost(intents, acknowledged):
    """Keys of payments that were acknowledged and are not there with their lines, number, original and entry."""
    there = {p.pk: p for p in Payment.objects.select_related("paper").prefetch_related("parts")}
    whole = {pk for pk, p in there.items() if p.paper.prints.filter(n=1).exists() and sum(part.amount for part in p.parts.all()) == p.total
             and Entry.objects.filter(row_type="billing.payment", row_id=pk).exists()}
    return [key for key, pk in acknowledged.items() if pk not in whole or there[pk].total != intents[key]]


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_a_killed_process_loses_no_payment_that_it_acknowledged(household, clerk, tmp_path, seed):
    chance = random.Random(seed)
    intents, acknowledged = killed(tmp_path, chance.randint(1, 8), wait=chance.uniform(0, 0.04))
    assert acknowledged and lost(intents, acknowledged) == []
    unanswered = set(intents) - set(acknowledged)
    assert len(unanswered) <= 1 and Payment.objects.count() in (len(acknowledged), len(acknowledged) + len(unanswered))
    assert Series.objects.get(kind="SJ").last == Payment.objects.count() and list(prove()) == []


def test_the_unanswered_one_is_there_once_when_it_is_sent_again(household, clerk, tmp_path):
    intents, acknowledged = killed(tmp_path, 3, wait=0.01)
    served = set(Done.objects.values_list("request_key", flat=True)) & set(intents)
    assert served >= set(acknowledged) and Payment.objects.count() == len(served)
    for key in set(intents) - served:
        collect_payment(household, parts=[("cash", intents[key], "")], payer_name="张明", despite=("left_over", "same_again"), by=clerk, request_key=key)
    assert Payment.objects.count() == len(intents) and list(prove()) == []


def test_twin_an_answer_inside_the_transaction_is_lost_and_seen(household, clerk, tmp_path):
    intents, acknowledged = killed(tmp_path, 1, early=True)
    assert lost(intents, acknowledged) == ["k1"] and not Payment.objects.exists()
