"""Every page of the portal: under the strict CSP, in few statements, with its tenant's settings and history."""

from __future__ import annotations

import re

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django_otp.plugins.otp_static.models import StaticToken
from django_otp.plugins.otp_totp.models import TOTPDevice

from config.navigation import GROUPS
from tenants.models import AuditEntry, Tenant
from tenants.roles import Action, Role
from tenants.scope import tenant_scope
from tests import factories
from tests.doors.portal import BACKUP_CODE, signed_in, text
from tests.doors.test_portal_sign_in import app_code

SETTINGS = "/admin/tenants/tenant/"
PAGES = [
    "/admin/",
    "/admin/tenant/",
    "/admin/guests/guest/",
    "/admin/guests/guest/?q=n&status=PendingAcceptance",
    "/admin/guests/guest/deleted/",
    "/admin/guests/guest/invite/",
    "/admin/guests/invitation/",
    "/admin/guests/batch/",
    "/admin/guests/batch/invite/",
    "/admin/providers/identityprovider/",
    "/admin/providers/redemptionorder/",
    "/admin/providers/redemptionorder/partner/?domain=contoso.com",
    "/admin/providers/redemptionorder/microsoft-account/",
    "/admin/guests/guest/remind/",
    "/admin/providers/redemptionorder/email-passcode/",
    "/admin/providers/redemptionorder/guests-domains/",
    "/admin/providers/redemptionorder/known-domains/",
    "/admin/providers/redemptionorder/waiting/",
    "/admin/applications/application/",
    "/admin/applications/application/share/",
    SETTINGS,
    "/admin/tenants/administrator/",
    "/admin/outbox/outboundmail/",
    "/admin/tenants/auditentry/",
    *(f"/admin/tenants/auditentry/{page}/" for page in ("errors", "export", "keeping", "sign-ins", "trace")),
    "/admin/tenants/auditentry/trace/?q=nicole@firstupconsultants.com",
    "/admin/account/",
    "/admin/account/password/",
]
CONFIRMED = {"password": factories.PASSWORD, "code": BACKUP_CODE}
IGNORED = ("BEGIN", "COMMIT", "SAVEPOINT", "RELEASE", "ROLLBACK", "SELECT set_config")


def inline(html: str) -> list[str]:
    """What the CSP would refuse: inline styles, scripts and handlers."""
    found = re.findall(r"<style|\sstyle=|\son[a-z]+=|javascript:|data:image", html)
    return found + re.findall(r"<script(?![^>]*\ssrc=)", html)


def statements(captured: CaptureQueriesContext) -> list[str]:
    return [query["sql"] for query in captured.captured_queries if not query["sql"].startswith(IGNORED)]


@pytest.mark.parametrize("page", PAGES)
def test_a_page_keeps_the_policy_and_stays_in_no_cache(portal, nicole, page):
    answer = portal.get(page)
    assert answer.status_code == 200
    assert inline(answer.content.decode()) == []
    assert "default-src 'none'" in answer["Content-Security-Policy"]
    assert "no-store" in answer["Cache-Control"]
    assert len(re.findall(r"<h1", answer.content.decode())) == 1


def test_the_pages_of_one_row_keep_the_policy(portal, fabrikam, invite):
    invited = invite(fabrikam)
    with tenant_scope(fabrikam.id):
        entry = AuditEntry.objects.latest("id")
    for page in (
        reverse("admin:guests_guest_change", args=[invited.guest.pk]),
        reverse("admin:guests_guest_history", args=[invited.guest.pk]),
        reverse("admin:guests_invitation_change", args=[invited.invitation.pk]),
        reverse("admin:tenants_auditentry_change", args=[entry.pk]),
        f"{reverse('admin:guests_reset')}?id={invited.guest.pk}",
    ):
        answer = portal.get(page)
        assert answer.status_code == 200, page
        assert inline(answer.content.decode()) == [], page


def test_the_guest_list_takes_the_same_few_statements_however_long_it_is(portal, fabrikam, invite):
    counts = []
    for size in (1, 20):
        for number in range(size):
            invite(fabrikam, f"guest{number}-{size}@many.example")
        with CaptureQueriesContext(connection) as captured:
            portal.get("/admin/guests/guest/")
        counts.append(len(statements(captured)))
    # Session, administrator, device, roles; then who waits, providers, domains, the bounded count, rows.
    assert counts == [9, 9]


