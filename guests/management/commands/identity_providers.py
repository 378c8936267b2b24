"""manage.py identity_providers: a tenant's own providers: listed, switched, removed, tested, their domains (R61)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID

from django.core.management.base import CommandError, CommandParser
from django.utils import timezone

from guests.management.addressed import domain
from guests.management.following import name_the_first, pending_guests
from guests.operations.batches.choice import Choice
from providers.models import IdentityProvider
from providers.operations import (
    change_provider_domains,
    disable_identity_provider,
    enable_identity_provider,
    remove_identity_provider,
    test_identity_provider,
)
from tenants.addresses import shown_domain
from tenants.doors.commands import TenantCommand
from tenants.models import Tenant
from tenants.refusals import Refusal


class Command(TenantCommand):
    """Says whom it touches, calls one operation, prints what holds now."""

    help = (
        "List a tenant's own identity providers, or switch, test or remove one, or give it other domains. Disabling "
        "and removing lock its guests out: that says whom, and does it with --yes only. They are set up in the "
        "portal, where their addresses stand."
    )
    example = (
        "manage.py identity_providers --tenant fabrikam.example\n"
        "  manage.py identity_providers --tenant fabrikam.example --disable ID --yes"
    )

    def add_tenant_arguments(self, parser: CommandParser) -> None:
        deed = parser.add_mutually_exclusive_group()
        deed.add_argument("--enable", type=UUID, metavar="ID", help="guests may redeem and sign in with it")
        deed.add_argument("--disable", type=UUID, metavar="ID", help="its guests cannot sign in until it is on again")
        deed.add_argument("--remove", type=UUID, metavar="ID", help="its guests wait for a reset")
        deed.add_argument("--test", type=UUID, metavar="ID", help="ask it, without anybody signing in")
        deed.add_argument("--change", type=UUID, metavar="ID", help="with --domains: it answers for these only")
        parser.add_argument("--domains", nargs="+", type=domain, default=[], metavar="DOMAIN", help="see --change")
        parser.add_argument("--yes", action="store_true", help="lock its guests out")

    def handle_in_tenant(self, tenant: Tenant, **options: Any) -> str | None:
        if bool(options["domains"]) is not bool(options["change"]):
            raise CommandError("To change a provider's domains, give --change ID and --domains, with all of them.")
        if options["test"]:
            self._test(options["test"])
            return None
        if options["enable"]:
            self._name_pending(options["enable"])
            self._done(enable_identity_provider(provider_id=options["enable"], actor=self.actor, now=timezone.now()))
        elif options["change"]:
            self._change(options["change"], options["domains"])
        elif options["disable"]:
            self._lock_out(options["disable"], disable_identity_provider, is_sure=options["yes"])
        elif options["remove"]:
            self._lock_out(options["remove"], remove_identity_provider, is_sure=options["yes"])
        for row in IdentityProvider.objects.order_by("name").prefetch_related("domains"):
            names = ", ".join(sorted(shown_domain(one.domain) for one in row.domains.all())) or "every domain"
            self.stdout.write(f"{row.id}  {'on ' if row.is_enabled else 'off'}  {row.kind}  {row.name}  {names}")
        return None

    def _lock_out(self, provider_id: UUID, operation: Callable[..., object], *, is_sure: bool) -> None:
        held = Choice(providers=(provider_id,)).found()
        name_the_first(held, "Guests who cannot sign in then", self.stdout)
        self._name_pending(provider_id)
        if not is_sure and held.exists():
            raise CommandError("Nothing has been done. To lock these guests out, give --yes.")
        self._done(operation(provider_id=provider_id, actor=self.actor, now=timezone.now()))

    def _change(self, provider_id: UUID, domains: list[str]) -> None:
        row = IdentityProvider.objects.filter(pk=provider_id).first()
        turned = set(domains) ^ set(row.domains.values_list("domain", flat=True)) if row else set()
        name_the_first(pending_guests().filter(domain__in=turned), "Pending guests of these domains", self.stdout)
        self._done(
            change_provider_domains(provider_id=provider_id, domains=domains, actor=self.actor, now=timezone.now())
        )

    def _name_pending(self, provider_id: UUID) -> None:
        bound = IdentityProvider.objects.filter(pk=provider_id).values("domains__domain")
        name_the_first(pending_guests().filter(domain__in=bound), "Pending guests of its domains", self.stdout)

    def _test(self, provider_id: UUID) -> None:
        findings = test_identity_provider(provider_id=provider_id, actor=self.actor, now=timezone.now())
        if isinstance(findings, Refusal):
            raise self.refused(findings)
        for one in findings:
            self.stdout.write(f"{'good' if one.is_good else 'NOT GOOD'}  {one.looked_at}: {one.says}")

    def _done(self, outcome: object) -> None:
        if isinstance(outcome, Refusal):
            raise self.refused(outcome)
