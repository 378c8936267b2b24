"""The tenant's policies: the passcode's switch, the Microsoft account's, the redemption orders.

None of these touches a guest: they hold for later redemptions (R4, R31), and the passcode's switch is asked again at
each request of a passcode guest (R5).
"""

from dataclasses import replace
from datetime import datetime

from django.db import transaction
from django.db.models.functions import Now

from providers.models import EmailPasscodePolicy, RedemptionOrder, RedemptionPolicy
from providers.operations.settings import Change, hold_settings, lock_settings, refuse, stored_settings
from providers.rules import Order, PasscodeState, order_refusal
from tenants.addresses import AddressRefused, canonical_domain
from tenants.audit import Actor, record
from tenants.refusals import Code, Refusal
from tenants.scope import current_tenant_id

PASSCODE_ACTION = "email_passcode.set"
MICROSOFT_ACTION = "microsoft_account.set"
ORDER_ACTION = "redemption_order.set"


def set_email_passcode(
    *, state: PasscodeState, actor: Actor, now: datetime, shown_version: str = ""
) -> Change[PasscodeState] | Refusal:
    """Store the state of "Email one-time passcode for guests" (R6); the same state again changes nothing.

    Turning it off voids every live passcode as of now, by the database's clock (R5). Refuses with E-NO-METHOD what
    would leave no fallback: the Microsoft account is disabled (R32), or a redemption order ends in passcodes (R31).
    Refuses with E-INPUT where the settings have changed since `shown_version`, as hold_settings() says.
    """
    with transaction.atomic():
        if changed := hold_settings(shown_version):
            return changed
        before = stored_settings()
        if before.passcodes is state:
            return Change(state, state)
        reason = replace(before, passcodes=state).refusal()
        if reason is not None:
            return refuse(code=Code.NO_METHOD, reason=reason, action=PASSCODE_ACTION, actor=actor, now=now)
        values: dict[str, object] = {"state": state.value}
        if before.passcodes.is_on and not state.is_on:
            values["passcodes_void_before"] = Now()
        EmailPasscodePolicy.objects.update_or_create(tenant_id=current_tenant_id(), defaults=values)
        details = {"before": before.passcodes.value, "after": state.value}
        record(actor=actor, action=PASSCODE_ACTION, at=now, details=details)
        return Change(before.passcodes, state)


def clear_email_passcode(*, actor: Actor, now: datetime) -> Change[PasscodeState] | Refusal:
    """Go back to `default`, that is, on: what deleting the setting means (R6)."""
    return set_email_passcode(state=PasscodeState.DEFAULT, actor=actor, now=now)


def enable_microsoft_account(*, actor: Actor, now: datetime, shown_version: str = "") -> Change[bool] | Refusal:
    """Let guests redeem with a Microsoft account again (R32). Refuses what has changed since `shown_version` only."""
    with transaction.atomic():
        if changed := hold_settings(shown_version):
            return changed
        return _store_microsoft_account(stored_settings().is_microsoft_account_enabled, True, actor=actor, now=now)


def disable_microsoft_account(*, actor: Actor, now: datetime, shown_version: str = "") -> Change[bool] | Refusal:
    """Take the Microsoft account out of later redemptions (R32); who redeemed with one keeps it until a reset (R3).

    Refuses with E-NO-METHOD while passcodes are off, and while a redemption order ends in the Microsoft account; with
    E-INPUT where the settings have changed since `shown_version`.
    """
    with transaction.atomic():
        if changed := hold_settings(shown_version):
            return changed
        before = stored_settings()
        reason = replace(before, is_microsoft_account_enabled=False).refusal()
        if reason is not None:
            return refuse(code=Code.NO_METHOD, reason=reason, action=MICROSOFT_ACTION, actor=actor, now=now)
        return _store_microsoft_account(before.is_microsoft_account_enabled, False, actor=actor, now=now)


def allow_skipping(*, actor: Actor, now: datetime) -> Change[bool]:
    """Let guests say "I have no account there" where only their domain is known (R34)."""
    return _store_skipping(True, actor=actor, now=now)


