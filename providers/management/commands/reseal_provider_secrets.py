"""The operators' door to a new key for providers' secrets: add it first in PROVIDER_KEYS, reseal, drop the old one."""

from typing import Any

from django.core.management.base import CommandError
from django.utils import timezone

from providers.operations.resealing import reseal_provider_secrets
from tenants.doors.commands import OperatorCommand
from tenants.encryption import CannotSeal
from tenants.models import Tenant
from tenants.scope import tenant_scope


class Command(OperatorCommand):
    """Goes through all tenants, one operation each, and prints what was sealed."""

    help = (
        "Seals the secrets of all tenants' providers under the first key of PROVIDER_KEYS. Put a new key first, "
        "restart every process, run this, then take the old key out."
    )
    example = "manage.py reseal_provider_secrets"

    def handle(self, *args: Any, **options: Any) -> None:
        lost, total = 0, 0
        for tenant in Tenant.objects.order_by("primary_domain"):
            with tenant_scope(tenant.id):
                try:
                    done = reseal_provider_secrets(actor=self.actor, now=timezone.now())
                except CannotSeal as error:
                    raise CommandError(str(error)) from None
            total += done.count
            lost += len(done.lost)
            if done.count:
                self.stdout.write(f"{tenant.primary_domain}: {done.count} sealed under the first key")
            for name in done.lost:
                self.stderr.write(f"{tenant.primary_domain}: no key opens the secret of {name}. Enter it again.")
        if lost:
            raise CommandError(
                f"{lost} could not be read; keep the key that they were sealed with, or enter them again."
            )
        if not total:
            self.stdout.write("Every secret is sealed under the first key already.")
