"""Guests of a provider newest first, and live sessions by method. Built beside running sign-ins: the tables may be large."""

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
    ]
