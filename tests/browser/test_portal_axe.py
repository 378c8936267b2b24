"""Every page of the portal serves everybody: axe finds nothing, nothing scrolls sideways, the policy is kept.

A new address of the portal needs an entry here: how it is opened, or why it is no page.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

import pytest
from django.conf import settings
from django.urls import URLResolver, get_resolver, reverse
from playwright.sync_api import Browser, Page
from pytest_django.live_server_helper import LiveServer

from guests.models import Guest
from tenants.models import Administrator
from tenants.roles import Role
from tenants.scope import tenant_scope
from tests import factories
from tests.browser.axe import findings
from tests.browser.conftest import PHONE, complaints_of
from tests.doors.portal import signed_in
from tests.house.furniture import House, furnish

Address = Callable[[House], list[str]]


def at(name: str, *queries: dict[str, Any]) -> Address:
    """The page of this name, with each of the queries, once without if there is none."""
    return lambda house: [f"{reverse(f'admin:{name}')}?{urlencode(query)}" for query in queries or ({},)]


def one(name: str, key: Callable[[House], object]) -> Address:
    """The page of one thing."""
    return lambda house: [reverse(f"admin:{name}", args=[key(house)])]


def of_guests(name: str) -> Address:
    """A page that is opened for a pending guest, and for one who has accepted."""
    return lambda house: [
        f"{reverse(f'admin:{name}')}?{urlencode({'guest': guest.pk})}" for guest in (house.pending.guest, house.guest)
    ]


def adele(house: House) -> object:
    """The tenant's first administrator, whom the second one looks at."""
    return Administrator.objects.get(email="adele@fabrikam.example").pk


PAGES: dict[str, Address] = {
    "index": at("index"),
    "choose_tenant": at("choose_tenant"),
    "account": at("account"),
    "password_change": at("password_change"),
    "preview_sign_in": of_guests("preview_sign_in"),
    "applications_application_changelist": at("applications_application_changelist"),
    "applications_add": at("applications_add"),
    "applications_application_change": one("applications_application_change", lambda house: house.application.pk),
    "applications_application_history": one("applications_application_history", lambda house: house.application.pk),
    "guests_bulk_invitations": at("guests_bulk_invitations"),
    "guests_batch_changelist": at("guests_batch_changelist"),
    "guests_batch_change": one("guests_batch_change", lambda house: house.batch.pk),
    "guests_batch_revoke": one("guests_batch_revoke", lambda house: house.batch.pk),
    "providers_identityprovider_changelist": at("providers_identityprovider_changelist"),
    "providers_custom": at("providers_custom"),
    "providers_add": at("providers_add", {}, {"kind": "saml"}),
    "guests_provider_domains": one("guests_provider_domains", lambda house: house.provider.pk),
    "outbox_outboundmail_changelist": at("outbox_outboundmail_changelist"),
    "providers_edit": one("providers_edit", lambda house: house.provider.pk),
    "providers_identityprovider_change": one("providers_identityprovider_change", lambda house: house.provider.pk),
    "providers_identityprovider_history": one("providers_identityprovider_history", lambda house: house.provider.pk),
    "providers_email_passcode": at("providers_email_passcode"),
    "providers_redemptionorder_changelist": at("providers_redemptionorder_changelist"),
    "guests_partner_order": at("guests_partner_order", {"domain": "partner.example"}),
    "guests_microsoft_account": at("guests_microsoft_account"),
    "guests_domain_lists": at("guests_domain_lists"),
    "guests_known_domains": at("guests_known_domains"),
    "guests_remove_provider": one("guests_remove_provider", lambda house: house.provider.pk),
    "guests_enable_provider": one("guests_enable_provider", lambda house: house.provider.pk),
    "guests_disable_provider": one("guests_disable_provider", lambda house: house.provider.pk),
    "guests_waiting": at("guests_waiting"),
    "guests_guest_changelist": at(
        "guests_guest_changelist", {}, {"q": "guest", "status": "Accepted"}, {"q": "nobody at all"}, {"o": "1"}
    ),
    "guests_invite": at("guests_invite"),
    "guests_reset": lambda house: [f"{reverse('admin:guests_reset')}?id={house.guest.pk}"],
    "guests_reset_many": at("guests_reset_many", {"method": "emailOneTimePasscode"}),
    "guests_remind": at("guests_remind"),
    "guests_explain": lambda house: [reverse("admin:guests_explain"), *of_guests("guests_explain")(house)],
    "guests_deleted": at("guests_deleted"),
    "guests_guest_change": lambda house: [
        reverse("admin:guests_guest_change", args=[guest.pk]) for guest in (house.guest, house.pending.guest)
    ],
    "guests_guest_history": one("guests_guest_history", lambda house: house.guest.pk),
    "guests_guest_delete": one("guests_guest_delete", lambda house: house.guest.pk),
    "guests_invitation_changelist": at("guests_invitation_changelist", {}, {"link": "open"}),
    "guests_invitation_change": one("guests_invitation_change", lambda house: house.pending.invitation.pk),
    "guests_invitation_history": one("guests_invitation_history", lambda house: house.pending.invitation.pk),
    "tenants_administrator_changelist": at("tenants_administrator_changelist"),
    "administrators_appoint": at("administrators_appoint"),
    "administrators_remove": one("administrators_remove", adele),
    "tenants_administrator_change": one("tenants_administrator_change", adele),
    "tenants_administrator_history": one("tenants_administrator_history", adele),
    "tenants_auditentry_changelist": at("tenants_auditentry_changelist", {}, {"outcome": "refused"}),
    "tenants_auditentry_change": one("tenants_auditentry_change", lambda house: house.entry.pk),
    "tenants_sign_ins": at("tenants_sign_ins"),
    "tenants_trace": at("tenants_trace", {}, {"reference": "7F3A-91C2-0D4E"}),
    "tenants_errors": at("tenants_errors"),
    "tenants_audit_export": at("tenants_audit_export"),
    "tenants_history_days": at("tenants_history_days"),
    "tenants_tenant_changelist": at("tenants_tenant_changelist"),
    "tenants_logo": at("tenants_logo"),
    "tenants_tenant_history": one("tenants_tenant_history", lambda house: house.tenant.pk),
}
PARTS = 6
"""Tests that share the pages among them."""

