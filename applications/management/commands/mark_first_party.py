"""manage.py mark_first_party: which applications may offer a code from a link that names no tenant."""

from __future__ import annotations

from contextlib import suppress
from typing import Any
from uuid import UUID

from django.conf import settings
from django.core.management.base import CommandError, CommandParser
from django.db.models import Q
from django.utils import timezone

from applications.models import Application
from applications.operations import mark_first_party, unmark_first_party
from tenants.doors.commands import TenantCommand
from tenants.models import Tenant


class Command(TenantCommand):
    """Parses, calls one operation, prints the link."""

    help = (
        "Mark an application as first-party: its link without a tenant then asks for an address and sends a code at "
        "once, in the organization where that address last signed in. --undo takes the mark away; pages that are open "
        "then go on working for an hour."
    )
    example = "manage.py mark_first_party --tenant fabrikam.example --application 'Meetings'"

    def add_tenant_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--application", required=True, metavar="ID_OR_NAME", help="the application: its id or name"
        )
        parser.add_argument("--undo", action="store_true", help="take the mark away")

    def handle_in_tenant(self, tenant: Tenant, **options: Any) -> str:
        application = _find(options["application"])
        if options["undo"]:
            undone = unmark_first_party(application_id=application.id, actor=self.actor, now=timezone.now())
            return f"{application} is {'no longer' if undone else 'not'} first-party."
        marked = mark_first_party(application_id=application.id, actor=self.actor, now=timezone.now())
        link = f"{settings.PUBLIC_URL}{application.common_path}"
        return f"{application} is {'now' if marked else 'already'} first-party. Its link without a tenant:\n{link}"


def _find(named: str) -> Application:
    by = Q(name=named)
    with suppress(ValueError):
        by |= Q(id=UUID(named))
    found = Application.objects.filter(by).first()
    if found is None:
        raise CommandError(
            f"No application of this tenant is called '{named}'. Give its id or its name as My Apps shows it, "
            "or share it first: manage.py add_application"
        )
    return found
