"""manage.py set_inviting: who may invite guests to a tenant."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from django.core.management.base import CommandParser
from django.utils import timezone

from tenants.changing import change_settings, settings_of, version_of
from tenants.doors.commands import TenantCommand
from tenants.inviters import MEANS
from tenants.models import Tenant, WhoMayInvite
from tenants.refusals import Refusal


class Command(TenantCommand):
    """Parses, calls one operation, prints what holds now."""

    help = "Show or set who may invite guests to a tenant (R53): " + "; ".join(
        f"{who.value}: {who.label}" for who in WhoMayInvite
    )
    example = "manage.py set_inviting --tenant fabrikam.example adminsAndGuestInviters"

    def add_tenant_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("who", nargs="?", choices=WhoMayInvite.values, help="shown where it is left out")

    def handle_in_tenant(self, tenant: Tenant, **options: Any) -> str | None:
        if options["who"]:
            changed = change_settings(
                tenant=tenant,
                settings=replace(settings_of(tenant), who_may_invite=options["who"]),
                actor=self.actor,
                now=timezone.now(),
                shown_version=version_of(tenant),
            )
            if isinstance(changed, Refusal):
                raise self.refused(changed)
            tenant = changed
        self.stdout.write(f"{tenant.who_may_invite}: {MEANS[tenant.who_may_invite]}")
        return None
