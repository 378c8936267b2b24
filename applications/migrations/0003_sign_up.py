"""Self-service sign-up, off until somebody opens it (R39a)."""

import django.contrib.postgres.fields
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("applications", "0002_row_security"),
    ]

    operations = [
        migrations.AddField(
            model_name="application",
            name="is_sign_up_open",
            field=models.BooleanField(db_default=False, default=False),
        ),
        migrations.AddField(
            model_name="application",
            name="sign_up_methods",
            field=django.contrib.postgres.fields.ArrayField(
                base_field=models.CharField(db_collation="C", max_length=40),
                blank=True,
                db_default=[],
                default=list,
                size=None,
            ),
        ),
    ]
