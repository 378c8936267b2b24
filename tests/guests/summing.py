"""How stories of figures have the history sealed, and read what was summed up."""

from __future__ import annotations

from datetime import UTC, datetime

from guests.models import DailyFigure
from guests.operations.figures import NOW
from guests.operations.summing import sum_up
from tenants.models import Tenant
from tenants.scope import tenant_scope
from tenants.tasks import seal_audit


def settle() -> None:
    """Seal every line of history, as beat does."""
    seal_audit()


def summed_up(tenant: Tenant) -> dict[str, int]:
    """All that has happened until now, summed up: each figure over all days, those that are 0 left out."""
    settle()
    with tenant_scope(tenant.id):
        sum_up(now=datetime.now(UTC))
    return figures(tenant)


def figures(tenant: Tenant) -> dict[str, int]:
    """What stands there now; times to hand over, which differ from run to run, left out."""
    found: dict[str, int] = {}
    with tenant_scope(tenant.id):
        for name, value in DailyFigure.objects.values_list("name", "value"):
            if value and not name.startswith("mail.took."):
                found[name] = found.get(name, 0) + value
    return found


def of_the_period(tenant: Tenant) -> dict[str, int]:
    """The same without those of now."""
    return {name: value for name, value in figures(tenant).items() if not name.startswith(NOW)}
