"""The operators' door to taking an administrator out of one tenant."""

from __future__ import annotations

from typing import Any

from django.core.management.base import CommandParser
from django.utils import timezone

from tenants.administering import remove_administrator
from tenants.doors.administrators import administrator_called, administrator_of
from tenants.doors.commands import TenantCommand
from tenants.models import RoleOffer, Tenant
from tenants.offering import withdraw_offer
from tenants.refusals import Refusal


class Command(TenantCommand):
    """One operation of two. The account stays: it may administer other tenants."""

    help = (
        "Takes every role in a tenant from an administrator; their next click there finds nothing. An offer of roles "
        "that they have not answered yet is withdrawn instead. Roles in other "
        "tenants stay. The last Global Administrator of a tenant cannot be removed: appoint another one first."
    )
    example = "manage.py remove_administrator diego@fabrikam.example --tenant fabrikam.example"

    def add_tenant_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("email", help="the address that they sign in with")

    def handle_in_tenant(self, tenant: Tenant, **options: Any) -> str:
        asked = administrator_called(options["email"])
        offer = RoleOffer.objects.filter(tenant=tenant, administrator=asked).first() if asked else None
        if offer is not None:
            withdrawn = withdraw_offer(tenant=tenant, offer_id=offer.pk, actor=self.actor, now=timezone.now())
            if isinstance(withdrawn, Refusal):
                raise self.refused(withdrawn)
            return f"The offer of {tenant.name} to {options['email']} is withdrawn."
        there = administrator_of(tenant, options["email"])
        outcome = remove_administrator(tenant=tenant, administrator=there, actor=self.actor, now=timezone.now())
        if isinstance(outcome, Refusal):
            raise self.refused(outcome)
        return f"{there.email} holds no role in {tenant.name} any more."
