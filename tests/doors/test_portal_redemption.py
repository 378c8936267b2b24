"""The redemption order in the portal (R31): its buttons, what it would change, what is refused, for whom it stands."""

from __future__ import annotations

import re
from typing import Any

import pytest

from providers import operations
from providers.models import KnownAccountDomain, RedemptionOrder, RedemptionPolicy
from providers.rules import Fallback, Order, PasscodeState, Primary
from tenants.models import AuditEntry
from tenants.roles import Role
from tenants.scope import tenant_scope
from tests.doors.portal import accepted, text
from tests.doors.test_portal_pages import inline

PAGE = "/admin/providers/redemptionorder/"
PARTNER = f"{PAGE}partner/?domain=contoso.com"
ENTRA, FEDERATION, SOCIAL = (one.value for one in Primary)
DEFAULT, PASSCODE, MICROSOFT = (one.value for one in Fallback)


@pytest.fixture(autouse=True)
def registered(settings: Any) -> None:
    """An installation that can take work and personal accounts, and knows them by the tenants' lists."""
    settings.ENTRA_CLIENT_ID = settings.MICROSOFT_ACCOUNT_CLIENT_ID = "registered"
    settings.DISCOVERY = "lists"


def _said(pattern: str, form: str) -> str:
    found = re.search(pattern, form)
    assert found, form[:500]
    return found[1]


def draft(page: Any, **more: Any) -> dict[str, Any]:
    """What a browser would send from this page, and what is pressed or chosen besides."""
    html = page.content.decode()
    form = html[html.index('name="is_inherited"') :]
    return {
        "is_inherited": _said(r'name="is_inherited" value="(\w+)"', form),
        "seen": _said(r'name="seen" value="([^"]*)"', form),
        "primary": re.findall(r'name="primary" value="(\w+)"', form),
        "fallback": _said(r'name="fallback" value="(\w+)"[^>]* checked', form),
        **more,
    }


def shown(page: Any) -> list[str]:
    return re.findall(r'name="primary" value="(\w+)"', page.content.decode())


def stored(tenant: Any) -> dict[str, tuple[list[str], str]]:
    with tenant_scope(tenant.id):
        return {row.partner_domain: (row.primaries, row.fallback) for row in RedemptionOrder.objects.all()}


def with_entra(tenant: Any, operator: Any, now: Any, domain: str = "firstupconsultants.com") -> None:
    """Everybody of the domain has a work account."""
    with tenant_scope(tenant.id):
        operations.add_known_account_domain(
            domain=domain, kind=KnownAccountDomain.Kind.ENTRA_ID, actor=operator, now=now
        )


@pytest.mark.parametrize(
    ("button", "value", "order"),
    [
        ("down", ENTRA, [FEDERATION, ENTRA, SOCIAL]),
        ("up", SOCIAL, [ENTRA, SOCIAL, FEDERATION]),
        ("up", ENTRA, [ENTRA, FEDERATION, SOCIAL]),
        ("down", SOCIAL, [ENTRA, FEDERATION, SOCIAL]),
        ("remove", FEDERATION, [ENTRA, SOCIAL]),
        ("add", SOCIAL, [ENTRA, FEDERATION, SOCIAL]),
        ("remove", "nonsense", [ENTRA, FEDERATION, SOCIAL]),
    ],
)
def test_R31_a_button_moves_the_order_on_the_page_and_stores_nothing(portal, fabrikam, button, value, order):
    page = portal.post(PAGE, draft(portal.get(PAGE), **{button: value}))
    assert (page.status_code, shown(page)) == (200, order)
    assert inline(page.content.decode()) == []
    assert stored(fabrikam) == {}


def test_R31_what_was_left_out_is_asked_again_and_several_buttons_add_up(portal, fabrikam):
    page = portal.post(PAGE, draft(portal.get(PAGE), remove=ENTRA))
    page = portal.post(PAGE, draft(page, remove=FEDERATION))
    page = portal.post(PAGE, draft(page, remove=SOCIAL))
    assert shown(page) == []
    assert "Nothing is asked first" in text(page)
    page = portal.post(PAGE, draft(page, add=SOCIAL))
    answer = portal.post(PAGE, draft(page, _save="Save"), follow=True)
    assert "The redemption order is saved" in text(answer)
    assert stored(fabrikam) == {"": ([SOCIAL], DEFAULT)}


