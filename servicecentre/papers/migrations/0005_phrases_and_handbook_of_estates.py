"""The deck's phrases and handbook for the estates that are there already; a new one gets them when it is entered."""
from django.db import migrations
from django.utils import timezone

from servicecentre.papers.texts import delivered


def fill(apps, schema_editor):
    Estate, User, Wording = apps.get_model("estates", "Estate"), apps.get_model("staff", "User"), apps.get_model("papers", "Wording")
    for estate in Estate.objects.all():
        by, _ = User.objects.get_or_create(username="system", defaults={"name": "系统", "is_active": False, "password": "!"})
        there = set(Wording.objects.filter(estate=estate).values_list("key", flat=True))
        Wording.objects.bulk_create(
            Wording(estate=estate, edition=1, position=position * 10, note="随程序", by=by, at=timezone.now(), **each._asdict())
            for position, each in enumerate(delivered.every(), start=1) if each.key not in there)


class Migration(migrations.Migration):

    dependencies = [("papers", "0004_phrases_and_pages_are_wordings")]
    operations = [migrations.RunPython(fill, migrations.RunPython.noop)]
