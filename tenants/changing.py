"""Changing a tenant's settings.

Knows which settings an administrator may change and that new terms of use are a new version, which guests who redeem
later accept. Limits per hour are not among them: they bind administrators too, so an operator raises them.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass, fields
from datetime import datetime

from django.db import transaction

from tenants import audit
from tenants.audit import Actor
from tenants.models import Tenant, WhoMayInvite
from tenants.operations import publish_terms
from tenants.refusals import Code, Refusal

LONGEST_PASSCODE = 30
SHORTEST_PASSCODE = 10
"""Minutes (R11): a tenant may shorten a code's life to 10, never lengthen it above 30."""
LONGEST_INVITATION = 365
"""Days (R52)."""
NOT_BOTH = "Either allow domains or deny domains, not both."


@dataclass(frozen=True)
class Settings:
    """What an administrator may change. Origins are canonical already, in the typed order."""

    name: str
    privacy_statement_url: str
    terms_text: str
    colour: str
    sender_name: str
    passcode_minutes: int
    invitation_days: int | None
    landing_origins: list[str]
    who_may_invite: str


def settings_of(tenant: Tenant) -> Settings:
    """The settings as they are, for whoever changes one of them."""
    return Settings(**{one.name: getattr(tenant, one.name) for one in fields(Settings)})


def version_of(tenant: Tenant) -> str:
    """What the settings are at this moment, as an opaque word that is another one after any change."""
    return hashlib.sha256(json.dumps(asdict(settings_of(tenant)), sort_keys=True).encode()).hexdigest()[:32]


def change_settings(
    *, tenant: Tenant, settings: Settings, actor: Actor, now: datetime, shown_version: str = ""
) -> Tenant | Refusal:
    """Store the settings; the history names each that changed. Other terms become the next version.

    `shown_version` is version_of() what the administrator was looking at, empty where nothing was shown: settings that
    have changed since are refused, or what was added meanwhile, as an application's origin is, would be lost.

    Refuses a passcode's life outside 10 to 30 minutes (R11), an invitation's outside 1 to 365 days (R52) and a choice
    of who may invite that there is not (R53).
    """
    wrong = _wrong(settings)
    if wrong:
        return Refusal(Code.INPUT, reason=wrong)
    with transaction.atomic():
        row = Tenant.objects.select_for_update().get(id=tenant.id)
        if shown_version and shown_version != version_of(row):
            return Refusal(
                Code.INPUT, reason="The settings were changed meanwhile. Load the page again, then change it."
            )
        wanted = asdict(settings)
        terms = wanted.pop("terms_text")
        changed = {name: value for name, value in wanted.items() if getattr(row, name) != value}
        if changed:
            before = {name: getattr(row, name) for name in changed}
            for name, value in changed.items():
                setattr(row, name, value)
            row.save(update_fields=list(changed))
            audit.record(
                actor=actor,
                action="tenant.settings_changed",
                at=now,
                subject_kind="tenant",
                subject_id=row.id,
                details={"before": before, "after": changed},
            )
        return publish_terms(tenant=row, text=terms, actor=actor, now=now)


def lists_version_of(tenant: Tenant) -> str:
    """What the two lists of domains are at this moment, as an opaque word."""
    return hashlib.sha256(json.dumps([tenant.allowed_domains, tenant.denied_domains]).encode()).hexdigest()[:32]


def change_domain_lists(
    *,
    tenant: Tenant,
    allowed: list[str],
    denied: list[str],
    actor: Actor,
    now: datetime,
    shown_version: str = "",
) -> Tenant | Refusal:
    """Store from which domains guests are taken (R53); the same lists again change nothing.

    Domains as A-labels, in the typed order. `shown_version` is lists_version_of() what the administrator was looking
    at, empty where nothing was shown. Refuses an allow list beside a deny list, and lists that have changed since.
    """
    if allowed and denied:
        return Refusal(Code.INPUT, reason=NOT_BOTH)
    with transaction.atomic():
        row = Tenant.objects.select_for_update().get(id=tenant.id)
        if shown_version and shown_version != lists_version_of(row):
            return Refusal(
                Code.INPUT, reason="The lists were changed meanwhile. Load the page again, then change them."
            )
        before = {"allowed_domains": row.allowed_domains, "denied_domains": row.denied_domains}
        after = {"allowed_domains": allowed, "denied_domains": denied}
        if before != after:
            row.allowed_domains, row.denied_domains = allowed, denied
            row.save(update_fields=list(after))
            audit.record(
                actor=actor,
                action="tenant.domains_changed",
                at=now,
                subject_kind="tenant",
                subject_id=row.id,
                details={"before": before, "after": after},
            )
        return row


def _wrong(settings: Settings) -> str:
    if not SHORTEST_PASSCODE <= settings.passcode_minutes <= LONGEST_PASSCODE:
        return f"A passcode lives between {SHORTEST_PASSCODE} and {LONGEST_PASSCODE} minutes."
    if settings.invitation_days is not None and not 1 <= settings.invitation_days <= LONGEST_INVITATION:
        return f"An invitation lives between 1 and {LONGEST_INVITATION} days, or for ever."
    if settings.who_may_invite not in WhoMayInvite:
        return "Choose who may invite guests."
    return ""
