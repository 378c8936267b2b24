"""The price list of passcodes: what asking for one costs, and what guessing costs (R17).

Knows every number, window and key; `tenants.budgets` counts them. It must never decide who is known: the caller says
which pool somebody is in. A stranger's events must never touch a key that the known pool depends on, and neither may
another guest's known browser: so the pools count apart per network too, and known browsers for each guest.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from django.db.models.functions import Now

from passcodes.rules import Pool
from tenants.budgets import Allowance, key, take
from tenants.limits import for_network, network_of
from tenants.models import Budget
from tenants.refusals import Code, Refusal, Refused

TEN_MINUTES: Final = timedelta(minutes=10)
HOUR: Final = timedelta(hours=1)
DAY: Final = timedelta(hours=24)
FOR_GOOD: Final = timedelta(days=3650)
"""A streak has no window; ten years is longer than anybody waits, and a budget has to end some time."""

PAUSE: Final = "strangers' wrong codes in a row: paused until a known browser signs in or an administrator lifts it"

NO_LIMIT: Final = 2**31 - 1
"""Counted, never refused: the known pool does not wait for a tenant's mails (R17)."""


@dataclass(frozen=True)
class Price(Allowance):
    """An allowance with the name that an administrator reads when it is spent."""

    name: str = ""


class Spent(Refused):
    """A budget is used up: the operation rolls back, then answers E-WAIT."""

    def __init__(self, *, until: datetime, prices: Sequence[Price]) -> None:
        super().__init__(Refusal(Code.WAIT, until=until))
        self.until = until
        self.prices = tuple(prices)


def sends_of_strangers(*, tenant_id: UUID, send_key: str) -> tuple[Price, ...]:
    """Mails for one mailbox that strangers ask for: 5 an hour and 12 a day per tenant, 20 a day over all tenants."""
    return (
        Price(key("code-sends-hour", tenant_id, send_key), 5, HOUR, name="mails to the address in an hour"),
        Price(key("code-sends-day", tenant_id, send_key), 12, DAY, name="mails to the address in 24 hours"),
        Price(key("code-sends-all-day", send_key), 20, DAY, name="mails to the address in 24 hours, all tenants"),
    )


def sends_of_known(*, tenant_id: UUID, send_key: str) -> tuple[Price, ...]:
    """Mails for one mailbox that its own browsers ask for: 5 a day per tenant, on top of the strangers'."""
    return (
        Price(key("code-sends-known-day", tenant_id, send_key), 5, DAY, name="mails for known browsers in 24 hours"),
    )


def failures(*, tenant_id: UUID, address_key: str, pool: Pool) -> tuple[Price, ...]:
    """Wrong codes for one address in one tenant, over all codes, browsers and source addresses.

    Strangers: 10 an hour, 20 a day, 100 in a row without a sign-in between (the pause). The known pool: 10 a day.
    """
    whose = (tenant_id, address_key)
    if pool is Pool.KNOWN:
        return (Price(key("code-failures-known-day", *whose), 10, DAY, name="known browsers' wrong codes in 24 hours"),)
    return (
        Price(key("code-failures-hour", *whose), 10, HOUR, name="strangers' wrong codes in an hour"),
        Price(key("code-failures-day", *whose), 20, DAY, name="strangers' wrong codes in 24 hours"),
        Price(streak_key(tenant_id=tenant_id, address_key=address_key), 100, FOR_GOOD, name=PAUSE),
    )


def streak_key(*, tenant_id: UUID, address_key: str) -> str:
    """The budget of strangers' wrong codes in a row; any sign-in and `lift_pause` forget it."""
    return key("code-failures-streak", tenant_id, address_key)


def pool_parts(*, pool: Pool, tenant_id: UUID, address_key: str) -> tuple[object, ...]:
    """What a budget of a network counts a pool by, as parts of its key.

    A browser is known for one address of one tenant: it must not use up what other guests' browsers behind the same NAT
    depend on. Strangers of a network share one count, since they can name any address.
    """
    return (pool, tenant_id, address_key) if pool is Pool.KNOWN else (pool,)


def source_sends(*, tenant_id: UUID, pool: Pool, address_key: str, source: str, trusted: bool) -> tuple[Price, ...]:
    """Mails that one network asks for: 20 an hour. `source` is a client's address or its network key."""
    counted = pool_parts(pool=pool, tenant_id=tenant_id, address_key=address_key)
    price = Price(key("code-sends", *counted, network_of(source)), 20, HOUR, name="mails for one network in an hour")
    return for_network(price, tenant_id=tenant_id, source=source, trusted=trusted)


def source_tries(*, tenant_id: UUID, pool: Pool, address_key: str, source: str, trusted: bool) -> tuple[Price, ...]:
    """Codes that one network tries, right or wrong: 60 in ten minutes. `source` as above."""
    counted = pool_parts(pool=pool, tenant_id=tenant_id, address_key=address_key)
    name = "codes from one network in ten minutes"
    price = Price(key("code-tries", *counted, network_of(source)), 60, TEN_MINUTES, name=name)
    return for_network(price, tenant_id=tenant_id, source=source, trusted=trusted)


def mails_of_tenant(*, tenant_id: UUID, pool: Pool, decoy: bool, per_hour: int) -> tuple[Price, ...]:
    """A tenant's code mails in an hour (600 unless its row says otherwise).

    A decoy counts nothing and yet waits with every other stranger when it is spent, else waiting would tell who is
    invited. The known pool's mails count and never wait.
    """
    return (
        Price(
            key("code-mails", tenant_id),
            NO_LIMIT if pool is Pool.KNOWN else per_hour,
            HOUR,
            units=0 if decoy else 1,
            name="the tenant's code mails in an hour",
        ),
    )


def spend(prices: Sequence[Price]) -> None:
    """Take all of it in one statement, or raise Spent for the operation to roll back."""
    until = take(prices)
    if until is not None:
        raise Spent(until=until, prices=prices)


def names_of_spent(prices: Sequence[Price]) -> list[str]:
    """Which of these are used up, for the administrator; asked after the rollback, when all counts are true again."""
    counting = Budget.objects.filter(key__in=[price.key for price in prices], ends_at__gt=Now())
    used = dict(counting.values_list("key", "used"))
    return [price.name for price in prices if used.get(price.key, 0) >= price.allowed]


def is_paused(*, tenant_id: UUID, address_key: str) -> bool:
    """Whether strangers' wrong codes in a row have used up the last of their tries for this address (R17)."""
    prices = failures(tenant_id=tenant_id, address_key=address_key, pool=Pool.STRANGER)
    return bool(names_of_spent([price for price in prices if price.name == PAUSE]))


def end_of_wait(*, until: datetime, now: datetime) -> datetime | None:
    """The time to tell a guest, or None for a pause, which only a sign-in or an administrator ends."""
    return None if until - now > 2 * DAY else until
