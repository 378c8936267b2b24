"""Batches and figures: one tenant's rows only, and rows of a batch that point at the same tenant's batch."""

from django.db import migrations

from tenants.rowsecurity import RowSecurity, SameTenantKey

TABLES = (
    "guests_batch",
    "guests_batchpart",
    "guests_batchrow",
    "guests_dailyfigure",
    "guests_summing",
)
KEYS = (
    ("guests_batchpart", "batch_id", "guests_batch"),
    ("guests_batchrow", "batch_id", "guests_batch"),
)


class Migration(migrations.Migration):
    dependencies = [("guests", "0006_batches")]

    operations = [
        *(RowSecurity(table) for table in TABLES),
        *(SameTenantKey(table=table, column=column, target=target) for table, column, target in KEYS),
    ]
