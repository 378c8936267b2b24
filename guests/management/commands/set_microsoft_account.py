"""manage.py set_microsoft_account: whether guests may redeem with a Microsoft account (R32, R62)."""

from __future__ import annotations

from typing import Any

from django.core.management.base import CommandError, CommandParser
from django.utils import timezone

from guests.management.addressed import inviter_of
from guests.management.following import name_the_first, say_outlook, say_reset
from guests.operations.foreseeing import outlook, with_microsoft_account
from guests.operations.remedying import WITH_MICROSOFT_ACCOUNT, disable_microsoft_account_and_reset
from providers.models import RedemptionPolicy
from providers.operations import disable_microsoft_account, enable_microsoft_account, settings_version
from tenants.doors.commands import TenantCommand
from tenants.models import Tenant
from tenants.refusals import Refusal


class Command(TenantCommand):
    """Says whom it touches, calls one operation, prints what holds now."""

    help = (
        "Show or set whether guests may redeem with a Microsoft account. Guests who have redeemed with one keep it "
        "until they are reset: with --reset in the same step, or later by manage.py reset_redemption "
        "--all-with-method microsoftAccount. Where pending guests would not get in any more, and for the reset of "
        "guests, it says whom and waits for --yes."
    )
    example = (
        "manage.py set_microsoft_account --tenant fabrikam.example disabled\n"
        "  manage.py set_microsoft_account --tenant fabrikam.example disabled --yes --reset"
    )

    def add_tenant_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("state", nargs="?", choices=["enabled", "disabled"], help="shown where it is left out")
        parser.add_argument("--yes", action="store_true", help="with disabled: although it touches these guests")
        parser.add_argument("--reset", action="store_true", help="with disabled: have workers reset who has one")

    def handle_in_tenant(self, tenant: Tenant, **options: Any) -> str | None:
        if (options["yes"] or options["reset"]) and options["state"] != "disabled":
            raise CommandError("--yes and --reset go with the state disabled.")
        if options["state"]:
            version, is_wanted = settings_version(), options["state"] == "enabled"
            self._foresee(is_wanted, resets=options["reset"], is_sure=options["yes"])
            who: dict[str, Any] = {"actor": self.actor, "now": timezone.now(), "shown_version": version}
            if is_wanted:
                outcome: object = enable_microsoft_account(**who)
            elif options["reset"]:
                inviter = inviter_of(tenant, "", None)
                outcome = disable_microsoft_account_and_reset(tenant=tenant, inviter=inviter, **who)
            else:
                outcome = disable_microsoft_account(**who)
            if isinstance(outcome, Refusal):
                raise self.refused(outcome)
            if options["reset"]:
                say_reset(outcome, self.stdout)
        policy = RedemptionPolicy.objects.first() or RedemptionPolicy()
        self.stdout.write(f"Microsoft account: {'enabled' if policy.is_microsoft_account_enabled else 'disabled'}.")
        return None

    def _foresee(self, is_wanted: bool, *, resets: bool, is_sure: bool) -> None:
        """Say whom it touches. Raises CommandError where that takes somebody who is sure, and nobody is."""
        held = WITH_MICROSOFT_ACCOUNT.found()
        then = outlook(change=with_microsoft_account(is_wanted), now=timezone.now())
        if not is_wanted:
            whom = "are reset then" if resets else "keep it"
            name_the_first(held, f"Guests who redeemed with one and {whom}", self.stdout)
        say_outlook(then, self.stdout)
        if not is_sure and (then.failing or (resets and held.exists())):
            raise CommandError("Nothing has been done. To do this to these guests, give --yes.")
