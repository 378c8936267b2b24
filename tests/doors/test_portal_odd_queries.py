"""Queries of the portal's lists that nobody typed on purpose."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse

from guests.models import Guest

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("value", ["%00", "fabrikam%00", "%E2%80%AE", "%0A"])
@pytest.mark.parametrize(
    ("page", "parameter"),
    [
        ("admin:guests_guest_changelist", "domain"),
        ("admin:guests_guest_changelist", "method"),
        ("admin:guests_guest_changelist", "q"),
        ("admin:guests_invitation_changelist", "q"),
        ("admin:tenants_auditentry_changelist", "action"),
        ("admin:tenants_auditentry_changelist", "q"),
    ],
)
def test_R64_a_list_answers_a_filter_that_no_row_can_have(
    portal: Client, nicole: Guest, page: str, parameter: str, value: str
) -> None:
    answer = portal.get(f"{reverse(page)}?{parameter}={value}", follow=True)
    assert answer.status_code == 200


@pytest.mark.parametrize("parameter", ["domain", "method"])
def test_R64_a_filter_that_no_row_can_have_hides_none(portal: Client, nicole: Guest, parameter: str) -> None:
    answer = portal.get(f"{reverse('admin:guests_guest_changelist')}?{parameter}=%00")
    assert "Nicole Wagner" in answer.content.decode()
