from django.db import migrations


class Migration(migrations.Migration):
    """`right` is what opens a row's page; whose the space is, is told by `ownership`."""

    dependencies = [("billing", "0014_deposits_and_prepayments")]

    operations = [migrations.RenameField("parkingcontract", "right", "ownership")]
