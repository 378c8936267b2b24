"""manage.py set_redemption_order: what is asked first at a redemption, and what it ends in (R31)."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from django.core.management.base import CommandError, CommandParser
from django.utils import timezone

from guests.management.addressed import domain
from guests.management.following import say_outlook
from guests.operations.foreseeing import outlook, with_order
from providers.models import RedemptionOrder
from providers.operations import remove_redemption_order, set_redemption_order, settings_version
from providers.rules import Fallback, Order, Primary
from tenants.doors.commands import TenantCommand
from tenants.models import Tenant
from tenants.refusals import Refusal


class Command(TenantCommand):
    """Says who would redeem otherwise, calls one operation, prints what holds now."""

    help = (
        "Show or set the redemption order of a tenant, or with --partner of one partner's domain. What --ask leaves "
        "out is not asked; --inherit goes back to the order above it. It holds for redemptions from now on: guests "
        "who have redeemed keep their method. Pending guests who would redeem otherwise are named; where some would "
        "not get in any more, --yes only stores it."
    )
    example = (
        "manage.py set_redemption_order --tenant fabrikam.example --ask externalFederation azureActiveDirectory\n"
        "  manage.py set_redemption_order --tenant fabrikam.example --partner contoso.com --inherit"
    )

    def add_tenant_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--partner", type=domain, metavar="DOMAIN", help="for guests of this domain")
        asked = parser.add_mutually_exclusive_group()
        asked.add_argument("--ask", nargs="+", choices=[one.value for one in Primary], help="in this order")
        asked.add_argument("--ask-nothing", action="store_true", help="only the fallback is left")
        parser.add_argument("--fallback", choices=[one.value for one in Fallback], help="what it ends in")
        parser.add_argument("--inherit", action="store_true", help="the default order; a partner's: the tenant's own")
        parser.add_argument("--yes", action="store_true", help="store it although pending guests would not get in")

    def handle_in_tenant(self, tenant: Tenant, **options: Any) -> str | None:
        partner = options["partner"] or ""
        is_set = options["ask"] is not None or options["ask_nothing"] or options["fallback"] is not None
        if is_set and options["inherit"]:
            raise CommandError("--inherit stands alone: it takes the order above this one as it is.")
        version = settings_version()
        outcome: object = None
        if options["inherit"]:
            self._foresee(_inherited(partner), is_sure=options["yes"])
            outcome = remove_redemption_order(
                partner_domain=partner, actor=self.actor, now=timezone.now(), shown_version=version
            )
        elif is_set:
            order = _holding(partner)
            if options["ask"] is not None or options["ask_nothing"]:
                order = replace(order, primaries=tuple(Primary(one) for one in options["ask"] or ()))
            if options["fallback"]:
                order = replace(order, fallback=Fallback(options["fallback"]))
            order = replace(order, partner_domain=partner)
            self._foresee(order, is_sure=options["yes"])
            outcome = set_redemption_order(order=order, actor=self.actor, now=timezone.now(), shown_version=version)
        if isinstance(outcome, Refusal):
            raise self.refused(outcome)
        order = _holding(partner)
        self.stdout.write(f"Asked first: {', '.join(order.primaries) or 'nothing'}. Then: {order.fallback}.")
        return None

    def _foresee(self, order: Order, *, is_sure: bool) -> None:
        """Say who would redeem otherwise. Raises CommandError where some would not get in and nobody is sure."""
        domains = {order.partner_domain} if order.partner_domain else None
        then = outlook(change=with_order(order), now=timezone.now(), domains=domains)
        say_outlook(then, self.stdout)
        if then.is_shutting_out and not is_sure:
            raise CommandError("Nothing has been done. To store what does not let some guests in, give --yes.")


def _inherited(partner: str) -> Order:
    """The order that holds for the domain once it has none of its own."""
    return replace(_holding(""), partner_domain=partner) if partner else Order()


def _holding(partner: str) -> Order:
    """The order that holds for the domain; for "" the tenant's own."""
    found = RedemptionOrder.objects.filter(partner_domain__in=["", partner]).order_by("-partner_domain").first()
    return found.as_order() if found else Order()
