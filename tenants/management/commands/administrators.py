"""The operators' list of who administers a tenant, or of the operators. Reads only."""

from __future__ import annotations

from typing import Any

from django.core.management.base import CommandError, CommandParser

from tenants.directory import find_tenant
from tenants.doors.commands import OperatorCommand
from tenants.models import Administrator, RoleOffer, Tenant
from tenants.offering import is_believed, roles_in
from tenants.roles import Role


class Command(OperatorCommand):
    """One line a person."""

    help = (
        "Lists who administers a tenant, with their roles there and what it offers to whom. With --operators: who may "
        "enter every tenant."
    )
    example = "manage.py administrators --tenant fabrikam.example\n  manage.py administrators --operators"

    def add_arguments(self, parser: CommandParser) -> None:
        whose = parser.add_mutually_exclusive_group(required=True)
        whose.add_argument("--tenant", metavar="ID_OR_DOMAIN", help="the tenant: its id or one of its verified domains")
        whose.add_argument("--operators", action="store_true", help="who may enter every tenant")

    def handle(self, *args: Any, **options: Any) -> str:
        if options["operators"]:
            return self._operators()
        tenant = find_tenant(options["tenant"])
        if tenant is None:
            raise CommandError(
                f"No tenant is called '{options['tenant']}'. Give its id or a verified domain; "
                "list them: manage.py doctor"
            )
        return self._of(tenant)

    def _operators(self) -> str:
        people = Administrator.objects.filter(is_superuser=True).order_by("email")
        return "\n".join(f"{person.email}  {person.name}{off(person)}" for person in people) or (
            "Nobody is an operator. Make one: manage.py create_administrator EMAIL --operator"
        )

    def _of(self, tenant: Tenant) -> str:
        lines = []
        for person in Administrator.objects.filter(roles__tenant=tenant).distinct().order_by("email"):
            held = set(person.roles.filter(tenant=tenant).values_list("role", flat=True))
            roles = ", ".join(role.label for role in Role if role in held)
            lines.append(f"{person.email}  {roles}{off(person)}")
        for offer in RoleOffer.objects.filter(tenant=tenant).select_related("administrator").order_by("offered_at"):
            roles = ", ".join(role.label for role in roles_in(offer))
            lines.append(f"{offer.administrator.email}  {roles}  ({state(tenant, offer)})")
        return "\n".join(lines) or (
            f"Nobody administers {tenant.name}. "
            f"Appoint somebody: manage.py create_administrator EMAIL --tenant {tenant.primary_domain}"
        )


def off(person: Administrator) -> str:
    return "" if person.is_active else "  (switched off)"


def state(tenant: Tenant, offer: RoleOffer) -> str:
    """Why nobody has answered an offer: an operator may know what the tenant may not."""
    if not offer.is_open:
        return "offered before they chose a password of their own: withdraw it and offer again"
    if not is_believed(tenant=tenant, administrator=offer.administrator):
        return "offered, waits until confirm_administrator says whose account it is"
    return "offered, not accepted yet"
