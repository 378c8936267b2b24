"""A provider as somebody wants it to be, before it is stored.

Knows what has to be right about a name, domains and settings of each kind. It reads rows and never writes one; what
needs the network it asks for before any transaction.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from providers.fetching import mistake_in_url
from providers.kinds import BY_ID, Kind
from providers.models import IdentityProvider, IdentityProviderDomain
from tenants.addresses import AddressRefused, canonical_domain
from tenants.encryption import can_seal

LONGEST_NAME = 100
LONGEST_SETTING = 2_000
LONGEST_DOCUMENT = 1024 * 1024
"""Characters of a setting that takes several lines, such as a partner's metadata."""
MOST_DOMAINS = 5_000
NO_KEY = "Secrets cannot be kept here yet. The operator has to set PROVIDER_KEYS first, as the README says."


class Mistake(Exception):
    """What is wrong with a provider as it was typed, in a sentence that names the fix. No secret is in it."""


@dataclass(frozen=True, slots=True)
class Draft:
    """A name, domains in canonical form, and settings without white space around them. No secret is in it."""

    kind: Kind
    name: str
    domains: tuple[str, ...]
    settings: Mapping[str, str]


def kind_to_add(kind_id: str) -> Kind:
    """The kind of this id. Raises Mistake where a tenant cannot add one."""
    found = BY_ID.get(kind_id)
    if found is None or found.is_built_in:
        raise Mistake("That is no kind of provider that a tenant can add. Choose one of the kinds listed.")
    return found


def drafted(*, kind: Kind, name: str, domains: Sequence[str], settings: Mapping[str, str], secret: str) -> Draft:
    """What was typed, made ready to be stored. Raises Mistake for what is wrong whatever else is stored."""
    draft = Draft(kind, _name(name), read_domains(kind, domains), _settings(kind, settings))
    if secret:
        _check_secret(kind, secret)
    mistake = kind.mistake(draft.settings)
    if mistake is not None:
        raise Mistake(mistake)
    return draft


def check_place(draft: Draft, *, provider_id: UUID | None) -> None:
    """Whether the tenant has room for it; `provider_id` is the one that is changed, None for a new one.

    Call it with the lock held. Raises Mistake for a name, a kind or a domain that another provider has.
    """
    others = IdentityProvider.objects.exclude(id=provider_id) if provider_id else IdentityProvider.objects.all()
    if others.filter(name=draft.name).exists():
        raise Mistake(f"A provider called {draft.name} exists already. Choose another name.")
    if not draft.kind.is_bound_to_domains:
        if others.filter(kind=draft.kind.id).exists():
            raise Mistake(f"{draft.kind.name} is set up already. Change or remove that one.")
        return
    taken = (
        IdentityProviderDomain.objects.filter(domain__in=draft.domains, provider__in=others)
        .select_related("provider")
        .order_by("domain")
        .first()
    )
    if taken is not None:
        raise Mistake(
            f"{taken.domain} belongs to {taken.provider.name} already. A domain has one provider: "
            "take it off there first."
        )


def _name(typed: str) -> str:
    name = typed.strip()
    if not name or len(name) > LONGEST_NAME:
        raise Mistake(f"Give the provider a name of at most {LONGEST_NAME} characters.")
    if not name.isprintable():
        raise Mistake("Give the provider a name of visible characters only, on one line.")
    return name


def read_domains(kind: Kind, typed: Sequence[str]) -> tuple[str, ...]:
    """The domains in canonical form, each once. Raises Mistake for what is none, and for none where some are needed."""
    if not kind.is_bound_to_domains:
        if typed:
            raise Mistake(f"{kind.name} answers for its own domains; leave the domains out.")
        return ()
    if not typed:
        raise Mistake("Name at least one domain that the provider answers for.")
    if len(typed) > MOST_DOMAINS:
        raise Mistake(f"Bind at most {MOST_DOMAINS:,} domains to one provider; these are {len(typed):,}.")
    found = []
    for place, one in enumerate(typed, 1):
        try:
            found.append(canonical_domain(one))
        except AddressRefused as refused:
            where = f"Domain {place}: " if len(typed) > 1 else ""
            raise Mistake(f"{where}{refused.reason}") from None
    return tuple(dict.fromkeys(found))


def _settings(kind: Kind, typed: Mapping[str, str]) -> dict[str, str]:
    asked = {one.name: one for one in kind.settings if not one.is_secret}
    found = {}
    for name, text in typed.items():
        if name not in asked:
            raise Mistake(f"{kind.name} has no setting '{name}'. Leave it out.")
        setting, value = asked[name], text.strip()
        longest = LONGEST_DOCUMENT if setting.is_long else LONGEST_SETTING
        if len(value) > longest:
            raise Mistake(f"{setting.label} is too long: it may have {longest:,} characters, and has {len(value):,}.")
        if "\x00" in value or not (setting.is_long or value.isprintable()):
            raise Mistake(f"{setting.label} has a character in it that cannot be seen. Type it again.")
        mistake = mistake_in_url(value) if setting.is_url and value else None
        if mistake is not None:
            raise Mistake(f"{setting.label}: {mistake}")
        if value:
            found[name] = value
    return found


def _check_secret(kind: Kind, secret: str) -> None:
    setting = next((one for one in kind.settings if one.is_secret), None)
    if setting is None:
        raise Mistake(f"{kind.name} has no secret. Leave it out.")
    if len(secret) > LONGEST_SETTING:
        raise Mistake(f"{setting.label} is too long: it may have {LONGEST_SETTING:,} characters.")
    if not secret.isprintable():
        raise Mistake(f"{setting.label} has a character in it that cannot be seen. Copy it again.")
    if not can_seal():
        raise Mistake(NO_KEY)
