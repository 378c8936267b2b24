"""A file of guests that is uploaded once more: a second press, a second look, a colleague's (R54)."""

from __future__ import annotations

from datetime import timedelta

from django.db.models import QuerySet
from django.db.models.functions import Now

from guests.models import Batch, BatchPart, BatchState, Guest, Invitation
from tenants.models import AuditEntry, Tenant
from tenants.scope import tenant_scope
from tests.doors.bulk import lines, many, post, started, uploaded, work_off
from tests.doors.portal import text


def test_R54_the_same_file_twice_is_one_batch(portal, fabrikam):
    first, second = post(portal, many(3)), post(portal, many(3))
    assert first["Location"] == second["Location"]
    assert "You uploaded this file a moment ago. Here it is." in text(portal.get(second["Location"]))
    with tenant_scope(fabrikam.id):
        assert Batch.objects.count() == 1
        assert BatchPart.objects.count() == 1
    assert post(portal, many(4))["Location"] != first["Location"]


def past(batches: QuerySet[Batch]) -> None:
    """As if these had been uploaded six seconds ago."""
    batches.update(created_at=Now() - timedelta(seconds=6))


def test_R54_a_file_that_comes_again_after_what_it_was_told_to_mend_is_checked_anew(portal, fabrikam, now):
    Tenant.objects.filter(pk=fabrikam.pk).update(denied_domains=["blocked.example"])
    first = post(portal, lines("a@blocked.example"))["Location"]
    assert post(portal, lines("a@blocked.example"))["Location"] == first, "while it is being checked"
    with tenant_scope(fabrikam.id):
        old = Batch.objects.get()
        work_off(old.pk, now)
        past(Batch.objects.all())
    Tenant.objects.filter(pk=fabrikam.pk).update(denied_domains=[])
    second = post(portal, lines("a@blocked.example"))["Location"]
    assert "That check is discarded; this one holds." in text(portal.get(second))
    with tenant_scope(fabrikam.id):
        fresh = Batch.objects.get(state=BatchState.CHECKING)
        work_off(fresh.pk, now)
        fresh.refresh_from_db()
        old.refresh_from_db()
        assert AuditEntry.objects.filter(action="batch.discarded", subject_id=old.pk).count() == 1
    assert (old.state, fresh.state, fresh.rows_new, fresh.rows_refused) == ("discarded", "checked", 1, 0)


def test_R54_a_colleagues_check_of_the_same_file_stays_and_nobody_is_invited_twice(portal, fabrikam, operator, now):
    colleagues = uploaded(fabrikam, many(3), operator, now)
    post(portal, many(3))
    with tenant_scope(fabrikam.id):
        own = Batch.objects.exclude(pk=colleagues.pk).get()
        work_off(own.pk, now)
        own.refresh_from_db()
    assert [one.rows_new for one in (own, colleagues)] == [3, 3]
    started(fabrikam, own, operator, now)
    colleagues = started(fabrikam, colleagues, operator, now)
    assert (colleagues.rows_new, colleagues.rows_again, colleagues.done) == (0, 3, 3)
    with tenant_scope(fabrikam.id):
        assert Guest.objects.count() == Invitation.objects.filter(ended_at=None).count() == 3
