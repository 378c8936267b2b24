"""Entra ID and Microsoft accounts, registered once for the installation, for guests of every tenant (R30, R34, R36)."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from io import StringIO
from typing import Any

import pytest
from django.core.management import call_command

from guests.models import FederatedIdentity, Guest
from guests.operations.inviting import Invited
from providers.models import KnownAccountDomain, SeenMicrosoftAccount
from providers.operations import add_known_account_domain, disable_microsoft_account, set_redemption_order
from providers.rules import Fallback, Order, PasscodeState
from tenants.models import Tenant
from tenants.scope import tenant_scope
from tests.journeys.browser import Browser, Page
from tests.journeys.conftest import Invite
from tests.journeys.partners import departure, leave
from tests.journeys.stories import OPERATOR, agree, reset, turn_passcodes
from tests.peers.hostile_op import CLIENT_ID, CLIENT_SECRET, HostileProvider, Instead, running

HOME = "0a1b2c3d-0000-4000-8000-00000000ad47"
ELSEWHERE = "0a1b2c3d-0000-4000-8000-0000000e15e0"
CONSUMERS = "9188040d-6c67-4c5b-b112-36a304b66dad"
NICOLE = "nicole@adatum.example"


class Microsoft:
    """Microsoft's sign-in service, as far as it is asked: organisations, personal accounts, whose domain is whose."""

    def __init__(self, organizations: HostileProvider, consumers: HostileProvider) -> None:
        self.organizations, self.consumers = organizations, consumers
        self.origin = organizations.url
        organizations.document["issuer"] = f"{self.origin}/{{tenantid}}/v2.0"
        consumers.document |= {"issuer": f"{self.origin}/{CONSUMERS}/v2.0"}
        organizations.instead["/consumers/v2.0/.well-known/openid-configuration"] = Instead(
            body=json.dumps(consumers.document).encode()
        )

    def has(self, domain: str, home: str) -> None:
        """This domain belongs to this organisation there."""
        body = {"issuer": f"{self.origin}/{home}/v2.0"}
        self.organizations.instead[f"/{domain}/v2.0/.well-known/openid-configuration"] = Instead(
            body=json.dumps(body).encode()
        )

    def sign_in(self, browser: Browser, url: str, **claims: Any) -> Page:
        """As somebody of an organisation."""
        home = claims.get("tid", HOME)
        said = {"iss": f"{self.origin}/{home}/v2.0", "tid": HOME, "oid": "11111111-2222-4333-8444-555555555555"}
        self.organizations.person = {**said, "email": NICOLE, "email_verified": None, **claims}
        return browser.come("/return/azureActiveDirectory", self.organizations.come_back(url))

    def sign_in_personally(self, browser: Browser, url: str, **claims: Any) -> Page:
        """As somebody with a personal account."""
        said = {"iss": f"{self.origin}/{CONSUMERS}/v2.0", "tid": CONSUMERS}
        self.consumers.person = {**said, "email": NICOLE, "email_verified": None, **claims}
        return browser.come("/return/microsoftAccount", self.consumers.come_back(url))


@pytest.fixture
def microsoft(settings: Any) -> Iterator[Microsoft]:
    """Microsoft, with this installation registered there."""
    with running() as organizations, running() as consumers:
        found = Microsoft(organizations, consumers)
        settings.DISCOVERY = "live"
        settings.ENTRA_AUTHORITY = found.origin
        settings.ENTRA_CLIENT_ID = settings.MICROSOFT_ACCOUNT_CLIENT_ID = CLIENT_ID
        settings.ENTRA_CLIENT_SECRET = settings.MICROSOFT_ACCOUNT_CLIENT_SECRET = CLIENT_SECRET
        yield found


@pytest.fixture
def nicoles() -> Browser:
    """Her browser."""
    return Browser()


def lists(tenant: Tenant, *kinds: KnownAccountDomain.Kind) -> None:
    with tenant_scope(tenant.id):
        for kind in kinds:
            add_known_account_domain(domain="adatum.example", kind=kind, actor=OPERATOR, now=datetime.now(UTC))


def method_of(tenant: Tenant) -> str:
    with tenant_scope(tenant.id):
        return Guest.objects.get().method


def test_R30_1_R34_a_guest_whose_domain_entra_id_knows_redeems_there(
    fabrikam: Tenant, microsoft: Microsoft, invite: Invite, nicoles: Browser
) -> None:
    microsoft.has("adatum.example", HOME)
    nicoles.open(invite(fabrikam, NICOLE).link)
    url = leave(nicoles, "Entra ID")
    assert microsoft.sign_in(nicoles, url).heading == "Review permissions"
    assert agree(nicoles).heading == "My Apps"
    assert method_of(fabrikam) == "azureActiveDirectory"
    with tenant_scope(fabrikam.id):
        assert FederatedIdentity.objects.get().subject == f"{HOME}/11111111-2222-4333-8444-555555555555"


