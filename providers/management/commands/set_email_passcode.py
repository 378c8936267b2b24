"""The operators' door to "Email one-time passcode for guests": shows what is stored, or stores another state (R6)."""

from typing import Any

from django.core.management.base import CommandParser
from django.utils import timezone

from providers.models import EmailPasscodePolicy
from providers.operations import set_email_passcode
from providers.rules import PasscodeState
from tenants.doors.commands import TenantCommand
from tenants.models import Tenant
from tenants.refusals import Refusal

WORDS = {
    PasscodeState.DEFAULT: "default (on: nobody has said otherwise)",
    PasscodeState.ENABLED: "enabled (on)",
    PasscodeState.DISABLED: "disabled (off)",
}
CONSEQUENCES = {
    PasscodeState.DEFAULT: "Only guests who redeem from now on are affected.",
    PasscodeState.ENABLED: "Only guests who redeem from now on are affected.",
    PasscodeState.DISABLED: (
        "Guests who redeemed with a passcode cannot sign in (E-OTP-OFF) until it is on again or they are reset "
        "(manage.py reset_redemption). Live passcodes are void; new guests are asked to create a Microsoft account."
    ),
}


class Command(TenantCommand):
    """Thin: one operation, one answer."""

    help = (
        "Shows or sets whether guests whom no other provider knows get a passcode by email. Without a state it shows "
        "what is stored. 'default' means on; turning it off ends the sessions of passcode guests at their next request."
    )
    example = "manage.py set_email_passcode --tenant fabrikam.example --no"

    def add_tenant_arguments(self, parser: CommandParser) -> None:
        wanted = parser.add_mutually_exclusive_group()
        wanted.add_argument(
            "state",
            nargs="?",
            choices=[one.value for one in PasscodeState],
            help="the state to store, as the API spells it",
        )
        wanted.add_argument(
            "--yes", dest="answer", action="store_const", const="enabled", help="as Yes in the portal: enabled"
        )
        wanted.add_argument(
            "--no", dest="answer", action="store_const", const="disabled", help="as No in the portal: disabled"
        )

    def handle_in_tenant(self, tenant: Tenant, **options: Any) -> str | None:
        word = options["answer"] or options["state"]
        if word is None:
            stored = EmailPasscodePolicy.objects.first()
            state = stored.passcode_state if stored else PasscodeState.DEFAULT
            return f"Email one-time passcode for guests of {tenant.name}: {WORDS[state]}."
        state = PasscodeState(word)
        now = timezone.now()
        outcome = set_email_passcode(state=state, actor=self.actor, now=now)
        if isinstance(outcome, Refusal):
            raise self.refused(outcome)
        if not outcome.is_change:
            return f"Email one-time passcode for guests of {tenant.name} was {WORDS[state]} already."
        return (
            f"Email one-time passcode for guests of {tenant.name}: {outcome.before} before, now {WORDS[state]}.\n"
            f"{CONSEQUENCES[state]}"
        )
