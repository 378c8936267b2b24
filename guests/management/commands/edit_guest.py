"""manage.py edit_guest: change a guest's name, other addresses or sponsors (R55)."""

from __future__ import annotations

from argparse import ArgumentTypeError
from dataclasses import replace
from email.utils import parseaddr
from typing import Any

from django.core.management.base import CommandError, CommandParser
from django.utils import timezone

from guests.management.addressed import add_guest_argument, address, guest_at
from guests.operations.editing import Profile, Sponsor, edit_guest, profile_of, version_of
from tenants.doors.commands import TenantCommand
from tenants.models import Tenant
from tenants.refusals import Refusal


def sponsor(text: str) -> Sponsor:
    """`Adele Vance <adele@fabrikam.example>`, or the address alone."""
    name, found = parseaddr(text)
    if "@" not in found:
        raise ArgumentTypeError("a sponsor is written 'Name <address>', or as the address alone")
    return Sponsor(name, address(found).to_send)


class Command(TenantCommand):
    """Parses, calls one operation, prints what the guest is now."""

    help = (
        "Change a guest's name, other addresses or sponsors; what is not named stays. Each other address proves the "
        "guest, once an identity provider confirms it. Their own address is changed by reset_redemption --new-address."
    )
    example = (
        "manage.py edit_guest --tenant fabrikam.example --guest nicole@firstupconsultants.com "
        "--add-address nicole@home.example --sponsor 'Adele Vance <adele@fabrikam.example>'"
    )

    def add_tenant_arguments(self, parser: CommandParser) -> None:
        add_guest_argument(parser)
        parser.add_argument("--name", help="the display name; '' takes it away")
        parser.add_argument(
            "--add-address", type=address, action="append", default=[], metavar="ADDRESS", help="may be repeated"
        )
        parser.add_argument(
            "--remove-address", type=address, action="append", default=[], metavar="ADDRESS", help="may be repeated"
        )
        parser.add_argument(
            "--sponsor",
            type=sponsor,
            action="append",
            metavar="'NAME <ADDRESS>'",
            help="instead of all sponsors there are; up to 5 times, the first is whom pages name",
        )

    def handle_in_tenant(self, tenant: Tenant, **options: Any) -> str | None:
        guest = guest_at(options["guest"], tenant)
        wanted = self._changed(profile_of(guest), options)
        edited = edit_guest(
            tenant=tenant,
            guest_id=guest.id,
            profile=wanted,
            actor=self.actor,
            now=timezone.now(),
            shown_version=version_of(guest),
        )
        if isinstance(edited, Refusal):
            raise self.refused(edited)
        now = profile_of(edited)
        self.stdout.write(f"Name: {now.name or '–'}")
        self.stdout.write(f"Other addresses: {', '.join(one.to_send for one in now.other_addresses) or '–'}")
        self.stdout.write(f"Sponsors: {', '.join(f'{one.name} <{one.address}>' for one in now.sponsors) or '–'}")
        return None

    def _changed(self, profile: Profile, options: dict[str, Any]) -> Profile:
        gone = {one.key for one in options["remove_address"]}
        missing = gone - {one.key for one in profile.other_addresses}
        if missing:
            raise CommandError(f"{', '.join(sorted(missing))} is none of this guest's other addresses.")
        others = [one for one in (*profile.other_addresses, *options["add_address"]) if one.key not in gone]
        changed = replace(profile, other_addresses=others)
        if options["name"] is not None:
            changed = replace(changed, name=options["name"])
        if options["sponsor"] is not None:
            changed = replace(changed, sponsors=options["sponsor"])
        return changed
