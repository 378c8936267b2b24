"""The list of invitations, filtered by what a link answers, reads as many rows as it shows."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("guests", "0002_row_security"),
        ("tenants", "0004_history_searches"),
    ]

    operations = [
        migrations.AddIndex(
            model_name="invitation",
            index=models.Index(
                condition=models.Q(("ended_at__isnull", False)),
                fields=["tenant", "-created_at", "id"],
                name="invitation_ended",
            ),
        ),
        migrations.AddIndex(
            model_name="invitation",
            index=models.Index(
                condition=models.Q(("accepted_at__isnull", False), ("ended_at__isnull", True)),
                fields=["tenant", "-created_at", "id", "expires_at"],
                name="invitation_accepted",
            ),
        ),
        migrations.AddIndex(
            model_name="invitation",
            index=models.Index(
                condition=models.Q(("accepted_at__isnull", True), ("ended_at__isnull", True)),
                fields=["tenant", "-created_at", "id", "expires_at"],
                name="invitation_open",
            ),
        ),
        migrations.AddIndex(
            model_name="invitation",
            index=models.Index(
                condition=models.Q(("ended_at__isnull", True), ("expires_at__isnull", False)),
                fields=["tenant", "-created_at", "id", "expires_at"],
                name="invitation_expiring",
            ),
        ),
    ]
