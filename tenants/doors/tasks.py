"""Celery's door: a task works for the tenant that its message's header names.

Knows how to enter that tenant's scope round a task. A task takes ids only and checks the row's state again.
"""

from __future__ import annotations

from typing import Any
from uuid import UUID

from celery import Task

from tenants.scope import tenant_scope


class TenantTask(Task[Any, Any]):
    """Base class of tasks for one tenant: `@shared_task(base=TenantTask, bind=False)`, published by tenants.queue."""

    abstract = True

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        headers = self.request.headers or {}
        tenant = headers.get("tenant") or getattr(self.request, "tenant", None)
        if not tenant:
            raise ValueError(
                f"{self.name} was published without the tenant's header: publish it with tenants.queue.nudge."
            )
        with tenant_scope(UUID(str(tenant))):
            return super().__call__(*args, **kwargs)
