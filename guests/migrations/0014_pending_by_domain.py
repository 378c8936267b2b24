"""Pending guests by domain, for impact pages: built beside running sign-ins, as the table may be large."""

from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    atomic = False

    dependencies = [("guests", "0013_accepted_already")]

    operations = [
        AddIndexConcurrently(
            model_name="guest",
            index=models.Index(
                condition=models.Q(("deleted_at__isnull", True), ("redemption_status", "PendingAcceptance")),
                fields=["tenant", "domain", "-created_at", "id"],
                name="guest_pending_by_domain",
            ),
        ),
    ]
