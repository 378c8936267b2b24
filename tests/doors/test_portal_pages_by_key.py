"""Lists are turned by key: every row once, in order, however the columns' values repeat; no page counts or skips."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from html import unescape
from itertools import chain
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from guests.models import Guest
from tenants.doors.admin import TenantModelAdmin
from tenants.doors.searching import MOST_FOUND
from tenants.models import Tenant
from tenants.scope import tenant_scope

pytestmark = pytest.mark.django_db

LIST = "/admin/guests/guest/"
MANY = 60
DAY = datetime(2026, 11, 1, tzinfo=UTC)


@pytest.fixture
def many(fabrikam: Tenant) -> list[str]:
    """Guests of whom many were invited in one moment, have no name, or never signed in."""
    with tenant_scope(fabrikam.id):
        made = Guest.objects.bulk_create(
            Guest(
                tenant_id=fabrikam.id,
                address=f"guest{n}@many.example",
                address_key=f"guest{n}@many.example",
                domain="many.example",
                name=f"Name {n % 7}" if n % 2 else "",
                name_key=f"name {n % 7}" if n % 2 else "",
                user_principal_name=f"guest{n}_many.example#EXT#@fabrikam.example",
                created_at=DAY + timedelta(days=n // 20),
                last_sign_in_at=DAY + timedelta(hours=n % 5) if n % 3 == 0 else None,
            )
            for n in range(MANY)
        )
    return sorted(guest.address.partition("@")[0] for guest in made)


@pytest.fixture(autouse=True)
def few_a_page(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(TenantModelAdmin, "list_per_page", 7)


def rows(page: str) -> list[str]:
    """Whom the list shows, in its order."""
    shown = page.partition("<tbody>")[2].partition("</tbody>")[0]
    return list(dict.fromkeys(re.findall(r"(guest\d+)@many", shown)))


def link(page: str, way: str) -> str:
    found = re.search(rf'<a href="([^"]+)" rel="{way}">', page)
    return unescape(found[1]) if found else ""


def turned(portal: Client, query: str, way: str = "next") -> list[list[str]]:
    pages, url = [], f"{LIST}{query}"
    while url:
        page = portal.get(url).content.decode()
        pages.append(rows(page))
        following = link(page, way)
        url = f"{LIST}{following}" if following else ""
        assert len(pages) <= MANY
    return pages


@pytest.mark.parametrize("order", ["", "?o=1", "?o=-1", "?o=4", "?o=-4", "?o=5", "?o=-5", "?status=PendingAcceptance"])
def test_R60_turning_the_pages_meets_everybody_once(portal: Client, many: list[str], order: str) -> None:
    met = turned(portal, order)
    assert [len(page) for page in met] == [7] * 8 + [4]
    assert sorted(chain.from_iterable(met)) == many


@pytest.mark.parametrize("order", ["", "?o=1", "?o=-4"])
def test_R60_previous_leads_back_through_the_same_pages(portal: Client, many: list[str], order: str) -> None:
    url = f"{LIST}{order}"
    seen = []
    for _ in range(3):
        page = portal.get(url).content.decode()
        seen.append(rows(page))
        url = f"{LIST}{link(page, 'next')}"
    for expected in reversed(seen[:-1]):
        page = portal.get(f"{LIST}{link(page, 'prev')}").content.decode()
        assert rows(page) == expected
    assert link(page, "prev") == ""


def test_R60_who_never_signed_in_stands_behind_the_newest_sign_ins(portal: Client, many: list[str]) -> None:
    met = chain.from_iterable(turned(portal, "?o=-4"))
    numbers = [int(name.removeprefix("guest")) for name in met]
    assert [n % 3 == 0 for n in numbers] == [True] * 20 + [False] * 40


def test_R60_a_deep_page_neither_counts_nor_skips_what_came_before(portal: Client, many: list[str]) -> None:
    page = portal.get(LIST).content.decode()
    with CaptureQueriesContext(connection) as captured:
        portal.get(f"{LIST}{link(page, 'next')}")
    said = [query["sql"] for query in captured.captured_queries if "guests_guest" in query["sql"]]
    assert not [sql for sql in said if "OFFSET" in sql]
    assert not [sql for sql in said if "LIMIT" not in sql]


@pytest.mark.parametrize(
    "cursor",
    [
        "x",
        "",
        "%00",
        "W10",
        "bnVsbA",
        "W1tdXQ",
        "WyJ4IiwieCJd",
        "WyJcdWQ4MDAiLCJ4Il0",
        "9" * 5000,
        "%F0%9F%98%80",
        "W" * 3999,
    ],
)
@pytest.mark.parametrize("way", ["after", "before"])
@pytest.mark.parametrize("order", ["", "&o=4", "&o=99.1"])
def test_R60_a_cursor_that_nobody_gave_out_leads_to_the_first_page(
    portal: Client, many: list[str], cursor: str, way: str, order: str
) -> None:
    first = rows(portal.get(f"{LIST}?{order}").content.decode())
    answer = portal.get(f"{LIST}?{way}={cursor}{order}")
    assert answer.status_code == 200
    assert rows(answer.content.decode()) == first


@pytest.mark.parametrize("page", ["2", "99", "0", "-1", "x", "9" * 5000])
def test_R60_a_bookmark_of_a_numbered_page_leads_to_the_first(portal: Client, many: list[str], page: str) -> None:
    first = rows(portal.get(LIST).content.decode())
    assert rows(portal.get(f"{LIST}?p={page}").content.decode()) == first


def test_R60_a_row_that_is_gone_meanwhile_does_not_lose_the_place(
    portal: Client, fabrikam: Tenant, many: list[str]
) -> None:
    page = portal.get(LIST).content.decode()
    shown, following = rows(page), link(page, "next")
    expected = rows(portal.get(f"{LIST}{following}").content.decode())
    with tenant_scope(fabrikam.id):
        Guest.objects.filter(address_key=f"{shown[-1]}@many.example").update(deleted_at=DAY)
    assert rows(portal.get(f"{LIST}{following}").content.decode()) == expected


def test_R60_filters_and_searches_turn_their_own_pages(portal: Client, many: list[str]) -> None:
    page = portal.get(f"{LIST}?q=name&status=PendingAcceptance").content.decode()
    following = link(page, "next")
    assert "q=name" in following
    assert "status=PendingAcceptance" in following
    met = list(chain.from_iterable(turned(portal, "?q=name&status=PendingAcceptance")))
    assert len(met) == len(set(met)) == MANY // 2


@pytest.mark.parametrize("most", [1, MOST_FOUND])
def test_R60_a_frequent_term_and_a_rare_one_are_found_alike(
    portal: Client, many: list[str], monkeypatch: pytest.MonkeyPatch, most: int
) -> None:
    monkeypatch.setattr("tenants.doors.searching.MOST_FOUND", most)
    found = {
        query: sorted(chain.from_iterable(turned(portal, f"?q={query}"))) for query in ("GUEST1", "name 3", "nobody")
    }
    assert found["GUEST1"] == [name for name in many if name.startswith("guest1")]
    assert len(found["name 3"]) == len([n for n in range(MANY) if n % 2 and n % 7 == 3])
    assert found["nobody"] == []


def test_R60_one_of_status_and_method_narrows_at_a_time(portal: Client, many: list[str]) -> None:
    page = unescape(portal.get(f"{LIST}?status=Accepted&domain=many.example").content.decode())
    assert 'href="?domain=many.example&method=emailOneTimePasscode"' in page


def test_B5_anothers_cursor_shows_none_of_their_rows(
    portal: Client, contosos: Client, many: list[str], invite: Any, contoso: Tenant
) -> None:
    following = link(portal.get(LIST).content.decode(), "next")
    page = contosos.get(f"{LIST}{following}").content.decode()
    assert rows(page) == []
    assert "many.example" not in page
