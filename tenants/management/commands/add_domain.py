"""The operators' door to a tenant's further domains."""

from __future__ import annotations

from typing import Any

from django.core.management.base import CommandParser
from django.utils import timezone

from tenants.doors.commands import TenantCommand
from tenants.models import Tenant
from tenants.operations import add_domain
from tenants.refusals import Refusal


class Command(TenantCommand):
    """Thin: one operation, one answer."""

    help = (
        "Gives a tenant another domain, under which its pages answer too. A domain names one tenant only. Nothing "
        "checks that the domain is the tenant's: that is for you to know."
    )
    example = "manage.py add_domain fabrikam.de --tenant fabrikam.example"

    def add_tenant_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("domain", help="the domain, as it is written, also with letters that are not ASCII")

    def handle_in_tenant(self, tenant: Tenant, **options: Any) -> str:
        added = add_domain(tenant=tenant, domain=options["domain"], actor=self.actor, now=timezone.now())
        if isinstance(added, Refusal):
            raise self.refused(added)
        return f"{added.domain} names {tenant.name}."
