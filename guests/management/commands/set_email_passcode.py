"""manage.py set_email_passcode: "Email one-time passcode for guests", what is stored or another state (R6, R62)."""

from __future__ import annotations

from typing import Any

from django.core.management.base import CommandError, CommandParser
from django.utils import timezone

from guests.management.addressed import inviter_of
from guests.management.following import name_the_first, say_outlook, say_reset
from guests.operations.foreseeing import outlook, with_passcodes
from guests.operations.remedying import WITH_PASSCODE, turn_off_passcodes_and_reset
from providers.models import EmailPasscodePolicy
from providers.operations import set_email_passcode, settings_version
from providers.rules import PasscodeState
from tenants.doors.commands import TenantCommand
from tenants.models import Tenant
from tenants.refusals import Refusal

WORDS = {
    PasscodeState.DEFAULT: "default (on: nobody has said otherwise)",
    PasscodeState.ENABLED: "enabled (on)",
    PasscodeState.DISABLED: "disabled (off)",
}
OFF = (
    "Guests who redeemed with a passcode cannot sign in (E-OTP-OFF) until it is on again or they are reset "
    "(manage.py reset_redemption). Live passcodes are void; new guests are asked to create a Microsoft account."
)
ON = "Guests who redeemed with a passcode can sign in. Others are affected when they redeem only."
NOT_YET = (
    "Nothing has been done. To lock these guests out, give --yes; to have those reset in the same step who have "
    "redeemed, --reset as well."
)


class Command(TenantCommand):
    """Says whom it touches, calls one operation, prints what holds now."""

    help = (
        "Shows or sets whether guests whom no other provider knows get a passcode by email. Without a state it shows "
        "what is stored. 'default' means on; turning it off ends the sessions of passcode guests at their next request "
        "and locks them out: that says whom, and does it with --yes only."
    )
    example = (
        "manage.py set_email_passcode --tenant fabrikam.example disabled\n"
        "  manage.py set_email_passcode --tenant fabrikam.example disabled --yes --reset"
    )

    def add_tenant_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "state",
            nargs="?",
            choices=[one.value for one in PasscodeState],
            help="the state to store, as the API spells it",
        )
        parser.add_argument("--yes", action="store_true", help="with disabled: lock guests out")
        parser.add_argument(
            "--reset", action="store_true", help="with disabled: have workers reset who redeemed with a passcode"
        )

    def handle_in_tenant(self, tenant: Tenant, **options: Any) -> str | None:
        policy = EmailPasscodePolicy.objects.first()
        stored = policy.passcode_state if policy else PasscodeState.DEFAULT
        whose = f"Email one-time passcode for guests of {tenant.name}"
        if (options["yes"] or options["reset"]) and options["state"] != PasscodeState.DISABLED:
            raise CommandError("--yes and --reset go with the state disabled.")
        if options["state"] is None:
            return f"{whose}: {WORDS[stored]}."
        state, version = PasscodeState(options["state"]), settings_version()
        if state is stored and not options["reset"]:
            return f"{whose} was {WORDS[state]} already."
        self._foresee(state, stored, is_sure=options["yes"])
        who: dict[str, Any] = {"actor": self.actor, "now": timezone.now(), "shown_version": version}
        if options["reset"]:
            inviter = inviter_of(tenant, "", None)
            outcome: object = turn_off_passcodes_and_reset(tenant=tenant, inviter=inviter, **who)
        else:
            outcome = set_email_passcode(state=state, **who)
        if isinstance(outcome, Refusal):
            raise self.refused(outcome)
        if options["reset"]:
            say_reset(outcome, self.stdout)
        return f"{whose}: {stored.value} before, now {WORDS[state]}.\n{ON if state.is_on else OFF}"

    def _foresee(self, state: PasscodeState, stored: PasscodeState, *, is_sure: bool) -> None:
        """Say whom it touches. Raises CommandError where somebody would be locked out and nobody is sure."""
        if state.is_on and stored.is_on:
            return
        held = WITH_PASSCODE.found()
        then = outlook(change=with_passcodes(state.is_on), now=timezone.now())
        name_the_first(held, f"Guests who {'can sign in again' if state.is_on else 'cannot sign in'} then", self.stdout)
        say_outlook(then, self.stdout)
        if not state.is_on and not is_sure and (held.exists() or then.failing):
            raise CommandError(NOT_YET)
