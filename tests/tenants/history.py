"""Lines of history of any age, and the one who may do anything to them."""

from datetime import UTC, datetime, timedelta

import psycopg
from django.db import connections

from tenants import audit
from tenants.audit import Actor
from tenants.models import AuditEntry


def write(actor: Actor, count: int, *, age: timedelta = timedelta(minutes=5)) -> list[int]:
    """Lines of the open tenant whose transactions began so long ago; their ids."""
    at = datetime.now(UTC) - age
    before = set(AuditEntry.objects.values_list("id", flat=True))
    for number in range(count):
        audit.record(actor=actor, action="guest.invited", at=at, details={"number": number, "name": "Zoë"})
    ids = sorted(set(AuditEntry.objects.values_list("id", flat=True)) - before)
    with owner() as cursor:
        cursor.execute("UPDATE tenants_auditentry SET at = %s WHERE id = ANY(%s)", [at, ids])
    return ids


def owner() -> psycopg.Connection[tuple[object, ...]]:
    """A connection of the tables' owner, who may do anything to them: the history's worst enemy."""
    login = connections["owner"].get_connection_params()
    raw = psycopg.connect(**{k: login[k] for k in ("dbname", "user", "host", "port", "password") if k in login})
    raw.execute("SET app.every_tenant = 'on'")
    return raw


def tamper(statement: str, *parameters: object) -> None:
    with owner() as cursor:
        assert cursor.execute(statement, parameters).rowcount > 0
