"""Signing up with an account elsewhere: the provider proves the address, or a code does (R39a, R33, R36)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from applications.models import Application
from applications.operations import close_sign_up, end_if_closed, open_sign_up
from guests.models import FederatedIdentity, Guest, SignInFlow, Source
from guests.operations.resetting import block_guest
from providers.models import IdentityProvider
from providers.operations import add_identity_provider
from providers.rules import Method, PasscodeState
from tenants.models import Tenant
from tenants.refusals import Refusal
from tenants.scope import tenant_scope
from tests.journeys.browser import Browser, Page, code_in, post
from tests.journeys.conftest import EXPENSES, Invite
from tests.journeys.partners import ADATUM, NICOLE_AT_ADATUM, add_oidc, come_back, departure
from tests.journeys.stories import OPERATOR, agree, guest, history, turn_passcodes
from tests.peers.hostile_op import HostileProvider, running
from tests.providers import given

NICOLE_ELSEWHERE = "nicole@elsewhere.example"


@pytest.fixture
def peer() -> Iterator[HostileProvider]:
    """Adatum's provider."""
    with running() as started:
        yield started


@pytest.fixture
def adatum(fabrikam: Tenant, peer: HostileProvider) -> IdentityProvider:
    """Adatum ID, bound to adatum.example in Fabrikam."""
    return add_oidc(fabrikam, peer.url, ADATUM)


@pytest.fixture
def supplier(adatum: IdentityProvider, expenses: Application) -> Application:
    """Fabrikam's application, with sign-up by partners' providers open, and by nothing else."""
    return opened(expenses, Method.FEDERATION)


def opened(application: Application, *methods: Method) -> Application:
    with tenant_scope(application.tenant_id):
        made = open_sign_up(application_id=application.id, methods=methods, actor=OPERATOR, now=datetime.now(UTC))
    assert isinstance(made, Application), made
    return made


def go(browser: Browser, application: Application, way: IdentityProvider) -> Page:
    """Press the provider's row on the sign-up page."""
    browser.open(application.sign_up_path)
    return browser.submit(f"Continue with {way.name}", button=("with", str(way.id)))


def guests(tenant: Tenant) -> int:
    with tenant_scope(tenant.id):
        return Guest.objects.count()


def test_R39a_R36_an_address_that_the_provider_vouches_for_becomes_a_guest_without_a_code(
    fabrikam: Tenant, supplier: Application, adatum: IdentityProvider, peer: HostileProvider
) -> None:
    browser = Browser()
    page = go(browser, supplier, adatum)
    assert page.heading == "On to Adatum ID"
    assert guests(fabrikam) == 0
    page = come_back(browser, fabrikam, adatum, peer, departure(page), name="Nicole Wagner")
    assert page.heading == "Review permissions"
    made = guest(fabrikam, NICOLE_AT_ADATUM)
    assert (made.source, made.name, made.method) == (Source.SELF_SERVICE, "Nicole Wagner", "")
    assert agree(browser).leads_to == EXPENSES
    made = guest(fabrikam, NICOLE_AT_ADATUM)
    assert (made.redemption_status, made.method) == ("Accepted", Method.FEDERATION)
    assert post(fabrikam) == []
    assert history(fabrikam, "guest.signed_up")[0].details["application"] == str(supplier.id)


def test_R36_R39a_an_address_that_is_only_claimed_is_proven_by_a_code_to_it(
    fabrikam: Tenant, supplier: Application, adatum: IdentityProvider, peer: HostileProvider
) -> None:
    browser = Browser()
    page = come_back(browser, fabrikam, adatum, peer, departure(go(browser, supplier, adatum)), email=NICOLE_ELSEWHERE)
    assert guests(fabrikam) == 0
    assert "Send code" in page.source
    assert browser.submit("Send code").heading == "Enter your code"
    (message,) = post(fabrikam)
    assert message.to == [NICOLE_ELSEWHERE]
    assert browser.submit("code", code=code_in(message)).heading == "Review permissions"
    assert agree(browser).leads_to == EXPENSES
    made = guest(fabrikam, NICOLE_ELSEWHERE)
    assert (made.source, made.method) == (Source.SELF_SERVICE, Method.FEDERATION)
    with tenant_scope(fabrikam.id):
        assert FederatedIdentity.objects.get().guest_id == made.id


def test_R5_a_code_that_was_asked_for_after_codes_were_off_works_in_an_older_sign_in(
    fabrikam: Tenant, supplier: Application, adatum: IdentityProvider, peer: HostileProvider
) -> None:
    browser = Browser()
    page = go(browser, supplier, adatum)
    page = come_back(browser, fabrikam, adatum, peer, departure(page), email=NICOLE_ELSEWHERE)
    for state in (PasscodeState.DISABLED, PasscodeState.ENABLED):
        turn_passcodes(fabrikam, state, datetime.now(UTC))
    browser.submit("Send code")
    (mail,) = post(fabrikam)
    assert browser.submit("code", code=code_in(mail)).heading == "Review permissions"


def test_R39a_no_code_is_offered_where_the_administrator_did_not_choose_it(
    fabrikam: Tenant, supplier: Application
) -> None:
    page = Browser().open(supplier.sign_up_path)
    assert [form for form in page.forms if "email" in form.fields] == []
    assert "Continue with Adatum ID" in page.text