def test_R62_it_says_who_redeems_otherwise_before_it_saves(portal, fabrikam, invite, operator, now):
    with_entra(fabrikam, operator, now)
    invite(fabrikam)
    invite(fabrikam, "bertil@proseware.example", name="Bertil Lund")
    page = portal.post(PAGE, draft(portal.get(PAGE), remove=ENTRA))
    words = text(page)
    assert "Not saved yet: 1 pending guest would redeem otherwise" in words
    assert "All 2 pending guests looked at" in words
    assert re.search(r"Nicole Wagner nicole@firstupconsultants.com Entra ID → Email passcode", words)
    assert "Bertil" not in words
    assert re.search(r"Email passcode 1 2 Entra ID 1 0", words)


def test_R62_a_fallback_that_nobody_saw_the_effect_of_is_shown_first(portal, fabrikam, nicole):
    unseen = draft(portal.get(PAGE), fallback=MICROSOFT, _save="Save")
    page = portal.post(PAGE, unseen)
    assert "Email passcode → Create a Microsoft account" in text(page)
    assert stored(fabrikam) == {}
    portal.post(PAGE, draft(page, _save="Save"))
    assert stored(fabrikam) == {"": ([ENTRA, FEDERATION, SOCIAL], MICROSOFT)}


def test_R3_who_has_redeemed_is_not_counted(portal, fabrikam, invite):
    accepted(invite(fabrikam).guest)
    page = portal.post(PAGE, draft(portal.get(PAGE), fallback=MICROSOFT))
    assert "no pending guest would redeem otherwise" in text(page)


def test_R30_6_R62_a_microsoft_account_that_nobody_can_use_here_is_no_way_in(portal, fabrikam, invite, settings):
    settings.MICROSOFT_ACCOUNT_CLIENT_ID = ""
    invite(fabrikam, "lee@adatum.example", name="Lee Gu")
    page = portal.get(PAGE)
    assert "This installation has no registration at Microsoft yet" in text(page)
    words = text(portal.post(PAGE, draft(page, fallback=MICROSOFT, look="yes")))
    assert "1 of them would have no way in." in words
    assert "Email passcode → No way in" in words
    passcodes = text(portal.get("/admin/providers/redemptionorder/email-passcode/"))
    assert "fail 1 This installation has no registration at Microsoft yet, so they have no way in." in passcodes


@pytest.mark.parametrize(
    ("fallback", "reason"),
    [(PASSCODE, "which would be off"), (MICROSOFT, "which would be disabled")],
)
def test_R31_a_fallback_that_is_switched_off_elsewhere_is_refused_at_the_form(
    portal, fabrikam, operator, now, fallback, reason
):
    with tenant_scope(fabrikam.id):
        if fallback == PASSCODE:
            operations.set_email_passcode(state=PasscodeState.DISABLED, actor=operator, now=now)
        else:
            operations.disable_microsoft_account(actor=operator, now=now)
    seen = portal.post(PAGE, draft(portal.get(PAGE), fallback=fallback))
    assert "switched off in this tenant" in text(seen)
    page = portal.post(PAGE, draft(seen, _save="Save"))
    assert reason in text(page)
    assert "<title>Error: " in page.content.decode()
    assert draft(page)["fallback"] == fallback, "what was chosen stays"
    assert stored(fabrikam) == {}


def test_R31_back_to_the_default_is_shown_and_then_saved(portal, fabrikam, nicole, operator, now):
    with tenant_scope(fabrikam.id):
        order = Order((), Fallback.MICROSOFT_ACCOUNT)
        operations.set_redemption_order(order=order, actor=operator, now=now)
    page = portal.post(PAGE, draft(portal.get(PAGE), inherit="yes"))
    assert "Create a Microsoft account → Email passcode" in text(page)
    assert stored(fabrikam) != {}
    answer = portal.post(PAGE, draft(page, _save="Save"), follow=True)
    assert "The redemption order is the default one" in text(answer)
    assert stored(fabrikam) == {}


