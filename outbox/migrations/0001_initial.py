import datetime
import uuid

import django.db.models.deletion
import django.db.models.expressions
import django.db.models.functions.datetime
from django.db import migrations, models

from tenants.rowsecurity import RowSecurity


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("tenants", "0003_history"),
    ]

    operations = [
        migrations.CreateModel(
            name="OutboundMail",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ("kind", models.CharField(db_collation="C", max_length=40)),
                ("subject_id", models.UUIDField()),
                (
                    "rank",
                    models.PositiveSmallIntegerField(choices=[(0, "Code"), (1, "Invitation"), (2, "Bulk invitation")]),
                ),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("queued", "Queued"),
                            ("leased", "Being sent"),
                            ("handed_over", "Handed over"),
                            ("delivered", "Delivered"),
                            ("deferred", "Deferred by the recipient's server"),
                            ("bounced", "Bounced"),
                            ("failed", "Failed"),
                            ("suppressed", "Not sent: nobody invited this address"),
                            ("dropped", "Not sent: it would have come too late"),
                        ],
                        db_collation="C",
                        default="queued",
                        max_length=12,
                    ),
                ),
                (
                    "due_at",
                    models.DateTimeField(
                        db_default=django.db.models.expressions.CombinedExpression(
                            django.db.models.functions.datetime.Now(), "+", models.Value(datetime.timedelta(seconds=2))
                        )
                    ),
                ),
                ("deadline_at", models.DateTimeField()),
                ("tries", models.PositiveIntegerField(default=0)),
                ("leases_lost", models.PositiveSmallIntegerField(default=0)),
                ("message_id", models.CharField(db_collation="C", max_length=300)),
                ("reason", models.CharField(blank=True, max_length=200)),
                ("created_at", models.DateTimeField()),
                ("handed_over_at", models.DateTimeField(null=True)),
                ("settled_at", models.DateTimeField(null=True)),
                (
                    "tenant",
                    models.ForeignKey(
                        editable=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="tenants.tenant",
                    ),
                ),
            ],
            options={
                "verbose_name": "mail",
                "abstract": False,
                "base_manager_name": "objects",
                "default_manager_name": "objects",
                "indexes": [
                    models.Index(
                        models.F("rank"),
                        models.F("due_at"),
                        condition=models.Q(("state__in", ("queued", "leased"))),
                        name="mail_due",
                    ),
                    models.Index(models.F("tenant"), models.F("kind"), models.F("subject_id"), name="mail_subject"),
                    models.Index(
                        models.F("settled_at"), condition=models.Q(("settled_at__isnull", False)), name="mail_settled"
                    ),
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("settled_at__isnull", True), ("state__in", ("queued", "leased"))),
                            models.Q(
                                models.Q(("state__in", ("queued", "leased")), _negated=True),
                                ("settled_at__isnull", False),
                            ),
                            _connector="OR",
                        ),
                        name="mail_settled_or_waiting",
                    )
                ],
            },
        ),
        RowSecurity("outbox_outboundmail"),
    ]
