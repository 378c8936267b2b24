"""What the mail with a code says (R12, R13, R19).

Knows which challenge still deserves a mail and the words' templates. The only place besides the comparison that sees
digits: it must never write them anywhere but into the mail's body, not into the subject, which lock screens show.
"""

from typing import Final
from uuid import UUID

from django.db.models.functions import Now
from django.template.loader import render_to_string

from outbox.delivery import Message, Nothing
from passcodes import codes, rules
from passcodes.models import Challenge
from tenants.colours import brand
from tenants.models import Tenant

LANGUAGE: Final = "en"
"""Of the templates, whatever the tenant's own is: the header must not promise another."""

_TEMPLATES: Final = "email/passcode"


def render_passcode(subject_id: UUID) -> Message | Nothing:
    """The mail of one challenge, in its tenant's scope; called by the worker each time that it tries to send.

    A decoy's is suppressed; one that could not open anything any more (used, void, expired by the database's clock,
    out of tries) is dropped. Raises NoCode while this process lacks the row's key, so that the outbox tries again: a
    worker that was not restarted with new PASSCODE_KEYS must not lose a mail.
    """
    challenge = Challenge.objects.filter(id=subject_id).annotate(at=Now()).first()
    if challenge is None:
        return Nothing("dropped", "the passcode is gone")
    if challenge.is_decoy:
        return Nothing("suppressed", "nobody to whom this tenant sends codes has this address")
    if challenge.used_at is not None or challenge.voided_at is not None:
        return Nothing("dropped", "the passcode was used or made void")
    if challenge.expires_at <= challenge.at:
        return Nothing("dropped", "the passcode has expired")
    if challenge.attempts >= rules.TRIES:
        return Nothing("dropped", "the passcode has no tries left")
    return _message(challenge, Tenant.objects.get(id=challenge.tenant_id))


def _message(challenge: Challenge, tenant: Tenant) -> Message:
    words = {
        "tenant": {
            "name": tenant.name,
            "domain": tenant.primary_domain,
            "privacy_url": tenant.privacy_statement_url,
        },
        "colours": brand(tenant.colour),
        "language": LANGUAGE,
        "address": challenge.to_send,
        "code": codes.code_of(challenge),
        "minutes": round(challenge.lifetime.total_seconds() / 60),
        "expires_at": challenge.expires_at,
        "requested_at": challenge.sent_at,
    }
    return Message(
        to=challenge.to_send,
        subject=render_to_string(f"{_TEMPLATES}/subject.txt", words).strip(),
        text=render_to_string(f"{_TEMPLATES}/body.txt", words).strip() + "\n",
        html=render_to_string(f"{_TEMPLATES}/body.html", words),
        from_name=tenant.sender_name or tenant.name,
        language=LANGUAGE,
    )
