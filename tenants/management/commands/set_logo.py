"""manage.py set_logo: the picture that guests see on a tenant's pages (R62)."""

from __future__ import annotations

from typing import Any

from django.core.management.base import CommandParser
from django.utils import timezone

from tenants.doors.commands import TenantCommand
from tenants.doors.reading import octets_in
from tenants.models import Tenant
from tenants.refusals import Refusal
from tenants.showing import change_logo, remove_logo


class Command(TenantCommand):
    """Reads the file, calls one operation, says what guests see now."""

    help = (
        "Say whether a tenant has a logo, give it one, or take it away. A PNG, JPEG or WebP of up to 512 kB is drawn "
        "anew, 256 by 80 pixels at most, and guests see it on every page from then on."
    )
    example = "manage.py set_logo --tenant fabrikam.example logo.png"

    def add_tenant_arguments(self, parser: CommandParser) -> None:
        wanted = parser.add_mutually_exclusive_group()
        wanted.add_argument("file", nargs="?", help="the picture, or - for the standard input")
        wanted.add_argument("--none", action="store_true", help="guests see the name alone")

    def handle_in_tenant(self, tenant: Tenant, **options: Any) -> str:
        if options["none"]:
            tenant = remove_logo(tenant=tenant, actor=self.actor, now=timezone.now())
        elif options["file"] is not None:
            content = octets_in(options["file"], option="file")
            changed = change_logo(tenant=tenant, content=content, actor=self.actor, now=timezone.now())
            if isinstance(changed, Refusal):
                raise self.refused(changed)
            tenant = changed
        if not tenant.logo_digest:
            return f"{tenant.name} has no logo: guests see its name alone."
        return f"{tenant.name} has a logo, {tenant.logo_digest[:12]}: guests see it on every page."
