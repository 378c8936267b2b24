"""Who may invite, how long the history is kept, what sessions are bound to, and whom a line of history is about."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("tenants", "0004_history_searches"),
    ]

    operations = [
        migrations.AddField(
            model_name="administrator",
            name="must_change_password",
            field=models.BooleanField(db_default=False, default=False),
        ),
        migrations.AddField(
            model_name="administrator",
            name="session_epoch",
            field=models.PositiveIntegerField(db_default=0, default=0),
        ),
        migrations.AddField(
            model_name="auditentry",
            name="address",
            field=models.CharField(blank=True, db_collation="C", db_default="", max_length=254),
        ),
        migrations.AddField(
            model_name="tenant",
            name="bulk_mails_until",
            field=models.DateTimeField(blank=True, editable=False, null=True),
        ),
        migrations.AddField(
            model_name="tenant",
            name="history_days",
            field=models.PositiveIntegerField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name="tenant",
            name="who_may_invite",
            field=models.CharField(
                choices=[
                    ("none", "Nobody"),
                    ("adminsAndGuestInviters", "Administrators whose role allows it"),
                    ("adminsGuestInvitersAndAllMembers", "Every administrator of the tenant"),
                    ("everyone", "Every administrator, and guests who have redeemed"),
                ],
                db_collation="C",
                db_default="adminsAndGuestInviters",
                default="adminsAndGuestInviters",
                max_length=40,
            ),
        ),
        migrations.AddConstraint(
            model_name="tenant",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("history_days__isnull", True), ("history_days__range", (30, 3650)), _connector="OR"
                ),
                name="tenant_history_days",
            ),
        ),
    ]
