"""The other ways in, in Chromium: SAML and WS-Federation, a passcode that stays, somebody else, a new account (R30)."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from playwright.sync_api import Page, Request, expect

from applications.operations import add_application
from guests.operations.inviting import Details, Invited, Inviter, invite_guest
from providers.rules import PasscodeState
from tenants.addresses import canonical
from tenants.audit import Actor
from tenants.models import Tenant
from tenants.scope import tenant_scope
from tests import factories
from tests.browser.axe import findings
from tests.browser.conftest import DESKTOP, PHONE, OpenPage, see
from tests.journeys.browser import code_in, post
from tests.journeys.partners import ADATUM, NICOLE_AT_ADATUM, add_oidc, add_saml
from tests.journeys.stories import guest, reset, turn_passcodes
from tests.peers.hostile_op import CLIENT_ID, CLIENT_SECRET, HostileProvider, running
from tests.peers.saml_idp import Person, SamlIdp, needs_xmlsec1
from tests.peers.saml_idp_site import running_site

NICOLE = Person(mail=NICOLE_AT_ADATUM)
BERTIL = Person("b-2", "bertil@adatum.example", "Bertil Lind")
CONSUMERS = "9188040d-6c67-4c5b-b112-36a304b66dad"

Invite = Callable[[], str]
in_both_sizes = pytest.mark.parametrize(
    "how",
    [{"viewport": DESKTOP}, {"viewport": PHONE, "java_script_enabled": False}],
    ids=["javascript", "360px and none"],
)


@pytest.fixture
def fabrikam(transactional_db: None, origin: str) -> Tenant:
    """Fabrikam at this test's origin."""
    return factories.tenant("Fabrikam", "fabrikam.example", colour="#274690")


@pytest.fixture
def invite(fabrikam: Tenant, application_url: str, operator: Actor, now: datetime) -> Invite:
    """Invite Nicole to the expense reports, and hand back the link."""

    def _invite() -> str:
        with tenant_scope(fabrikam.id):
            add_application(
                tenant=fabrikam, name="Expenses", description="", url=application_url, actor=operator, now=now
            )
            invited = invite_guest(
                tenant=fabrikam,
                address=canonical(NICOLE_AT_ADATUM),
                details=Details(name="Nicole Wagner", redirect_url=application_url, resource_name="Expense reports"),
                inviter=Inviter("Adele Vance", "adele@fabrikam.example"),
                actor=operator,
                now=now,
            )
        assert isinstance(invited, Invited)
        return invited.link

    return _invite


@pytest.fixture
def peer() -> Iterator[HostileProvider]:
    """An OpenID Connect provider that signs in whoever comes, without a question."""
    with running() as started:
        yield started


@pytest.fixture
def idp(tmp_path: Path) -> Iterator[SamlIdp]:
    """Adatum's identity provider, where two people have an account."""
    with running_site(tmp_path, [NICOLE, BERTIL]) as started:
        yield started


def connect(tenant: Tenant, idp: SamlIdp, kind: str = "saml") -> None:
    """Each knows the other's metadata."""
    if kind == "wsFed":
        add_saml(tenant, idp.federation_metadata, ADATUM, name="Adatum", kind=kind)
        return
    add_saml(tenant, idp.metadata, ADATUM, name="Adatum")
    idp.trust(Client().get(f"/{tenant.id}/saml/metadata").content)


def listened(page: Page) -> list[Request]:
    """Every request that the page makes from now on."""
    asked: list[Request] = []

    def hear(request: Request) -> None:
        asked.append(request)

    page.on("request", hear)
    return asked


def sends_our_cookie(asked: list[Request], method: str, path: str) -> list[bool]:
    """Whether each request of this kind brought one of our cookies along, as Chromium's network layer saw it."""
    sent = [one.all_headers() for one in asked if one.method == method and re.search(path, one.url)]
    return ["vestibule" in one.get("cookie", "") for one in sent]


def choose(page: Page, who: Person, *, has_javascript: bool) -> None:
    """Say at the partner's who one is."""
    see(page, "Adatum: who are you?")
    page.get_by_role("link", name=who.name).click()
    if not has_javascript:
        page.get_by_role("button", name="Go on to the service").click()


def arrive(page: Page, application_url: str) -> None:
    """Agree, and stand in the application."""
    see(page, "Review permissions")
    page.get_by_role("button", name="Accept").click()
    page.wait_for_url(application_url)
    see(page, "Expense reports")


def redeem_with_code(page: Page, tenant: Tenant, link: str) -> None:
    """Open the link, have a code sent, and type it."""
    page.goto(link)
    page.get_by_role("button", name="Send code").click()
    page.get_by_label("Code").fill(code_in(post(tenant)[-1]))
    page.get_by_role("button", name="Continue").click()


