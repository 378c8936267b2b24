"""What a provider is connected by, the key that signs requests, and assertions that were used."""

import uuid

import django.db.models.deletion
import django.db.models.functions.datetime
from django.db import migrations, models

from tenants.rowsecurity import RowSecurity


class Migration(migrations.Migration):
    dependencies = [
        ("providers", "0001_initial"),
        ("tenants", "0004_history_searches"),
    ]

    operations = [
        migrations.CreateModel(
            name="SeenMicrosoftAccount",
            fields=[
                ("address_hash", models.CharField(db_collation="C", max_length=64, primary_key=True, serialize=False)),
                ("seen_at", models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
            ],
        ),
        migrations.AddField(
            model_name="identityprovider",
            name="certificates_end_at",
            field=models.DateTimeField(null=True),
        ),
        migrations.AddField(
            model_name="identityprovider",
            name="sealed_secret",
            field=models.BinaryField(null=True),
        ),
        migrations.AddField(
            model_name="identityprovider",
            name="settings",
            field=models.JSONField(db_default={}, default=dict),
        ),
        migrations.AddField(
            model_name="identityprovider",
            name="test_findings",
            field=models.JSONField(db_default=[], default=list),
        ),
        migrations.AddField(
            model_name="identityprovider",
            name="tested_at",
            field=models.DateTimeField(null=True),
        ),
        migrations.CreateModel(
            name="ServiceProviderKey",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ("certificate", models.TextField()),
                ("sealed_key", models.BinaryField()),
                ("ends_at", models.DateTimeField()),
                (
                    "created_at",
                    models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), editable=False),
                ),
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
                "constraints": [models.UniqueConstraint(fields=("tenant",), name="one_service_provider_key")],
            },
        ),
        migrations.CreateModel(
            name="SpentAssertion",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ("digest", models.CharField(db_collation="C", max_length=64)),
                ("expires_at", models.DateTimeField()),
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
                "indexes": [models.Index(fields=["expires_at"], name="spent_assertion_expiry")],
                "constraints": [models.UniqueConstraint(fields=("tenant", "digest"), name="assertion_once")],
            },
        ),
        RowSecurity("providers_serviceproviderkey"),
        RowSecurity("providers_spentassertion"),
    ]
