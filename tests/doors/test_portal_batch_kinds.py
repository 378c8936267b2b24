"""Each kind of deed for many guests has its words, and one role for all that is done with it (R63)."""

from __future__ import annotations

from typing import Any

import pytest
from django.urls import reverse

from guests.admin.batch_words import KINDS
from guests.models import Batch, BatchKind, BatchState
from guests.operations.batches.slices import carry_on
from tenants.models import Tenant
from tenants.roles import Role
from tenants.scope import tenant_scope
from tests.doors.portal import text

GLOBAL, USERS, HELPDESK = Role.GLOBAL_ADMINISTRATOR, Role.USER_ADMINISTRATOR, Role.HELPDESK_ADMINISTRATOR
MAY = {
    BatchKind.INVITATIONS: {GLOBAL, USERS},
    BatchKind.RESETS: {GLOBAL, USERS, HELPDESK},
    BatchKind.REMINDERS: {GLOBAL, USERS},
    BatchKind.REVOCATIONS: {GLOBAL, USERS},
}
TURNS = {
    "start": (BatchState.PAUSED, BatchState.RUNNING),
    "pause": (BatchState.RUNNING, BatchState.PAUSED),
    "discard": (BatchState.RUNNING, BatchState.DISCARDED),
}


def made(tenant: Tenant, kind: BatchKind, state: BatchState) -> Batch:
    with tenant_scope(tenant.id):
        return Batch.objects.create(
            tenant_id=tenant.id, kind=kind, state=state, name="Some deed", actor_kind="operator", actor_name="olga"
        )


def page_of(batch: Batch) -> str:
    return reverse("admin:guests_batch_change", args=[batch.pk])


@pytest.mark.parametrize("kind", BatchKind, ids=lambda kind: f"R43-{kind.value}")
def test_R43_every_kind_has_words_and_a_role(kind):
    assert KINDS[kind.value].title
    assert kind in MAY


@pytest.mark.parametrize("role", Role, ids=lambda role: f"R63-{role.value}")
def test_R63_who_may_make_a_deed_for_many_starts_pauses_and_discards_it(as_role, fabrikam, role):
    client = as_role(role)
    for kind in BatchKind:
        for turn, (before, after) in TURNS.items():
            batch, may = made(fabrikam, kind, before), role in MAY[kind]
            page = client.get(page_of(batch)).content.decode()
            url = reverse(f"admin:guests_batch_{turn}", args=[batch.pk])
            assert (url in page) is may, f"{turn} of {kind}"
            assert client.post(url).status_code == (302 if may else 403), f"{turn} of {kind}"
            with tenant_scope(fabrikam.id):
                batch.refresh_from_db()
            assert batch.state == (after if may else before), f"{turn} of {kind}"


def test_R53_a_revocation_is_named_as_what_it_is(portal, contosos, fabrikam):
    batch = made(fabrikam, BatchKind.REVOCATIONS, BatchState.DONE)
    page = text(portal.get(page_of(batch)))
    assert "Revocation of invitations" in page
    assert "Revoked 0" in page
    assert contosos.get(page_of(batch)).status_code == 404


class Fails:
    """Work that a mistake of ours stops."""

    def check(self, *given: Any) -> bool:
        raise ZeroDivisionError

    do = check


@pytest.mark.parametrize(
    ("kind", "lead"),
    [
        pytest.param(BatchKind.INVITATIONS, "cannot be read. Nothing was sent, and nobody was invited.", id="R54-file"),
        pytest.param(BatchKind.RESETS, "stopped before anybody was reset.", id="R43-reset"),
        pytest.param(BatchKind.REMINDERS, "stopped before anybody was reminded.", id="R52-reminder"),
        pytest.param(BatchKind.REVOCATIONS, "stopped before anything was revoked.", id="R53-revocation"),
    ],
)
def test_R43_a_check_that_fails_is_told_in_the_words_of_its_kind(portal, fabrikam, now, kind, lead):
    batch = made(fabrikam, kind, BatchState.CHECKING)
    with tenant_scope(fabrikam.id):
        carry_on(batch_id=batch.pk, work={kind: Fails()}, now=now)
    page, of_all = text(portal.get(page_of(batch))), text(portal.get("/admin/guests/batch/"))
    needed = "cannot be read." if kind == BatchKind.INVITATIONS else "stopped before it began."
    assert f"Some deed {needed}" in text(portal.get("/admin/"))
    assert f"Some deed {lead}" in page
    assert ("invited" in page.split("Some deed")[-1]) is (kind == BatchKind.INVITATIONS)
    assert ("Cannot be read" in of_all) is (kind == BatchKind.INVITATIONS)


def test_R54_the_list_says_how_many_rows_failed_or_were_refused(portal, fabrikam):
    batch = made(fabrikam, BatchKind.INVITATIONS, BatchState.DONE)
    with tenant_scope(fabrikam.id):
        Batch.objects.filter(pk=batch.pk).update(failed=2, rows_refused=3)
    assert "Done, 5 failed or refused" in text(portal.get("/admin/guests/batch/"))
