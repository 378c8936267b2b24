"""Mails know what the provider calls them and what it said became of them; the portal lists them newest first."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("outbox", "0002_not_sent"),
    ]

    operations = [
        migrations.AddField(
            model_name="outboundmail",
            name="provider_message_id",
            field=models.CharField(blank=True, db_collation="C", db_default="", default="", max_length=300),
        ),
        *(
            migrations.AddField(model_name="outboundmail", name=name, field=models.DateTimeField(null=True))
            for name in ("deferred_at", "delivered_at", "bounced_at")
        ),
        migrations.AddIndex(
            model_name="outboundmail",
            index=models.Index(
                models.F("provider_message_id"),
                condition=models.Q(("provider_message_id", ""), _negated=True),
                name="mail_provider_id",
            ),
        ),
        migrations.AddIndex(
            model_name="outboundmail",
            index=models.Index(fields=["tenant", "-created_at", "-id"], name="mail_newest"),
        ),
        migrations.AddIndex(
            model_name="outboundmail",
            index=models.Index(fields=["tenant", "state", "-created_at", "-id"], name="mail_state"),
        ),
    ]
