"""Bulk mails that wait for another try, by when: found among many that have not had their turn (R17)."""

from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    atomic = False

    dependencies = [("outbox", "0004_bulk_pace")]

    operations = [
        AddIndexConcurrently(
            model_name="outboundmail",
            index=models.Index(
                models.F("due_at"),
                condition=models.Q(("rank", 2), ("state__in", ("queued", "leased")), ("tries__gt", 0)),
                name="mail_again",
            ),
        ),
    ]