@needs_xmlsec1
@in_both_sizes
@pytest.mark.parametrize("kind", ["saml", "wsFed"])
def test_R30_2_R36_it_takes_an_answer_that_is_posted_from_another_site_without_our_cookie(
    open_page: OpenPage,
    fabrikam: Tenant,
    idp: SamlIdp,
    invite: Invite,
    application_url: str,
    how: dict[str, Any],
    kind: str,
) -> None:
    connect(fabrikam, idp, kind)
    page = open_page(**how)
    page.goto(invite())
    see(page, "You’re invited to Fabrikam")
    asked = listened(page)
    page.get_by_role("button", name="Continue to Adatum").click()
    choose(page, NICOLE, has_javascript="java_script_enabled" not in how)
    arrive(page, application_url)
    assert sends_our_cookie(asked, "POST", r"/saml/acs$|/wsfed$") == [False]
    assert sends_our_cookie(asked, "GET", r"/arrived$") == [True]
    assert guest(fabrikam).method == "externalFederation"


def test_R3_R40_it_asks_a_passcode_guest_for_a_code_also_after_a_provider_came_until_a_reset(
    open_page: OpenPage, fabrikam: Tenant, peer: HostileProvider, invite: Invite, application_url: str
) -> None:
    link = invite()
    page = open_page(viewport=DESKTOP)
    redeem_with_code(page, fabrikam, link)
    arrive(page, application_url)
    add_oidc(fabrikam, peer.url, ADATUM)
    later = open_page(viewport=PHONE)
    redeem_with_code(later, fabrikam, link)
    later.wait_for_url(application_url)
    assert guest(fabrikam).method == "emailOneTimePasscode"
    after = open_page(viewport=PHONE)
    after.goto(reset(fabrikam, guest(fabrikam).id, datetime.now(UTC)).link)
    expect(after.get_by_role("button", name="Send code")).to_have_count(0)
    after.get_by_role("button", name="Continue to Adatum ID").click()
    arrive(after, application_url)
    assert guest(fabrikam).method == "externalFederation"


@needs_xmlsec1
@in_both_sizes
def test_R23_it_names_who_is_signed_in_at_the_provider_and_lets_in_only_who_was_invited(
    open_page: OpenPage,
    fabrikam: Tenant,
    idp: SamlIdp,
    invite: Invite,
    application_url: str,
    how: dict[str, Any],
    now: datetime,
) -> None:
    has_javascript = "java_script_enabled" not in how
    connect(fabrikam, idp)
    turn_passcodes(fabrikam, PasscodeState.DISABLED, now)
    page = open_page(**how)
    page.goto(invite())
    page.get_by_role("button", name="Continue to Adatum").click()
    choose(page, BERTIL, has_javascript=has_javascript)
    see(page, "You’re signed in as somebody else")
    expect(page.locator("main")).to_contain_text(f"Signed in at Adatum{BERTIL.mail}")
    expect(page.locator("main")).not_to_contain_text(NICOLE.mail)
    expect(page.get_by_role("button", name="Send code")).to_have_count(0)
    page.get_by_role("button", name="Use another account").click()
    choose(page, NICOLE, has_javascript=has_javascript)
    arrive(page, application_url)


def test_R5_R30_6_it_waits_while_the_guest_makes_a_microsoft_account_in_another_tab_and_goes_on(
    open_page: OpenPage,
    fabrikam: Tenant,
    peer: HostileProvider,
    invite: Invite,
    application_url: str,
    settings: Any,
    now: datetime,
) -> None:
    issuer = f"{peer.url}/{CONSUMERS}/v2.0"
    peer.document["issuer"] = issuer
    peer.person = {"iss": issuer, "tid": CONSUMERS, "email": NICOLE_AT_ADATUM, "email_verified": None}
    settings.DISCOVERY, settings.ENTRA_AUTHORITY = "lists", peer.url
    settings.MICROSOFT_ACCOUNT_CLIENT_ID, settings.MICROSOFT_ACCOUNT_CLIENT_SECRET = CLIENT_ID, CLIENT_SECRET
    turn_passcodes(fabrikam, PasscodeState.DISABLED, now)
    page = open_page()
    page.context.route("https://signup.live.com/**", lambda route: route.fulfill(body="<title>Microsoft</title>"))
    page.goto(invite())
    see(page, "Create a Microsoft account to continue")
    assert findings(page) == []
    link = page.get_by_role("link", name="Create a Microsoft account")
    expect(link).to_have_attribute("rel", "noopener")
    with page.context.expect_page() as opened:
        link.click()
    assert "nicole%40adatum.example" in opened.value.url
    assert opened.value.evaluate("window.opener") is None
    see(page, "Create a Microsoft account to continue")
    page.get_by_role("button", name="I have one now").click()
    arrive(page, application_url)
    assert guest(fabrikam).method == "microsoftAccount"
