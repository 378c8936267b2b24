"""What the operators' commands about administrators have in common.

Knows how one is named and how credentials are printed: once, on the standard output. It must keep them nowhere.
"""

from __future__ import annotations

from django.core.management.base import CommandError

from tenants.addresses import AddressRefused, canonical
from tenants.credentials import Credentials
from tenants.models import Administrator, RoleAssignment, Tenant


def administrator_called(email: str) -> Administrator | None:
    """The administrator who signs in with this email, in any tenant. Raises CommandError for what is no address."""
    try:
        return Administrator.objects.filter(email=canonical(email).key).first()
    except AddressRefused as refused:
        raise CommandError(refused.reason) from None


def administrator_of(tenant: Tenant, email: str) -> Administrator:
    """The one who holds a role in this tenant. Raises CommandError where nobody of that email does."""
    found = administrator_called(email)
    if found is None or not RoleAssignment.objects.filter(tenant=tenant, administrator=found).exists():
        raise CommandError(
            f"{email} is no administrator of {tenant.name}. "
            f"List them: manage.py administrators --tenant {tenant.primary_domain}"
        )
    return found


def administrator_named(email: str) -> Administrator:
    """As above, whether they hold a role or none. Raises CommandError where nobody signs in with this email."""
    found = administrator_called(email)
    if found is None:
        raise CommandError(
            f"{email} is no administrator. List a tenant's: manage.py administrators --tenant DOMAIN; "
            "the operators: manage.py administrators --operators"
        )
    return found


def agreed(question: str) -> bool:
    """Whether whoever is at this shell types yes. Raises CommandError where nobody is there."""
    try:
        answer = input(f"{question} Type yes: ")
    except EOFError:
        raise CommandError("Nobody is there to answer. Add --yes.") from None
    return answer.strip().lower() == "yes"


def credentials_shown(made: Credentials, what: str) -> str:
    """Password and backup codes for whoever asked for them."""
    return (
        f"{made.administrator.email} {what}.\n\n"
        f"  password      {made.password}   the portal asks for another one at the next sign-in\n"
        f"  backup codes  {'  '.join(made.backup_codes)}   each works once, as the second factor\n\n"
        "Shown now and never again."
    )
