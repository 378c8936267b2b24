"""Challenges, which row security keeps inside their tenant."""

import datetime
import uuid

import django.db.models.deletion
import django.db.models.expressions
import django.db.models.functions.text
import django.db.models.lookups
from django.db import migrations, models

from tenants.rowsecurity import RowSecurity


class Migration(migrations.Migration):
    initial = True

    dependencies = [("tenants", "0003_history")]

    operations = [
        migrations.CreateModel(
            name="Challenge",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ("address_key", models.CharField(db_collation="C", max_length=254)),
                ("send_key", models.CharField(db_collation="C", max_length=254)),
                ("to_send", models.CharField(db_collation="C", max_length=254)),
                ("is_decoy", models.BooleanField()),
                ("pool", models.CharField(choices=[("known", "known"), ("stranger", "stranger")], max_length=8)),
                ("nonce", models.BinaryField(max_length=16, null=True)),
                ("key_id", models.IntegerField()),
                ("attempts", models.PositiveSmallIntegerField(default=0)),
                ("resends", models.PositiveSmallIntegerField(default=0)),
                ("created_at", models.DateTimeField()),
                ("sent_at", models.DateTimeField()),
                ("code_since", models.DateTimeField()),
                ("expires_at", models.DateTimeField()),
                ("used_at", models.DateTimeField(null=True)),
                ("voided_at", models.DateTimeField(null=True)),
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
                "abstract": False,
                "base_manager_name": "objects",
                "default_manager_name": "objects",
                "indexes": [
                    models.Index(
                        models.F("tenant"),
                        models.F("address_key"),
                        condition=models.Q(("used_at", None), ("voided_at", None)),
                        name="challenge_address",
                    ),
                    models.Index(models.F("expires_at"), name="challenge_expiry"),
                ],
                "constraints": [
                    models.CheckConstraint(condition=models.Q(("attempts__range", (0, 5))), name="challenge_tries"),
                    models.CheckConstraint(condition=models.Q(("resends__range", (0, 3))), name="challenge_resends"),
                    models.CheckConstraint(
                        condition=models.Q(
                            django.db.models.lookups.Exact(django.db.models.functions.text.Length("nonce"), 16)
                        ),
                        name="challenge_nonce",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("used_at", None), ("voided_at", None)), ("nonce", None), _connector="OR"
                        ),
                        name="challenge_wiped_when_spent",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            django.db.models.lookups.LessThanOrEqual(
                                models.F("expires_at"),
                                django.db.models.expressions.CombinedExpression(
                                    models.F("code_since"), "+", models.Value(datetime.timedelta(seconds=1800))
                                ),
                            )
                        ),
                        name="challenge_never_longer",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("pool__in", ["known", "stranger"])), name="challenge_pool"
                    ),
                ],
            },
        ),
        RowSecurity("passcodes_challenge"),
    ]
