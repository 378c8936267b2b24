"""Whether this process lives, and whether it should be given work (SAFETY, standing rules).

Knows what a node cannot do without: its database, the schema of this version and the keys. What it can do without, the
broker and a quick outbox, makes it "degraded" and keeps it in service.
"""

from __future__ import annotations

from datetime import timedelta

from celery import current_app
from django.conf import settings
from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor
from django.db.models import Min
from django.db.models.functions import Now
from django.http import HttpRequest, JsonResponse
from django.views.decorators.http import require_safe

from outbox.models import OutboundMail
from tenants.scope import every_tenant

LAG = timedelta(seconds=30)
"""A mail that is due for longer says that nobody sends."""


@require_safe
def livez(request: HttpRequest) -> JsonResponse:
    """200 while the process answers at all; it asks nobody."""
    return JsonResponse({"status": "live"})


@require_safe
def readyz(request: HttpRequest) -> JsonResponse:
    """200 "ready" or "degraded", 503 with what is missing."""
    missing = _missing()
    if missing:
        return JsonResponse({"status": "unready", "missing": missing}, status=503)
    slow = _slow()
    return JsonResponse({"status": "degraded" if slow else "ready", "degraded": slow})


def _missing() -> list[str]:
    missing = [] if settings.PASSCODE_KEYS else ["PASSCODE_KEYS"]
    try:
        executor = MigrationExecutor(connection)
        if executor.migration_plan(executor.loader.graph.leaf_nodes()):
            missing.append("migrations")
    except DatabaseError:
        missing.append("database")
    return missing


def _slow() -> list[str]:
    slow = []
    with every_tenant(reason="the outbox's lag is one number for the whole installation"):
        oldest = OutboundMail.objects.waiting().filter(due_at__lt=Now() - LAG).aggregate(oldest=Min("due_at"))["oldest"]
    if oldest is not None:
        slow.append("outbox")
    try:
        with current_app.connection_for_write() as broker:
            broker.ensure_connection(max_retries=0, timeout=1)
    except Exception:  # noqa: BLE001  # each transport has errors of its own, and all of them mean the same here
        slow.append("broker")
    return slow
