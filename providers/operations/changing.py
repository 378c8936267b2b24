"""Changing a provider of the tenant's own. An empty secret keeps the stored one; no secret ever comes out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from uuid import UUID

from django.db import transaction

from providers.connections import SECRET, TABLE
from providers.kinds import BY_ID
from providers.models import IdentityProvider, IdentityProviderDomain
from providers.operations.drafts import Draft, Mistake, check_place, drafted, read_domains
from providers.operations.metadata import TEXT, kept_metadata, metadata_of, with_metadata
from providers.operations.registry import GONE, SUBJECT
from providers.operations.settings import hold_settings, lock_settings, refuse
from tenants.audit import Actor, record
from tenants.encryption import seal
from tenants.refusals import Code, Refusal
from tenants.scope import current_tenant_id

CHANGED = "identity_provider.changed"
IDENTITIES = ("issuer", "subject_attribute")
"""Settings that guests are known by (R36); a federation's entity ID, in its metadata, is one as well."""


def change_identity_provider(
    *,
    provider_id: UUID,
    name: str,
    domains: Sequence[str] | None,
    settings: Mapping[str, str],
    secret: str,
    actor: Actor,
    now: datetime,
) -> IdentityProvider | Refusal:
    """Store all of a provider anew; the same again changes nothing. No `domains` leaves them as they are.

    Call it outside any transaction: a federation's metadata may have to be fetched. What is never shown is kept where
    it is left out: the secret, and metadata whose address stays. A change of what the connection is made of forgets the
    last test. Refuses with E-INPUT what adding refuses, a provider that is gone, and another issuer: guests are known
    by the issuer that they came by (R36), and none of them would get in again.
    """
    try:
        row = _row(provider_id)
        wanted = kept_metadata(settings, stored=row.settings)
        said = _domains_of(row) if domains is None else domains
        draft = drafted(kind=BY_ID[row.kind], name=name, domains=said, settings=wanted, secret=secret)
        draft, ends_at = with_metadata(draft)
        with transaction.atomic():
            lock_settings()
            row = _row(provider_id)
            if domains is None:  # as they are by now: they may have been changed while the metadata was fetched
                draft = replace(draft, domains=tuple(_domains_of(row)))
            _check_identity(row, draft)
            check_place(draft, provider_id=provider_id)
            row.certificates_end_at = ends_at
            details = _stored(row, draft, secret)
            if details:
                record(
                    actor=actor, action=CHANGED, at=now, subject_kind=SUBJECT, subject_id=provider_id, details=details
                )
            return row
    except Mistake as mistake:
        return refuse(code=Code.INPUT, reason=str(mistake), action=CHANGED, actor=actor, now=now)


def change_provider_domains(
    *, provider_id: UUID, domains: Sequence[str], actor: Actor, now: datetime, shown_version: str = ""
) -> IdentityProvider | Refusal:
    """Have a provider answer for these domains and no others; the same again changes nothing.

    Refuses with E-INPUT what adding refuses of domains: none at all, what is no domain, and another provider's; and
    settings that have changed since `shown_version`.
    """
    try:
        with transaction.atomic():
            if changed := hold_settings(shown_version):
                return changed
            row = _row(provider_id)
            kind = BY_ID[row.kind]
            draft = Draft(kind, row.name, read_domains(kind, domains), row.settings)
            check_place(draft, provider_id=provider_id)
            details = _domains_stored(row, draft.domains)
            if details:
                said = {"name": row.name, **details}
                record(actor=actor, action=CHANGED, at=now, subject_kind=SUBJECT, subject_id=provider_id, details=said)
            return row
    except Mistake as mistake:
        return refuse(code=Code.INPUT, reason=str(mistake), action=CHANGED, actor=actor, now=now)


def _domains_of(row: IdentityProvider) -> list[str]:
    return list(row.domains.order_by("domain").values_list("domain", flat=True))


def _row(provider_id: UUID) -> IdentityProvider:
    row = IdentityProvider.objects.filter(id=provider_id).first()
    if row is None:
        raise Mistake(GONE)
    if row.kind not in BY_ID:
        raise Mistake("This version does not know that kind of provider, so it cannot change this one.")
    return row


def _check_identity(row: IdentityProvider, draft: Draft) -> None:
    labels = {one.name: one.label for one in draft.kind.settings}
    for name in IDENTITIES:
        if row.settings.get(name, "") != draft.settings.get(name, ""):
            raise _other(labels.get(name, name))
    before, after = row.settings.get(TEXT, ""), draft.settings.get(TEXT, "")
    if before and before != after and _entity_id(draft, before) != _entity_id(draft, after):
        raise _other("The entity ID in the metadata")


def _entity_id(draft: Draft, metadata: str) -> str:
    return metadata_of(draft.kind, metadata).entity_id


def _other(what: str) -> Mistake:
    return Mistake(
        f"{what} cannot change: guests are known by it, and those who came by this provider could not sign in any "
        "more. Add a second provider instead, and remove this one when its guests have moved."
    )


def _stored(row: IdentityProvider, draft: Draft, secret: str) -> dict[str, object]:
    """Write what differs; what the audit says of it, empty where nothing did."""
    details: dict[str, object] = {}
    if row.name != draft.name:
        details |= {"was_called": row.name}
    changed = sorted(
        name
        for name in row.settings.keys() | draft.settings.keys()
        if row.settings.get(name) != draft.settings.get(name)
    )
    if changed:
        details |= {"settings_changed": changed}
    if secret:
        details |= {"is_secret_changed": True}
        row.sealed_secret = seal(secret, tenant_id=current_tenant_id(), table=TABLE, row_id=row.id, field=SECRET)
    if changed or secret:
        row.tested_at, row.test_findings = None, []
    row.name, row.settings = draft.name, dict(draft.settings)
    details |= _domains_stored(row, draft.domains)
    if not details:
        return {}
    row.save()
    return {"name": draft.name, **details}


def _domains_stored(row: IdentityProvider, domains: Sequence[str]) -> dict[str, object]:
    before, after = set(row.domains.values_list("domain", flat=True)), set(domains)
    if before == after:
        return {}
    row.domains.filter(domain__in=before - after).delete()
    IdentityProviderDomain.objects.bulk_create(
        IdentityProviderDomain(tenant_id=current_tenant_id(), provider=row, domain=one)
        for one in sorted(after - before)
    )
    return {"domains_added": sorted(after - before), "domains_removed": sorted(before - after)}
