"""Guests of a provider newest first, live sessions by method: built beside running sign-ins, as the tables may be large.
A batch may revoke."""

from django.contrib.postgres.operations import AddIndexConcurrently, RemoveIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    atomic = False

    dependencies = [("guests", "0009_lists_by_key")]

    operations = [
        AddIndexConcurrently(
            model_name="guest",
            index=models.Index(
                condition=models.Q(("method_provider_id__isnull", False)),
                fields=["tenant", "method_provider_id", "-created_at", "id"],
                name="guest_provider_newest",
            ),
        ),
        RemoveIndexConcurrently(model_name="guest", name="guest_provider"),
        AddIndexConcurrently(
            model_name="guestsession",
            index=models.Index(
                condition=models.Q(("ended_at__isnull", True)),
                fields=["tenant", "method", "expires_at"],
                name="session_live",
            ),
        ),
        migrations.AlterField(
            model_name="batch",
            name="kind",
            field=models.CharField(
                choices=[
                    ("invitations", "Invitations"),
                    ("resets", "Resets of redemption status"),
                    ("reminders", "Reminders"),
                    ("revocations", "Invitations revoked"),
                ],
                db_collation="C",
                max_length=20,
            ),
        ),
    ]
