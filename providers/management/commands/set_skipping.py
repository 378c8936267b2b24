"""manage.py set_skipping: whether guests may say that they have no account there (R34)."""

from __future__ import annotations

from typing import Any

from django.core.management.base import CommandParser
from django.utils import timezone

from providers.models import RedemptionPolicy
from providers.operations import allow_skipping, forbid_skipping
from tenants.doors.commands import TenantCommand
from tenants.models import Tenant


class Command(TenantCommand):
    """Calls one operation, prints what holds now."""

    help = (
        "Show or set whether guests may say that they have no account where their domain leads. Where they may not, "
        "they are held to it."
    )
    example = "manage.py set_skipping --tenant fabrikam.example forbidden"

    def add_tenant_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("answer", nargs="?", choices=["allowed", "forbidden"], help="shown where it is left out")

    def handle_in_tenant(self, tenant: Tenant, **options: Any) -> str | None:
        if options["answer"]:
            operation = allow_skipping if options["answer"] == "allowed" else forbid_skipping
            operation(actor=self.actor, now=timezone.now())
        policy = RedemptionPolicy.objects.first() or RedemptionPolicy()
        may = "may" if policy.is_skipping_allowed else "may not"
        self.stdout.write(f"Guests {may} say that they have no account there.")
        return None