OUTSIDE = {"login"}
"""Seen by who is not signed in."""

NO_PAGES = {
    "presses": """switch_tenant sign_out_others authenticator_begin backup_codes logout guests_batch_start
        guests_batch_pause guests_batch_discard providers_test guests_restore guests_end_session
        guests_end_sessions guests_block guests_unblock guests_lift_pause guests_resend guests_revoke
        guests_add_partner_order guests_skipping administrators_sign_out applications_remove authenticator
        guests_remind_one administrators_withdraw accept_offer decline_offer""",
    "files": "authenticator_qr jsi18n guests_batch_file guests_bulk_template guests_passcode_csv",
    "stock pages that lead elsewhere or are refused": """app_list applications_application_add
        applications_application_delete guests_batch_add guests_batch_history guests_batch_delete guests_guest_add
        guests_invitation_add guests_invitation_delete providers_identityprovider_add providers_identityprovider_delete
        tenants_administrator_add tenants_administrator_delete tenants_auditentry_add tenants_auditentry_delete
        tenants_auditentry_history tenants_tenant_add tenants_tenant_change tenants_tenant_delete""",
}


def names(resolver: URLResolver) -> set[str]:
    found: set[str] = set()
    for one in resolver.url_patterns:
        if isinstance(one, URLResolver):
            found |= names(one)
        elif one.name:
            found.add(one.name)
    return found


def test_R60_every_address_of_the_portal_is_looked_at_or_no_page() -> None:
    portal: Any = next(one for one in get_resolver().url_patterns if getattr(one, "app_name", "") == "admin")
    listed = set(PAGES) | OUTSIDE | {name for group in NO_PAGES.values() for name in group.split()}
    assert names(portal) - listed == set(), "a new address needs an entry: how it is opened, or why it is no page"


@pytest.fixture
def house(transactional_db: None) -> House:
    tenant = factories.tenant("Fabrikam", "fabrikam.example", colour="#274690")
    factories.administrator("adele@fabrikam.example", (tenant, Role.GLOBAL_ADMINISTRATOR))
    return furnish(tenant, "nicole")


@pytest.fixture
def portal(browser: Browser, live_server: LiveServer, house: House) -> Page:
    """A second Global Administrator's browser: the first is looked at, and nobody removes themselves."""
    who = factories.administrator("isaiah@fabrikam.example", (house.tenant, Role.GLOBAL_ADMINISTRATOR))
    value = signed_in(who, house.tenant).cookies[settings.SESSION_COOKIE_NAME].value
    context = browser.new_context()
    context.add_cookies([{"name": settings.SESSION_COOKIE_NAME, "value": value, "url": live_server.url}])
    return context.new_page()


@pytest.mark.parametrize("part", range(PARTS))
def test_R60_every_page_of_the_portal_serves_everybody(
    portal: Page, live_server: LiveServer, house: House, registered: None, part: int
) -> None:
    addresses = {url: name for name in sorted(PAGES)[part::PARTS] for url in PAGES[name](house)}
    said, wrong = complaints_of(portal), []
    for url, name in addresses.items():
        answer = portal.goto(live_server.url + url)
        wrong += [] if answer and answer.status == 200 else [f"{name}: {url}: {answer and answer.status}"]
        wrong += [f"{name}: {url}: {text}" for text in said]
        said.clear()  # before axe, which breaks the policy itself
        wrong += [f"{name}: {one}" for one in findings(portal, (1280, PHONE["width"]))]
        said.clear()
    portal.context.close()
    assert wrong == []


def test_R60_a_strangers_explanation_serves_everybody(portal: Page, live_server: LiveServer, house: House) -> None:
    portal.goto(live_server.url + reverse("admin:guests_explain"))
    portal.get_by_label("Email address").fill("boss@nowhere.example")
    portal.get_by_role("button", name="Explain").click()
    found = findings(portal, (1280, PHONE["width"]))
    portal.get_by_role("button", name="See what they see").click()
    found += findings(portal, (1280, PHONE["width"]))
    portal.context.close()
    assert found == []


def test_R60_long_lists_on_a_phone_serve_everybody(portal: Page, live_server: LiveServer, house: House) -> None:
    with tenant_scope(house.tenant.id):
        Guest.objects.bulk_create(Guest(tenant_id=house.tenant.id, **_named(number)) for number in range(60))
    portal.goto(live_server.url + reverse("admin:guests_guest_changelist"))
    portal.get_by_role("link", name="Next").click()
    portal.wait_for_url("**after=**")
    portal.wait_for_load_state()
    found = findings(portal, (1280, PHONE["width"]))
    portal.context.close()
    assert found == []


def _named(number: int) -> dict[str, str]:
    address = f"guest-with-a-rather-long-name.{number}@a-partner-with-a-long-domain.example"
    return {"address": address, "address_key": address, "domain": address.partition("@")[2], "name": f"Guest {number}"}