def test_the_other_lists_take_the_same_few_statements_however_long_they_are(portal, fabrikam, invite):
    for page, most in (("/admin/guests/invitation/", 7), ("/admin/tenants/auditentry/", 7)):
        counts = set()
        for size in (1, 10):
            for number in range(size):
                invite(fabrikam, f"guest{number}-{size}@{page.split('/')[3]}.example")
            with CaptureQueriesContext(connection) as captured:
                portal.get(page)
            counts.add(len(statements(captured)))
        assert len(counts) == 1, page
        assert max(counts) <= most, page


def test_every_entry_of_the_navigation_leads_somewhere(portal):
    html = portal.get("/admin/").content.decode()
    for group in GROUPS:
        for entry in group.entries:
            assert portal.get(reverse(entry.url_name)).status_code == 200, entry
            assert f'href="{reverse(entry.url_name)}"' in html, entry
            assert entry.action in Action


def test_a_group_leads_to_its_first_entry_that_the_role_may_see(portal, as_role):
    assert portal.get("/admin/tenants/")["Location"] == SETTINGS
    assert as_role(Role.REPORTS_READER).get("/admin/tenants/")["Location"] == "/admin/tenants/auditentry/"
    assert as_role(Role.GUEST_INVITER).get("/admin/tenants/").status_code == 404


# --- settings -----------------------------------------------------------------------------------------------------


def typed(**changed: str) -> dict[str, str]:
    who = {"who_may_invite": "adminsAndGuestInviters"}
    return {"name": "Fabrikam", "passcode_minutes": "30", **who, **changed}


def test_R11_R39_R52_settings_are_stored_and_told_in_the_history(portal, fabrikam):
    portal.post(
        SETTINGS,
        typed(
            name="Fabrikam AG",
            colour="#E60000",
            passcode_minutes="10",
            invitation_days="14",
            landing_origins="https://App.example/\n\nhttps://app.example:8443\nhttps://app.example",
            terms_text="Be kind.",
        ),
    )
    fabrikam.refresh_from_db()
    assert (fabrikam.name, fabrikam.colour, fabrikam.passcode_minutes, fabrikam.invitation_days) == (
        "Fabrikam AG",
        "#e60000",
        10,
        14,
    )
    assert fabrikam.landing_origins == ["https://app.example", "https://app.example:8443"]
    assert (fabrikam.terms_text, fabrikam.terms_version) == ("Be kind.", 1)
    with tenant_scope(fabrikam.id):
        entry = AuditEntry.objects.get(action="tenant.settings_changed")
    assert entry.details["before"]["name"] == "Fabrikam"
    assert "privacy_statement_url" not in entry.details["after"]
    page = text(portal.get(SETTINGS))
    assert "Given #e60000" in page
    assert "Used on light pages #e30000" in page


def test_saving_the_same_settings_again_writes_no_history(portal, fabrikam):
    for _ in range(2):
        portal.post(SETTINGS, typed(name="Fabrikam AG"))
    with tenant_scope(fabrikam.id):
        assert AuditEntry.objects.filter(action="tenant.settings_changed").count() == 1


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        pytest.param({"passcode_minutes": "31"}, "The most is 30", id="R11-31 minutes"),
        pytest.param({"passcode_minutes": "9"}, "The least is 10", id="R11-9 minutes"),
        pytest.param({"invitation_days": "366"}, "The most is 365", id="R52-366 days"),
        pytest.param({"colour": "red"}, "# and six digits", id="a colour in words"),
        pytest.param({"landing_origins": "http://app.example"}, "Use https", id="R39-http"),
        pytest.param({"landing_origins": "https://app.example/path"}, "with nothing after it", id="R39-a path"),
        pytest.param({"privacy_statement_url": "javascript:alert(1)"}, "Write the whole address", id="R22-a script"),
        pytest.param({"name": ""}, "Name the tenant", id="no name"),
    ],
)
def test_bad_settings_are_said_at_the_field_and_nothing_is_saved(portal, fabrikam, changed, said):
    page = portal.post(SETTINGS, typed(sender_name="Kept", **changed))
    assert said in text(page).replace("&quot;", '"')
    assert 'value="Kept"' in page.content.decode()
    before = fabrikam.passcode_minutes, fabrikam.colour, fabrikam.name
    fabrikam.refresh_from_db()
    assert (fabrikam.passcode_minutes, fabrikam.colour, fabrikam.name) == before
    assert Tenant.objects.get(pk=fabrikam.pk).sender_name == ""


# --- the audit log ------------------------------------------------------------------------------------------------


