from django.db import migrations


def mark(apps, schema_editor):
    """Open-air spaces and temporary parking stand on ground that the owners share."""
    apps.get_model("billing", "FeeKind").objects.filter(code__in=("parking_open", "parking_temporary")).update(common_income=True)


class Migration(migrations.Migration):
    dependencies = [("billing", "0011_visits_and_common_income")]
    operations = [migrations.RunPython(mark, migrations.RunPython.noop)]
