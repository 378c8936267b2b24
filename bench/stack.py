"""A stack of its own for a measurement, with as many guests as it asks for."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import MappingProxyType

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
def stack_with_guests(
    guests: int, environment: Mapping[str, str] = MappingProxyType({})
) -> Iterator[tuple[Running, DataFolder]]:
    """A running stack whose tenant Fabrikam has known0@guests.example and so on; the limits per source don't bind.

    `environment` sets what a measurement wants otherwise.
    """
    with tempfile.TemporaryDirectory(prefix="vestibule-bench-") as path:
        folder = DataFolder(Path(path))
        chosen = {"SOURCE_LIMITS_EXEMPT": "127.0.0.0/8", **environment}
        with running_stack(folder, Listen(LOOPBACK, free_port()), environment=chosen) as running:
            in_stack(running, GUESTS % guests)
            yield running, folder


def in_stack(running: Running, program: str) -> str:
    """What this Python program prints with the application's settings."""
    environment = local_env.for_application(dict(running.variables)) | {"DJANGO_SETTINGS_MODULE": "config.settings"}
    command = [sys.executable, "-c", program]
    return subprocess.run(command, cwd=ROOT, env=environment, check=True, stdout=subprocess.PIPE, text=True).stdout
