"""A stack of its own for a measurement, with as many guests as it asks for."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from config.stack import local_env
from config.stack.addresses import LOOPBACK, Listen
from config.stack.data_folder import DataFolder
from config.stack.local_stack import Running, running_stack
from config.stack.processes import ROOT
from config.stack.walk import free_port

GUESTS = """
import django; django.setup()
from guests.models import Guest, Status
from tenants.directory import find_tenant
from tenants.models import Tenant
from tenants.scope import tenant_scope
tenant = find_tenant("fabrikam.example")
Tenant.objects.filter(id=tenant.id).update(code_mails_per_hour=1_000_000)
with tenant_scope(tenant.id):
    Guest.objects.bulk_create(
        [
            Guest(tenant_id=tenant.id, address=f"known{n}@guests.example", address_key=f"known{n}@guests.example",
                  domain="guests.example", user_principal_name=f"known{n}", redemption_status=Status.ACCEPTED,
                  method="emailOneTimePasscode")
            for n in range(%d)
        ],
        batch_size=500,
    )
"""


@contextmanager
def stack_with_guests(guests: int) -> Iterator[tuple[Running, DataFolder]]:
    """A running stack whose tenant Fabrikam has known0@guests.example and so on; the limits per source don't bind."""
    with tempfile.TemporaryDirectory(prefix="vestibule-bench-") as path:
        folder = DataFolder(Path(path))
        exempt = {"SOURCE_LIMITS_EXEMPT": "127.0.0.0/8"}
        with running_stack(folder, Listen(LOOPBACK, free_port()), environment=exempt) as running:
            environment = local_env.for_application(dict(running.variables)) | {
                "DJANGO_SETTINGS_MODULE": "config.settings"
            }
            subprocess.run([sys.executable, "-c", GUESTS % guests], cwd=ROOT, env=environment, check=True)
            yield running, folder
