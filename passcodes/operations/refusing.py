"""How a refused step stands in the history, the same for asking and for trying.

Knows one line of the audit. It must never say in the refusal's code what only the administrator may know (R19): that
is the reason's, which no page shows.
"""

from datetime import datetime
from uuid import UUID

from passcodes import limits
from passcodes.limits import Spent
from tenants import audit
from tenants.audit import Actor
from tenants.limits import may_write_refusal
from tenants.refusals import Code, Refusal


def refuse(
    refusal: Refusal, *, challenge_id: UUID, address_key: str, step: str, actor: Actor, now: datetime
) -> Refusal:
    """Write the line and hand the refusal on. `step` is request, resend, try or use."""
    audit.record(
        actor=actor,
        action="passcode.refused",
        at=now,
        subject_kind="passcode",
        subject_id=challenge_id,
        outcome=audit.Outcome.REFUSED,
        code=refusal.code,
        details={"address": address_key, "step": step, "reason": refusal.reason},
    )
    return refusal


def refuse_sparingly(
    refusal: Refusal, *, challenge_id: UUID, address_key: str, step: str, actor: Actor, now: datetime
) -> Refusal:
    """As refuse(), for a step that cost nothing: a few lines an hour, then a count (R17)."""
    if not may_write_refusal(actor=actor, address_key=address_key, now=now):
        return refusal
    return refuse(refusal, challenge_id=challenge_id, address_key=address_key, step=step, actor=actor, now=now)


def refuse_to_wait(
    spent: Spent, *, challenge_id: UUID, address_key: str, step: str, actor: Actor, now: datetime
) -> Refusal:
    """E-WAIT until the budgets have room again, after the rollback; the reason names those that are used up (R17)."""
    refusal = Refusal(
        Code.WAIT,
        until=limits.end_of_wait(until=spent.until, now=now),
        reason="; ".join(limits.names_of_spent(spent.prices)),
    )
    return refuse_sparingly(
        refusal, challenge_id=challenge_id, address_key=address_key, step=step, actor=actor, now=now
    )
