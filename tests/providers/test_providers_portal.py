"""The portal's pages on identity providers (R61): the tabs, Yes / No / Save, and who may."""

from __future__ import annotations

from datetime import datetime
from http import HTTPStatus

import pytest
from django.test import Client
from django.urls import reverse
from django_otp import DEVICE_ID_SESSION_KEY
from django_otp.plugins.otp_static.models import StaticDevice

from providers import operations
from providers.admin import explanation_context
from providers.forms import ExplainForm
from providers.models import EmailPasscodePolicy, IdentityProvider, KnownAccountDomain
from providers.rules import Method, PasscodeState, decide, headline, rows_of, what_would_change_it
from tenants.audit import Actor
from tenants.models import AuditEntry, RoleAssignment, Tenant
from tenants.roles import Role
from tenants.scope import tenant_scope
from tests import factories
from tests.doors.portal import saved
from tests.providers import given
from tests.rules.test_providers_decision import NICOLE

TOGGLE = "/admin/providers/redemptionorder/email-passcode/"
BUILT_IN = "/admin/providers/identityprovider/"
CUSTOM = "/admin/providers/identityprovider/custom/"


def seated(tenant: Tenant, role: Role) -> Client:
    """A browser of somebody who holds this role, after both factors, sitting in the tenant."""
    person = factories.AdministratorFactory.create(email=f"{role.value}@{tenant.primary_domain}".lower())
    RoleAssignment.objects.create(administrator=person, tenant=tenant, role=role)
    client = Client()
    client.force_login(person, backend="django.contrib.auth.backends.ModelBackend")
    session = client.session
    session[DEVICE_ID_SESSION_KEY] = StaticDevice.objects.create(user=person, name="backup").persistent_id
    session["tenant"] = str(tenant.id)
    session.save()
    return client


@pytest.fixture
def policy_administrator(fabrikam: Tenant) -> Client:
    return seated(fabrikam, Role.AUTHENTICATION_POLICY_ADMINISTRATOR)


def stored(tenant: Tenant) -> list[str]:
    with tenant_scope(tenant.id):
        return list(EmailPasscodePolicy.objects.values_list("state", flat=True))


class TestTheSwitch:
    def test_R61_yes_is_chosen_where_nobody_said_otherwise(self, policy_administrator: Client) -> None:
        page = policy_administrator.get(TOGGLE).content.decode()
        assert "Email one-time passcode for guests" in page
        assert "nobody has changed it" in page
        assert 'aria-describedby="yes-help" checked' in page

    @pytest.mark.parametrize(("answer", "state"), [("yes", "enabled"), ("no", "disabled")])
    def test_R6_saving_stores_the_answer(
        self, policy_administrator: Client, fabrikam: Tenant, answer: str, state: str
    ) -> None:
        response = saved(policy_administrator, TOGGLE, {"is_on": answer}, follow=True)
        assert response.redirect_chain == [(TOGGLE, HTTPStatus.FOUND)]
        assert stored(fabrikam) == [state]
        assert f'aria-describedby="{answer}-help" checked' in response.content.decode()
        with tenant_scope(fabrikam.id):
            line = AuditEntry.objects.get(action="email_passcode.set")
        assert (line.actor_kind, line.details) == ("administrator", {"before": "default", "after": state})

    def test_R5_the_page_says_what_no_would_change(self, policy_administrator: Client) -> None:
        assert "What No would change today" in policy_administrator.get(TOGGLE).content.decode()
        page = saved(policy_administrator, TOGGLE, {"is_on": "no"}, follow=True).content.decode()
        assert "They joined with a code. No reset is needed." in page

    def test_R65_the_page_says_what_conditional_access_cannot_do(self, policy_administrator: Client) -> None:
        assert "“Authentication strength” cannot be applied" in policy_administrator.get(TOGGLE).content.decode()

    def test_R32_a_refusal_is_shown_with_its_reason_and_nothing_is_stored(
        self, policy_administrator: Client, fabrikam: Tenant, operator: Actor, now: datetime
    ) -> None:
        with tenant_scope(fabrikam.id):
            operations.disable_microsoft_account(actor=operator, now=now)
        page = saved(policy_administrator, TOGGLE, {"is_on": "no"}).content.decode()
        assert "One fallback has to remain" in page
        assert "<title>Error: " in page
        assert stored(fabrikam) == []

    @pytest.mark.parametrize("sent", [{}, {"is_on": "perhaps"}, {"is_on": ["", "yes", "x" * 5000]}])
    def test_R61_anything_but_yes_and_no_is_an_error_on_the_form(
        self, policy_administrator: Client, fabrikam: Tenant, sent: dict[str, str]
    ) -> None:
        response = policy_administrator.post(TOGGLE, sent)
        assert response.status_code == HTTPStatus.OK
        assert "Choose Yes or No." in response.content.decode()
        assert stored(fabrikam) == []

    @pytest.mark.parametrize(
        ("role", "see", "change"),
        [
            (Role.GLOBAL_ADMINISTRATOR, 200, 302),
            (Role.AUTHENTICATION_POLICY_ADMINISTRATOR, 200, 302),
            (Role.GLOBAL_READER, 200, 403),
            (Role.EXTERNAL_IDENTITY_PROVIDER_ADMINISTRATOR, 200, 403),
            (Role.HELPDESK_ADMINISTRATOR, 403, 403),
            (Role.GUEST_INVITER, 403, 403),
        ],
    )
    def test_R63_who_may_see_and_who_may_turn_it(self, fabrikam: Tenant, role: Role, see: int, change: int) -> None:
        client = seated(fabrikam, role)
        assert client.get(TOGGLE).status_code == see
        assert saved(client, TOGGLE, {"is_on": "no"}).status_code == change
        assert stored(fabrikam) == ([] if change == 403 else ["disabled"])

    def test_R6_the_other_tenants_switch_stays(
        self, policy_administrator: Client, fabrikam: Tenant, contoso: Tenant
    ) -> None:
        saved(policy_administrator, TOGGLE, {"is_on": "no"})
        assert stored(fabrikam) == ["disabled"]
        assert stored(contoso) == []
        theirs = seated(contoso, Role.GLOBAL_ADMINISTRATOR).get(TOGGLE).content.decode()
        assert "nobody has changed it" in theirs


