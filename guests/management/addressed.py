"""What commands about guests share: the addresses they name, the guest at one, who invites."""

from __future__ import annotations

from argparse import ArgumentTypeError

from django.core.management.base import CommandError, CommandParser

from guests.models import Guest
from guests.operations.inviting import Inviter
from guests.rules import NAME_MISTAKES, NameMistake, read_name
from tenants.addresses import Address, AddressRefused, canonical, canonical_domain
from tenants.models import Tenant


def address(text: str) -> Address:
    """An argument's address in its canonical form (R70)."""
    try:
        return canonical(text)
    except AddressRefused as refused:
        raise ArgumentTypeError(refused.reason) from None


def domain(text: str) -> str:
    """An argument's domain as it is stored (R70)."""
    try:
        return canonical_domain(text)
    except AddressRefused as refused:
        raise ArgumentTypeError(refused.reason) from None


def add_guest_argument(parser: CommandParser) -> None:
    """--guest ADDRESS."""
    parser.add_argument("--guest", required=True, type=address, metavar="ADDRESS", help="the guest's email address")


def guest_at(found: Address, tenant: Tenant) -> Guest:
    """The guest of this tenant with that address. Raises CommandError with the way to make one."""
    guest = Guest.objects.filter(address_key=found.key, deleted_at=None).first()
    if guest is None:
        raise CommandError(
            f"{found.key} is no guest of {tenant.name}. "
            f"Invite them: manage.py invite_guest {found.key} --tenant {tenant.primary_domain}"
        )
    return guest


def inviter_of(tenant: Tenant, name: str, mailbox: Address | None) -> Inviter:
    """Who invites when an operator does: the name and address given, else nobody by name, who answers no mail.

    Raises CommandError for a name that a guest could not be called by either.
    """
    read = read_name(name) if name else "An administrator"
    if isinstance(read, NameMistake):
        raise CommandError(f"--inviter-name: {NAME_MISTAKES[read]}")
    return Inviter(read, mailbox.to_send if mailbox else "")
