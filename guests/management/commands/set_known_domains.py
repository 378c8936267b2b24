"""manage.py set_known_domains: domains whose addresses have accounts at Entra ID or at Microsoft (R34)."""

from __future__ import annotations

from typing import Any

from django.core.management.base import CommandError, CommandParser
from django.utils import timezone

from guests.management.addressed import domain
from guests.management.following import say_outlook
from guests.operations.foreseeing import outlook
from guests.operations.supposing import with_known_domains
from providers.models import KnownAccountDomain
from providers.operations import add_known_account_domain, remove_known_account_domain
from tenants.addresses import shown_domain
from tenants.doors.commands import TenantCommand
from tenants.models import Tenant
from tenants.refusals import Refusal

LISTED = 1000
"""Domains that are printed."""


class Command(TenantCommand):
    """Says who would redeem otherwise, calls one operation for each domain, prints the list."""

    help = (
        "Show or change the list of domains whose addresses have accounts of a kind. It holds for redemptions from now "
        "on: guests who have redeemed keep their method. Pending guests who would redeem otherwise are named; where "
        "some would not get in any more, --yes only stores it."
    )
    example = "manage.py set_known_domains --tenant fabrikam.example --kind azureActiveDirectory --add contoso.com"

    def add_tenant_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--kind", required=True, choices=KnownAccountDomain.Kind.values, help="which list")
        parser.add_argument("--add", nargs="+", type=domain, default=[], metavar="DOMAIN", help="these have accounts")
        parser.add_argument("--remove", nargs="+", type=domain, default=[], metavar="DOMAIN", help="take these off it")
        parser.add_argument("--yes", action="store_true", help="store it although pending guests would not get in")

    def handle_in_tenant(self, tenant: Tenant, **options: Any) -> str | None:
        kind, now = KnownAccountDomain.Kind(options["kind"]), timezone.now()
        added, removed = options["add"], options["remove"]
        if set(added) & set(removed):
            raise CommandError(f"{min(set(added) & set(removed))} is to be added and removed. Give it once.")
        if added or removed:
            change = with_known_domains(kind, added=added, removed=removed)
            then = outlook(change=change, now=now, domains=[*added, *removed])
            say_outlook(then, self.stdout)
            if then.is_shutting_out and not options["yes"]:
                raise CommandError("Nothing has been done. To store what does not let some guests in, give --yes.")
        for one in added:
            outcome = add_known_account_domain(domain=one, kind=kind, actor=self.actor, now=now)
            if isinstance(outcome, Refusal):
                raise self.refused(outcome)
        for one in removed:
            remove_known_account_domain(domain=one, kind=kind, actor=self.actor, now=now)
        rows = KnownAccountDomain.objects.filter(kind=kind).order_by("domain").values_list("domain", flat=True)
        for one in rows[:LISTED]:
            self.stdout.write(shown_domain(one))
        return None
