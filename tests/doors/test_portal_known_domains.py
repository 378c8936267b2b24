"""Lists of domains with accounts in the portal (R34): a verdict for each, and whom they touch first (R62)."""

from __future__ import annotations

import re
from typing import Any

import pytest

from providers.models import KnownAccountDomain
from tenants.models import AuditEntry
from tenants.roles import Role
from tenants.scope import tenant_scope
from tests.doors.portal import text
from tests.doors.test_portal_pages import inline

PAGE = "/admin/providers/redemptionorder/known-domains/"
ENTRA, MICROSOFT = KnownAccountDomain.Kind.ENTRA_ID.value, KnownAccountDomain.Kind.MICROSOFT_ACCOUNT.value


@pytest.fixture(autouse=True)
def registered(settings: Any) -> None:
    settings.ENTRA_CLIENT_ID = settings.MICROSOFT_ACCOUNT_CLIENT_ID = "registered"
    settings.DISCOVERY = "lists"


def listed(tenant: Any) -> list[tuple[str, str]]:
    with tenant_scope(tenant.id):
        return sorted(KnownAccountDomain.objects.values_list("kind", "domain"))


def saved(client: Any, typed: str, kind: str = ENTRA, deed: str = "add") -> Any:
    """As a browser does it: see what it changes, then Save."""
    said = {"domains": typed, "kind": kind, "deed": deed}
    page = client.post(PAGE, said)
    seen = re.findall(r'name="seen" value="([^"]*)"', page.content.decode())[0]
    return client.post(PAGE, {**said, "seen": seen, "_save": "Save"})


def test_R34_many_domains_are_taken_at_once_with_a_verdict_for_each(portal, fabrikam):
    saved(portal, "adatum.example")
    page = saved(portal, "Contoso.com, münchen.example\n@northwind.example;adatum.example\r\nnot_one\ncontoso.com")
    words = text(page)
    assert "contoso.com Added münchen.example Added northwind.example Added adatum.example Listed already" in words
    assert re.search(r"not_one Not a domain [A-Z]", words)
    assert listed(fabrikam) == [
        (ENTRA, domain)
        for domain in sorted(["adatum.example", "contoso.com", "northwind.example", "xn--mnchen-3ya.example"])
    ]
    with tenant_scope(fabrikam.id):
        assert AuditEntry.objects.filter(action="known_domain.added").count() == 4


def test_R62_it_says_whom_a_list_touches_before_anything_is_listed(portal, fabrikam, invite):
    invite(fabrikam)
    invite(fabrikam, "ines@contoso.com", name="Ines Moreau")
    page = portal.post(PAGE, {"domains": "contoso.com", "kind": ENTRA, "deed": "add"})
    words = text(page)
    assert "contoso.com Will be added" in words
    assert "Ines Moreau ines@contoso.com Email passcode → Entra ID" in words
    assert "Nicole" not in words
    assert listed(fabrikam) == []
    portal.post(PAGE, {"domains": "contoso.com", "kind": ENTRA, "deed": "add", "_save": "Save"})
    assert listed(fabrikam) == [], "nobody has seen the effect"


def test_R34_a_domain_is_taken_off_its_list_and_no_other(portal, fabrikam, invite):
    invite(fabrikam, "ines@contoso.com", name="Ines Moreau")
    saved(portal, "contoso.com northwind.example")
    saved(portal, "contoso.com", kind=MICROSOFT)
    seen = portal.post(PAGE, {"domains": "contoso.com", "kind": ENTRA, "deed": "remove"})
    assert "Entra ID or Microsoft account → Microsoft account" in text(seen)
    page = saved(portal, "contoso.com adatum.example", deed="remove")
    assert "contoso.com Removed adatum.example Was not listed" in text(page)
    assert listed(fabrikam) == [(ENTRA, "northwind.example"), (MICROSOFT, "contoso.com")]


def test_R34_the_lists_are_shown_with_a_way_to_remove(portal, fabrikam):
    saved(portal, "contoso.com")
    html = portal.get(PAGE).content.decode()
    assert 'aria-label="Remove contoso.com from the list of Entra ID"' in html
    assert "Microsoft’s own consumer domains" in html


@pytest.mark.parametrize(
    ("sent", "said"),
    [
        ({}, "Enter at least one domain"),
        ({"domains": " ,; \n"}, "Enter at least one domain"),
        ({"domains": "a.example " * 3 + " ".join(f"d{n}.example" for n in range(500))}, "These are 501 domains"),
        ({"domains": "x" * 30_001}, "Enter fewer than 500 domains"),
        ({"domains": "\x00"}, "Null characters are not allowed"),
        ({"domains": "a.example", "kind": "google"}, "Choose a list."),
        ({"domains": "a.example", "deed": "\x00"}, "Choose Add or Remove."),
    ],
)
def test_R34_what_cannot_be_read_is_an_error_on_the_form(portal, fabrikam, sent, said):
    page = portal.post(PAGE, {"kind": ENTRA, "deed": "add", **sent})
    assert page.status_code == 200
    assert said in text(page)
    assert "<title>Error: " in page.content.decode()
    assert inline(page.content.decode()) == []
    assert listed(fabrikam) == []


@pytest.mark.parametrize("typed", ["<script>alert(1)</script>", "10.0.0.1", "a..b", "x" * 5000, "user@contoso.com"])
def test_R70_what_is_no_domain_is_said_so_and_not_listed(portal, fabrikam, typed):
    page = portal.post(PAGE, {"domains": typed, "kind": ENTRA, "deed": "add"})
    assert "Not a domain" in text(page)
    assert "<script>alert" not in page.content.decode()
    assert 'name="_save"' not in page.content.decode()


@pytest.mark.parametrize(
    ("role", "see", "change"),
    [
        (Role.EXTERNAL_IDENTITY_PROVIDER_ADMINISTRATOR, 200, 200),
        (Role.GLOBAL_READER, 200, 403),
        (Role.HELPDESK_ADMINISTRATOR, 403, 403),
    ],
)
def test_R63_who_may_see_the_lists_and_who_may_change_them(as_role, role, see, change):
    client = as_role(role)
    assert client.get(PAGE).status_code == see
    assert client.post(PAGE, {"domains": "contoso.com", "kind": ENTRA, "deed": "add"}).status_code == change


def test_R34_the_other_tenants_lists_stay_and_are_not_seen(portal, contosos, fabrikam, contoso, invite):
    invite(fabrikam, "ines@adatum.example", name="Ines Moreau")
    saved(portal, "adatum.example")
    assert "adatum.example" not in text(contosos.get(PAGE))
    assert "Ines" not in text(contosos.post(PAGE, {"domains": "adatum.example", "kind": ENTRA, "deed": "add"}))
    assert "Was not listed" in text(saved(contosos, "adatum.example", deed="remove"))
    assert (listed(fabrikam), listed(contoso)) == ([(ENTRA, "adatum.example")], [])
