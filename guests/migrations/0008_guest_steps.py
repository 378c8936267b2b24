"""Guests by how far they came, and the deleted ones. Built beside running sign-ins: the table may be large."""

from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    atomic = False

    dependencies = [("guests", "0007_batches_row_security")]

    operations = [
        AddIndexConcurrently(
            model_name="guest",
            index=models.Index(
                condition=models.Q(("deleted_at__isnull", False)),
                fields=["tenant", "-deleted_at", "id"],
                name="guest_deleted",
            ),
        ),
        AddIndexConcurrently(
            model_name="guest",
            index=models.Index(
                condition=models.Q(("deleted_at__isnull", True), ("link_opened_at__isnull", False)),
                fields=["tenant", "-created_at", "id"],
                name="guest_opened",
            ),
        ),
        AddIndexConcurrently(
            model_name="guest",
            index=models.Index(
                condition=models.Q(("code_sent_at__isnull", False), ("deleted_at__isnull", True)),
                fields=["tenant", "-created_at", "id"],
                name="guest_code_sent",
            ),
        ),
    ]
