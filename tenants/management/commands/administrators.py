"""The operators' list of who administers a tenant. Reads only."""

from __future__ import annotations

from typing import Any

from tenants.doors.commands import TenantCommand
from tenants.models import Administrator, RoleOffer, Tenant
from tenants.offering import roles_in
from tenants.roles import Role


class Command(TenantCommand):
    """One line a person."""

    help = "Lists who administers a tenant, with their roles there."
    example = "manage.py administrators --tenant fabrikam.example"

    def handle_in_tenant(self, tenant: Tenant, **options: Any) -> str:
        lines = []
        for person in Administrator.objects.filter(roles__tenant=tenant).distinct().order_by("email"):
            held = set(person.roles.filter(tenant=tenant).values_list("role", flat=True))
            roles = ", ".join(role.label for role in Role if role in held)
            lines.append(f"{person.email}  {roles}{'' if person.is_active else '  (switched off)'}")
        for offer in RoleOffer.objects.filter(tenant=tenant).select_related("administrator").order_by("offered_at"):
            roles = ", ".join(role.label for role in roles_in(offer))
            lines.append(f"{offer.administrator.email}  {roles}  (offered, not accepted yet)")
        return "\n".join(lines) or (
            f"Nobody administers {tenant.name}. "
            f"Appoint somebody: manage.py create_administrator EMAIL --tenant {tenant.primary_domain}"
        )