def test_R64_the_history_is_searched_filtered_and_never_changed(portal, fabrikam, nicole):
    with tenant_scope(fabrikam.id):
        entry = AuditEntry.objects.get(action="guest.invited")
    log = "/admin/tenants/auditentry/"
    assert "Invited a guest" in text(portal.get(f"{log}?q=olga"))
    assert "Invited a guest" in text(portal.get(f"{log}?q=guest.inv"))
    assert "0 entries" in text(portal.get(f"{log}?q=nobody"))
    assert "1 entry" in text(portal.get(f"{log}?action=guest.invited"))
    assert "0 entries" in text(portal.get(f"{log}?outcome=refused"))
    page = reverse("admin:tenants_auditentry_change", args=[entry.pk])
    assert "nicole@firstupconsultants.com" in text(portal.get(page))
    assert "History" not in portal.get(page).content.decode()
    assert portal.get(reverse("admin:tenants_auditentry_history", args=[entry.pk])).status_code == 404
    assert portal.post(page, {"actor_name": "Mallory"}).status_code == 403
    assert portal.post(reverse("admin:tenants_auditentry_delete", args=[entry.pk])).status_code == 403


# --- the account --------------------------------------------------------------------------------------------------


def test_R63_an_app_counts_after_its_first_code_and_replaces_the_one_before(portal, adele, fabrikam):
    assert "Not set up" in text(portal.get("/admin/account/"))
    assert portal.get("/admin/account/authenticator/").status_code == 302
    assert portal.get("/admin/account/authenticator/qr.svg").status_code == 404
    portal.post("/admin/account/authenticator/begin/", CONFIRMED)
    device = TOTPDevice.objects.get(user=adele)
    assert not device.confirmed
    picture = portal.get("/admin/account/authenticator/qr.svg")
    assert picture["Content-Type"] == "image/svg+xml"
    assert "no-store" in picture["Cache-Control"]
    assert inline(picture.content.decode()) == []
    wrong = portal.post("/admin/account/authenticator/", {"code": "12345"})
    assert "The app shows 6 digits." in text(wrong)
    answer = portal.post("/admin/account/authenticator/", {"code": app_code(device)}, follow=True)
    assert "Your authenticator app is set up" in text(answer)
    device.refresh_from_db()
    assert device.confirmed
    with tenant_scope(fabrikam.id):
        assert AuditEntry.objects.filter(action="administrator.authenticator_set").count() == 1


def test_R63_a_wrong_first_code_leaves_everything_as_it_was(portal, adele):
    portal.post("/admin/account/authenticator/begin/", CONFIRMED)
    device = TOTPDevice.objects.get(user=adele)
    wrong = f"{(int(app_code(device)) + 1) % 10**6:06d}"
    assert "That code did not work" in text(portal.post("/admin/account/authenticator/", {"code": wrong}))
    device.refresh_from_db()
    assert not device.confirmed


def test_R63_new_backup_codes_are_shown_once_and_end_the_old_ones(portal, adele, fabrikam):
    page = text(portal.post("/admin/account/backup-codes/", CONFIRMED))
    codes = list(StaticToken.objects.filter(device__user=adele).values_list("token", flat=True))
    assert len(codes) == 10
    assert all(code in page for code in codes)
    account = portal.get("/admin/account/").content.decode()
    assert not any(code in account for code in codes)
    with tenant_scope(fabrikam.id):
        details = AuditEntry.objects.get(action="administrator.backup_codes_made").details
    assert details == {}


def test_R63_changing_the_password_keeps_this_browser_and_ends_the_others(portal, adele):
    other = signed_in(adele)
    new = "a much longer secret 42"
    bad = portal.post(
        "/admin/account/password/",
        {"old_password": "wrong", "new_password1": new, "new_password2": new},
    )
    assert bad.status_code == 200
    portal.post(
        "/admin/account/password/",
        {"old_password": factories.PASSWORD, "new_password1": new, "new_password2": new},
    )
    adele.refresh_from_db()
    assert adele.check_password(new)
    assert portal.get("/admin/").status_code == 200
    assert other.get("/admin/").status_code == 302


@pytest.mark.parametrize("page", ["authenticator/begin/", "backup-codes/"])
def test_R63_nothing_is_made_by_opening_a_page(portal, page):
    assert portal.get(f"/admin/account/{page}").status_code == 405


@pytest.mark.parametrize(
    ("name", "marked"),
    [
        ("providers_email_passcode", "Identity providers"),
        ("guests_microsoft_account", "Identity providers"),
        ("guests_known_domains", "Identity providers"),
        ("guests_domain_lists", "Settings"),
        ("providers_redemptionorder_changelist", "Redemption order"),
    ],
)
def test_R61_the_navigation_marks_the_entry_that_a_page_belongs_to(portal, name, marked):
    groups = portal.get(reverse(f"admin:{name}")).context["available_apps"]
    assert [one["name"] for group in groups for one in group["models"] if one["is_current"]] == [marked]
