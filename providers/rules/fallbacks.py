"""Which settings of a tenant leave somebody without any way in (R31, R32). It judges them as a whole, never changes."""

from collections.abc import Iterable

from providers.rules.facts import Fallback, Order, PasscodeState


def fallback_refusal(
    *, passcodes: PasscodeState, is_microsoft_account_enabled: bool, orders: Iterable[Order]
) -> str | None:
    """Why these settings together are refused, as a sentence for an administrator; None when they may be stored.

    `orders` are all the orders that the tenant stores, its own one and those for partner domains.
    """
    if not passcodes.is_on and not is_microsoft_account_enabled:
        return (
            "One fallback has to remain: turn on the email one-time passcode or the Microsoft account "
            "before turning the other off."
        )
    for order in orders:
        whose = f"for {order.partner_domain}" if order.partner_domain else "of the tenant"
        if order.fallback is Fallback.PASSCODE and not passcodes.is_on:
            return f"The redemption order {whose} ends in the email one-time passcode, which would be off."
        if order.fallback is Fallback.MICROSOFT_ACCOUNT and not is_microsoft_account_enabled:
            return f"The redemption order {whose} ends in the Microsoft account, which would be disabled."
    return None


def order_refusal(order: Order) -> str | None:
    """Why this order makes no sense by itself; None when it does. All primaries may be left out (R31)."""
    if len(set(order.primaries)) != len(order.primaries):
        return "A redemption order names each of its primaries once."
    return None
