"""Lists without a row say what would stand there; narrowed ones, that something narrows them."""

from __future__ import annotations

import pytest
from django.test import Client

from tests.doors.portal import text

LISTS = {
    "guests/guest/": "No guest yet.",
    "guests/invitation/": "No invitation yet.",
    "guests/batch/": "Nothing yet. What is done for many guests at once stands here",
    "outbox/outboundmail/": "No email has been sent in the last 30 days.",
    "applications/application/": "No application yet.",
}


@pytest.mark.parametrize("path", LISTS)
def test_it_says_what_would_stand_in_an_empty_list(portal: Client, path: str) -> None:
    assert LISTS[path] in text(portal.get(f"/admin/{path}"))


def test_it_does_not_say_nobody_where_a_search_narrows_the_list(portal: Client) -> None:
    shown = text(portal.get("/admin/guests/guest/?q=zoe"))
    assert "None of them fits. Leave out the search or a filter." in shown
    assert "No guest yet." not in shown
