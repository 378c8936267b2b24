"""manage.py set_microsoft_account: whether guests may redeem with a Microsoft account (R32)."""

from __future__ import annotations

from typing import Any

from django.core.management.base import CommandParser
from django.utils import timezone

from guests.management.following import name_the_first
from guests.operations.batches.choice import Choice
from providers.models import RedemptionPolicy
from providers.operations import disable_microsoft_account, enable_microsoft_account
from providers.rules import Method
from tenants.doors.commands import TenantCommand
from tenants.models import Tenant
from tenants.refusals import Refusal


class Command(TenantCommand):
    """Says who has one, calls one operation, prints what holds now."""

    help = (
        "Show or set whether guests may redeem with a Microsoft account. Guests who have redeemed with one keep it "
        "until they are reset: manage.py reset_redemption --all-with-method microsoftAccount."
    )
    example = "manage.py set_microsoft_account --tenant fabrikam.example disabled"

    def add_tenant_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("state", nargs="?", choices=["enabled", "disabled"], help="shown where it is left out")

    def handle_in_tenant(self, tenant: Tenant, **options: Any) -> str | None:
        if options["state"] == "enabled":
            enable_microsoft_account(actor=self.actor, now=timezone.now())
        if options["state"] == "disabled":
            held = Choice(method=Method.MICROSOFT_ACCOUNT.value).found()
            name_the_first(held, "Guests who redeemed with one and keep it", self.stdout)
            outcome = disable_microsoft_account(actor=self.actor, now=timezone.now())
            if isinstance(outcome, Refusal):
                raise self.refused(outcome)
        policy = RedemptionPolicy.objects.first() or RedemptionPolicy()
        self.stdout.write(f"Microsoft account: {'enabled' if policy.is_microsoft_account_enabled else 'disabled'}.")
        return None
