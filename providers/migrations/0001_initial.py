"""Providers and policies, each table under row security in the migration that makes it."""

import uuid

import django.contrib.postgres.fields
import django.db.models.deletion
import django.db.models.functions.datetime
from django.db import migrations, models

from tenants.rowsecurity import RowSecurity, SameTenantKey


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("tenants", "0003_history"),
    ]

    operations = [
        migrations.CreateModel(
            name="IdentityProvider",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ("kind", models.CharField(db_collation="C", max_length=30)),
                ("name", models.CharField(max_length=100)),
                ("is_bound_to_domains", models.BooleanField(editable=False)),
                ("is_enabled", models.BooleanField(default=True)),
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
                "verbose_name_plural": "all identity providers",
                "abstract": False,
                "base_manager_name": "objects",
                "default_manager_name": "objects",
            },
        ),
        migrations.CreateModel(
            name="IdentityProviderDomain",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ("domain", models.CharField(db_collation="C", max_length=253)),
                (
                    "provider",
                    models.ForeignKey(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="domains",
                        to="providers.identityprovider",
                    ),
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
            },
        ),
        migrations.CreateModel(
            name="KnownAccountDomain",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ("domain", models.CharField(db_collation="C", max_length=253)),
                (
                    "kind",
                    models.CharField(
                        choices=[("azureActiveDirectory", "Entra ID"), ("microsoftAccount", "Microsoft account")],
                        max_length=30,
                    ),
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
            },
        ),
        migrations.CreateModel(
            name="RedemptionOrder",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ("partner_domain", models.CharField(blank=True, db_collation="C", default="", max_length=253)),
                (
                    "primaries",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(
                            choices=[
                                ("azureActiveDirectory", "azureActiveDirectory"),
                                ("externalFederation", "externalFederation"),
                                ("socialIdentityProviders", "socialIdentityProviders"),
                            ],
                            max_length=30,
                        ),
                        blank=True,
                        size=None,
                    ),
                ),
                (
                    "fallback",
                    models.CharField(
                        choices=[
                            ("defaultConfiguredIdp", "defaultConfiguredIdp"),
                            ("emailOneTimePasscode", "emailOneTimePasscode"),
                            ("microsoftAccount", "microsoftAccount"),
                        ],
                        max_length=30,
                    ),
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
            },
        ),
        migrations.CreateModel(
            name="RedemptionPolicy",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ("is_microsoft_account_enabled", models.BooleanField(default=True)),
                ("is_skipping_allowed", models.BooleanField(default=True)),
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
            },
        ),
        migrations.CreateModel(
            name="EmailPasscodePolicy",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                (
                    "state",
                    models.CharField(
                        choices=[("default", "default"), ("enabled", "enabled"), ("disabled", "disabled")],
                        default="default",
                        max_length=10,
                    ),
                ),
                ("passcodes_void_before", models.DateTimeField(blank=True, editable=False, null=True)),
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
                "constraints": [
                    models.UniqueConstraint(fields=("tenant",), name="one_passcode_policy"),
                    models.CheckConstraint(
                        condition=models.Q(("state__in", ["default", "enabled", "disabled"])),
                        name="passcode_state_known",
                    ),
                ],
            },
        ),
        migrations.AddConstraint(
            model_name="identityprovider",
            constraint=models.UniqueConstraint(fields=("tenant", "id"), name="provider_of_tenant"),
        ),
        migrations.AddConstraint(
            model_name="identityprovider",
            constraint=models.UniqueConstraint(fields=("tenant", "name"), name="provider_name"),
        ),
        migrations.AddConstraint(
            model_name="identityprovider",
            constraint=models.UniqueConstraint(
                condition=models.Q(("is_bound_to_domains", False)),
                fields=("tenant", "kind"),
                name="one_provider_of_this_kind",
            ),
        ),
        migrations.AddConstraint(
            model_name="identityproviderdomain",
            constraint=models.UniqueConstraint(fields=("tenant", "domain"), name="one_provider_per_domain"),
        ),
        migrations.AddConstraint(
            model_name="knownaccountdomain",
            constraint=models.UniqueConstraint(fields=("tenant", "domain", "kind"), name="known_domain_once"),
        ),
        migrations.AddConstraint(
            model_name="knownaccountdomain",
            constraint=models.CheckConstraint(
                condition=models.Q(("kind__in", ["azureActiveDirectory", "microsoftAccount"])), name="known_domain_kind"
            ),
        ),
        migrations.AddConstraint(
            model_name="redemptionorder",
            constraint=models.UniqueConstraint(
                fields=("tenant", "partner_domain"), name="one_order_per_partner_domain"
            ),
        ),
        migrations.AddConstraint(
            model_name="redemptionorder",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("fallback__in", ["defaultConfiguredIdp", "emailOneTimePasscode", "microsoftAccount"])
                ),
                name="order_fallback_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="redemptionorder",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    (
                        "primaries__contained_by",
                        ["azureActiveDirectory", "externalFederation", "socialIdentityProviders"],
                    )
                ),
                name="order_primaries_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="redemptionpolicy",
            constraint=models.UniqueConstraint(fields=("tenant",), name="one_redemption_policy"),
        ),
        RowSecurity("providers_emailpasscodepolicy"),
        RowSecurity("providers_redemptionpolicy"),
        RowSecurity("providers_redemptionorder"),
        RowSecurity("providers_identityprovider"),
        RowSecurity("providers_identityproviderdomain"),
        RowSecurity("providers_knownaccountdomain"),
        SameTenantKey(
            table="providers_identityproviderdomain", column="provider_id", target="providers_identityprovider"
        ),
    ]