def test_R31_a_partner_domain_has_an_order_over_the_tenants_own(portal, fabrikam, invite):
    invite(fabrikam, "ines@contoso.com", name="Ines Moreau")
    invite(fabrikam)
    there = portal.post(f"{PAGE}partner/add/", {"domain": " Contoso.COM "})
    assert there["Location"] == PARTNER
    page = portal.post(PARTNER, draft(portal.get(PARTNER), fallback=MICROSOFT))
    assert "1 pending guest of this domain looked at" in text(page)
    assert "Ines Moreau" in text(page)
    assert "Nicole" not in text(page)
    answer = portal.post(PARTNER, draft(page, _save="Save"), follow=True)
    assert "The order for contoso.com is saved" in text(answer)
    assert stored(fabrikam) == {"contoso.com": ([ENTRA, FEDERATION, SOCIAL], MICROSOFT)}
    assert "contoso.com Entra ID, Partner federation, Social Always a Microsoft account" in text(portal.get(PAGE))
    own = portal.post(PAGE, draft(portal.get(PAGE), fallback=MICROSOFT))
    assert "Ines" not in text(own), "the partner's order stands over the tenant's"


def test_R31_a_partners_order_is_given_up_for_the_tenants_own(portal, fabrikam, operator, now):
    with tenant_scope(fabrikam.id):
        operations.set_redemption_order(order=Order((), partner_domain="contoso.com"), actor=operator, now=now)
    page = portal.post(PARTNER, draft(portal.get(PARTNER), inherit="yes"))
    answer = portal.post(PARTNER, draft(page, _save="Save"), follow=True)
    assert "The order for contoso.com is the tenant’s own now" in text(answer)
    assert stored(fabrikam) == {}


@pytest.mark.parametrize("typed", ["", "contoso", "a@contoso.com", "x" * 3000, "\x00", "<script>", "10.0.0.1"])
def test_R70_a_partner_domain_that_is_none_is_refused_at_the_field(portal, fabrikam, typed):
    page = portal.post(f"{PAGE}partner/add/", {"domain": typed})
    assert page.status_code == 200
    assert 'aria-invalid="true"' in page.content.decode()
    assert inline(page.content.decode()) == []
    assert portal.get(f"{PAGE}partner/", {"domain": typed}).status_code == 404


@pytest.mark.parametrize(
    "sent",
    [
        {},
        {"primary": [ENTRA, ENTRA, "x", "\x00"], "fallback": "perhaps", "seen": "x" * 9000, "_save": "Save"},
        {"up": "\x00", "down": ENTRA, "is_inherited": "yes", "_save": "Save", "fallback": ["", MICROSOFT]},
    ],
)
def test_R31_whatever_a_form_carries_nothing_unseen_is_stored(portal, fabrikam, sent):
    assert portal.post(PAGE, sent).status_code == 200
    assert stored(fabrikam) == {}


@pytest.mark.parametrize(("answer", "is_allowed"), [("no", False), ("yes", True), ("perhaps", True)])
def test_R34_who_has_no_account_there_may_say_so_unless_the_tenant_forbids_it(portal, fabrikam, answer, is_allowed):
    page = portal.post(f"{PAGE}skipping/", {"is_allowed": answer}, follow=True)
    assert page.status_code == 200
    with tenant_scope(fabrikam.id):
        policy = RedemptionPolicy.objects.first() or RedemptionPolicy()
        assert policy.is_skipping_allowed is is_allowed
        assert AuditEntry.objects.filter(action="skipping.set").count() == (0 if is_allowed else 1)


@pytest.mark.parametrize(
    ("role", "see", "change"),
    [
        (Role.EXTERNAL_IDENTITY_PROVIDER_ADMINISTRATOR, 200, 200),
        (Role.GLOBAL_READER, 200, 403),
        (Role.AUTHENTICATION_POLICY_ADMINISTRATOR, 200, 403),
        (Role.HELPDESK_ADMINISTRATOR, 403, 403),
    ],
)
def test_R63_who_may_see_the_order_and_who_may_change_it(as_role, fabrikam, role, see, change):
    client = as_role(role)
    for page in (PAGE, PARTNER):
        assert client.get(page).status_code == see
        assert client.post(page, {"down": ENTRA}).status_code == change
    if change == 403:
        assert client.post(f"{PAGE}skipping/", {"is_allowed": "no"}).status_code == 403
        assert client.post(f"{PAGE}partner/add/", {"domain": "contoso.com"}).status_code == 403


def test_R31_the_other_tenants_order_stays_and_is_not_seen(portal, contosos, contoso, fabrikam, nicole):
    seen = portal.post(PAGE, draft(portal.get(PAGE), fallback=MICROSOFT))
    portal.post(PAGE, draft(seen, _save="Save"))
    assert stored(contoso) == {}
    theirs = contosos.post(PAGE, draft(contosos.get(PAGE), fallback=MICROSOFT))
    assert "All 0 pending guests looked at" in text(theirs)
    assert "Nicole" not in text(theirs)
