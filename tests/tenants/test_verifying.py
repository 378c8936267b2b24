"""R64: whatever is altered in a sealed history, also by the owner of its tables, is found and named."""

from uuid import UUID

import pytest
from django.db import DatabaseError, connection

from tenants.audit import Actor
from tenants.models import Tenant
from tenants.scope import tenant_scope
from tenants.sealing import seal_tenant
from tenants.verifying import Fault, Finding, verify_tenant
from tests.tenants.history import tamper, write

pytestmark = pytest.mark.django_db(transaction=True)


def finding() -> Finding | None:
    return verify_tenant().finding


CHANGES = [
    (0, "action = 'guest.blocked'"),
    (2, "details = jsonb_set(details, '{number}', '99')"),
    (3, "at = at + interval '1 microsecond'"),
    (6, "happened_at = happened_at - interval '1 s'"),
    (1, "actor_name = ''"),
    (1, "actor_kind = 'system'"),
    (1, "actor_id = gen_random_uuid()"),
    (1, "subject_id = gen_random_uuid()"),
    (1, "subject_kind = 'x'"),
    (1, "outcome = 'refused'"),
    (1, "source = '192.0.2.1'"),
    (1, "code = 'E-CODE'"),
    (1, "correlation = 'X'"),
]


@pytest.mark.parametrize(("at", "change"), CHANGES, ids=lambda value: str(value).partition(" ")[0])
def test_R64_it_names_a_changed_line(at: int, change: str, sealed: list[int]) -> None:
    tamper(f"UPDATE tenants_auditentry SET {change} WHERE id = %s", sealed[at])
    assert finding() == Finding(Fault.ROW_CHANGED, sealed[at])


@pytest.mark.parametrize("at", [0, 1, 2, 3, 5, 6])
def test_R64_it_names_a_removed_line(at: int, sealed: list[int]) -> None:
    tamper("DELETE FROM tenants_auditentry WHERE id = %s", sealed[at])
    assert finding() == Finding(Fault.ROW_REMOVED, sealed[at])


def test_R64_it_names_the_first_of_several(sealed: list[int]) -> None:
    tamper("DELETE FROM tenants_auditentry WHERE id = ANY(%s)", sealed[4:])
    tamper("UPDATE tenants_auditentry SET code = 'X' WHERE id = %s", sealed[1])
    assert finding() == Finding(Fault.ROW_CHANGED, sealed[1])


@pytest.mark.parametrize("at", [0, 2, 3, 6])
def test_R64_it_names_an_inserted_line(at: int, fabrikam: Tenant, contoso: Tenant, operator: Actor) -> None:
    gaps = []
    for _ in range(7):  # the other tenant's lines leave gaps between Fabrikam's ids
        with tenant_scope(contoso.id):
            gaps += write(operator, 1)
        with tenant_scope(fabrikam.id):
            write(operator, 1)
    with tenant_scope(fabrikam.id):
        seal_tenant()
        tamper("UPDATE tenants_auditentry SET tenant_id = %s WHERE id = %s", fabrikam.id, gaps[at])
        assert finding() == Finding(Fault.ROW_INSERTED, gaps[at])


def test_R64_it_names_a_line_that_was_swapped_for_another(sealed: list[int]) -> None:
    tamper("UPDATE tenants_auditentry SET id = -1 WHERE id = %s", sealed[1])
    assert finding() == Finding(Fault.ROW_REMOVED, sealed[1])


@pytest.mark.parametrize(
    ("statement", "found"),
    [
        ("DELETE FROM tenants_auditseal WHERE sequence = 1", Finding(Fault.SEAL_REMOVED, 1)),
        ("DELETE FROM tenants_auditseal WHERE sequence = 2", Finding(Fault.SEAL_REMOVED, 2)),
        ("UPDATE tenants_auditseal SET sequence = 9 WHERE sequence = 2", Finding(Fault.SEAL_REMOVED, 2)),
        (
            "UPDATE tenants_auditseal SET rows_hash = rows_hash || '\\x00' WHERE sequence = 2",
            Finding(Fault.SEAL_CHANGED, 2),
        ),
        ("UPDATE tenants_auditseal SET count = count + 1 WHERE sequence = 1", Finding(Fault.SEAL_CHANGED, 1)),
        ("UPDATE tenants_auditseal SET last_id = last_id + 1 WHERE sequence = 3", Finding(Fault.SEAL_CHANGED, 3)),
        ("UPDATE tenants_auditseal SET hash = '\\x00' WHERE sequence = 2", Finding(Fault.SEAL_CHANGED, 2)),
        ("UPDATE tenants_auditseal SET previous_hash = '\\x00' WHERE sequence = 1", Finding(Fault.SEAL_CHANGED, 1)),
    ],
)
def test_R64_it_names_a_seal_that_was_removed_or_changed(statement: str, found: Finding, sealed: list[int]) -> None:
    tamper(statement)
    assert finding() == found


def remake(tenant_id: UUID) -> None:
    """The whole chain anew over whatever lines there are, as somebody with every right could."""
    tamper("DELETE FROM tenants_auditseal WHERE tenant_id = %s", tenant_id)
    seal_tenant()


def test_R64_a_chain_that_was_made_anew_lacks_the_head_that_was_written_down(
    sealed: list[int], fabrikam: Tenant
) -> None:
    head = verify_tenant().head
    assert head is not None
    assert verify_tenant(remembered=head).finding is None
    tamper("UPDATE tenants_auditentry SET code = 'X' WHERE id = %s", sealed[1])
    remake(fabrikam.id)
    assert finding() is None
    assert verify_tenant(remembered=head).finding == Finding(Fault.HEAD_LOST, 3)
    tamper("DELETE FROM tenants_auditentry WHERE id = ANY(%s)", sealed[2:])
    remake(fabrikam.id)
    assert verify_tenant(remembered=head).finding == Finding(Fault.HEAD_LOST, 3)


def test_R64_an_older_head_stays_part_of_a_longer_chain(sealed: list[int], operator: Actor) -> None:
    head = verify_tenant().head
    write(operator, 4)
    seal_tenant()
    assert verify_tenant(remembered=head).finding is None


def test_R64_the_application_may_neither_change_nor_remove(sealed: list[int]) -> None:
    for statement in (
        "UPDATE tenants_auditentry SET code = 'X'",
        "DELETE FROM tenants_auditentry",
        "TRUNCATE tenants_auditentry",
        "UPDATE tenants_auditseal SET count = 0",
        "DELETE FROM tenants_auditseal",
    ):
        with pytest.raises(DatabaseError, match="permission denied"), connection.cursor() as cursor:
            cursor.execute(statement)
    connection.close()  # one that met an error and goes back at the very end outlives the pool: DROP DATABASE waits
