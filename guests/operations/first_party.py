"""A code from an application that names no tenant (R37d): in which tenant it is asked for, and for whom it is a decoy.

Knows three looks and one beginning, which are the same statements for every address. What they find must never reach a
page before the code is right: neither the tenant, nor its budgets, nor how long its codes live (R19).
"""

from __future__ import annotations

import copy
import hashlib
from dataclasses import dataclass, replace
from datetime import datetime

from guests import limits
from guests.models import Guest, SignInFlow, Way
from guests.operations.flows import Asker, Beginning, Landing, begin_flow
from guests.operations.signing_in import resend_code
from passcodes.limits import NO_LIMIT, Price, mails_of_tenant, sends_of_strangers
from passcodes.models import Challenge
from passcodes.rules import Pool
from providers.discovery import gather_facts
from providers.rules import Decision, Method, decide
from tenants import budgets
from tenants.addresses import Address, canonical
from tenants.models import Tenant
from tenants.refusals import Code, Refusal

CODE_MINUTES = 10
"""A code lives as long as the shortest that a tenant may ask for (R11): another life would tell which tenant it is."""


@dataclass(frozen=True)
class Prospect:
    """What the tenant knows that a code is asked for in. `refused` is why its guest gets a decoy all the same."""

    guest: Guest | None
    pool: Pool
    decision: Decision
    refused: Code | None = None


def asks_for_code(decision: Decision) -> bool:
    """Whether a code is the way in."""
    return decision.refused_as is None and decision.method is Method.PASSCODE


def look_at_domain(*, tenant: Tenant, address: Address, asker: Asker, now: datetime) -> Decision | Refusal:
    """What any address of this domain meets where the application belongs, so that all of them meet one page.

    Refuses E-WAIT: a look may ask the world outside, so it is counted first.
    """
    prices = limits.for_looking(
        tenant_id=tenant.id, pool=Pool.STRANGER, address_key=address.key, source=asker.source, trusted=False
    )
    until = budgets.take(prices)
    if until is not None:
        return Refusal(Code.WAIT, until=until, reason="Too many addresses were typed from here.")
    return decide(gather_facts(address=address, bound=None, now=now))


def look_at_home(*, tenant: Tenant, address: Address, asker: Asker, now: datetime) -> Prospect | Refusal:
    """Whether a code would open something for this address in the open tenant, and may be mailed.

    The sends of strangers count here as at the tenant's own door (R17), and leave no trace on the page: spent, they
    make a decoy. Refuses E-WAIT by a count of its own that knows addresses and no tenant.
    """
    guest = Guest.objects.filter(address_key=address.key, deleted_at=None).first()
    decision = decide(
        gather_facts(
            address=address,
            bound=guest.bound_method if guest is not None else None,
            bound_provider_id=guest.method_provider_id if guest is not None else None,
            now=now,
        )
    )
    is_closed = guest is not None and not asks_for_code(decision)
    if guest is not None and not is_closed and asker.epochs.get(address.key) == guest.device_epoch:
        return Prospect(guest, Pool.KNOWN, decision)
    until = budgets.take_all(limits.for_first_party(send_key=address.send_key))
    if until is not None:
        return Refusal(Code.WAIT, until=until, reason="Too many codes were asked for from applications.")
    is_spent = budgets.take_all(_counts_of_tenant(tenant, address.send_key)) is not None
    spent = Code.WAIT if is_spent and guest is not None else None
    return Prospect(guest, Pool.STRANGER, decision, refused=Code.NO_METHOD if is_closed else spent)


def begin_from_application(
    *, tenant: Tenant, address: Address, prospect: Prospect, landing: Landing, asker: Asker, now: datetime
) -> SignInFlow | Refusal:
    """Send a code, or a decoy to whom it would open nothing. Refuses E-WAIT.

    What strangers ask for here is refused by counts of these pages' own: the tenant's own counts, where they count as
    well (look_at_home), would show here otherwise. A known browser may see its guest's.
    """
    guest = prospect.guest
    is_decoy = guest is None or not guest.may_sign_in or prospect.refused is not None
    shown = copy.copy(tenant)
    shown.passcode_minutes = CODE_MINUTES
    if is_decoy:
        shown.code_mails_per_hour = NO_LIMIT  # a decoy is no mail; and who waits would learn whose hour is spent
    beginning = Beginning(
        address=replace(address, send_key=_apart(address)) if prospect.pool is Pool.STRANGER else address,
        guest=guest,
        pool=prospect.pool,
        way=Way.COMMON,
        landing=landing,
        decision=prospect.decision,
        refused=prospect.refused if guest is None or guest.may_sign_in else None,
    )
    return begin_flow(tenant=shown, beginning=beginning, asker=asker, now=now)


def resend_from_application(*, flow: SignInFlow, asker: Asker, now: datetime) -> Challenge | Refusal:
    """Have the code of such a flow mailed again (R15). Refuses what resending refuses anywhere.

    A stranger's mail counts where look_at_home counts the first one: by the address alone, which is told, and in the
    tenant, which is not. Where the tenant's counts are spent, the page is the usual one and no mail leaves (R19).
    """
    shown = copy.copy(flow.tenant)
    shown.code_mails_per_hour = NO_LIMIT  # counted, and not told
    if flow.pool == Pool.KNOWN:
        return resend_code(tenant=shown, flow=flow, asker=asker, now=now)
    send_key = canonical(flow.address).send_key
    return resend_code(
        tenant=shown,
        flow=flow,
        asker=asker,
        now=now,
        told_within=limits.for_first_party(send_key=send_key),
        mailed_within=_counts_of_tenant(flow.tenant, send_key),
    )


def _counts_of_tenant(tenant: Tenant, send_key: str) -> tuple[Price, ...]:
    """What a stranger's mail counts by at the tenant's own door (R17). Its hour is only looked at here: asking for the
    mail counts in it."""
    return (
        *sends_of_strangers(tenant_id=tenant.id, send_key=send_key),
        *mails_of_tenant(tenant_id=tenant.id, pool=Pool.STRANGER, decoy=True, per_hour=tenant.code_mails_per_hour),
    )


def _apart(address: Address) -> str:
    """The mailbox as these pages count it; hashed, as a prefix would make the longest address too long."""
    return f"applications {hashlib.sha256(address.send_key.encode()).hexdigest()}"