@pytest.mark.parametrize(
    "claims",
    [
        {"tid": ELSEWHERE},
        {"tid": ELSEWHERE, "email_verified": True},
        {"tid": ELSEWHERE, "email": "mallory@evil.example", "preferred_username": NICOLE, "upn": NICOLE},
    ],
    ids=["another organisation says the address", "and that it is verified", "and has it as its name there"],
)
def test_R36_an_address_counts_only_from_the_organisation_whose_domain_it_is(
    fabrikam: Tenant, microsoft: Microsoft, invite: Invite, nicoles: Browser, claims: dict[str, Any]
) -> None:
    microsoft.has("adatum.example", HOME)
    nicoles.open(invite(fabrikam, NICOLE).link)
    page = microsoft.sign_in(nicoles, leave(nicoles, "Entra ID"), **claims)
    assert (page.status, page.heading) == (403, "One more step")
    assert method_of(fabrikam) == ""


def test_R36_a_personal_account_is_no_account_of_an_organisation(
    fabrikam: Tenant, microsoft: Microsoft, invite: Invite, nicoles: Browser
) -> None:
    microsoft.has("adatum.example", HOME)
    nicoles.open(invite(fabrikam, NICOLE).link)
    page = microsoft.sign_in(nicoles, leave(nicoles, "Entra ID"), tid=CONSUMERS)
    assert (page.status, page.heading) == (502, "Entra ID did not answer")


@pytest.mark.parametrize("state", [{}, {"state": "x"}, {"state": "A" * 64}])
def test_R36_who_comes_back_with_nothing_that_was_begun_here_is_told_where_to_begin(
    db: None, nicoles: Browser, state: dict[str, str]
) -> None:
    page = nicoles.come("/return/azureActiveDirectory", {"code": "abc", **state})
    assert (page.status, page.heading) == (403, "This sign-in is not open here")
    assert "24 hours" not in page.text
    assert nicoles.open(page.links["Back to sign-in"]).heading == "Sign in"


def test_R34_I_have_no_account_there_leads_to_the_next_method(
    fabrikam: Tenant, microsoft: Microsoft, invite: Invite, nicoles: Browser
) -> None:
    microsoft.has("adatum.example", HOME)
    page = nicoles.open(invite(fabrikam, NICOLE).link)
    page = nicoles.open(page.links["I have no account there"])
    assert "we’ll send a code" in page.text


def test_R30_1_whoever_has_both_accounts_chooses(
    fabrikam: Tenant, microsoft: Microsoft, invite: Invite, nicoles: Browser
) -> None:
    lists(fabrikam, KnownAccountDomain.Kind.ENTRA_ID, KnownAccountDomain.Kind.MICROSOFT_ACCOUNT)
    assert nicoles.open(invite(fabrikam, NICOLE).link).heading == "Which account is it?"
    page = nicoles.submit("csrfmiddlewaretoken", button=("method", "microsoftAccount"))
    assert page.heading == "On to Microsoft account"
    assert microsoft.sign_in_personally(nicoles, departure(page)).heading == "Review permissions"
    agree(nicoles)
    assert method_of(fabrikam) == "microsoftAccount"


def test_R5_R30_6_without_passcodes_a_guest_is_asked_to_create_a_microsoft_account_and_goes_on_with_it(
    fabrikam: Tenant, microsoft: Microsoft, invite: Invite, nicoles: Browser, now: datetime
) -> None:
    turn_passcodes(fabrikam, PasscodeState.DISABLED, now)
    page = nicoles.open(invite(fabrikam, NICOLE).link)
    assert page.heading == "Create a Microsoft account to continue"
    assert page.links["Create a Microsoft account"] == "https://signup.live.com/?username=nicole%40adatum.example"
    assert "Adele Vance" in page.text, "it says who can turn codes on"
    page = nicoles.submit("I have one now", button=("method", "microsoftAccount"))
    assert microsoft.sign_in_personally(nicoles, departure(page)).heading == "Review permissions"
    agree(nicoles)
    assert method_of(fabrikam) == "microsoftAccount"


