"""R63: what a role may not do is not shown, and refused when it is forced; another tenant's rows are not there."""

from __future__ import annotations

import uuid

import pytest
from django.test import Client
from django.urls import reverse

from guests.models import Guest
from tenants.models import AuditEntry
from tenants.roles import Role
from tenants.scope import tenant_scope
from tests import factories
from tests.doors.portal import signed_in, text

PAGES = {
    "guests": ("/admin/guests/guest/", "GA GR AP EP UA HD GI"),
    "invitations": ("/admin/guests/invitation/", "GA GR AP EP UA HD GI"),
    "bulk invitations": ("/admin/guests/batch/invite/", "GA UA"),
    "bulk work": ("/admin/guests/batch/", "GA GR AP EP UA HD GI"),
    "invite": ("/admin/guests/guest/invite/", "GA UA GI"),
    "providers": ("/admin/providers/identityprovider/", "GA GR AP EP UA"),
    "applications": ("/admin/applications/application/", "GA GR UA"),
    "add an application": ("/admin/applications/application/share/", "GA"),
    "settings": ("/admin/tenants/tenant/", "GA GR"),
    "administrators": ("/admin/tenants/administrator/", "GA GR"),
    "audit": ("/admin/tenants/auditentry/", "GA GR RR"),
    "mail": ("/admin/outbox/outboundmail/", "GA GR RR"),
    "dashboard": ("/admin/", "GA GR AP EP UA HD GI RR"),
    "account": ("/admin/account/", "GA GR AP EP UA HD GI RR"),
}
SETTINGS = {"name": "Fabrikam 2", "passcode_minutes": "20", "who_may_invite": "adminsAndGuestInviters"}
SHORT = dict(zip(["GA", "GR", "AP", "EP", "UA", "HD", "GI", "RR"], Role, strict=True))


@pytest.mark.parametrize("short", SHORT, ids=lambda short: f"R63-{SHORT[short].value}")
def test_R63_a_page_opens_for_the_roles_that_may_see_it_and_stands_in_their_navigation_only(as_role, short):
    client = as_role(SHORT[short])
    navigation = client.get("/admin/").content.decode()
    for name, (url, allowed) in PAGES.items():
        is_allowed = short in allowed.split()
        answer = client.get(url)
        assert answer.status_code == (200 if is_allowed else 403), name
        if not is_allowed:
            assert f'href="{url}"' not in navigation, name
            assert "Your role does not allow this" in text(answer), name


@pytest.mark.parametrize(
    ("deed", "allowed"),
    [
        pytest.param("reset", "GA UA HD", id="R42-reset"),
        pytest.param("block", "GA UA", id="R63-block"),
        pytest.param("end-sessions", "GA UA", id="R63-end sessions"),
        pytest.param("resend", "GA UA GI", id="R63-resend"),
        pytest.param("revoke", "GA UA", id="R63-revoke"),
        pytest.param("settings", "GA", id="R63-settings"),
        pytest.param("invite", "GA UA GI", id="R53-invite"),
    ],
)
@pytest.mark.parametrize("short", SHORT)
def test_R63_a_deed_is_done_for_the_roles_that_may_and_refused_when_others_force_it(
    as_role, fabrikam, invite, short, deed, allowed
):
    invited = invite(fabrikam)
    guest, invitation = invited.guest.pk, invited.invitation.pk
    client = as_role(SHORT[short])
    with tenant_scope(fabrikam.id):
        before = AuditEntry.objects.count()
    answers = {
        "reset": lambda: client.post(f"/admin/guests/guest/reset/?id={guest}", {"sends_mail": "yes"}),
        "block": lambda: client.post(f"/admin/guests/guest/{guest}/block/"),
        "end-sessions": lambda: client.post(f"/admin/guests/guest/{guest}/end-sessions/"),
        "resend": lambda: client.post(f"/admin/guests/invitation/{invitation}/resend/"),
        "revoke": lambda: client.post(f"/admin/guests/invitation/{invitation}/revoke/"),
        "settings": lambda: client.post("/admin/tenants/tenant/", SETTINGS),
        "invite": lambda: client.post("/admin/guests/guest/invite/", {"email": "b@tailspin.example"}),
    }
    answer = answers[deed]()
    with tenant_scope(fabrikam.id):
        written = AuditEntry.objects.count() - before
    if short in allowed.split():
        assert answer.status_code in (200, 302)
        assert written == 1
    else:
        assert answer.status_code == 403
        assert written == 0


