"""manage.py check_mail: does mail leave this installation?

Knows what to do about each way in which a mail server refuses. It must never print the mail server's password.
"""

from __future__ import annotations

import time
from typing import Any, Final

from django.conf import settings
from django.core.management.base import CommandError, CommandParser
from django.utils import timezone

from outbox import operations
from outbox.delivery import Cause, NotHandedOver
from tenants.addresses import AddressRefused, canonical
from tenants.doors.commands import TenantCommand
from tenants.models import Tenant

FIXES: Final = {
    Cause.RECIPIENT: "Check the address. If other addresses are refused too, the server does not relay for this host.",
    Cause.CONTENT: "The server took the recipient and not the mail: ask who runs it why; often a policy on the sender.",
    Cause.LOGIN: "Correct the name and password in EMAIL_URL; characters such as @ or / are written as %40, %2F.",
    Cause.SERVER: "Set DEFAULT_FROM_EMAIL to an address that this server may send for. Does it want a login?",
    Cause.PROVIDER: "Check the provider's key in the ANYMAIL_… variables, and that it knows the sender's domain.",
    Cause.SILENCE: "Is the host in EMAIL_URL right, and does a firewall let this machine out to its port?",
    Cause.CONNECTION: "Check host, port and scheme in EMAIL_URL: smtp+tls:// for port 587, smtp+ssl:// for 465.",
    Cause.MAIL: "The mail itself cannot be written: check DEFAULT_FROM_EMAIL and the tenant's sender name.",
}


class Command(TenantCommand):
    """Sends at once and says what the server answered."""

    help = (
        "Sends a test mail to an address, in the tenant's name and the way that codes and invitations go, and says "
        "what the mail server answered and what to do about it. Exit status 0 when the server took the mail."
    )
    example = "manage.py check_mail --tenant fabrikam.example olga@fabrikam.example"

    def add_tenant_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("address", help="to whom the test mail goes")

    def handle_in_tenant(self, tenant: Tenant, **options: Any) -> str | None:
        try:
            address = canonical(options["address"])
        except AddressRefused as refused:
            raise CommandError(f"The address cannot be used: {refused.reason}") from None
        self.stdout.write(f"Sending to {address.to_send} from {settings.DEFAULT_FROM_EMAIL} by {_way()} …")
        began = time.monotonic()
        answer = operations.send_check(tenant=tenant, address=address, actor=self.actor, now=timezone.now())
        if isinstance(answer, NotHandedOver):
            raise CommandError(f"Not sent ({answer.cause}): {' '.join(answer.said.split())}\n{FIXES[answer.cause]}")
        return (
            f"The mail server took it after {time.monotonic() - began:.1f} s. Whether it arrives, the mailbox says: "
            "look among the unwanted mail too."
        )


def _way() -> str:
    """The server that EMAIL_URL names, without its name and password."""
    if not settings.EMAIL_BACKEND.endswith(".smtp.EmailBackend"):
        return settings.EMAIL_BACKEND.removesuffix(".EmailBackend")
    safety = "TLS" if settings.EMAIL_USE_SSL else "STARTTLS" if settings.EMAIL_USE_TLS else "no encryption"
    return f"{settings.EMAIL_HOST}:{settings.EMAIL_PORT} ({safety})"
