"""The demo a newcomer meets: made in time's order by the acts, true by every proof, and only where it is told to."""
import pytest

from billing.models import Deposit, DepositReturn, Payment, Rebill, Refund, Waiver
from servicecentre.desk import demo, proofs
from servicecentre.estates.models import Estate
from servicecentre.kit.periods import today
from servicecentre.kit.refused import Refused


@pytest.mark.django_db
def test_numbers_follow_days_and_every_proof_holds(settings, monkeypatch):
    settings.DEMO = True
    monkeypatch.setattr(demo, "PAYERS", 12)                  # a tenth of those that a newcomer meets
    estate = demo.fill()
    papers = [payment.paper for payment in Payment.objects.of(estate).select_related("paper").order_by("paper__year", "paper__serial")]
    assert len(papers) > 20
    assert [paper.issued_at for paper in papers] == sorted(paper.issued_at for paper in papers)
    returns = DepositReturn.objects.of(estate)
    assert Deposit.objects.of(estate).to_give_back(on=today()).exists() and returns.undecided().exists() and returns.to_pay().exists()
    assert returns.filter(deducted__gt=0, paid_at__isnull=False).exists()
    refunds, waivers = Refund.objects.of(estate), Waiver.objects.of(estate)
    assert refunds.undecided().exists() and refunds.exclude(bounced_at=None).exists() and waivers.undecided().exists() and Rebill.objects.of(estate).exists()
    assert not list(proofs.prove())
    assert demo.fill() == estate and Payment.objects.of(estate).count() == len(papers)      # again changes nothing


@pytest.mark.django_db
def test_only_where_it_is_told_to(settings, other_estate):
    settings.DEMO = False
    with pytest.raises(Refused, match="DEMO=1"):
        demo.fill()
    settings.DEMO = True
    with pytest.raises(Refused, match="已有小区"):
        demo.fill()
    assert Estate.objects.count() == 1