def test_R30_6_an_installation_without_microsoft_accounts_says_so(
    fabrikam: Tenant, invite: Invite, nicoles: Browser, now: datetime
) -> None:
    turn_passcodes(fabrikam, PasscodeState.DISABLED, now)
    page = nicoles.open(invite(fabrikam, NICOLE).link)
    assert "Fabrikam cannot take Microsoft accounts here yet" in page.text
    assert "I have one now" not in page.text


def test_R34_an_account_that_was_seen_in_one_tenant_is_known_to_the_links_holder_in_another_and_to_no_stranger(
    fabrikam: Tenant, contoso: Tenant, microsoft: Microsoft, invite: Invite, nicoles: Browser, now: datetime
) -> None:
    order = Order(primaries=(), fallback=Fallback.MICROSOFT_ACCOUNT)
    with tenant_scope(fabrikam.id):
        set_redemption_order(order=order, actor=OPERATOR, now=now)
    nicoles.open(invite(fabrikam, NICOLE).link)
    page = nicoles.submit("I have one now", button=("method", "microsoftAccount"))
    microsoft.sign_in_personally(nicoles, departure(page))
    agree(nicoles)
    assert SeenMicrosoftAccount.objects.count() == 1
    assert "Continue to Microsoft account" in Browser().open(invite(contoso, NICOLE).link).source
    stranger = Browser()
    stranger.open("/contoso.example")
    assert "send a code" in stranger.submit("email", email=NICOLE).text
    explained = StringIO()
    call_command("explain_sign_in", NICOLE, "--tenant", "contoso.example", stdout=explained)
    assert explained.getvalue().splitlines()[1].strip() == "A code by email"
    assert (
        "By the link of the invitation: Microsoft account. This installation has seen a Microsoft account with this "
        "address." in explained.getvalue()
    )
    call_command("explain_sign_in", "n.other@adatum.example", "--tenant", "contoso.example", stdout=explained)
    assert explained.getvalue().count("By the link") == 1, "nobody invited that one"


@pytest.mark.parametrize("typed", ["somebody@outlook.com", NICOLE])
def test_R30_R31_R36_an_account_that_another_address_leads_to_redeems_nothing_past_the_order(
    fabrikam: Tenant, microsoft: Microsoft, invite: Invite, nicoles: Browser, typed: str
) -> None:
    if typed == NICOLE:
        lists(fabrikam, KnownAccountDomain.Kind.MICROSOFT_ACCOUNT)
    invite(fabrikam, NICOLE)
    nicoles.open("/fabrikam.example")
    nicoles.submit("email", email=typed)
    page = microsoft.sign_in_personally(nicoles, leave(nicoles, "Microsoft account"))
    if typed == NICOLE:
        assert page.heading == "Review permissions"
        return
    assert (page.status, page.heading) == (403, "You’re signed in as somebody else")
    assert method_of(fabrikam) == ""
    page = nicoles.open("/fabrikam.example")
    assert page.heading == "Sign in to Fabrikam", "no session was made"


def test_R3_R40_a_microsoft_account_sticks_and_a_reset_opens_the_choice(
    fabrikam: Tenant, microsoft: Microsoft, invite: Invite, nicoles: Browser, now: datetime
) -> None:
    turn_passcodes(fabrikam, PasscodeState.DISABLED, now)
    link = invite(fabrikam, NICOLE).link
    nicoles.open(link)
    page = nicoles.submit("I have one now", button=("method", "microsoftAccount"))
    microsoft.sign_in_personally(nicoles, departure(page))
    agree(nicoles)
    turn_passcodes(fabrikam, PasscodeState.ENABLED, now)
    assert "Continue to Microsoft account" in Browser().open(link).source
    with tenant_scope(fabrikam.id):
        guest = Guest.objects.get()
    fresh: Invited = reset(fabrikam, guest.id, now)
    assert "Continue to Microsoft account" in Browser().open(fresh.link).source, "it was seen here"


def test_R32_who_is_away_when_the_microsoft_account_is_disabled_redeems_with_it_no_more(
    fabrikam: Tenant, microsoft: Microsoft, invite: Invite, nicoles: Browser, now: datetime
) -> None:
    lists(fabrikam, KnownAccountDomain.Kind.MICROSOFT_ACCOUNT)
    nicoles.open(invite(fabrikam, NICOLE).link)
    url = leave(nicoles, "Microsoft account")
    with tenant_scope(fabrikam.id):
        disable_microsoft_account(actor=OPERATOR, now=now)
    page = microsoft.sign_in_personally(nicoles, url)
    assert (page.status, page.heading) == (403, "There is no way in for this address yet")
    assert method_of(fabrikam) == ""
    page = nicoles.open(page.links["Back to sign-in"])
    assert "we’ll send a code" in page.text, "the link leads to the next method"
