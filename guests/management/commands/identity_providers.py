"""manage.py identity_providers: a tenant's own providers: listed, switched, removed, tested, changed (R61)."""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import Any
from uuid import UUID

from django.core.management.base import CommandError, CommandParser
from django.utils import timezone

from guests.management.addressed import domain, inviter_of
from guests.management.following import name_the_first, say_outlook, say_reset
from guests.operations.batches.choice import Choice
from guests.operations.foreseeing import Change, Outlook, outlook
from guests.operations.remedying import disable_identity_provider_and_reset, remove_identity_provider_and_reset
from guests.operations.supposing import domains_of, with_domains, with_provider, without_provider
from providers.kinds import BY_ID
from providers.management.filling import add_filling_arguments, filled, is_filled
from providers.models import IdentityProvider
from providers.operations import (
    change_identity_provider,
    change_provider_domains,
    disable_identity_provider,
    enable_identity_provider,
    remove_identity_provider,
    settings_version,
    test_identity_provider,
)
from tenants.addresses import shown_domain
from tenants.doors.commands import TenantCommand
from tenants.models import Tenant
from tenants.refusals import Refusal

Deed = tuple[Callable[..., object], Callable[..., object]]
"""What shuts a provider's guests out: alone, and with their reset."""

SIGN_UP_ONLY = "sign-up only"
"""For a provider that no invited guest redeems with (R33)."""

DISABLING: Deed = (disable_identity_provider, disable_identity_provider_and_reset)
REMOVING: Deed = (remove_identity_provider, remove_identity_provider_and_reset)


