"""A tenant's waiting mails by their turn: the bulk mail that is due first, and up to when times are taken (R17)."""

from django.contrib.postgres.operations import AddIndexConcurrently, RemoveIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    atomic = False

    dependencies = [("outbox", "0003_provider_events"), ("tenants", "0011_bulk_pace")]

    operations = [
        AddIndexConcurrently(
            model_name="outboundmail",
            index=models.Index(
                models.F("tenant"),
                models.F("rank"),
                models.F("due_at"),
                condition=models.Q(state__in=("queued", "leased")),
                name="mail_turn",
            ),
        ),
        RemoveIndexConcurrently(model_name="outboundmail", name="mail_waiting"),
    ]
