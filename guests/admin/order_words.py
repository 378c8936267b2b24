"""How the page on the redemption order names what is asked, and the fallbacks (R31). It never stores anything."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from providers.connections import is_installed
from providers.kinds import BY_ID
from providers.models import EmailPasscodePolicy, IdentityProvider, RedemptionPolicy
from providers.rules import Fallback, Method, Primary

NAMES = {
    Primary.ENTRA_ID: "Entra ID",
    Primary.FEDERATION: "Partner federation",
    Primary.SOCIAL: "Social",
}
FALLBACKS = {
    Fallback.DEFAULT: (
        "Default",
        "An existing Microsoft account, else a code by email, else create a Microsoft account.",
    ),
    Fallback.PASSCODE: ("Always a code by email", "Also for guests who have a Microsoft account."),
    Fallback.MICROSOFT_ACCOUNT: ("Always a Microsoft account", "Guests without one are asked to create it."),
}


@dataclass(frozen=True)
class Asked:
    """A primary as the page shows it; `under` says what it stands for in this tenant."""

    value: str
    name: str
    under: str


def asked_of() -> dict[Primary, Asked]:
    """What each primary stands for in this tenant."""
    providers = IdentityProvider.objects.filter(is_enabled=True).order_by("name").values_list("name", "kind")
    federations = [name for name, kind in providers.filter(is_bound_to_domains=True)[:4]]
    has_google = providers.filter(kind="google").exists()
    under = {
        Primary.ENTRA_ID: "Where the address has a work or school account",
        Primary.FEDERATION: _some(federations) or "None is set up",
        Primary.SOCIAL: "Google" if has_google else "Google is not set up",
    }
    return {one: Asked(one.value, NAMES[one], under[one]) for one in Primary}


def _some(names: list[str]) -> str:
    return ", ".join(names[:3]) + (" and more" if len(names) > 3 else "")


def fallbacks_of(chosen: Fallback, policy: RedemptionPolicy) -> list[dict[str, Any]]:
    """The fallbacks as the page offers them, with those that are off or cannot be used here."""
    passcodes = EmailPasscodePolicy.objects.first()
    off = {
        Fallback.PASSCODE: passcodes is not None and not passcodes.passcode_state.is_on,
        Fallback.MICROSOFT_ACCOUNT: not policy.is_microsoft_account_enabled,
    }
    lacking = () if is_installed(BY_ID[Method.MICROSOFT_ACCOUNT]) else (Fallback.MICROSOFT_ACCOUNT,)
    return [
        {
            "value": one.value,
            "name": name,
            "help": text,
            "is_chosen": one is chosen,
            "is_off": off.get(one, False),
            "is_lacking": one in lacking,
        }
        for one, (name, text) in FALLBACKS.items()
    ]
