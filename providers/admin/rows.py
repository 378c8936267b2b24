"""How providers read on the two tabs and on their own pages: names, states, marks.

Knows words only. A mark is the status's class: colour repeats what the word says.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings

from providers.connections import Copied, is_installed, return_url
from providers.kinds import BY_ID, CONSUMER_DOMAINS, KINDS, Kind, Protocol
from providers.models import EmailPasscodePolicy, IdentityProvider, KnownAccountDomain, RedemptionPolicy
from providers.protocols import ProviderFailed
from providers.protocols.first_opinion import xmlsec1
from providers.rules import Method, PasscodeState
from tenants.encryption import can_seal
from tenants.scope import current_tenant_id

SHOWN_DOMAINS = 2
"""Domains that a cell names before it only counts them."""

CERTIFICATE_WARNING = timedelta(days=30)
"""How long before its last certificate ends a provider is warned of: time to get new metadata from a partner."""


@dataclass(frozen=True)
class BuiltInRow:
    """One line of the Built-in tab. `url_name` is the page that *Configured* leads to."""

    name: str
    under: str
    mark: str
    state: str
    state_under: str
    domains: str
    url_name: str = ""
    page_url_name: str = ""
    """The page that its name leads to."""


@dataclass(frozen=True)
class Certificate:
    """When the last of a provider's certificates ends, and whether it is time to do something about it."""

    mark: str
    words: str
    ends_at: datetime | None = None

    @property
    def is_warning(self) -> bool:
        return self.mark in ("wait", "no")


@dataclass(frozen=True)
class CustomRow:
    """A tenant's own provider, in words."""

    row: IdentityProvider
    kind: str
    mark: str
    state: str
    domains: str
    certificate: Certificate
    failed: tuple[str, ...] = ()
    """What the last test found wrong."""


def built_in_rows() -> list[BuiltInRow]:
    """Entra ID, Microsoft account, Email one-time passcode, as the tenant and the installation have them."""
    policy, redemption = EmailPasscodePolicy.objects.first(), RedemptionPolicy.objects.first()
    passcodes = policy.passcode_state if policy else PasscodeState.DEFAULT
    listed: dict[str, list[str]] = {}
    for kind, domain in KnownAccountDomain.objects.order_by("domain").values_list("kind", "domain"):
        listed.setdefault(kind, []).append(domain)
    entra, microsoft, passcode = (kind for kind in KINDS if kind.is_built_in)
    is_disabled = redemption is not None and not redemption.is_microsoft_account_enabled
    return [
        BuiltInRow(
            entra.name, "Work and school accounts", *_installed(entra), _looked_up(listed.get(Method.ENTRA_ID, []))
        ),
        BuiltInRow(
            microsoft.name,
            "Personal accounts",
            *(("off", "Disabled", "In this tenant") if is_disabled else _installed(microsoft)),
            _domains([*CONSUMER_DOMAINS, *listed.get(Method.MICROSOFT_ACCOUNT, [])]),
            page_url_name="admin:guests_microsoft_account",
        ),
        BuiltInRow(
            passcode.name,
            "For guests whom no other provider knows",
            "ok" if passcodes.is_on else "no",
            "On" if passcodes.is_on else "Off",
            "",
            "Every address",
            url_name="admin:providers_email_passcode",
        ),
    ]


def registrations() -> list[Copied]:
    """The redirect URI of each built-in kind that an operator registers at its provider."""
    return [
        Copied(kind.name, return_url(kind=kind, tenant_id=current_tenant_id(), provider_id=None))
        for kind in KINDS
        if kind.is_built_in and kind.protocol is not Protocol.NONE
    ]


def custom_rows(providers: Iterable[IdentityProvider], *, now: datetime) -> list[CustomRow]:
    """Providers with their domains fetched beforehand, each as a line."""
    return [custom_row(one, now=now) for one in providers]


def custom_row(provider: IdentityProvider, *, now: datetime) -> CustomRow:
    """What a provider is, whether it works, and for whom it answers."""
    kind = BY_ID.get(provider.kind)
    failed = tuple(str(one["looked_at"]) for one in provider.test_findings if not one["is_good"])
    if kind is None:
        mark, state = "wait", "This version does not know it"
    elif not provider.is_enabled:
        mark, state = "off", "Switched off"
    elif failed:
        mark, state = "no", "Last test failed"
    else:
        mark, state = "ok", "On"
    domains = sorted(one.domain for one in provider.domains.all())
    return CustomRow(
        provider,
        kind.name if kind else provider.kind,
        mark,
        state,
        _domains(domains) or (_own_domains(kind) if kind else "–"),
        certificate_of(provider, now=now),
        failed,
    )


def certificate_of(provider: IdentityProvider, *, now: datetime) -> Certificate:
    """The certificates in its metadata; those of OpenID Connect change by themselves."""
    ends_at = provider.certificates_end_at
    if ends_at is None:
        return Certificate("", "–")
    if ends_at <= now:
        return Certificate("no", "Ended", ends_at)
    if ends_at - now >= CERTIFICATE_WARNING:
        return Certificate("ok", "Ends", ends_at)
    days = (ends_at - now).days
    left = {0: "Ends within a day", 1: "Ends in 1 day"}.get(days, f"Ends in {days} days")
    return Certificate("wait", left, ends_at)


def obstacles(kind: Kind) -> list[str]:
    """What this installation lacks for a kind, in sentences that say what to do about it."""
    found = []
    is_federation = kind.protocol in (Protocol.SAML, Protocol.WS_FEDERATION)
    if is_federation:
        try:
            xmlsec1()
        except ProviderFailed as missing:
            found.append(f"{missing} On Debian and Ubuntu: sudo apt-get install xmlsec1.")
    if not can_seal() and (kind.protocol is Protocol.SAML or any(one.is_secret for one in kind.settings)):
        found.append("Secrets and keys cannot be kept yet. The operator has to set PROVIDER_KEYS, as the README says.")
    return found


def _installed(kind: Kind) -> tuple[str, str, str]:
    """Mark, state and what is missing, of a kind that the operator registers."""
    if is_installed(kind):
        return "ok", "Configured", ""
    names = {Method.ENTRA_ID: "ENTRA", Method.MICROSOFT_ACCOUNT: "MICROSOFT_ACCOUNT"}
    prefix = names.get(kind.method, "")
    return "off", "Not set up on this installation", f"The operator sets {prefix}_CLIENT_ID and {prefix}_CLIENT_SECRET."


def _looked_up(listed: list[str]) -> str:
    if settings.DISCOVERY == "live" and is_installed(BY_ID[Method.ENTRA_ID]):
        return "Domains found by look-up" + (f", and {_domains(listed)}" if listed else "")
    return _domains(listed) or "No domain is listed"


def _own_domains(kind: Kind) -> str:
    return "Its own domains" if kind.is_for_redemption else "Self-service sign-up only"


def _domains(domains: list[str]) -> str:
    """`a.example, b.example and 3 more`."""
    if len(domains) <= SHOWN_DOMAINS + 1:
        return ", ".join(domains)
    return f"{', '.join(domains[:SHOWN_DOMAINS])} and {len(domains) - SHOWN_DOMAINS} more"
