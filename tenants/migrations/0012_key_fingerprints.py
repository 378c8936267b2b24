"""Which keys the database was used with. A new table alone: nothing that is there is locked."""

from django.db import migrations, models
from django.db.models.functions import Now


class Migration(migrations.Migration):
    dependencies = [("tenants", "0011_bulk_pace")]

    operations = [
        migrations.CreateModel(
            name="KeyFingerprint",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("setting", models.CharField(db_collation="C", max_length=20)),
                ("key_id", models.BigIntegerField()),
                ("fingerprint", models.CharField(db_collation="C", max_length=16)),
                ("first_used_at", models.DateTimeField(db_default=Now(), editable=False)),
                ("last_used_at", models.DateTimeField(db_default=Now(), editable=False)),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("setting", "key_id", "fingerprint"), name="key_fingerprint")
                ],
            },
        ),
    ]
