"""manage.py add_identity_provider: a provider of the tenant's own, switched off until it was tested (R61)."""

from __future__ import annotations

from typing import Any
from uuid import UUID, uuid4

from django.core.management.base import CommandError, CommandParser
from django.db import IntegrityError
from django.utils import timezone

from providers.connections import addresses_of
from providers.kinds import ADDABLE, Kind
from providers.management.filling import add_filling_arguments, asked_by, filled, is_filled
from providers.models import IdentityProvider
from providers.operations import prepare_identity_provider
from tenants.doors.commands import TenantCommand
from tenants.models import Tenant
from tenants.refusals import Refusal

TAKEN = "--id: this id is taken. Leave it out, or have this command print another: give it a kind alone."


class Command(TenantCommand):
    """Fills in the portal's form, calls one operation, says what comes next."""

    help = (
        "Add an identity provider of a tenant's own, switched off: identity_providers tests it and switches it on. "
        "With nothing but a kind it adds nothing, and says what that asks for and which addresses to register at the "
        "provider; those have an id in them, so give it with --id when you add it. A secret is never a word of the "
        "command. Kinds: " + "; ".join(f"{kind.id} ({kind.name}): {asked_by(kind)}" for kind in ADDABLE.values())
    )
    example = (
        "manage.py add_identity_provider --tenant fabrikam.example --kind openIdConnect\n"
        "  manage.py add_identity_provider --tenant fabrikam.example --kind openIdConnect --id ID --name 'Contoso ID' "
        "--domains contoso.com --set issuer=https://id.contoso.com --set client_id=vestibule --secret-from secret.txt\n"
        "  manage.py add_identity_provider --tenant fabrikam.example --kind saml --name Northwind "
        "--domains northwind.example --set metadata_url=https://idp.northwind.example/metadata"
    )

    def add_tenant_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--kind", required=True, choices=list(ADDABLE), help="what the provider speaks, or is")
        parser.add_argument("--name", help="guests see it when they are sent there")
        parser.add_argument(
            "--domains", nargs="+", default=[], metavar="DOMAIN", help="it answers for addresses there, and no others"
        )
        add_filling_arguments(parser)
        parser.add_argument("--id", type=UUID, help="the id in the addresses that were registered already")

    def handle_in_tenant(self, tenant: Tenant, **options: Any) -> str | None:
        kind, provider_id = ADDABLE[options["kind"]], options["id"] or uuid4()
        if options["name"] is None and not options["domains"] and not is_filled(options):
            self._prepare(tenant, kind, provider_id)
            return None
        if options["domains"] and not kind.is_bound_to_domains:
            raise CommandError(f"--domains: {kind.name} answers for its own domains. Leave it out.", returncode=2)
        if IdentityProvider.objects.filter(pk=provider_id).exists():
            raise CommandError(TAKEN)
        form = filled(kind, options, name=options["name"] or "", domains=options["domains"])
        try:
            added = prepare_identity_provider(
                kind=kind.id,
                name=form.cleaned_data["name"],
                domains=form.typed_domains(),
                settings=form.typed_settings(),
                secret=form.typed_secret(),
                provider_id=provider_id,
                actor=self.actor,
                now=timezone.now(),
            )
        except IntegrityError:  # another tenant's, whose rows are not to be seen from here
            raise CommandError(TAKEN) from None
        if isinstance(added, Refusal):
            raise self.refused(added)
        self._say_next(tenant, kind, added)
        return None

    def _prepare(self, tenant: Tenant, kind: Kind, provider_id: UUID) -> None:
        self.stdout.write(f"{kind.name}: {kind.note}" if kind.note else kind.name)
        self._name_addresses(tenant, kind, provider_id, is_added=False)
        domains = " --domains DOMAIN" if kind.is_bound_to_domains else ""
        self.stdout.write(
            "Nothing has been added. With what the provider gives you:\n"
            f"  manage.py add_identity_provider --tenant {tenant.primary_domain} --kind {kind.id} --id {provider_id} "
            f"--name NAME{domains} {asked_by(kind)}"
        )

    def _say_next(self, tenant: Tenant, kind: Kind, added: IdentityProvider) -> None:
        self.stdout.write(f"{added.name} is added, and off: {added.id}")
        self._name_addresses(tenant, kind, added.id, is_added=True)
        here = f"  manage.py identity_providers --tenant {tenant.primary_domain}"
        self.stdout.write(f"Then test it, and switch it on:\n{here} --test {added.id}\n{here} --enable {added.id}")

    def _name_addresses(self, tenant: Tenant, kind: Kind, provider_id: UUID, *, is_added: bool) -> None:
        self.stdout.write("Register at the provider:")
        for one in addresses_of(kind, tenant_id=tenant.id, provider_id=provider_id, is_added=is_added):
            self.stdout.write(f"  {one.label}: {one.address}")
