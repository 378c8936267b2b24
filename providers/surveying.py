"""The facts about many domains at once, for a page that says whom a change would touch (R62).

Knows that facts hang on the domain while nobody has redeemed, and on whether a Microsoft account was seen with the
address, and reads them in the same few statements however many there are. It must never ask a network: what was not
looked up yet counts as unknown here. It must never answer a guest: who only types an address is not told what was seen
of it (R19).
"""

from collections.abc import Collection
from dataclasses import replace
from datetime import datetime

from django.conf import settings

from providers.connections import is_installed
from providers.discovery import NEVER_ENTRA_ID, SEEN_HERE, address_hash
from providers.kinds import BY_ID
from providers.lookups import directory_at
from providers.models import (
    EmailPasscodePolicy,
    IdentityProvider,
    IdentityProviderDomain,
    KnownAccountDomain,
    RedemptionOrder,
    RedemptionPolicy,
    SeenMicrosoftAccount,
)
from providers.rules import Answer, Knowledge, Method, Order, PasscodeState, Provider, SignInFacts


def gather_many(*, domains: Collection[str], now: datetime) -> dict[str, SignInFacts]:
    """By domain, the facts about an address of it whose owner has not redeemed, in six statements for all of them.

    `domains` as they are stored: lower-case A-labels (R70). `now` is when. Raises OutsideScope.
    """
    wanted = sorted(set(domains))
    passcodes = EmailPasscodePolicy.objects.first()
    policy = RedemptionPolicy.objects.first() or RedemptionPolicy()
    orders = {
        row.partner_domain: row.as_order() for row in RedemptionOrder.objects.filter(partner_domain__in=["", *wanted])
    }
    unbound = tuple(_provider(row) for row in IdentityProvider.objects.filter(is_bound_to_domains=False))
    bound = IdentityProviderDomain.objects.filter(domain__in=wanted).select_related("provider")
    federations = {row.domain: _provider(row.provider) for row in bound}
    listed = set(KnownAccountDomain.objects.filter(domain__in=wanted).values_list("kind", "domain"))
    return {
        domain: SignInFacts(
            domain=domain,
            entra_id=_entra_id(domain, listed),
            microsoft_account=_known(Method.MICROSOFT_ACCOUNT, domain, listed),
            passcodes=passcodes.passcode_state if passcodes else PasscodeState.DEFAULT,
            is_microsoft_account_enabled=policy.is_microsoft_account_enabled,
            is_skipping_allowed=policy.is_skipping_allowed,
            order=orders.get(domain) or orders.get("", Order()),
            federation=federations.get(domain),
            providers=unbound,
            is_entra_id_installed=is_installed(BY_ID[Method.ENTRA_ID]),
            is_microsoft_account_installed=is_installed(BY_ID[Method.MICROSOFT_ACCOUNT]),
        )
        for domain in wanted
    }


def seen_accounts(*, address_keys: Collection[str]) -> set[str]:
    """Those of the addresses with which a Microsoft account signed in here: their invitations' links lead to it."""
    hashes = {address_hash(one): one for one in address_keys}
    seen = SeenMicrosoftAccount.objects.filter(address_hash__in=list(hashes)).values_list("address_hash", flat=True)
    return {hashes[one] for one in seen}


def with_account_seen(facts: SignInFacts) -> SignInFacts:
    """The facts of a domain for an address of it that was seen so."""
    return facts if facts.microsoft_account.answer is Answer.YES else replace(facts, microsoft_account=SEEN_HERE)


def _known(method: Method, domain: str, listed: set[tuple[str, str]]) -> Knowledge:
    return BY_ID[method].has_account(domain=domain, is_listed=(method.value, domain) in listed)


def _entra_id(domain: str, listed: set[tuple[str, str]]) -> Knowledge:
    """As discovery knows it, except that nobody is asked."""
    known = _known(Method.ENTRA_ID, domain, listed)
    is_asked = settings.DISCOVERY == "live" and is_installed(BY_ID[Method.ENTRA_ID]) and domain not in NEVER_ENTRA_ID
    if known.answer is Answer.YES or not is_asked:
        return known
    home = directory_at(settings.ENTRA_AUTHORITY).remembered(domain)
    return home.known if home else Knowledge(Answer.UNKNOWN, f"Entra ID was not asked about {domain} yet.")


def _provider(row: IdentityProvider) -> Provider:
    return Provider(row.id, row.kind, row.name, row.is_enabled)
