"""The history is searched by address. Built beside running sign-ins: the table may be large."""

from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    atomic = False

    dependencies = [("tenants", "0005_administration")]

    operations = [
        AddIndexConcurrently(
            model_name="auditentry",
            index=models.Index(
                condition=models.Q(("address", ""), _negated=True),
                fields=["tenant", "address", "-id"],
                name="audit_address",
            ),
        ),
    ]
