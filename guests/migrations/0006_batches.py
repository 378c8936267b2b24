"""Deeds for many guests, sums for the dashboard, sponsors, reminders."""

import uuid

import django.db.models.deletion
import django.db.models.functions.datetime
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("guests", "0005_guest_addresses"),
        ("tenants", "0005_administration"),
    ]

    operations = [
        migrations.CreateModel(
            name="Batch",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("invitations", "Invitations"),
                            ("resets", "Resets of redemption status"),
                            ("reminders", "Reminders"),
                        ],
                        db_collation="C",
                        max_length=20,
                    ),
                ),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("checking", "Being checked"),
                            ("checked", "Checked, not started"),
                            ("running", "Running"),
                            ("paused", "Paused"),
                            ("done", "Done"),
                            ("unreadable", "Cannot be read"),
                            ("discarded", "Discarded"),
                        ],
                        db_collation="C",
                        default="checking",
                        max_length=12,
                    ),
                ),
                ("name", models.CharField(max_length=200)),
                ("choice", models.JSONField(default=dict)),
                ("is_mailed", models.BooleanField(default=True)),
                ("starts_itself", models.BooleanField(default=False)),
                ("problem", models.TextField(blank=True)),
                ("actor_kind", models.CharField(max_length=20)),
                ("actor_id", models.UUIDField(null=True)),
                ("actor_name", models.CharField(max_length=254)),
                ("actor_address", models.CharField(blank=True, max_length=254)),
                ("source", models.CharField(blank=True, max_length=100)),
                ("correlation", models.CharField(blank=True, max_length=20)),
                ("read_to", models.CharField(blank=True, max_length=40)),
                ("rows", models.PositiveIntegerField(default=0)),
                ("rows_new", models.PositiveIntegerField(default=0)),
                ("rows_again", models.PositiveIntegerField(default=0)),
                ("rows_refused", models.PositiveIntegerField(default=0)),
                ("done", models.PositiveIntegerField(default=0)),
                ("failed", models.PositiveIntegerField(default=0)),
                ("mails", models.PositiveIntegerField(default=0)),
                ("last_mail_at", models.DateTimeField(null=True)),
                ("lease", models.PositiveIntegerField(default=0)),
                ("leased_until", models.DateTimeField(null=True)),
                (
                    "created_at",
                    models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), editable=False),
                ),
                ("checked_at", models.DateTimeField(null=True)),
                ("started_at", models.DateTimeField(null=True)),
                ("ended_at", models.DateTimeField(null=True)),
            ],
            options={
                "abstract": False,
                "base_manager_name": "objects",
                "default_manager_name": "objects",
            },
        ),
        migrations.CreateModel(
            name="BatchPart",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("number", models.PositiveIntegerField()),
                ("content", models.BinaryField()),
            ],
            options={
                "abstract": False,
                "base_manager_name": "objects",
                "default_manager_name": "objects",
            },
        ),
        migrations.CreateModel(
            name="BatchRow",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("number", models.PositiveIntegerField()),
                ("address", models.CharField(blank=True, max_length=400)),
                ("address_key", models.CharField(blank=True, db_collation="C", max_length=254)),
                ("name", models.CharField(blank=True, max_length=200)),
                ("redirect_url", models.CharField(blank=True, max_length=2000)),
                ("message", models.TextField(blank=True)),
                ("is_mailed", models.BooleanField(default=True)),
                ("guest_id", models.UUIDField(null=True)),
                (
                    "verdict",
                    models.CharField(
                        choices=[
                            ("new", "Will be done"),
                            ("again", "Will be done again"),
                            ("refused", "Cannot be done"),
                        ],
                        db_collation="C",
                        max_length=10,
                    ),
                ),
                ("reason", models.CharField(blank=True, max_length=300)),
                (
                    "result",
                    models.CharField(
                        blank=True,
                        choices=[("", "Waiting"), ("done", "Done"), ("failed", "Failed")],
                        db_collation="C",
                        max_length=10,
                    ),
                ),
                ("result_reason", models.CharField(blank=True, max_length=300)),
            ],
            options={
                "abstract": False,
                "base_manager_name": "objects",
                "default_manager_name": "objects",
            },
        ),
        migrations.CreateModel(
            name="DailyFigure",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("day", models.DateField()),
                ("name", models.CharField(db_collation="C", max_length=60)),
                ("value", models.BigIntegerField()),
            ],
            options={
                "abstract": False,
                "base_manager_name": "objects",
                "default_manager_name": "objects",
            },
        ),
        migrations.CreateModel(
            name="Summing",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("read_to", models.BigIntegerField(default=0)),
                ("summed_at", models.DateTimeField(null=True)),
            ],
            options={
                "abstract": False,
                "base_manager_name": "objects",
                "default_manager_name": "objects",
            },
        ),
        migrations.AddField(
            model_name="guest",
            name="code_sent_at",
            field=models.DateTimeField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name="guest",
            name="link_opened_at",
            field=models.DateTimeField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name="guest",
            name="other_sponsors",
            field=models.JSONField(blank=True, db_default=models.Value([], models.JSONField()), default=list),
        ),
        migrations.AddField(
            model_name="invitation",
            name="reminders",
            field=models.PositiveSmallIntegerField(db_default=0, default=0),
        ),
        migrations.AlterField(
            model_name="guestsession",
            name="ended_why",
            field=models.CharField(
                blank=True,
                choices=[
                    ("revoked", "Revoked"),
                    ("reset", "Redemption status reset"),
                    ("replaced", "Replaced by a newer one"),
                    ("signedOut", "Signed out"),
                    ("blocked", "Sign-in blocked"),
                    ("restored", "Restored from a backup"),
                    ("byAdministrator", "Ended by an administrator"),
                    ("deleted", "Guest deleted"),
                    ("left", "The guest left"),
                ],
                max_length=20,
            ),
        ),
        migrations.AlterField(
            model_name="invitation",
            name="ended_why",
            field=models.CharField(
                blank=True,
                choices=[
                    ("revoked", "Revoked"),
                    ("reset", "Redemption status reset"),
                    ("replaced", "Replaced by a newer one"),
                    ("signedOut", "Signed out"),
                    ("blocked", "Sign-in blocked"),
                    ("restored", "Restored from a backup"),
                    ("byAdministrator", "Ended by an administrator"),
                    ("deleted", "Guest deleted"),
                    ("left", "The guest left"),
                ],
                max_length=20,
            ),
        ),
        migrations.AddField(
            model_name="batch",
            name="tenant",
            field=models.ForeignKey(
                editable=False, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="tenants.tenant"
            ),
        ),
        migrations.AddField(
            model_name="batchpart",
            name="batch",
            field=models.ForeignKey(
                db_constraint=False,
                db_index=False,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="parts",
                to="guests.batch",
            ),
        ),
        migrations.AddField(
            model_name="batchpart",
            name="tenant",
            field=models.ForeignKey(
                editable=False, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="tenants.tenant"
            ),
        ),
        migrations.AddField(
            model_name="batchrow",
            name="batch",
            field=models.ForeignKey(
                db_constraint=False,
                db_index=False,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="all_rows",
                to="guests.batch",
            ),
        ),
        migrations.AddField(
            model_name="batchrow",
            name="tenant",
            field=models.ForeignKey(
                editable=False, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="tenants.tenant"
            ),
        ),
        migrations.AddField(
            model_name="dailyfigure",
            name="tenant",
            field=models.ForeignKey(
                editable=False, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="tenants.tenant"
            ),
        ),
        migrations.AddField(
            model_name="summing",
            name="tenant",
            field=models.ForeignKey(
                editable=False, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="tenants.tenant"
            ),
        ),
        migrations.AddIndex(
            model_name="batch",
            index=models.Index(fields=["tenant", "-created_at", "id"], name="batch_newest"),
        ),
        migrations.AddIndex(
            model_name="batch",
            index=models.Index(
                condition=models.Q(("state__in", ("checking", "running"))),
                fields=["leased_until"],
                name="batch_at_work",
            ),
        ),
        migrations.AddIndex(
            model_name="batch",
            index=models.Index(
                condition=models.Q(("ended_at__isnull", False)), fields=["ended_at"], name="batch_ended"
            ),
        ),
        migrations.AddConstraint(
            model_name="batch",
            constraint=models.UniqueConstraint(fields=("tenant", "id"), name="batch_tenant_id"),
        ),
        migrations.AddConstraint(
            model_name="batchpart",
            constraint=models.UniqueConstraint(fields=("tenant", "batch", "number"), name="batch_part_once"),
        ),
        migrations.AddIndex(
            model_name="batchrow",
            index=models.Index(fields=["tenant", "batch", "verdict", "number"], name="batch_row_verdict"),
        ),
        migrations.AddIndex(
            model_name="batchrow",
            index=models.Index(fields=["tenant", "batch", "result", "number"], name="batch_row_result"),
        ),
        migrations.AddIndex(
            model_name="batchrow",
            index=models.Index(
                condition=models.Q(("address_key", ""), _negated=True),
                fields=["tenant", "batch", "address_key"],
                name="batch_row_address",
            ),
        ),
        migrations.AddIndex(
            model_name="batchrow",
            index=models.Index(
                condition=models.Q(("result", ""), models.Q(("verdict", "refused"), _negated=True)),
                fields=["tenant", "batch", "number"],
                name="batch_row_waiting",
            ),
        ),
        migrations.AddConstraint(
            model_name="batchrow",
            constraint=models.UniqueConstraint(fields=("tenant", "batch", "number"), name="batch_row_once"),
        ),
        migrations.AddConstraint(
            model_name="dailyfigure",
            constraint=models.UniqueConstraint(fields=("tenant", "day", "name"), name="figure_once"),
        ),
        migrations.AddConstraint(
            model_name="summing",
            constraint=models.UniqueConstraint(fields=("tenant",), name="summing_once"),
        ),
    ]
