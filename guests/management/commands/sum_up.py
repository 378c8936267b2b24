"""Sums a tenant's figures up at once, as beat does each minute. It must never write a figure itself."""

from __future__ import annotations

from typing import Any

from django.core.management.base import CommandError, CommandParser
from django.utils import timezone

from guests.operations.summing import sum_up
from tenants.directory import find_tenant
from tenants.doors.commands import OperatorCommand
from tenants.models import Tenant
from tenants.scope import tenant_scope


class Command(OperatorCommand):
    """`manage.py sum_up`"""

    help = (
        "Bring the dashboard's figures up to date, for all tenants or for one. Beat does it every minute for those "
        "where something happened. Running it twice changes nothing."
    )
    example = "manage.py sum_up --tenant fabrikam.example"

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--tenant", metavar="ID_OR_DOMAIN", help="one tenant: its id or one of its verified domains; default: all"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        for tenant in self._chosen(options["tenant"]):
            with tenant_scope(tenant.id):
                sum_up(now=timezone.now())
            self.stdout.write(f"{tenant.name}: summed up.")

    def _chosen(self, name: str | None) -> list[Tenant]:
        if name is None:
            return list(Tenant.objects.order_by("name"))
        tenant = find_tenant(name)
        if tenant is None:
            raise CommandError(
                f"No tenant is called '{name}'. Give its id or a verified domain; list them: manage.py doctor"
            )
        return [tenant]
