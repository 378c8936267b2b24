"""The operators' door to a new tenant."""

from __future__ import annotations

from typing import Any

from django.core.management.base import CommandParser
from django.utils import timezone

from tenants.doors.commands import OperatorCommand
from tenants.operations import create_tenant
from tenants.refusals import Refusal


class Command(OperatorCommand):
    """Thin: one operation, one answer."""

    help = (
        "Makes a tenant: an organisation that invites guests. The domain becomes its first verified domain, by which "
        "its pages and every command here find it; nothing checks that it is yours. Email codes are on from the start."
    )
    example = 'manage.py create_tenant "Fabrikam" fabrikam.example'

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("name", help="the name that guests see")
        parser.add_argument("domain", help="its first domain, as it is written, also with letters that are not ASCII")

    def handle(self, *args: Any, **options: Any) -> str:
        tenant = create_tenant(name=options["name"], domain=options["domain"], actor=self.actor, now=timezone.now())
        if isinstance(tenant, Refusal):
            raise self.refused(tenant)
        return (
            f"{tenant.name} is founded under {tenant.primary_domain}, with the id {tenant.id}.\n"
            f"Next, somebody to run it: manage.py create_administrator EMAIL --tenant {tenant.primary_domain}"
        )
