"""manage.py reset_redemption: let a guest redeem again, or have workers do so for many."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.core.management.base import CommandError, CommandParser
from django.utils import timezone

from guests.management.addressed import address, guest_at, inviter_of
from guests.management.following import follow, name_the_first
from guests.operations.batches.choice import METHODS, Choice
from guests.operations.batches.choosing import reset_many, reset_many_by_mail
from guests.operations.batches.removed import removed_providers
from guests.operations.inviting import Inviter
from guests.operations.resetting import (
    reset_redemption,
    reset_redemption_by_mail,
    reset_redemption_to_address,
    reset_redemption_to_another_of_theirs,
)
from tenants.addresses import AddressRefused, canonical_domain
from tenants.doors.commands import TenantCommand
from tenants.models import Tenant
from tenants.refusals import Refusal


class Command(TenantCommand):
    """Parses, calls one operation, prints the new link; for many, whom it would touch or how far it is."""

    help = (
        "Reset a guest's redemption status: the method and the consent are cleared, sessions, live codes and old links "
        "end, and a new invitation is made. Prints its link; mails it with --mail. The guest's id and history stay. "
        "Many are reset by workers: several named with --guest, those of a method, a provider or a domain, or who wait "
        "because their provider was removed. That only says whom it would touch, until --start is given."
    )
    example = (
        "manage.py reset_redemption --tenant fabrikam.example --guest nicole@firstupconsultants.com --mail\n"
        "  manage.py reset_redemption --tenant fabrikam.example --all-with-method google --mail --start --wait"
    )

    def add_tenant_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--guest",
            type=address,
            action="append",
            metavar="ADDRESS",
            help="the guest's email address; several times for many",
        )
        parser.add_argument("--all-with-method", choices=sorted(METHODS), help="many: all who redeemed so")
        parser.add_argument("--provider", type=UUID, metavar="ID", help="many: all who redeemed with this provider")
        parser.add_argument("--domain", default="", help="many: all of this domain who have redeemed")
        parser.add_argument("--waiting", action="store_true", help="many: all whose provider was removed")
        parser.add_argument("--start", action="store_true", help="many: have them reset, instead of saying whom")
        parser.add_argument("--wait", action="store_true", help="many: follow it until it is done")
        parser.add_argument("--mail", action="store_true", help="mail the new invitation, or invitations")
        parser.add_argument(
            "--new-address", type=address, metavar="ADDRESS", help="give the guest this address and mail it there"
        )
        parser.add_argument(
            "--keep-addresses",
            action="store_true",
            help="with --new-address: it is the same person, whom the addresses of before go on proving",
        )
        parser.add_argument("--inviter-name", default="", help="who invites, as the mail names them")
        parser.add_argument("--inviter-address", type=address, metavar="ADDRESS", help="where answers to the mail go")

    def handle_in_tenant(self, tenant: Tenant, **options: Any) -> str | None:
        inviter = inviter_of(tenant, options["inviter_name"], options["inviter_address"])
        is_by_kind = options["all_with_method"] or options["provider"] or options["domain"] or options["waiting"]
        if bool(options["guest"]) is bool(is_by_kind):
            raise CommandError(
                "Name guests with --guest, or many with --all-with-method, --provider, --domain or --waiting."
            )
        guests = tuple({guest_at(one, tenant).id: None for one in options["guest"] or ()})
        is_many = len(guests) != 1
        if does_not_fit := _does_not_fit(options, is_many=is_many):
            raise CommandError(does_not_fit)
        if is_many:
            self._many(tenant, Choice(guests=guests) if guests else _choice(options), inviter, options)
            return None
        who: dict[str, Any] = {
            "tenant": tenant,
            "guest_id": guests[0],
            "inviter": inviter,
            "actor": self.actor,
            "now": timezone.now(),
        }
        if options["new_address"] and options["keep_addresses"]:
            invited = reset_redemption_to_another_of_theirs(address=options["new_address"], **who)
        elif options["new_address"]:
            invited = reset_redemption_to_address(address=options["new_address"], **who)
        elif options["mail"]:
            invited = reset_redemption_by_mail(**who)
        else:
            invited = reset_redemption(**who)
        if isinstance(invited, Refusal):
            raise self.refused(invited)
        self.stdout.write(invited.link)
        return None

    def _many(self, tenant: Tenant, choice: Choice, inviter: Inviter, options: dict[str, Any]) -> None:
        if not options["start"]:
            name_the_first(choice.found(), choice.in_words(), self.stdout)
            self.stdout.write("Nothing has been done. To reset them, give --start.")
            return
        batch = (reset_many_by_mail if options["mail"] else reset_many)(
            tenant=tenant,
            choice=choice,
            inviter=inviter,
            actor=self.actor,
            now=timezone.now(),
        )
        if isinstance(batch, Refusal):
            raise self.refused(batch)
        self.stdout.write(f"{batch.name} ({batch.id})")
        if options["wait"]:
            follow(batch, self.stdout)


def _does_not_fit(options: dict[str, Any], *, is_many: bool) -> str:
    """What is wrong with options that mean nothing together, nothing where all of them will be followed."""
    if not is_many and (options["start"] or options["wait"]):
        return "--start and --wait are for many. One guest is reset at once: leave them out."
    if is_many and (options["new_address"] or options["keep_addresses"]):
        return "--new-address and --keep-addresses are for one guest: name them with --guest."
    if options["keep_addresses"] and not options["new_address"]:
        return "--keep-addresses needs --new-address: without a new one, a guest's addresses stay anyway."
    if options["wait"] and not options["start"]:
        return "--wait needs --start: there is nothing to follow before."
    return ""


def _choice(options: dict[str, Any]) -> Choice:
    try:
        domain = canonical_domain(options["domain"]) if options["domain"] else ""
    except AddressRefused as refused:
        raise CommandError(f"'{options['domain']}' is no domain. {refused.reason}") from None
    providers: tuple[UUID, ...] = (options["provider"],) if options["provider"] else ()
    if options["waiting"]:
        gone = removed_providers()
        providers = tuple(one for one in gone if not providers or one in providers)
        if not providers:
            raise CommandError("Nobody waits for a reset: every provider that guests redeemed with is still set up.")
    return Choice(method=options["all_with_method"] or "", providers=providers, domain=domain)
