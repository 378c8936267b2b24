"""The lists of a deed for many guests: each has the rows that its number counts, while it runs and afterwards (R54)."""

from __future__ import annotations

import re

import pytest
from django.test import Client
from django.urls import reverse

from guests.models import Batch
from guests.operations.batches import inviting, slices
from guests.operations.batches.kinds import WORK
from guests.operations.batches.slices import claim_batch, start_batch
from tenants.roles import Role
from tenants.scope import tenant_scope
from tests import factories
from tests.doors.bulk import lines, started, uploaded
from tests.doors.portal import text


def page_of(batch: Batch) -> str:
    return reverse("admin:guests_batch_change", args=[batch.pk])


def tab(client: Client, batch: Batch, key: str) -> tuple[str, set[str]]:
    """The words of a tab with its number, and the addresses that it lists."""
    page = client.get(f"{page_of(batch)}?rows={key}")
    current = re.search(r'<a href="\?rows=\w+" aria-current="page">(.*?)</a>', page.content.decode())
    assert current
    return re.sub("<[^>]+>", "", current[1]), set(re.findall(r"\w+@example\.com", text(page)))


@pytest.mark.parametrize(
    ("deed", "left"), [("pause", "Waiting"), ("discard", "Not done")], ids=["R54-paused", "R54-discarded"]
)
def test_R54_a_list_has_the_rows_that_its_number_counts_and_no_others(
    portal, fabrikam, operator, now, monkeypatch, deed, left
):
    monkeypatch.setattr(inviting, "SLICE", 1)
    started(fabrikam, uploaded(fabrikam, lines("c@example.com"), operator, now), operator, now)
    rows = (
        "a@example.com",
        "b@example.com",
        "c@example.com",
        "d@example.com",
        "e@example.com",
        "f@example.com,ftp://x",
    )
    batch = uploaded(fabrikam, lines(*rows), operator, now)
    factories.administrator("b@example.com", (fabrikam, Role.GLOBAL_READER))
    with tenant_scope(fabrikam.id):
        assert start_batch(batch_id=batch.pk, actor=operator, now=now)
        for _ in range(3):
            one_slice(batch)
    portal.post(reverse(f"admin:guests_batch_{deed}", args=[batch.pk]))
    assert f"Invited 1 Invited again 1 Failed 1 Cannot be invited 1 {left} 2" in text(portal.get(page_of(batch)))
    assert {key: tab(portal, batch, key) for key in ("new", "again", "failed", "bad", "waiting")} == {
        "new": ("Invited 1", {"a@example.com"}),
        "again": ("Invited again 1", {"c@example.com"}),
        "failed": ("Failed 1", {"b@example.com"}),
        "bad": ("Cannot be invited 1", {"f@example.com"}),
        "waiting": (f"{left} 2", {"d@example.com", "e@example.com"}),
    }


def one_slice(batch: Batch) -> None:
    """A worker's next slice, and nothing behind it."""
    lease = claim_batch(batch_id=batch.pk, now=batch.created_at)
    assert lease is not None
    slices._slice(batch.pk, lease, WORK, batch.created_at)
    Batch.objects.filter(pk=batch.pk).update(leased_until=None)