class Command(TenantCommand):
    """Says whom it touches, calls one operation, prints what holds now."""

    help = (
        "List a tenant's own identity providers, or switch, test, change or remove one. Disabling and removing lock "
        "its guests out: that says whom, and does it with --yes only, as does what lets some pending guests not get in "
        "any more; --reset has workers reset its guests in the same step. "
        "add_identity_provider adds one. A change of domains is one, a change of the name, the settings or the secret "
        "another; what is not named stays."
    )
    example = (
        "manage.py identity_providers --tenant fabrikam.example\n"
        "  manage.py identity_providers --tenant fabrikam.example --disable ID --yes\n"
        "  manage.py identity_providers --tenant fabrikam.example --change ID --secret-from -"
    )

    def add_tenant_arguments(self, parser: CommandParser) -> None:
        deed = parser.add_mutually_exclusive_group()
        deed.add_argument("--enable", type=UUID, metavar="ID", help="guests may redeem and sign in with it")
        deed.add_argument("--disable", type=UUID, metavar="ID", help="its guests cannot sign in until it is on again")
        deed.add_argument("--remove", type=UUID, metavar="ID", help="its guests wait for a reset")
        deed.add_argument("--test", type=UUID, metavar="ID", help="ask it, without anybody signing in")
        deed.add_argument("--change", type=UUID, metavar="ID", help="give it what stands below")
        parser.add_argument(
            "--domains", nargs="+", type=domain, default=[], metavar="DOMAIN", help="it answers for these only"
        )
        parser.add_argument("--name", help="what guests see it called")
        add_filling_arguments(parser)
        parser.add_argument("--yes", action="store_true", help="lock guests out")
        parser.add_argument("--reset", action="store_true", help="with --disable or --remove: have its guests reset")

    def handle_in_tenant(self, tenant: Tenant, **options: Any) -> str | None:
        is_filled_in = is_filled(options) or options["name"] is not None
        if bool(options["change"]) is not (bool(options["domains"]) or is_filled_in):
            raise CommandError(
                "To change a provider, give --change ID and what it is to have: --domains, with all of them, or "
                "--name, --set, --set-from, --secret-from."
            )
        if options["domains"] and is_filled_in:
            raise CommandError("Change the domains by a command of their own: it says whom that touches.")
        if options["reset"] and not (options["disable"] or options["remove"]):
            raise CommandError("--reset goes with --disable or --remove.")
        if options["test"]:
            self._test(options["test"])
            return None
        if options["enable"]:
            self._enable(options["enable"])
        elif options["domains"]:
            self._change_domains(options["change"], options["domains"], is_sure=options["yes"])
        elif options["change"]:
            self._change(options["change"], options)
        elif options["disable"]:
            self._lock_out(tenant, options["disable"], DISABLING, options)
        elif options["remove"]:
            self._lock_out(tenant, options["remove"], REMOVING, options)
        for row in IdentityProvider.objects.order_by("name").prefetch_related("domains"):
            names = ", ".join(map(shown_domain, domains_of(row))) or SIGN_UP_ONLY
            self.stdout.write(f"{row.id}  {'on ' if row.is_enabled else 'off'}  {row.kind}  {row.name}  {names}")
        return None

    def _lock_out(self, tenant: Tenant, provider_id: UUID, deed: Deed, options: dict[str, Any]) -> None:
        alone, and_reset = deed
        version = settings_version()
        held = Choice(providers=(provider_id,)).found()
        name_the_first(held, "Guests who cannot sign in then", self.stdout)
        then = self._foresee(without_provider(provider_id), _domains_of(provider_id))
        if not options["yes"] and (held.exists() or then.is_shutting_out):
            raise CommandError(
                "Nothing has been done. To lock these guests out, give --yes; --reset resets those who have redeemed."
            )
        who: dict[str, Any] = {"provider_id": provider_id, "actor": self.actor, "shown_version": version}
        if options["reset"]:
            inviter = inviter_of(tenant, "", None)
            outcome = and_reset(tenant=tenant, inviter=inviter, now=timezone.now(), **who)
            self._done(outcome)
            say_reset(outcome, self.stdout)
        else:
            self._done(alone(now=timezone.now(), **who))

    def _change(self, provider_id: UUID, options: dict[str, Any]) -> None:
        row = IdentityProvider.objects.filter(pk=provider_id).first()
        if row is None:
            raise CommandError(
                f"--change: {provider_id} is none of the tenant's providers. To list them, leave it out."
            )
        kind = BY_ID.get(row.kind)
        if kind is None:
            raise CommandError(f"--change: this version knows no {row.kind}, so it cannot change {row.name}.")
        name = row.name if options["name"] is None else options["name"]
        form = filled(kind, options, name=name, domains=(), stored=row)
        self._done(
            change_identity_provider(
                provider_id=provider_id,
                name=form.cleaned_data["name"],
                domains=None,
                settings=form.typed_settings(),
                secret=form.typed_secret(),
                actor=self.actor,
                now=timezone.now(),
            )
        )

    def _enable(self, provider_id: UUID) -> None:
        version = settings_version()
        self._foresee(with_provider(provider_id), _domains_of(provider_id))
        who: dict[str, Any] = {"actor": self.actor, "now": timezone.now(), "shown_version": version}
        self._done(enable_identity_provider(provider_id=provider_id, **who))

    def _change_domains(self, provider_id: UUID, domains: list[str], *, is_sure: bool) -> None:
        version = settings_version()
        row = IdentityProvider.objects.filter(pk=provider_id, is_bound_to_domains=True).first()
        if row is not None:  # else the operation says what is wrong
            then = self._foresee(with_domains(row, domains), set(domains) ^ set(domains_of(row)))
            if then.is_shutting_out and not is_sure:
                raise CommandError("Nothing has been done. To store what does not let some guests in, give --yes.")
        who: dict[str, Any] = {"actor": self.actor, "now": timezone.now(), "shown_version": version}
        self._done(change_provider_domains(provider_id=provider_id, domains=domains, **who))

    def _foresee(self, change: Change, domains: Collection[str]) -> Outlook:
        """Say which pending guests of these domains would redeem otherwise."""
        then = outlook(change=change, now=timezone.now(), domains=domains)
        say_outlook(then, self.stdout)
        return then

    def _test(self, provider_id: UUID) -> None:
        findings = test_identity_provider(provider_id=provider_id, actor=self.actor, now=timezone.now())
        if isinstance(findings, Refusal):
            raise self.refused(findings)
        for one in findings:
            self.stdout.write(f"{'good' if one.is_good else 'NOT GOOD'}  {one.looked_at}: {one.says}")

    def _done(self, outcome: object) -> None:
        if isinstance(outcome, Refusal):
            raise self.refused(outcome)


def _domains_of(provider_id: UUID) -> list[str]:
    """Whose guests redeem with it; none where it is not there, which the operation refuses."""
    row = IdentityProvider.objects.filter(pk=provider_id).first()
    return domains_of(row) if row else []
