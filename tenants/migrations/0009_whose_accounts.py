"""In which tenant an administrator's account was made, and whether an operator says whose it is.

What a release beside this one makes is believed by nobody else: neither column is filled by it.
"""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("tenants", "0008_offers")]

    operations = [
        migrations.AddField(
            model_name="administrator",
            name="is_confirmed",
            field=models.BooleanField(db_default=False, default=False),
        ),
        migrations.AddField(
            model_name="administrator",
            name="made_in",
            field=models.ForeignKey(
                db_index=False,
                editable=False,
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="+",
                to="tenants.tenant",
            ),
        ),
    ]
