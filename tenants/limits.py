"""What every app's price list shares: how a network is counted, and how many lines its refusals may write (R17).

Knows the ranges that the operator exempts or a tenant lists, and the room that a stranger has in the history. It must
never count by something that whoever asks can invent at will, such as a typed address, without their network beside it.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final, TypeVar
from uuid import UUID

from django.db import transaction

from tenants.audit import Actor, Outcome, note_reference, record
from tenants.budgets import Allowance, count, key, take_all
from tenants.scope import current_tenant_id
from tenants.source import is_exempt, network_key

TRUSTED_TIMES: Final = 10
"""What a range that the tenant lists may do more than others, as an office stands behind it."""

LINES_OF_NETWORK: Final = 20
LINES_ABOUT_ADDRESS: Final = 5

_HOUR: Final = timedelta(hours=1)

_TOLD_AT: Final = frozenset(10**power for power in range(7))

A = TypeVar("A", bound=Allowance)


def network_of(source: str) -> str:
    """The network that `source` counts with: a client's address, or what came out of here before."""
    return network_key(_address(source))


def for_network(allowance: A, *, tenant_id: UUID, source: str, trusted: bool) -> tuple[A, ...]:
    """The allowance of one network: none to keep where the operator lifted it, tenfold where the tenant lists it.

    A trusted range counts per tenant, so that what one tenant trusts is not charged to a guest of another.
    """
    if is_exempt(_address(source)):
        return ()
    if trusted:
        return (
            replace(allowance, key=key(allowance.key, "trusted", tenant_id), allowed=allowance.allowed * TRUSTED_TIMES),
        )
    return (allowance,)


def may_write_refusal(*, actor: Actor, address_key: str, now: datetime) -> bool:
    """Whether one more refusal that cost nothing else may stand in the open tenant's history: 20 an hour for a network,
    5 of them about one address. The network is the actor's.

    Lines can never be deleted, so whoever could write them at will would bury what matters. What has no room is
    counted: the 1st, 10th, 100th… of them in an hour writes a line that says how many there are, and the pages of all
    of them show that line's reference.
    """
    tenant_id, network = current_tenant_id(), network_of(actor.source)
    lines = (
        Allowance(key("refusal-lines", tenant_id, network), LINES_OF_NETWORK, _HOUR),
        Allowance(key("refusal-lines", tenant_id, network, address_key), LINES_ABOUT_ADDRESS, _HOUR),
    )
    # Where there is no room, not even the count of an address that was made up for it stays behind.
    if take_all(lines) is None:
        return True
    with transaction.atomic():
        _count_unlisted(key("refusals-unlisted", tenant_id, network), actor, now)
    return False


def _count_unlisted(window: str, actor: Actor, now: datetime) -> None:
    used, ends_at = count(window, _HOUR)
    digits = key(window, ends_at.isoformat())[:12].upper()
    standing = replace(actor, correlation=f"{digits[:4]}-{digits[4:8]}-{digits[8:]}")
    if used in _TOLD_AT:
        record(
            actor=standing,
            action="sign_in.refusals_counted",
            at=now,
            outcome=Outcome.REFUSED,
            details={"reason": f"Refusals from this network within an hour that are not listed one by one: {used}"},
        )
    note_reference(standing.correlation)


def _address(source: str) -> str:
    """The address itself, also out of a network key such as `192.0.2.7/32` or `2001:db8::/64`."""
    return source.partition("/")[0]
