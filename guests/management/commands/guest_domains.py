"""manage.py guest_domains: from which domains guests are taken."""

from __future__ import annotations

from typing import Any

from django.core.management.base import CommandError, CommandParser
from django.utils import timezone

from guests.management.addressed import inviter_of
from guests.models import Batch
from guests.operations.remedying import change_domain_lists_and_revoke
from guests.operations.turning_away import TurnedAway, turned_away
from tenants.addresses import AddressRefused, canonical_domain, shown_domain
from tenants.changing import change_domain_lists, lists_version_of
from tenants.doors.commands import TenantCommand
from tenants.models import Tenant
from tenants.refusals import Refusal


class Command(TenantCommand):
    """Prints the lists, or says whom others would turn away and calls one operation."""

    help = (
        "Show or set from which domains guests are taken: only from some, or from all but some. Holds for invitations "
        "and redemptions from now on; guests who have redeemed are not affected. Lists by which more open invitations "
        "could not be redeemed say whose, and are stored with --yes only. --revoke has workers revoke all open "
        "invitations that could not be redeemed: it says whose, and does it with --yes only."
    )
    example = "manage.py guest_domains --tenant fabrikam.example --none-from tailspin.example --yes --revoke"

    def add_tenant_arguments(self, parser: CommandParser) -> None:
        lists = parser.add_mutually_exclusive_group()
        lists.add_argument("--only-from", nargs="+", metavar="DOMAIN", help="take guests of these domains only")
        lists.add_argument("--none-from", nargs="+", metavar="DOMAIN", help="take no guests of these domains")
        lists.add_argument("--from-any", action="store_true", help="take guests of every domain")
        parser.add_argument("--yes", action="store_true", help="turn guests away who were invited, or revoke")
        parser.add_argument("--revoke", action="store_true", help="revoke open invitations to other domains")

    def handle_in_tenant(self, tenant: Tenant, **options: Any) -> str | None:
        outcome: object = None
        if options["only_from"] or options["none_from"] or options["from_any"]:
            outcome = self._store(tenant, _read(options["only_from"]), _read(options["none_from"]), options)
        elif options["revoke"]:
            outcome = self._store(tenant, tenant.allowed_domains, tenant.denied_domains, options)
        if isinstance(outcome, Refusal):
            raise self.refused(outcome)
        if options["revoke"] and outcome is None:
            self.stdout.write("Guests of every domain are taken, so nothing is revoked.")
        tenant.refresh_from_db()
        self.stdout.write(_said(tenant))
        if isinstance(outcome, Batch):
            self.stdout.write(f"{outcome.name} ({outcome.id})")
        return None

    def _store(self, tenant: Tenant, allowed: list[str], denied: list[str], options: dict[str, Any]) -> object:
        """Say whom these lists turn away, and store them; with --revoke, those may be the lists that are stored."""
        found = turned_away(tenant=tenant, allowed=allowed, denied=denied)
        self._say(found)
        if options["revoke"] and found.then.is_any and not options["yes"]:
            raise CommandError("Nothing has been done. To revoke these guests' invitations, give --yes.")
        if found.fresh.is_any and not options["yes"]:
            raise CommandError("Nothing has been done. To turn these guests away, give --yes.")
        change: dict[str, Any] = {
            "tenant": tenant,
            "allowed": allowed,
            "denied": denied,
            "actor": self.actor,
            "now": timezone.now(),
            "shown_version": lists_version_of(tenant),
        }
        if options["revoke"]:
            return change_domain_lists_and_revoke(inviter=inviter_of(tenant, "", None), **change)
        return change_domain_lists(**change)

    def _say(self, found: TurnedAway) -> None:
        """Whose open invitations could not be redeemed, those first who are new among them."""
        self.stdout.write(
            f"Open invitations that would fail: {found.then.shown}, of which {found.fresh.shown} work now"
        )
        for guest in found.named:
            self.stdout.write(f"  {guest.name}  {guest.address}" if guest.name else f"  {guest.address}")
        if (found.fresh.count or found.then.count) > len(found.named):
            self.stdout.write("  …")


def _read(typed: list[str] | None) -> list[str]:
    try:
        return list(dict.fromkeys(canonical_domain(one) for one in typed or ()))
    except AddressRefused as refused:
        raise CommandError(f"This is no domain. {refused.reason}") from None


def _said(tenant: Tenant) -> str:
    if tenant.allowed_domains:
        return "Only guests from: " + ", ".join(map(shown_domain, tenant.allowed_domains))
    if tenant.denied_domains:
        return "No guests from: " + ", ".join(map(shown_domain, tenant.denied_domains))
    return "Guests of every domain are taken."
