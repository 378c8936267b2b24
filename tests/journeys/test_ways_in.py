"""The ways in: a tenant by id or domain, applications' links, the common endpoint, and where they lead (R37-R39)."""

from __future__ import annotations

from datetime import datetime

import pytest

from applications.models import Application
from guests.models import SignInFlow, Way
from tenants.models import Tenant, VerifiedDomain
from tenants.scope import tenant_scope
from tests.journeys.browser import Browser, code_in, post
from tests.journeys.conftest import EXPENSES, Invite
from tests.journeys.stories import agree, ask_by_address, history, owned_rows, path_of, sign_in

NICOLE = "nicole@firstupconsultants.com"
EVIL = [
    "https://evil.example/",
    "//evil.example/",
    "https:evil.example",
    "https://expenses.fabrikam.example.evil.example/",
    "https://expenses.fabrikam.example@evil.example/",
    "https://expenses.fabrikam.example\\@evil.example/",
    "javascript:alert(1)",
    "http://expenses.fabrikam.example/",
    "https://expenses.fabrikam.example:8443/",
    "\thttps://expenses.fabrikam.example/",
]


@pytest.fixture
def nicoles() -> Browser:
    """Her browser."""
    return Browser()


def through(browser: Browser, tenant: Tenant, url: str):
    """From any way in that asks for an address, to the resource."""
    browser.open(url)
    browser.submit("email", email=NICOLE)
    browser.submit("Send code")
    browser.submit("code", code=code_in(post(tenant)[-1]))
    return agree(browser)


@pytest.mark.parametrize(
    "name",
    [
        "fabrikam.example",
        "FABRIKAM.Example",
        "{id}",
        "{ID}",
        "bücher.example",
        "BÜCHER.example",
        "xn--bcher-kva.example",
    ],
)
def test_R37a_a_tenant_is_named_by_its_id_or_any_domain_in_any_case(
    fabrikam: Tenant, nicoles: Browser, name: str
) -> None:
    VerifiedDomain.objects.create(domain="xn--bcher-kva.example", tenant=fabrikam)
    named = name.format(id=fabrikam.id, ID=str(fabrikam.id).upper())
    assert nicoles.open(f"/{named}").heading == "Sign in to Fabrikam"
    assert nicoles.open(f"/myapps/{named}").heading == "Sign in to Fabrikam"


@pytest.mark.parametrize("query", ["tenantid", "tenantId", "TENANTID", "TenantId"])
@pytest.mark.parametrize("by", ["id", "domain"])
def test_R37a_R37b_query_names_are_read_in_any_case(
    fabrikam: Tenant, expenses: Application, nicoles: Browser, query: str, by: str
) -> None:
    named = fabrikam.id if by == "id" else "Fabrikam.EXAMPLE"
    assert nicoles.open(f"/myapps?{query}={named}").heading == "Sign in to Fabrikam"
    page = nicoles.open(f"/signin/Expense%20reports/{expenses.id}?{query}={named}")
    assert page.heading == "Sign in to Fabrikam"
    assert "For Expense reports" in page.text


@pytest.mark.parametrize("url", ["/fabrikam.example", "/myapps/fabrikam.example", "/myapps?tenantid={id}"])
def test_R37b_the_tenants_addresses_lead_to_my_apps(
    fabrikam: Tenant, expenses: Application, invite: Invite, nicoles: Browser, url: str
) -> None:
    invite(fabrikam)
    page = through(nicoles, fabrikam, url.format(id=fabrikam.id))
    assert page.heading == "My Apps"
    assert "Expense reports" in page.text


def test_R37c_an_applications_link_leads_to_the_application(
    fabrikam: Tenant, expenses: Application, invite: Invite, nicoles: Browser
) -> None:
    invite(fabrikam)
    url = f"/signin/any-name/{expenses.id}?tenantId={fabrikam.id}"
    assert through(nicoles, fabrikam, url).leads_to == EXPENSES
    with tenant_scope(fabrikam.id):
        assert SignInFlow.objects.get().way == Way.APPLICATION
    assert nicoles.client.get(url).headers["Location"] == EXPENSES  # signed in: past the sign-in


def test_R37c_an_unknown_application_and_an_unknown_tenant_are_the_same_page(
    fabrikam: Tenant, contoso: Tenant, expenses: Application, nicoles: Browser
) -> None:
    for url in (
        f"/signin/x/{fabrikam.id}?tenantId={fabrikam.id}",
        f"/signin/x/{expenses.id}?tenantId={contoso.id}",
        f"/signin/x/{expenses.id}?tenantId={expenses.id}",
        f"/signin/x/{expenses.id}",
        "/unknown.example",
        "/myapps/unknown.example",
    ):
        assert nicoles.open(url).status == 404, url


@pytest.mark.parametrize("typed", ["Fabrikam", "  fabrikam ", "FABRIKAM.EXAMPLE", "{id}"])
def test_R37d_the_common_endpoint_leads_to_an_organization_by_name_domain_or_id(
    fabrikam: Tenant, nicoles: Browser, typed: str
) -> None:
    page = nicoles.open("/")
    page = nicoles.open(page.links["Sign-in options"])
    page = nicoles.open(next(url for words, url in page.links.items() if "Sign in to an organization" in words))
    page = nicoles.submit("organization", organization=typed.format(id=fabrikam.id))
    assert page.heading == "Sign in to Fabrikam"


@pytest.mark.parametrize("typed", ["", "   ", "Fabri", "unknown.example", "%", "\x00", "a" * 5000, "☃", "Twins"])
def test_R37d_an_organization_that_cannot_be_found_is_an_error_on_the_form(
    fabrikam: Tenant, nicoles: Browser, typed: str
) -> None:
    for domain in ("one.example", "two.example"):
        Tenant.objects.create(name="Twins", primary_domain=domain)
    nicoles.open("/organization")
    page = nicoles.submit("organization", organization=typed)
    assert page.status == 422
    assert "We need the domain." in page.text
    assert "Twins one" not in page.text


