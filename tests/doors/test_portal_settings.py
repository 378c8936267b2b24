"""The settings page against what browsers send and what happens while it is open."""

from __future__ import annotations

import re
from typing import Any

from django.test import Client

from applications.operations import add_application
from tenants.models import AuditEntry
from tenants.refusals import Refusal
from tenants.scope import tenant_scope
from tests.doors.portal import text

SETTINGS = "/admin/tenants/tenant/"


def sent(client: Client, **changed: str) -> dict[str, str]:
    """What a browser sends that opened the page and typed this into it."""
    form = client.get(SETTINGS).context["form"]
    values = {name: form[name].value() for name in form.fields}
    shown = {name: "" if value is None else str(value).replace("\n", "\r\n") for name, value in values.items()}
    return {**shown, **changed}


def share(fabrikam: Any, operator: Any, now: Any, url: str) -> object:
    with tenant_scope(fabrikam.id):
        return add_application(
            tenant=fabrikam, name="Expense reports", description="", url=url, actor=operator, now=now
        )


def test_R22_saving_without_touching_the_terms_publishes_no_version_although_a_browser_sends_other_line_ends(
    portal, fabrikam
):
    portal.post(SETTINGS, sent(portal, terms_text="Be kind.\r\nBe brief."))
    portal.post(SETTINGS, sent(portal, sender_name="Fabrikam’s desk"))
    fabrikam.refresh_from_db()
    assert (fabrikam.terms_text, fabrikam.terms_version) == ("Be kind.\nBe brief.", 1)
    assert fabrikam.sender_name == "Fabrikam’s desk"


def test_R39_an_application_that_is_accepted_leaves_the_settings_saveable(portal, fabrikam, operator, now):
    refused = share(fabrikam, operator, now, "http://expenses.example/start")
    assert isinstance(refused, Refusal)
    assert "Use https" in refused.reason
    assert not isinstance(share(fabrikam, operator, now, "http://127.0.0.1:8123/start"), Refusal)
    answer = portal.post(SETTINGS, sent(portal, name="Fabrikam AG"), follow=True)
    assert "The settings are saved." in text(answer)
    fabrikam.refresh_from_db()
    assert fabrikam.landing_origins == ["http://127.0.0.1:8123"]


def test_R39_saving_a_page_that_is_out_of_date_takes_no_origin_away(portal, fabrikam, operator, now):
    old = sent(portal, name="Fabrikam AG")
    share(fabrikam, operator, now, "https://expenses.example/start")
    page = portal.post(SETTINGS, old)
    assert "The settings were changed meanwhile. Load the page again, then change it." in text(page)
    fabrikam.refresh_from_db()
    assert (fabrikam.name, fabrikam.landing_origins) == ("Fabrikam", ["https://expenses.example"])
    with tenant_scope(fabrikam.id):
        assert not AuditEntry.objects.filter(action="tenant.settings_changed").exists()
    assert "The settings are saved." in text(portal.post(SETTINGS, sent(portal, name="Fabrikam AG"), follow=True))


def test_R39_the_hidden_version_is_on_the_page(portal, fabrikam):
    assert re.search(r'type="hidden" name="shown_version" value="[0-9a-f]{32}"', portal.get(SETTINGS).content.decode())
