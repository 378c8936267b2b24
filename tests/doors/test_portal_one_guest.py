"""One guest's page in the portal: editing (R55), ending one session (R21), what became of them (R22, R35, R64)."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.db.models.functions import Now
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from guests.models import Consent, ConsentKind, Guest, GuestSession, Redemption
from guests.operations.editing import Sponsor, sponsors_of
from tenants.audit import Actor, ActorKind, record
from tenants.models import AuditEntry, Tenant
from tenants.roles import Action, Role, may
from tenants.scope import tenant_scope
from tests import factories
from tests.doors.portal import accepted, text
from tests.doors.test_portal_pages import inline, statements

FIREFOX = "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:140.0) Gecko/20100101 Firefox/140.0"


def url_of(guest: Guest) -> str:
    return reverse("admin:guests_guest_change", args=[guest.pk])


def typed(page: Any, **changed: str) -> dict[str, str]:
    """The form as the page shows it, with these fields changed."""
    form = page.context["form"]
    return {name: str(form[name].value() or "") for name in form.fields} | changed


def kept(guest: Guest) -> Guest:
    with tenant_scope(guest.tenant_id):
        return Guest.objects.get(pk=guest.pk)


def edits(guest: Guest) -> list[AuditEntry]:
    with tenant_scope(guest.tenant_id):
        return list(AuditEntry.objects.filter(action="guest.edited"))


def begin_session(guest: Guest, token: str, browser: str = FIREFOX) -> GuestSession:
    with tenant_scope(guest.tenant_id):
        return GuestSession.objects.create(
            tenant_id=guest.tenant_id,
            guest=guest,
            token_hash=token,
            method="emailOneTimePasscode",
            browser=browser,
            source="203.0.113.24",
            expires_at=Now() + timedelta(hours=3),
        )


# --- editing ------------------------------------------------------------------------------------------------------


def test_R55_an_administrator_edits_name_addresses_and_sponsors_and_the_history_tells_of_it(portal, nicole, adele):
    page = portal.get(url_of(nicole))
    assert '<option value="adele@fabrikam.example">Adele Vance</option>' in page.content.decode()
    form = typed(
        page,
        display_name="  Nicole   Wagner-Lind ",
        other_addresses="Nicole@Home.example\nnicole@home.example, n.lind@bücher.example",
        sponsor_2_name="Bertil Lind",
        sponsor_2_address="bertil@fabrikam.example",
    )
    answer = portal.post(url_of(nicole), form, follow=True)
    assert "The changes to Nicole Wagner-Lind are saved." in text(answer)
    now = kept(nicole)
    assert (now.name, now.name_key) == ("Nicole Wagner-Lind", "nicole wagner-lind")
    assert [one.casefold() for one in now.other_addresses] == ["nicole@home.example", "n.lind@xn--bcher-kva.example"]
    assert sponsors_of(now) == [
        Sponsor("Adele Vance", "adele@fabrikam.example"),
        Sponsor("Bertil Lind", "bertil@fabrikam.example"),
    ]
    (line,) = edits(nicole)
    assert (line.actor_name, line.details["before"]["name"]) == ("Adele Vance", "Nicole Wagner")
    assert set(line.details["after"]) == {"name", "other_addresses", "other_sponsors"}


def test_R55_saving_the_same_again_writes_no_history(portal, nicole):
    portal.post(url_of(nicole), typed(portal.get(url_of(nicole))))
    assert edits(nicole) == []


def test_R55_an_address_alone_names_the_administrator_who_has_it_and_cleared_fields_take_a_sponsor_away(portal, nicole):
    portal.post(url_of(nicole), typed(portal.get(url_of(nicole)), sponsor_1_name="", sponsor_2_address="b@x.example"))
    assert sponsors_of(kept(nicole)) == [
        Sponsor("Adele Vance", "adele@fabrikam.example"),
        Sponsor("b@x.example", "b@x.example"),
    ]
    portal.post(url_of(nicole), typed(portal.get(url_of(nicole)), sponsor_1_name="", sponsor_1_address=""))
    assert sponsors_of(kept(nicole)) == [Sponsor("b@x.example", "b@x.example")]


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        pytest.param({"other_addresses": "nobody"}, "“nobody”", id="R70-no address"),
        pytest.param(
            {"other_addresses": "other@many.example"}, "another guest’s own address", id="R36-another guest's"
        ),
        pytest.param({"other_addresses": "adele@fabrikam.example"}, "an administrator", id="R50-an administrator's"),
        pytest.param({"other_addresses": "x@denied.example"}, "does not take guests from denied", id="R53-denied"),
        pytest.param(
            {"other_addresses": "\n".join(f"n{n}@many.example" for n in range(11))}, "up to 10", id="R36-too many"
        ),
        pytest.param({"sponsor_1_address": "adele"}, "with an @ in it", id="R55-no sponsor's address"),
        pytest.param({"display_name": "…"}, "A name has letters", id="R39a-no name"),
        pytest.param({"display_name": "Nicole\u202eWagner"}, "a hidden character came with", id="R39a-hidden"),
    ],
)
def test_R55_what_cannot_be_saved_is_said_with_its_reason_and_nothing_is_saved(
    portal, fabrikam, invite, nicole, changed, said
):
    Tenant.objects.filter(pk=fabrikam.pk).update(denied_domains=["denied.example"])
    invite(fabrikam, "other@many.example")
    form = typed(portal.get(url_of(nicole)), sponsor_2_name="Kept as typed", **changed)
    page = portal.post(url_of(nicole), form)
    assert page.status_code == 200
    assert said in text(page).replace("&#x27;", "’")
    assert 'value="Kept as typed"' in page.content.decode()
    assert kept(nicole).other_addresses == []
    assert edits(nicole) == []


def test_R53_an_address_that_stood_there_before_its_domain_was_denied_may_stay(portal, fabrikam, nicole):
    with tenant_scope(fabrikam.id):
        Guest.objects.filter(pk=nicole.pk).update(other_addresses=["n@denied.example"])
    Tenant.objects.filter(pk=fabrikam.pk).update(denied_domains=["denied.example"])
    portal.post(url_of(nicole), typed(portal.get(url_of(nicole)), display_name="Nicole"))
    assert (kept(nicole).name, kept(nicole).other_addresses) == ("Nicole", ["n@denied.example"])


def test_R64_two_administrators_who_edit_at_once_do_not_overwrite_each_other(portal, nicole):
    first, second = (typed(portal.get(url_of(nicole))) for _ in range(2))
    portal.post(url_of(nicole), first | {"display_name": "Nicole Lind"})
    page = portal.post(url_of(nicole), second | {"display_name": "Nicole Moreau"})
    assert "The guest was changed meanwhile." in text(page)
    assert kept(nicole).name == "Nicole Lind"


def test_R55_a_form_without_its_version_changes_nothing(portal, nicole):
    form = typed(portal.get(url_of(nicole)), display_name="Mallory")
    del form["version"]
    assert portal.post(url_of(nicole), form).status_code == 200
    assert kept(nicole).name == "Nicole Wagner"


@pytest.mark.parametrize("role", [Role.HELPDESK_ADMINISTRATOR, Role.GLOBAL_READER, Role.GUEST_INVITER])
def test_R63_who_may_not_edit_sees_no_form_and_saves_nothing(portal, as_role, nicole, role):
    form = typed(portal.get(url_of(nicole)), display_name="Mallory")
    client = as_role(role)
    html = client.get(url_of(nicole)).content.decode()
    assert "guest_form" not in html
    assert "deletelink" not in html
    client.post(url_of(nicole), form)
    assert kept(nicole).name == "Nicole Wagner"


def test_R55_contoso_edits_nobody_of_fabrikam(portal, contosos, nicole):
    form = typed(portal.get(url_of(nicole)), display_name="Mallory")
    assert contosos.post(url_of(nicole), form).status_code == 404
    assert kept(nicole).name == "Nicole Wagner"


# --- sessions -----------------------------------------------------------------------------------------------------


def test_R21_one_session_is_ended_and_the_other_goes_on(portal, contosos, nicole):
    one, other = begin_session(nicole, "x"), begin_session(nicole, "y", "")
    page = portal.get(url_of(nicole))
    assert "Firefox on Windows 203.0.113.24" in text(page)
    assert "End all 2 sessions" in page.content.decode()
    url = reverse("admin:guests_end_session", args=[nicole.pk])
    assert contosos.post(url, {"session": str(one.pk)}).status_code == 404
    assert "is ended" in text(portal.post(url, {"session": str(one.pk)}, follow=True))
    for again in (str(one.pk), "nonsense", ""):
        assert "had ended already" in text(portal.post(url, {"session": again}, follow=True))
    with tenant_scope(nicole.tenant_id):
        assert GuestSession.objects.get(pk=one.pk).ended_why == "byAdministrator"
        assert GuestSession.objects.get(pk=other.pk).ended_at is None
        assert AuditEntry.objects.filter(action="guest.session_ended").count() == 1


def test_R21_a_session_of_another_guest_is_not_ended_by_this_ones_page(portal, fabrikam, invite, nicole):
    other = begin_session(invite(fabrikam, "other@many.example").guest, "x")
    portal.post(reverse("admin:guests_end_session", args=[nicole.pk]), {"session": str(other.pk)})
    with tenant_scope(fabrikam.id):
        assert GuestSession.objects.get().ended_at is None


@pytest.mark.parametrize("role", [role for role in Role if may([role], Action.GUESTS_VIEW)])
def test_R63_R64_where_a_guest_signed_in_from_is_for_who_may_read_the_audit_log(as_role, nicole, role):
    begin_session(nicole, "x")
    shown = text(as_role(role).get(url_of(nicole)))
    assert "Firefox on Windows" in shown
    assert ("203.0.113.24" in shown) is may([role], Action.AUDIT_VIEW)


# --- what became of them ------------------------------------------------------------------------------------------


def test_R22_R35_the_page_tells_what_they_agreed_to_and_why_they_redeemed_so(portal, nicole, now):
    with tenant_scope(nicole.tenant_id):
        Consent.objects.create(tenant_id=nicole.tenant_id, guest=nicole, kind=ConsentKind.TERMS, version=3)
        Consent.objects.create(tenant_id=nicole.tenant_id, guest=nicole, kind=ConsentKind.PERMISSIONS, withdrawn_at=now)
        Redemption.objects.create(
            tenant_id=nicole.tenant_id,
            guest=nicole,
            method="emailOneTimePasscode",
            reasons=[
                {"rule": "R30-1", "verdict": "no", "sentence": "No <b>such</b> tenant."},
                {"rule": "R30-5", "verdict": "used", "sentence": "Codes are on."},
                {"rule": "R30-6", "verdict": "notReached", "sentence": "Never asked."},
            ],
        )
    page = portal.get(url_of(nicole))
    said = text(page)
    assert "Terms of use, version 3" in said
    assert "Withdrawn by a reset" in said
    assert "Email one-time passcode? Yes, used. Codes are on." in said
    assert "Entra ID account for the address? No. No &lt;b&gt;such&lt;/b&gt; tenant." in said
    assert "Never asked." not in said


def test_R64_the_timeline_has_what_strangers_tried_with_the_address_and_is_read_in_two_halves(portal, nicole, now):
    with tenant_scope(nicole.tenant_id):
        stranger = Actor(ActorKind.STRANGER, source="198.51.100.7")
        for address in (nicole.address_key, "somebody@else.example"):
            record(actor=stranger, action="passcode.refused", at=now, code="E-CODE", details={"address": address})
    everything = portal.get(url_of(nicole)).content.decode()
    assert "<strong>Invited</strong>" in everything
    assert everything.count("Code refused") == 1
    sign_ins = portal.get(f"{url_of(nicole)}?log=sign-ins").content.decode()
    assert "Code refused" in sign_ins
    assert "<strong>Invited</strong>" not in sign_ins
    changes = portal.get(f"{url_of(nicole)}?log=changes").content.decode()
    assert "<strong>Invited</strong>" in changes
    assert "Code refused" not in changes
    assert "<strong>Invited</strong>" in portal.get(f"{url_of(nicole)}?log=nonsense").content.decode()


def test_the_guests_page_takes_the_same_few_statements_whatever_has_happened(portal, nicole, now):
    accepted(nicole)
    counts = []
    for round_ in range(2):
        with tenant_scope(nicole.tenant_id):
            for number in range(3):
                begin_session(nicole, f"{round_}-{number}")
                Redemption.objects.create(tenant_id=nicole.tenant_id, guest=nicole, method="google")
        factories.administrator(f"more{round_}@fabrikam.example", (nicole_tenant(nicole), Role.GUEST_INVITER))
        with CaptureQueriesContext(connection) as captured:
            page = portal.get(url_of(nicole))
        counts.append(len(statements(captured)))
        assert inline(page.content.decode()) == []
    # Session, administrator, device, roles; the guest, whom to suggest, identities, sessions, consents, redemptions,
    # invitations, both halves of the timeline and its mails, and the pause.
    assert counts == [15, 15]


def nicole_tenant(guest: Guest) -> Tenant:
    return Tenant.objects.get(pk=guest.tenant_id)
