"""manage.py reset_redemption: let a guest redeem again."""

from __future__ import annotations

from typing import Any

from django.core.management.base import CommandParser
from django.utils import timezone

from guests.management.addressed import add_guest_argument, address, guest_at, inviter_of
from guests.operations.resetting import (
    reset_redemption,
    reset_redemption_by_mail,
    reset_redemption_to_address,
    reset_redemption_to_another_of_theirs,
)
from tenants.doors.commands import TenantCommand
from tenants.models import Tenant
from tenants.refusals import Refusal


class Command(TenantCommand):
    """Parses, calls one operation, prints the new link."""

    help = (
        "Reset a guest's redemption status: the method and the consent are cleared, sessions, live codes and old links "
        "end, and a new invitation is made. Prints its link; mails it with --mail. The guest's id and history stay."
    )
    example = "manage.py reset_redemption --tenant fabrikam.example --guest nicole@firstupconsultants.com --mail"

    def add_tenant_arguments(self, parser: CommandParser) -> None:
        add_guest_argument(parser)
        parser.add_argument("--mail", action="store_true", help="mail the new invitation")
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
        who: dict[str, Any] = {
            "tenant": tenant,
            "guest_id": guest_at(options["guest"], tenant).id,
            "inviter": inviter_of(tenant, options["inviter_name"], options["inviter_address"]),
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