class TestTheTabs:
    def test_R61_the_built_in_tab_names_the_three(self, policy_administrator: Client) -> None:
        page = policy_administrator.get(BUILT_IN).content.decode()
        assert all(name in page for name in ("Entra ID", "Microsoft account", "Email one-time passcode"))
        assert f'<a href="{TOGGLE}" aria-label="Email one-time passcode: configured">Configured</a>' in page

    def test_R61_it_tells_what_is_stored(
        self, policy_administrator: Client, fabrikam: Tenant, operator: Actor, now: datetime
    ) -> None:
        with tenant_scope(fabrikam.id):
            operations.disable_microsoft_account(actor=operator, now=now)
            for domain in ("a.example", "b.example", "c.example", "d.example"):
                operations.add_known_account_domain(
                    domain=domain, kind=KnownAccountDomain.Kind.ENTRA_ID, actor=operator, now=now
                )
        page = policy_administrator.get(BUILT_IN).content.decode()
        assert "Disabled" in page
        assert "a.example, b.example and 2 more" in page

    def test_R61_the_custom_tab_shows_the_tenants_own(
        self, policy_administrator: Client, fabrikam: Tenant, contoso: Tenant, operator: Actor, now: datetime
    ) -> None:
        assert "No provider of a partner is set up" in policy_administrator.get(CUSTOM).content.decode()
        for tenant, name in ((fabrikam, "Northwind SAML"), (contoso, "Adatum SAML")):
            with tenant_scope(tenant.id):
                operations.add_identity_provider(
                    kind="saml",
                    name=name,
                    domains=["northwind.example"],
                    settings=given.settings("saml"),
                    actor=operator,
                    now=now,
                )
        page = policy_administrator.get(CUSTOM).content.decode()
        assert "Northwind SAML" in page
        assert "Adatum SAML" not in page

    def test_R61_a_provider_that_is_off_or_of_a_later_kind_is_told(
        self, policy_administrator: Client, fabrikam: Tenant, contoso: Tenant, operator: Actor, now: datetime
    ) -> None:
        with tenant_scope(fabrikam.id):
            made = operations.add_identity_provider(
                kind="google",
                name="Google",
                domains=[],
                settings=given.settings("google"),
                secret=given.SECRET,
                actor=operator,
                now=now,
            )
            assert isinstance(made, IdentityProvider)
            operations.disable_identity_provider(provider_id=made.id, actor=operator, now=now)
            IdentityProvider.objects.create(tenant=fabrikam, kind="later", name="Later", is_bound_to_domains=True)
        page = policy_administrator.get(CUSTOM).content.decode()
        assert "Switched off" in page
        assert "later" in page
        row = reverse("admin:providers_identityprovider_change", args=[made.id])
        assert "Switched off" in policy_administrator.get(row).content.decode()
        assert seated(fabrikam, Role.HELPDESK_ADMINISTRATOR).get(row).status_code == HTTPStatus.FORBIDDEN
        elsewhere = seated(contoso, Role.GLOBAL_ADMINISTRATOR).get(row)
        assert elsewhere.status_code == HTTPStatus.NOT_FOUND

    def test_R63_who_may_not_see_them(self, fabrikam: Tenant) -> None:
        client = seated(fabrikam, Role.HELPDESK_ADMINISTRATOR)
        for page in (BUILT_IN, CUSTOM, TOGGLE):
            assert client.get(page).status_code == HTTPStatus.FORBIDDEN


def test_R60_an_explanation_is_ready_for_a_page() -> None:
    decision = decide(NICOLE)
    context = explanation_context(
        headline=headline(decision), rows=rows_of(decision), alternatives=what_would_change_it(NICOLE)
    )
    assert context["headline"] == "A code by email"
    rules = context["rules"]
    assert isinstance(rules, list)
    assert [one["rule"] for one in rules if one["is_match"]] == ["R30-5"]
    assert PasscodeState.DEFAULT.value in rules[8]["sentence"]
    assert Method.PASSCODE.value not in str(context["alternatives"])


class TestExplainForm:
    def test_R70_it_gives_the_canonical_address(self) -> None:
        form = ExplainForm({"address": " Nicole@FirstUpConsultants.com "})
        assert form.is_valid()
        assert form.cleaned_data["address"].key == "nicole@firstupconsultants.com"

    @pytest.mark.parametrize(("typed", "said"), [("nicole", "with an @ in it"), ("", "Enter an email address")])
    def test_R70_it_says_what_to_change(self, typed: str, said: str) -> None:
        assert said in str(ExplainForm({"address": typed}).errors)
