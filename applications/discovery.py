"""What an application may offer for self-service sign-up: the methods that work in this tenant, on this installation.

Knows the tenant's switches and providers. It never asks a network, and never decides what is offered: the administrator
does, and what no longer works is left out (R33, R39a).
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from uuid import UUID

from providers.connections import is_installed
from providers.kinds import BY_ID
from providers.models import EmailPasscodePolicy, IdentityProvider, RedemptionPolicy
from providers.rules import METHOD_NAMES, Method

ORDER = (
    Method.PASSCODE,
    Method.GOOGLE,
    Method.FACEBOOK,
    Method.MICROSOFT_ACCOUNT,
    Method.ENTRA_ID,
    Method.FEDERATION,
)
"""Every method of a sign-up, as pages name them. Facebook is nowhere else (R33)."""

FOR_GUESTS = {
    Method.MICROSOFT_ACCOUNT: "a Microsoft account",
    Method.ENTRA_ID: "a work or school account",
    Method.GOOGLE: METHOD_NAMES[Method.GOOGLE],
    Method.FACEBOOK: METHOD_NAMES[Method.FACEBOOK],
}
"""What stands after "Continue with"; a federation is called what the tenant calls it."""


@dataclass(frozen=True, slots=True)
class Offer:
    """One way to sign up. `provider_id` is None for a passcode and for what the installation set up."""

    method: Method
    name: str
    kind_id: str
    provider_id: UUID | None = None

    @property
    def key(self) -> str:
        """What the page's form calls it."""
        return str(self.provider_id or self.kind_id)


def possible_offers() -> list[Offer]:
    """All that would work here now, in the order of pages. Three statements."""
    found = []
    policy = EmailPasscodePolicy.objects.first()
    if policy is None or policy.passcode_state.is_on:
        found.append(Offer(Method.PASSCODE, METHOD_NAMES[Method.PASSCODE], Method.PASSCODE.value))
    switches = RedemptionPolicy.objects.first()
    built_in = [Method.ENTRA_ID]
    if switches is None or switches.is_microsoft_account_enabled:
        built_in.append(Method.MICROSOFT_ACCOUNT)
    found += [
        Offer(method, FOR_GUESTS[method], method.value) for method in built_in if is_installed(BY_ID[method.value])
    ]
    for row in IdentityProvider.objects.filter(is_enabled=True, kind__in=BY_ID).order_by("name"):
        method = BY_ID[row.kind].method
        found.append(Offer(method, FOR_GUESTS.get(method, row.name), row.kind, row.id))
    return sorted(found, key=lambda offer: ORDER.index(offer.method))


def chosen_offers(chosen: Collection[str]) -> list[Offer]:
    """Those of the possible ones whose method the administrator chose."""
    return [offer for offer in possible_offers() if offer.method.value in chosen]
