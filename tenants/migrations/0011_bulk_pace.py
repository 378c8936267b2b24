"""When a tenant's next bulk mail may leave (R17)."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("tenants", "0010_accounts_made")]

    operations = [
        migrations.AddField(
            model_name="tenant",
            name="bulk_paced_at",
            field=models.DateTimeField(blank=True, editable=False, null=True),
        ),
    ]