def test_R37d_R19_the_common_endpoint_says_the_same_to_every_address(
    fabrikam: Tenant, invite: Invite, nicoles: Browser
) -> None:
    invite(fabrikam)
    pages = []
    for address in (NICOLE, "nobody@nowhere.example"):
        nicoles.open("/")
        pages.append(nicoles.submit("email", email=address).text)
    assert pages[0] == pages[1]
    assert post(fabrikam) == []


@pytest.mark.parametrize("parameter", ["next", "NEXT", "Next"])
def test_R39_next_is_followed_to_a_registered_origin(
    fabrikam: Tenant, expenses: Application, invite: Invite, nicoles: Browser, parameter: str
) -> None:
    invite(fabrikam)
    page = through(nicoles, fabrikam, f"/fabrikam.example?{parameter}=https://expenses.fabrikam.example/report%3Fid=7")
    assert page.leads_to == "https://expenses.fabrikam.example/report?id=7"


@pytest.mark.parametrize("elsewhere", EVIL)
def test_R39_anything_else_falls_back_to_my_apps_and_is_noted(
    fabrikam: Tenant, expenses: Application, invite: Invite, nicoles: Browser, elsewhere: str
) -> None:
    invite(fabrikam)
    nicoles.client.get("/fabrikam.example", {"next": elsewhere})
    browser = nicoles
    browser.page = browser._arrive(browser.client.get("/fabrikam.example", {"next": elsewhere}), "/fabrikam.example")
    browser.submit("email", email=NICOLE)
    browser.submit("Send code")
    browser.submit("code", code=code_in(post(fabrikam)[-1]))
    page = agree(browser)
    assert page.heading == "My Apps"
    assert page.leads_to == ""
    assert history(fabrikam, "sign_in.begun")[-1].details["redirect_url_not_registered"] == elsewhere.strip()


def test_R39_an_invitations_redirect_to_an_unregistered_origin_is_noted_and_not_followed(
    fabrikam: Tenant, invite: Invite, nicoles: Browser
) -> None:
    link = invite(fabrikam, redirect_url="https://evil.example/").link
    assert sign_in(nicoles, fabrikam, link).heading == "My Apps"
    assert history(fabrikam, "guest.invited")[0].details["redirect_url_not_registered"] == "https://evil.example/"


@pytest.mark.parametrize("how", ["flipped", "another tenant's", "garbage", "empty"])
def test_R39_a_landing_that_we_did_not_seal_is_not_followed(
    fabrikam: Tenant, contoso: Tenant, expenses: Application, invite: Invite, nicoles: Browser, how: str
) -> None:
    invite(fabrikam)
    invite(contoso)
    page = nicoles.open(f"/fabrikam.example?next={EXPENSES}")
    sealed = page.form_with("to").fields["to"]
    forged = {"flipped": sealed[:-1] + ("A" if sealed[-1] != "A" else "B"), "garbage": "a:b:c", "empty": ""}
    tenant = contoso if how == "another tenant's" else fabrikam
    nicoles.open(f"/{tenant.primary_domain}")
    form = nicoles.page.form_with("email")
    form.fields["to"] = forged.get(how, sealed)
    nicoles.submit("email", email=NICOLE)
    nicoles.submit("Send code")
    nicoles.submit("code", code=code_in(post(tenant)[-1]))
    assert agree(nicoles).heading == "My Apps"


def test_R39_an_origin_taken_out_while_the_guest_signed_in_is_not_followed(
    fabrikam: Tenant, expenses: Application, invite: Invite, nicoles: Browser, now: datetime
) -> None:
    link = invite(fabrikam, redirect_url=EXPENSES).link
    nicoles.open(link)
    nicoles.submit("Send code")
    Tenant.objects.filter(id=fabrikam.id).update(landing_origins=[])
    nicoles.submit("code", code=code_in(post(fabrikam)[-1]))
    assert agree(nicoles).heading == "My Apps"
    answer = nicoles.client.get(path_of(link))
    assert "expenses" not in answer.headers["Location"]


def test_R19_a_tenant_that_is_switched_off_is_unknown(fabrikam: Tenant, invite: Invite, nicoles: Browser) -> None:
    link = invite(fabrikam).link
    sign_in(nicoles, fabrikam, link)
    Tenant.objects.filter(id=fabrikam.id).update(is_active=False)
    before = owned_rows(fabrikam)
    unknown = Browser().open("/unknown.example").text
    for url in (link, "/fabrikam.example", "/myapps/fabrikam.example", f"/{fabrikam.id}"):
        page = nicoles.open(url)
        assert page.status == 404
        assert page.heading == Browser().open("/unknown.example").heading
    assert unknown
    nicoles.open("/organization")
    assert nicoles.submit("organization", organization="Fabrikam").status == 422
    assert owned_rows(fabrikam) == before


def test_R37_asking_as_contoso_shows_nothing_of_fabrikam(
    fabrikam: Tenant, contoso: Tenant, expenses: Application, invite: Invite, nicoles: Browser
) -> None:
    sign_in(nicoles, fabrikam, invite(fabrikam).link)
    for url in ("/contoso.example", "/myapps/contoso.example", "/contoso.example/permissions"):
        page = nicoles.open(url)
        assert "Fabrikam" not in page.source
        assert "Expense" not in page.source
        assert NICOLE not in page.source
    ask_by_address(nicoles, contoso, NICOLE)
    assert post(contoso) == []