def test_R39a_closed_meanwhile_who_comes_back_becomes_no_guest(
    fabrikam: Tenant, supplier: Application, adatum: IdentityProvider, peer: HostileProvider
) -> None:
    browser = Browser()
    away = departure(go(browser, supplier, adatum))
    with tenant_scope(fabrikam.id):
        close_sign_up(application_id=supplier.id, actor=OPERATOR, now=datetime.now(UTC))
    assert come_back(browser, fabrikam, adatum, peer, away).status == 403
    assert guests(fabrikam) == 0


@pytest.mark.parametrize("is_kept", [True, False])
def test_R39a_a_way_out_that_was_found_while_its_method_was_taken_away_is_ended(
    fabrikam: Tenant, supplier: Application, adatum: IdentityProvider, is_kept: bool
) -> None:
    go(Browser(), supplier, adatum)
    with tenant_scope(fabrikam.id):
        methods = [Method.FEDERATION if is_kept else Method.PASSCODE]
        Application.objects.filter(id=supplier.id).update(sign_up_methods=methods)
        flow = SignInFlow.objects.get()
        assert end_if_closed(application_id=supplier.id, method=Method.FEDERATION, flow=flow) is not is_kept
        flow.refresh_from_db()
        assert (flow.ended_at is None) is is_kept


def test_R53_a_denied_domain_becomes_no_guest_by_a_provider_either(
    fabrikam: Tenant, supplier: Application, adatum: IdentityProvider, peer: HostileProvider
) -> None:
    Tenant.objects.filter(id=fabrikam.id).update(denied_domains=[ADATUM])
    browser = Browser()
    page = come_back(browser, fabrikam, adatum, peer, departure(go(browser, supplier, adatum)))
    assert page.status == 403
    assert "does not take guests from this domain" in page.text
    assert guests(fabrikam) == 0


def test_R53_no_code_is_mailed_to_a_denied_domain_that_a_provider_claims(
    fabrikam: Tenant, supplier: Application, adatum: IdentityProvider, peer: HostileProvider
) -> None:
    Tenant.objects.filter(id=fabrikam.id).update(denied_domains=["elsewhere.example"])
    browser = Browser()
    come_back(browser, fabrikam, adatum, peer, departure(go(browser, supplier, adatum)), email=NICOLE_ELSEWHERE)
    assert browser.submit("Send code").heading == "Enter your code"
    assert post(fabrikam) == []


@pytest.mark.parametrize("is_blocked", [False, True])
def test_R39a_an_invited_guest_redeems_this_way_and_a_blocked_one_is_told(
    fabrikam: Tenant,
    supplier: Application,
    adatum: IdentityProvider,
    peer: HostileProvider,
    invite: Invite,
    is_blocked: bool,
) -> None:
    invited = invite(fabrikam, NICOLE_AT_ADATUM).guest
    if is_blocked:
        with tenant_scope(fabrikam.id):
            block_guest(guest_id=invited.id, actor=OPERATOR, now=datetime.now(UTC))
    browser = Browser()
    page = come_back(browser, fabrikam, adatum, peer, departure(go(browser, supplier, adatum)))
    assert page.heading == ("Your sign-in is blocked" if is_blocked else "Review permissions")
    assert (guests(fabrikam), guest(fabrikam).source) == (1, Source.INVITATION)


@pytest.mark.parametrize(("kind", "where"), [("facebook", "www.facebook.com"), ("google", "")])
def test_R33_facebook_is_offered_here_and_leads_to_facebook(
    fabrikam: Tenant, expenses: Application, kind: str, where: str
) -> None:
    with tenant_scope(fabrikam.id):
        row = add_identity_provider(
            kind=kind,
            name=kind,
            domains=[],
            settings=given.settings(kind),
            secret=given.secret(kind),
            actor=OPERATOR,
            now=datetime.now(UTC),
        )
    assert isinstance(row, IdentityProvider)
    opened(expenses, Method.PASSCODE, Method(kind))
    browser = Browser()
    page = browser.open(expenses.sign_up_path)
    shown = f"Continue with {kind.capitalize()}"
    assert shown in page.text
    assert shown not in Browser().open(expenses.sign_in_path).text
    if where:
        page = browser.submit(shown, button=("with", str(row.id)))
        assert departure(page).startswith(f"https://{where}/")


def test_R39a_a_way_that_is_offered_no_more_leads_back_to_the_page(
    fabrikam: Tenant, supplier: Application, adatum: IdentityProvider
) -> None:
    browser = Browser()
    browser.open(supplier.sign_up_path)
    form = browser.page.form_with("Continue with Adatum ID")
    for value in ("", "facebook", "x" * 3000, str(supplier.id), "emailOneTimePasscode"):
        answer = browser.client.post(form.action, form.fields | {"with": value})
        assert answer.status_code == 200, value
    with tenant_scope(fabrikam.id):
        IdentityProvider.objects.filter(id=adatum.id).update(is_enabled=False)
    answer = browser.client.post(form.action, form.fields | {"with": str(adatum.id)})
    assert answer.status_code == 403
    assert guests(fabrikam) == 0


def test_R39a_a_method_that_does_not_work_here_cannot_be_opened(fabrikam: Tenant, expenses: Application) -> None:
    with tenant_scope(fabrikam.id):
        for methods in ([], [Method.FACEBOOK], [Method.PASSCODE, Method.GOOGLE], [Method.NONE]):
            refused = open_sign_up(application_id=expenses.id, methods=methods, actor=OPERATOR, now=datetime.now(UTC))
            assert isinstance(refused, Refusal)
