"""Guests are found by their address across tenants (R37d). Built beside running sign-ins: the table may be large."""

from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    atomic = False

    dependencies = [("guests", "0004_identities"), ("tenants", "0004_history_searches")]

    operations = [
        AddIndexConcurrently(
            model_name="guest",
            index=models.Index(
                condition=models.Q(("deleted_at__isnull", True)),
                fields=["address_key"],
                name="guest_address_anywhere",
            ),
        ),
    ]
