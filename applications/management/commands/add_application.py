"""manage.py add_application: share an application with a tenant's guests."""

from __future__ import annotations

from typing import Any

from django.core.management.base import CommandParser
from django.utils import timezone

from applications.operations import add_application
from tenants.doors.commands import TenantCommand
from tenants.models import Tenant
from tenants.refusals import Refusal


class Command(TenantCommand):
    """Parses, calls one operation, prints the direct link."""

    help = (
        "Share an application with every guest of a tenant: it stands in My Apps, invitations may lead to it, and the "
        "direct link that is printed opens it past the sign-in. manage.py remove_application takes it away again."
    )
    example = (
        "manage.py add_application --tenant fabrikam.example --name 'Expense reports' "
        "--url https://expenses.fabrikam.example/"
    )

    def add_tenant_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--name", required=True, help="what guests call it; once in each tenant")
        parser.add_argument("--url", required=True, help="where it opens; guests may then be sent to that origin")
        parser.add_argument("--description", default="", help="a sentence under its name in My Apps")

    def handle_in_tenant(self, tenant: Tenant, **options: Any) -> str:
        added = add_application(
            tenant=tenant,
            name=options["name"],
            description=options["description"],
            url=options["url"],
            actor=self.actor,
            now=timezone.now(),
        )
        if isinstance(added, Refusal):
            raise self.refused(added)
        return added.direct_link
