"""manage.py invite_guest: make a guest and an invitation, and print the link."""

from __future__ import annotations

from typing import Any

from django.core.management.base import CommandParser
from django.utils import timezone

from guests.management.addressed import address, inviter_of
from guests.operations.inviting import Details, invite_guest, invite_guest_by_mail
from tenants.doors.commands import TenantCommand
from tenants.models import Tenant
from tenants.refusals import Refusal


class Command(TenantCommand):
    """Parses, calls one operation, prints the link."""

    help = (
        "Invite somebody as a guest and print the invitation's link. Nothing is mailed without --mail. "
        "Inviting a guest again repeats the link that they may already have."
    )
    example = (
        "manage.py invite_guest nicole@firstupconsultants.com --tenant fabrikam.example --name 'Nicole Wagner' --mail"
    )

    def add_tenant_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("address", type=address, help="the email address to invite")
        parser.add_argument("--name", default="", help="the guest's name")
        parser.add_argument("--mail", action="store_true", help="mail the invitation to the guest")
        parser.add_argument("--redirect-url", default="", help="where the guest lands, on an origin of the tenant's")
        parser.add_argument("--resource", default="", help="what they are invited to use, as the mail says it")
        parser.add_argument("--message", default="", help="a plain message for the mail")
        parser.add_argument(
            "--sponsor",
            type=address,
            action="append",
            metavar="ADDRESS",
            help="who answers for a new guest; up to 5 times. Without it, the inviter",
        )
        parser.add_argument("--cc", type=address, metavar="ADDRESS", help="one more reader of the mail")
        parser.add_argument("--inviter-name", default="", help="who invites, as the mail names them")
        parser.add_argument("--inviter-address", type=address, metavar="ADDRESS", help="where answers to the mail go")

    def handle_in_tenant(self, tenant: Tenant, **options: Any) -> str | None:
        operation = invite_guest_by_mail if options["mail"] else invite_guest
        invited = operation(
            tenant=tenant,
            address=options["address"],
            details=Details(
                name=options["name"],
                redirect_url=options["redirect_url"],
                resource_name=options["resource"],
                message=options["message"],
                cc=options["cc"].to_send if options["cc"] else "",
                sponsors=tuple(options["sponsor"] or ()),
            ),
            inviter=inviter_of(tenant, options["inviter_name"], options["inviter_address"]),
            actor=self.actor,
            now=timezone.now(),
        )
        if isinstance(invited, Refusal):
            raise self.refused(invited)
        if options["redirect_url"] and not invited.invitation.redirect_url:
            self.stderr.write(
                "The redirect URL's origin is not registered with the tenant: the guest lands on My Apps."
            )
        self.stdout.write(invited.link)
        return None
