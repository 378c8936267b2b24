"""Mails that wait and mails that nobody got are counted without reading the others."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("outbox", "0001_initial"),
        ("tenants", "0004_history_searches"),
    ]

    operations = [
        migrations.AddIndex(
            model_name="outboundmail",
            index=models.Index(
                models.F("tenant"), condition=models.Q(("state__in", ("failed", "bounced"))), name="mail_not_sent"
            ),
        ),
        migrations.AddIndex(
            model_name="outboundmail",
            index=models.Index(
                models.F("tenant"), condition=models.Q(("state__in", ("queued", "leased"))), name="mail_waiting"
            ),
        ),
    ]