def forbid_skipping(*, actor: Actor, now: datetime) -> Change[bool]:
    """Hold guests to the method that their domain leads to (R34)."""
    return _store_skipping(False, actor=actor, now=now)


def set_redemption_order(
    *, order: Order, actor: Actor, now: datetime, shown_version: str = ""
) -> Change[Order] | Refusal:
    """Store an order for the tenant, or for one partner domain over it (R31); the same order again changes nothing.

    Refuses with E-NO-METHOD a fallback that is switched off elsewhere, with E-INPUT a domain that is none, a primary
    named twice, and settings that have changed since `shown_version`.
    """
    with transaction.atomic():
        if changed := hold_settings(shown_version):
            return changed
        try:
            domain = canonical_domain(order.partner_domain) if order.partner_domain else ""
        except AddressRefused as refused:
            return refuse(code=Code.INPUT, reason=refused.reason, action=ORDER_ACTION, actor=actor, now=now)
        wanted = replace(order, partner_domain=domain)
        mistake = order_refusal(wanted)
        if mistake is not None:
            return refuse(code=Code.INPUT, reason=mistake, action=ORDER_ACTION, actor=actor, now=now)
        settings = stored_settings()
        before = settings.orders.get(domain)
        if before == wanted:
            return Change(wanted, wanted)
        reason = settings.with_order(wanted).refusal()
        if reason is not None:
            return refuse(code=Code.NO_METHOD, reason=reason, action=ORDER_ACTION, actor=actor, now=now)
        RedemptionOrder.objects.update_or_create(
            tenant_id=current_tenant_id(),
            partner_domain=domain,
            defaults={"primaries": [one.value for one in wanted.primaries], "fallback": wanted.fallback.value},
        )
        record(actor=actor, action=ORDER_ACTION, at=now, details=_told(before, wanted))
        return Change(before or Order(partner_domain=domain), wanted)


def remove_redemption_order(
    *, partner_domain: str, actor: Actor, now: datetime, shown_version: str = ""
) -> Change[Order | None] | Refusal:
    """Go back to the default order; for a partner domain, to the tenant's own. `partner_domain` as it is stored.

    Nothing to remove changes nothing. Refuses what has changed since `shown_version` only: what is stored always
    leaves a default fallback.
    """
    with transaction.atomic():
        if changed := hold_settings(shown_version):
            return changed
        before = stored_settings().orders.get(partner_domain)
        if before is not None:
            RedemptionOrder.objects.filter(partner_domain=partner_domain).delete()
            record(actor=actor, action="redemption_order.removed", at=now, details=_told(before, None))
        return Change(before, None)


def _store_microsoft_account(before: bool, after: bool, *, actor: Actor, now: datetime) -> Change[bool]:
    if before is not after:
        RedemptionPolicy.objects.update_or_create(
            tenant_id=current_tenant_id(), defaults={"is_microsoft_account_enabled": after}
        )
        record(actor=actor, action=MICROSOFT_ACTION, at=now, details={"before": before, "after": after})
    return Change(before, after)


def _store_skipping(after: bool, *, actor: Actor, now: datetime) -> Change[bool]:
    with transaction.atomic():
        lock_settings()
        policy = RedemptionPolicy.objects.first()
        before = policy is None or policy.is_skipping_allowed
        if before is not after:
            RedemptionPolicy.objects.update_or_create(
                tenant_id=current_tenant_id(), defaults={"is_skipping_allowed": after}
            )
            record(actor=actor, action="skipping.set", at=now, details={"before": before, "after": after})
        return Change(before, after)


def _told(before: Order | None, after: Order | None) -> dict[str, object]:
    told = {name: order and _as_details(order) for name, order in (("before", before), ("after", after))}
    either = after or before
    return {"partner_domain": either.partner_domain if either else "", **told}


def _as_details(order: Order) -> dict[str, object]:
    return {"primaries": [one.value for one in order.primaries], "fallback": order.fallback.value}
