"""Whose account stands behind a line of the history.

Knows that names are free text, so that two administrators may share one: the id tells them apart, and the account's
email while there is an account. It must never tell the email of anybody who did not act as the tenant's administrator:
an operator's is not the tenant's to know. Reads only.
"""

from __future__ import annotations

from tenants.models import ActorKind, Administrator, AuditEntry


def email_of(entry: AuditEntry) -> str:
    """The email of the administrator who did it; "" where somebody else did, or the account is gone. One statement."""
    if entry.actor_kind != ActorKind.ADMINISTRATOR or entry.actor_id is None:
        return ""
    return Administrator.objects.filter(pk=entry.actor_id).values_list("email", flat=True).first() or ""
