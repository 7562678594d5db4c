from django.db import migrations


def as_the_estates_rules_are(apps, schema_editor):
    """Runs of before did not write down by which rules they went: today's are the likeliest."""
    rules = apps.get_model("billing", "BillingPolicy").objects.using(schema_editor.connection.alias)
    runs = apps.get_model("billing", "BillRun").objects.using(schema_editor.connection.alias)
    for policy in rules.all():
        runs.filter(estate=policy.estate_id).update(first_month=policy.first_month, last_month=policy.last_month)


class Migration(migrations.Migration):

    dependencies = [
        ('billing', '0022_vacancy_by_letter_and_gas'),
    ]

    operations = [migrations.RunPython(as_the_estates_rules_are, migrations.RunPython.noop)]
