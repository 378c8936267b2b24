"""The operators' door to reading partners' metadata again, as beat does every night."""

from typing import Any

from django.core.management.base import CommandError
from django.utils import timezone

from providers.models import IdentityProvider
from providers.operations.refreshing import refresh_metadata
from tenants.doors.commands import TenantCommand
from tenants.models import Tenant
from tenants.refusals import Refusal


class Command(TenantCommand):
    """Thin: one operation for each provider, one line for each answer."""

    help = (
        "Reads the metadata of the tenant's SAML and WS-Federation providers again, from the address that each has, so "
        "that a partner's new certificates are known at once. It is done every night by itself."
    )
    example = "manage.py refresh_provider_metadata --tenant fabrikam.example"

    def handle_in_tenant(self, tenant: Tenant, **options: Any) -> str | None:
        rows = IdentityProvider.objects.filter(settings__metadata_url__startswith="http").order_by("name")
        if not rows:
            return f"No provider of {tenant.name} has a metadata address."
        failed = 0
        for row in rows:
            outcome = refresh_metadata(provider_id=row.id, actor=self.actor, now=timezone.now())
            if isinstance(outcome, Refusal):
                failed += 1
                self.stderr.write(f"{row.name}: {outcome.reason}")
            else:
                count = len(outcome.after)
                said = "new metadata" if outcome.is_change else "nothing new"
                self.stdout.write(f"{row.name}: {said}, {count} signing certificate{'s' if count != 1 else ''}.")
        if failed:
            raise CommandError(f"{failed} of {len(rows)} could not be read; what was stored is kept.")
        return None
