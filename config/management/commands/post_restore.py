"""manage.py post_restore: after a backup was restored, end what may have been used since it was taken (B13)."""

from __future__ import annotations

from typing import Any

from django.utils import timezone

from guests.operations.restoring import distrust_the_dump
from tenants.doors.commands import OperatorCommand
from tenants.models import Tenant
from tenants.scope import tenant_scope


class Command(OperatorCommand):
    """Goes through all tenants, one operation each, and prints what ended."""

    help = (
        "Run this once after restoring a backup and before serving anybody: it voids every code and ends every "
        "session that the backup holds, in all tenants. Guests ask for a new code; their redemption status stays."
    )
    example = "manage.py post_restore"

    def handle(self, *args: Any, **options: Any) -> None:
        for tenant in Tenant.objects.order_by("primary_domain"):
            with tenant_scope(tenant.id):
                codes, sessions = distrust_the_dump(actor=self.actor, now=timezone.now())
            self.stdout.write(f"{tenant.primary_domain}: {codes} codes voided, {sessions} sessions ended")
