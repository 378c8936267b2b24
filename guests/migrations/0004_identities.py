"""Round trips to providers, and the identities that guests redeemed with."""

import uuid

import django.db.models.deletion
import django.db.models.functions.datetime
from django.db import migrations, models

from tenants.rowsecurity import RowSecurity, SameTenantKey


class Migration(migrations.Migration):
    dependencies = [
        ("guests", "0003_list_filters"),
        ("tenants", "0004_history_searches"),
    ]

    operations = [
        migrations.CreateModel(
            name="FederatedIdentity",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ("kind", models.CharField(db_collation="C", max_length=30)),
                ("provider_id", models.UUIDField(null=True)),
                ("issuer", models.CharField(db_collation="C", max_length=500)),
                ("subject", models.CharField(db_collation="C", max_length=500)),
                ("address", models.CharField(blank=True, max_length=254)),
                (
                    "linked_at",
                    models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), editable=False),
                ),
                ("last_seen_at", models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
            ],
            options={
                "abstract": False,
                "base_manager_name": "objects",
                "default_manager_name": "objects",
            },
        ),
        migrations.CreateModel(
            name="ProviderAnswer",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ("body", models.TextField()),
                (
                    "received_at",
                    models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), editable=False),
                ),
            ],
            options={
                "abstract": False,
                "base_manager_name": "objects",
                "default_manager_name": "objects",
            },
        ),
        migrations.AddField(
            model_name="guestsession",
            name="identity",
            field=models.JSONField(null=True),
        ),
        migrations.AddField(
            model_name="guestsession",
            name="provider_id",
            field=models.UUIDField(null=True),
        ),
        migrations.AddField(
            model_name="signinflow",
            name="handshake_key_id",
            field=models.IntegerField(null=True),
        ),
        migrations.AddField(
            model_name="signinflow",
            name="handshake_salt",
            field=models.BinaryField(null=True),
        ),
        migrations.AddField(
            model_name="signinflow",
            name="identity",
            field=models.JSONField(null=True),
        ),
        migrations.AddField(
            model_name="signinflow",
            name="kind",
            field=models.CharField(blank=True, db_collation="C", db_default="", max_length=30),
        ),
        migrations.AddField(
            model_name="signinflow",
            name="provider_id",
            field=models.UUIDField(null=True),
        ),
        migrations.AddField(
            model_name="signinflow",
            name="sign_up_application_id",
            field=models.UUIDField(null=True),
        ),
        migrations.AddField(
            model_name="signinflow",
            name="sign_up_name",
            field=models.CharField(blank=True, db_default="", max_length=100),
        ),
        migrations.AddIndex(
            model_name="guest",
            index=models.Index(
                condition=models.Q(("method_provider_id__isnull", False)),
                fields=["tenant", "method_provider_id"],
                name="guest_provider",
            ),
        ),
        migrations.AddIndex(
            model_name="signinflow",
            index=models.Index(
                condition=models.Q(("sign_up_application_id__isnull", False)),
                fields=["sign_up_application_id"],
                name="flow_sign_up",
            ),
        ),
        migrations.AddField(
            model_name="federatedidentity",
            name="guest",
            field=models.ForeignKey(
                db_constraint=False,
                db_index=False,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="identities",
                to="guests.guest",
            ),
        ),
        migrations.AddField(
            model_name="federatedidentity",
            name="tenant",
            field=models.ForeignKey(
                editable=False, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="tenants.tenant"
            ),
        ),
        migrations.AddField(
            model_name="provideranswer",
            name="flow",
            field=models.ForeignKey(
                db_constraint=False,
                db_index=False,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="answers",
                to="guests.signinflow",
            ),
        ),
        migrations.AddField(
            model_name="provideranswer",
            name="tenant",
            field=models.ForeignKey(
                editable=False, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="tenants.tenant"
            ),
        ),
        migrations.AddIndex(
            model_name="federatedidentity",
            index=models.Index(fields=["guest"], name="identity_guest"),
        ),
        migrations.AddIndex(
            model_name="federatedidentity",
            index=models.Index(fields=["tenant", "provider_id"], name="identity_provider"),
        ),
        migrations.AddConstraint(
            model_name="federatedidentity",
            constraint=models.UniqueConstraint(
                fields=("tenant", "kind", "provider_id", "issuer", "subject"),
                name="identity_once",
                nulls_distinct=False,
            ),
        ),
        migrations.AddConstraint(
            model_name="provideranswer",
            constraint=models.UniqueConstraint(fields=("tenant", "flow"), name="answer_once_per_flow"),
        ),
        RowSecurity("guests_provideranswer"),
        RowSecurity("guests_federatedidentity"),
        SameTenantKey(table="guests_provideranswer", column="flow_id", target="guests_signinflow"),
        SameTenantKey(table="guests_federatedidentity", column="guest_id", target="guests_guest"),
    ]
