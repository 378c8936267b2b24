"""Testing the connection to a provider, as far as that goes without anybody signing in (R61).

The provider is asked outside any transaction, and what it said is kept for who looks later. It never tells a secret.
"""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime
from uuid import UUID

from django.db import transaction

from providers.connections import connection_to
from providers.kinds import BY_ID
from providers.models import IdentityProvider
from providers.operations.registry import GONE, SUBJECT
from providers.operations.settings import refuse
from providers.protocols import PROTOCOLS, Finding
from tenants.audit import Actor, Outcome, record
from tenants.encryption import CannotSeal
from tenants.refusals import Code, Refusal

TESTED = "identity_provider.tested"
LONGEST_LINE = 500
"""Characters of a finding that are kept: a provider's own words may be in it."""


def test_identity_provider(*, provider_id: UUID, actor: Actor, now: datetime) -> tuple[Finding, ...] | Refusal:
    """Ask the provider, on or off, and keep what was found. Call it outside any transaction: it asks the network.

    Refuses with E-INPUT a provider that is gone or of a kind that this version does not know. What the provider does
    wrong is no refusal but a finding.
    """
    row = IdentityProvider.objects.filter(id=provider_id).first()
    if row is None or row.kind not in BY_ID:
        return refuse(code=Code.INPUT, reason=GONE, action=TESTED, actor=actor, now=now)
    findings = tuple(_short(one) for one in _found(row, now))
    with transaction.atomic():
        stored = IdentityProvider.objects.filter(id=provider_id).update(
            tested_at=now, test_findings=[asdict(one) for one in findings]
        )
        if not stored:
            return refuse(code=Code.INPUT, reason=GONE, action=TESTED, actor=actor, now=now)
        bad = [one.looked_at for one in findings if not one.is_good]
        record(
            actor=actor,
            action=TESTED,
            at=now,
            subject_kind=SUBJECT,
            subject_id=provider_id,
            outcome=Outcome.REFUSED if bad else Outcome.SUCCESS,
            details={"name": row.name, "failed": bad},
        )
    return findings


def _found(row: IdentityProvider, now: datetime) -> tuple[Finding, ...]:
    try:
        connection = connection_to(row)
    except CannotSeal as error:
        return (Finding("The stored secret", False, str(error)),)
    return PROTOCOLS[connection.kind.protocol].trial(connection=connection, now=now)


def _short(finding: Finding) -> Finding:
    says = "".join(one if one.isprintable() else " " for one in finding.says)
    return Finding(finding.looked_at, finding.is_good, says if len(says) <= LONGEST_LINE else f"{says[:LONGEST_LINE]}…")
