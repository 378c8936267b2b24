"""How often a batch's worker was lost since its last slice, so that what kills workers is not taken up for ever."""

from __future__ import annotations

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("guests", "0011_dashboard_lists")]

    operations = [
        migrations.AddField(
            model_name="batch",
            name="lost_leases",
            field=models.PositiveSmallIntegerField(db_default=0, default=0),
        ),
    ]