def test_R63_who_may_only_look_gets_the_settings_without_a_button(as_role):
    page = as_role(Role.GLOBAL_READER).get("/admin/tenants/tenant/").content.decode()
    assert 'name="_save"' not in page
    assert "disabled" in page


def test_R63_a_foreign_guest_is_not_there(contosos, nicole, fabrikam):
    for page in (
        reverse("admin:guests_guest_change", args=[nicole.pk]),
        reverse("admin:guests_guest_history", args=[nicole.pk]),
        f"{reverse('admin:guests_reset')}?id={nicole.pk}",
    ):
        assert contosos.get(page).status_code == 404, page
    for page in ("guests_block", "guests_unblock", "guests_end_sessions"):
        assert contosos.post(reverse(f"admin:{page}", args=[nicole.pk])).status_code == 404, page
    reset = contosos.post(f"{reverse('admin:guests_reset')}?id={nicole.pk}", {"sends_mail": "yes"})
    assert reset.status_code == 404
    assert nicole.address not in contosos.get("/admin/guests/guest/").content.decode()
    with tenant_scope(fabrikam.id):
        assert not Guest.objects.get(pk=nicole.pk).is_blocked


def test_R63_a_foreign_guest_looks_like_one_that_never_was(contosos, nicole):
    foreign = contosos.get(reverse("admin:guests_guest_change", args=[nicole.pk]))
    unknown = contosos.get(reverse("admin:guests_guest_change", args=[uuid.uuid4()]))
    damaged = contosos.get("/admin/guests/guest/not-an-id/change/")
    assert (foreign.status_code, unknown.status_code, damaged.status_code) == (404, 404, 404)
    assert "Nicole" not in foreign.content.decode()


def test_R63_a_foreign_invitation_is_not_there(contosos, fabrikam, invite):
    invitation = invite(fabrikam).invitation
    assert contosos.get(reverse("admin:guests_invitation_change", args=[invitation.pk])).status_code == 404
    for page in ("guests_resend", "guests_revoke"):
        assert contosos.post(reverse(f"admin:{page}", args=[invitation.pk])).status_code == 404
    with tenant_scope(fabrikam.id):
        invitation.refresh_from_db()
    assert invitation.ended_at is None


def test_R63_a_foreign_audit_entry_administrator_and_tenant_are_not_there(contosos, fabrikam, nicole):
    with tenant_scope(fabrikam.id):
        entry = AuditEntry.objects.order_by("-id").first()
    assert entry is not None
    omar = factories.administrator("omar@fabrikam.example", (fabrikam, Role.GLOBAL_READER))
    assert contosos.get(reverse("admin:tenants_auditentry_change", args=[entry.pk])).status_code == 404
    assert contosos.get(reverse("admin:tenants_administrator_change", args=[omar.pk])).status_code == 404
    assert contosos.get(reverse("admin:tenants_tenant_change", args=[fabrikam.pk])).status_code == 404
    assert "omar@" not in contosos.get("/admin/tenants/administrator/").content.decode()
    assert "nicole" not in contosos.get("/admin/tenants/auditentry/").content.decode()


def test_R63_a_list_action_on_a_foreign_guest_does_nothing(contosos, nicole):
    data = {"action": "reset_chosen", "_selected_action": [str(nicole.pk)], "index": "0"}
    answer = contosos.post("/admin/guests/guest/", data)
    assert str(nicole.pk) not in answer.get("Location", "")


# --- switching ----------------------------------------------------------------------------------------------------


@pytest.fixture
def both(fabrikam, contoso) -> Client:
    """Somebody who administers Fabrikam and helps in Contoso."""
    return signed_in(
        factories.administrator(
            "omar@fabrikam.example",
            (fabrikam, Role.GLOBAL_ADMINISTRATOR),
            (contoso, Role.HELPDESK_ADMINISTRATOR),
        )
    )


