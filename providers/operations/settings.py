"""What every change of a tenant's settings shares: the lock, the whole of the settings, the refusal that is on record.

It never writes a setting itself.
"""

from dataclasses import dataclass, replace
from datetime import datetime
from hashlib import sha256
from typing import Any, Final, Generic, TypeVar

from django.contrib.postgres.aggregates import StringAgg
from django.db.models import F, QuerySet, TextField, Value
from django.db.models.functions import MD5, Cast, Concat

from providers.models import (
    EmailPasscodePolicy,
    IdentityProvider,
    IdentityProviderDomain,
    KnownAccountDomain,
    RedemptionOrder,
    RedemptionPolicy,
)
from providers.rules import Order, PasscodeState, fallback_refusal
from tenants.audit import Actor, Outcome, record
from tenants.models import Tenant
from tenants.refusals import Code, Refusal
from tenants.scope import current_tenant_id

T = TypeVar("T")

CHANGED_MEANWHILE: Final = "The settings were changed meanwhile, so nothing has been done. Look again whom it touches."


@dataclass(frozen=True, slots=True)
class Change(Generic[T]):
    """A setting before and after an operation; equal when there was nothing to do."""

    before: T
    after: T

    @property
    def is_change(self) -> bool:
        return self.before != self.after


@dataclass(frozen=True, slots=True)
class Settings:
    """All of a tenant's settings that R31 and R32 judge together."""

    passcodes: PasscodeState
    is_microsoft_account_enabled: bool
    orders: dict[str, Order]

    def with_order(self, order: Order) -> "Settings":
        """These settings with this order in the place of the one for the same partner domain."""
        return replace(self, orders=self.orders | {order.partner_domain: order})

    def refusal(self) -> str | None:
        """Why they may not be stored, or None."""
        return fallback_refusal(
            passcodes=self.passcodes,
            is_microsoft_account_enabled=self.is_microsoft_account_enabled,
            orders=self.orders.values(),
        )


def lock_settings() -> None:
    """Let one change of the open tenant's settings happen at a time, until the transaction ends.

    Two changes could each leave one fallback and together none (R32). The lock is the tenant's row, taken so that rows
    which merely point at the tenant go on being written meanwhile.
    """
    Tenant.objects.select_for_update(no_key=True).values_list("pk").get(pk=current_tenant_id())


def stored_settings() -> Settings:
    """What is stored now, defaults where there is no row. Call it with the lock held."""
    passcodes = EmailPasscodePolicy.objects.values_list("state", flat=True).first()
    policy = RedemptionPolicy.objects.first()
    return Settings(
        passcodes=PasscodeState(passcodes or PasscodeState.DEFAULT),
        is_microsoft_account_enabled=policy is None or policy.is_microsoft_account_enabled,
        orders={row.partner_domain: row.as_order() for row in RedemptionOrder.objects.all()},
    )


def settings_version() -> str:
    """How guests redeem by the tenant's settings at this moment, as an opaque word that is another after any change."""
    found = stored_settings()
    providers = IdentityProvider.objects.order_by("id").values_list("id", "is_enabled")
    said = [
        found.passcodes,
        found.is_microsoft_account_enabled,
        sorted(found.orders.items()),
        list(providers),
        _said_of(IdentityProviderDomain.objects.all(), "provider_id"),
        _said_of(KnownAccountDomain.objects.all(), "kind"),
    ]
    return sha256(repr(said).encode()).hexdigest()[:16]


def hold_settings(shown_version: str) -> Refusal | None:
    """Lock them; refuses with E-INPUT where they have changed since somebody was shown what a change would mean.

    `shown_version` is settings_version() as it was then, empty where nothing was shown.
    """
    lock_settings()
    if shown_version and shown_version != settings_version():
        return Refusal(Code.INPUT, reason=CHANGED_MEANWHILE)
    return None


def refuse(*, code: Code, reason: str, action: str, actor: Actor, now: datetime) -> Refusal:
    """The refusal, with its line in the audit: somebody tried."""
    record(actor=actor, action=action, at=now, outcome=Outcome.REFUSED, code=code, details={"reason": reason})
    return Refusal(code, reason=reason)


def _said_of(domains: QuerySet[Any], owner: str) -> str | None:
    """All of these domains with whose they are, as one word: there may be too many to read at each page."""
    each = Concat(Cast(F(owner), TextField()), Value(" "), F("domain"), output_field=TextField())
    said: str | None = domains.aggregate(said=MD5(StringAgg(each, ",", order_by=[owner, "domain"])))["said"]
    return said
