"""Reading a partner's metadata again where it stands, so that its next certificates arrive before they are used.

It must never put metadata in the place of what works unless it describes the same provider and can be used (R36).
"""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from django.db import transaction

from providers.fetching import FetchFailed, fetch
from providers.kinds import BY_ID, Kind
from providers.models import IdentityProvider
from providers.operations.drafts import Mistake
from providers.operations.metadata import ADDRESS, TEXT, metadata_of
from providers.operations.registry import GONE, SUBJECT
from providers.operations.settings import Change, lock_settings, refuse
from providers.protocols.saml_metadata import IdpMetadata
from tenants.audit import Actor, record
from tenants.refusals import Code, Refusal

REFRESHED = "identity_provider.metadata_refreshed"
ACCEPTED = "application/samlmetadata+xml, application/xml, text/xml"


def refresh_metadata(*, provider_id: UUID, actor: Actor, now: datetime) -> Change[tuple[str, ...]] | Refusal:
    """Store what the metadata's address shows now; returns the certificates (PEM) before and after.

    Call it outside any transaction: it asks the network. Metadata that says the same of the provider changes nothing.
    Refuses with E-INPUT, and keeps what is stored, when the provider is gone or has no such address, nothing readable
    is there, or it describes another provider than before.
    """
    try:
        before = _row(provider_id)
        kind, url = BY_ID[before.kind], before.settings[ADDRESS]
        text = _fetched(url)
        found = metadata_of(kind, text)
        with transaction.atomic():
            lock_settings()
            row = _row(provider_id)
            known = _known(kind, row)
            if row.settings[ADDRESS] != url or found == known:
                kept = known.certificates if known else ()
                return Change(kept, kept)
            if known is not None and known.entity_id != found.entity_id:
                raise Mistake(
                    "The metadata at the address has another entity ID than before, and guests are known by that. "
                    "What was stored is kept. Ask the partner, or add a second provider."
                )
            IdentityProvider.objects.filter(id=provider_id).update(
                settings={**row.settings, TEXT: text}, certificates_end_at=found.ends_at
            )
            certificates = {"certificates": len(found.certificates), "certificates_end_at": found.ends_at.isoformat()}
            details = {"name": row.name, **certificates}
            record(actor=actor, action=REFRESHED, at=now, subject_kind=SUBJECT, subject_id=provider_id, details=details)
            return Change(known.certificates if known else (), found.certificates)
    except Mistake as mistake:
        return refuse(code=Code.INPUT, reason=str(mistake), action=REFRESHED, actor=actor, now=now)


def _row(provider_id: UUID) -> IdentityProvider:
    row = IdentityProvider.objects.filter(id=provider_id).first()
    if row is None or row.kind not in BY_ID:
        raise Mistake(GONE)
    if not row.settings.get(ADDRESS):
        raise Mistake(f"{row.name} has no metadata address. Give it one, or its new metadata file.")
    return row


def _known(kind: Kind, row: IdentityProvider) -> IdpMetadata | None:
    """What is believed now; None where nothing readable is stored."""
    try:
        return metadata_of(kind, row.settings.get(TEXT, ""))
    except Mistake:
        return None


def _fetched(url: str) -> str:
    try:
        return fetch(url, accept=ACCEPTED).decode()
    except FetchFailed as failed:
        raise Mistake(f"The metadata could not be read again, so what was stored is kept: {failed}") from None
    except UnicodeDecodeError:
        raise Mistake("The metadata at the address is not written in UTF-8, so what was stored is kept.") from None