def test_R63_with_roles_in_two_tenants_nobody_starts_in_the_wrong_one(both):
    page = both.get("/admin/", follow=True)
    assert "Choose a tenant" in text(page)
    assert both.get("/admin/guests/guest/?q=a")["Location"] == (
        "/admin/tenant/?next=%2Fadmin%2Fguests%2Fguest%2F%3Fq%3Da"
    )


def test_R63_switching_changes_rows_and_rights_together(both, fabrikam, contoso, nicole):
    both.post("/admin/tenant/switch/", {"tenant": str(fabrikam.id)})
    assert nicole.address in both.get("/admin/guests/guest/").content.decode()
    assert both.get("/admin/tenants/tenant/").status_code == 200
    answer = both.post("/admin/tenant/switch/", {"tenant": "contoso.example", "next": "/admin/guests/guest/"})
    assert answer["Location"] == "/admin/guests/guest/"
    page = both.get("/admin/guests/guest/")
    assert nicole.address not in page.content.decode()
    assert both.get("/admin/tenants/tenant/").status_code == 403


def test_R63_a_tenant_without_a_role_cannot_be_chosen(contosos, fabrikam, contoso):
    answer = contosos.post("/admin/tenant/switch/", {"tenant": str(fabrikam.id)}, follow=True)
    assert "you hold no role in it" in text(answer)
    session = contosos.session
    session["tenant"] = str(fabrikam.id)
    session.save()
    assert contosos.get("/admin/guests/guest/")["Location"].startswith("/admin/tenant/")


def test_R63_switching_never_leads_away(both, fabrikam):
    for wanted in ("https://evil.example/admin/", "//evil.example/admin/", "/nowhere", "javascript:alert(1)"):
        answer = both.post("/admin/tenant/switch/", {"tenant": str(fabrikam.id), "next": wanted})
        assert answer["Location"] == "/admin/", wanted


def test_R63_switching_takes_a_POST(both, fabrikam):
    assert both.get(f"/admin/tenant/switch/?tenant={fabrikam.id}").status_code == 405


def test_R63_an_operator_sees_a_tenant_only_after_choosing_it_and_leaves_a_line(fabrikam, contoso, nicole):
    client = signed_in(factories.administrator("olga@operator.example", is_superuser=True))
    assert client.get("/admin/guests/guest/")["Location"].startswith("/admin/tenant/")
    assert "Fabrikam" in text(client.get("/admin/tenant/"))
    client.post("/admin/tenant/switch/", {"tenant": "fabrikam.example"})
    page = client.get("/admin/guests/guest/")
    assert nicole.address in page.content.decode()
    with tenant_scope(fabrikam.id):
        entry = AuditEntry.objects.get(action="tenant.entered")
    assert entry.actor_kind == "operator"
    with tenant_scope(contoso.id):
        assert not AuditEntry.objects.exists()


def test_R63_an_operator_is_not_let_in_by_a_tenant_that_is_off(fabrikam, db):
    fabrikam.is_active = False
    fabrikam.save()
    client = signed_in(factories.administrator("olga@operator.example", is_superuser=True))
    answer = client.post("/admin/tenant/switch/", {"tenant": "fabrikam.example"}, follow=True)
    assert "There is no such tenant" in text(answer)


def test_R63_a_tenant_switched_off_is_gone_for_its_administrators(portal, fabrikam):
    fabrikam.is_active = False
    fabrikam.save()
    assert portal.get("/admin/")["Location"].startswith("/admin/tenant/")


def test_R63_the_libraries_own_pages_are_not_there(portal, db):
    for page in ("otp_totp/totpdevice", "otp_static/staticdevice", "axes/accessattempt", "auth/group"):
        assert portal.get(f"/admin/{page}/").status_code == 404, page
    for page in ("autocomplete/", f"r/1/{uuid.uuid4()}/", "password_change/"):
        assert portal.get(f"/admin/{page}").status_code == 404, page
