"""Inviting one guest in the portal: the form, the mail shown first, guests who are here already, who may (R50–R55)."""

from __future__ import annotations

import html
import re
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.test import Client
from django.urls import reverse

from guests.models import Guest, Invitation, Status
from guests.operations.deleting import delete_guest
from guests.operations.inviting import Details, Inviter, invite_guest
from outbox.models import OutboundMail
from tenants.addresses import canonical
from tenants.inviters import MEANS
from tenants.models import AuditEntry, Outcome, Tenant, WhoMayInvite
from tenants.refusals import Refusal
from tenants.roles import Role
from tenants.scope import tenant_scope
from tests import factories
from tests.doors.portal import accepted, signed_in, text

INVITE = "/admin/guests/guest/invite/"
NEW = "lena@northwind.example"


def typed(**more: str) -> dict[str, str]:
    return {"email": NEW, "display_name": "Lena Wolf", "sends_mail": "on", "message": "", "cc": "", **more}


def guest_of(tenant: Tenant, address: str = NEW) -> Any:
    with tenant_scope(tenant.id):
        return Guest.objects.filter(address_key=address).first()


def count(tenant: Tenant) -> tuple[int, int, int]:
    with tenant_scope(tenant.id):
        return Guest.objects.count(), Invitation.objects.count(), OutboundMail.objects.count()


def deleted(guest: Guest, actor: Any, now: Any) -> Guest:
    with tenant_scope(guest.tenant_id):
        assert not isinstance(delete_guest(guest_id=guest.pk, actor=actor, now=now), Refusal)
    return guest


def lets(tenant: Tenant, who: WhoMayInvite) -> None:
    Tenant.objects.filter(pk=tenant.pk).update(who_may_invite=who)


def hidden(answer: Any) -> dict[str, str]:
    """The fields that a page carries along."""
    found = re.findall(r"<input type=\"hidden\" name=\"(\w+)\"(?: value=\"([^\"]*)\")?", answer.content.decode())
    return {name: html.unescape(value) for name, value in found if name != "csrfmiddlewaretoken"}


class TestSponsors:
    def test_R55_the_inviter_is_the_sponsor_where_nobody_else_is_named(self, portal, fabrikam, adele):
        assert portal.post(INVITE, typed()).status_code == 302
        guest = guest_of(fabrikam)
        assert (guest.sponsor_name, guest.sponsor_address) == (adele.name, adele.email)
        assert guest.other_sponsors == []

    def test_R55_up_to_five_are_named_the_tenants_administrators_by_name(self, portal, fabrikam, adele):
        lines = f"megan@fabrikam.example\n{adele.email}, Alex@Adatum.example;  \nmegan@fabrikam.example"
        assert portal.post(INVITE, typed(sponsors=lines)).status_code == 302
        guest = guest_of(fabrikam)
        assert guest.sponsor_address == "megan@fabrikam.example"
        assert guest.other_sponsors == [
            {"name": adele.name, "address": adele.email},
            {"name": "Alex@adatum.example", "address": "Alex@adatum.example"},
        ]

    def test_R55_six_are_refused_at_the_field(self, portal, fabrikam):
        answer = portal.post(INVITE, typed(sponsors="\n".join(f"s{n}@adatum.example" for n in range(6))))
        assert "These are 6 sponsors. A guest has at most 5." in text(answer)
        assert guest_of(fabrikam) is None


class TestMessage:
    def test_R51_its_limit_counts_a_line_end_as_one(self, portal, fabrikam):
        assert portal.post(INVITE, typed(message="a\r\n" * 250)).status_code == 302
        with tenant_scope(fabrikam.id):
            assert Invitation.objects.get().message == ("a\n" * 250).strip()

    def test_R51_what_is_too_long_says_how_long_it_is_and_stays_in_the_field(self, portal, fabrikam):
        answer = portal.post(INVITE, typed(message="ß" * 612))
        assert "The message has 612 characters. 500 fit." in text(answer)
        assert "ß" * 612 in answer.content.decode()
        assert guest_of(fabrikam) is None

    @pytest.mark.parametrize("sign", ["\u202e", "\u2066", "\x07", "\x00"], ids=["override", "isolate", "bell", "nul"])
    def test_R51_signs_that_nobody_sees_are_refused(self, portal, fabrikam, sign):
        answer = portal.post(INVITE, typed(message=f"Come{sign}in"))
        assert answer.status_code == 200
        assert "errorlist" in answer.content.decode()
        assert guest_of(fabrikam) is None

    def test_R51_markup_and_links_in_it_stay_text(self, portal, fabrikam):
        message = '<script>alert(1)</script> <a href="https://evil.example">here</a> https://evil.example 日本 👩‍🚀'
        shown = portal.post(INVITE, typed(message=message, _preview="1")).content.decode()
        assert "<script>alert" not in shown
        assert 'href="https://evil.example"' not in shown
        assert html.escape("https://evil.example") in shown
        assert portal.post(INVITE, typed(message=message)).status_code == 302
        page = portal.get(f"/admin/guests/invitation/{invitation_of(fabrikam).pk}/change/").content.decode()
        assert "<script>alert" not in page
        assert 'href="https://evil.example"' not in page


def invitation_of(tenant: Tenant) -> Invitation:
    with tenant_scope(tenant.id):
        return Invitation.objects.latest("created_at")


class TestPreview:
    def test_R51_it_shows_the_mail_as_it_would_leave_and_keeps_everything_typed(self, portal, fabrikam, adele):
        data = typed(message="Hello Lena,\r\nplease come.", cc="cleo@adatum.example", sponsors="megan@fabrikam.example")
        answer = portal.post(INVITE, {**data, "_preview": "See the email first"})
        shown = text(answer)
        assert "To lena@northwind.example" in shown
        assert "The copy, without the link To cleo@adatum.example" in shown
        assert f"{adele.name} invited Lena Wolf (lena@northwind.example) to use" in shown
        assert shown.count("/redeem/") == 1
        assert f"Reply to {adele.email}" in shown
        assert f"Subject {adele.name} invited you to Fabrikam" in shown
        assert "| Hello Lena," in html.unescape(answer.content.decode())
        assert "/fabrikam.example/redeem/the-link-is-made-when-you-invite" in shown
        assert count(fabrikam) == (0, 0, 0)
        carried = hidden(answer)
        again = portal.post(INVITE, {**carried, "_edit": "Go on editing"}).content.decode()
        for value in ("lena@northwind.example", "Lena Wolf", "please come.", "cleo@adatum.example", "megan@fabrikam"):
            assert value in again
        assert "errorlist" not in again
        assert portal.post(INVITE, {**carried, "_save": "Invite"}).status_code == 302
        assert count(fabrikam) == (1, 1, 2), "a guest, an invitation and two mails"

    def test_R51_a_link_that_stands_in_opens_nothing(self, portal, fabrikam):
        portal.post(INVITE, typed(_preview="1"))
        assert Client().get("/fabrikam.example/redeem/the-link-is-made-when-you-invite").status_code == 410

    def test_R51_an_unticked_box_stays_unticked_on_the_way(self, portal, fabrikam):
        data = typed(_preview="1")
        del data["sends_mail"]
        answer = portal.post(INVITE, data)
        assert "no email will be sent" in text(answer)
        again = portal.post(INVITE, {**hidden(answer), "_edit": "1"}).content.decode()
        assert not re.search(r"name=\"sends_mail\"[^>]*checked", again)
        assert portal.post(INVITE, {**hidden(answer), "_save": "1"}).status_code == 200
        assert count(fabrikam) == (1, 1, 0)

    def test_several_mistakes_are_counted_and_each_stands_at_its_field(self, portal):
        answer = portal.post(INVITE, typed(email="lena@", cc="no address", sponsors="x", _preview="1"))
        assert "3 things need another look." in text(answer)
        assert "<title>Error: " in answer.content.decode()
        for field in ("email", "cc", "sponsors"):
            assert f"id_{field}_error" in answer.content.decode()


class TestKnown:
    def test_R50_it_says_first_what_happens_to_a_pending_guest(self, portal, fabrikam, invite):
        invited = invite(fabrikam)
        data = typed(email=invited.guest.address)
        before = count(fabrikam)
        answer = portal.post(INVITE, data)
        assert "is a guest already" in text(answer)
        assert "sends the link that they have" in text(answer)
        assert count(fabrikam) == before
        assert portal.post(INVITE, {**data, **hidden(answer)}).status_code == 302
        assert count(fabrikam) == (before[0], before[1], before[2] + 1)
        assert guest_of(fabrikam, invited.guest.address_key).pk == invited.guest.pk

    def test_R50_it_says_first_what_happens_to_one_who_has_accepted(self, portal, fabrikam, invite):
        invited = invite(fabrikam)
        accepted(invited.guest)
        answer = portal.post(INVITE, typed(email=invited.guest.address, _preview="1"))
        assert "They have accepted." in text(answer)
        portal.post(INVITE, {**hidden(answer), "_save": "Invite again"})
        guest = guest_of(fabrikam, invited.guest.address_key)
        assert (guest.redemption_status, guest.name) == (Status.ACCEPTED, invited.guest.name)

    def test_R50_what_has_changed_since_is_said_again(self, portal, fabrikam, invite):
        invited = invite(fabrikam)
        answer = portal.post(INVITE, typed(email=invited.guest.address))
        accepted(invited.guest)
        again = portal.post(INVITE, {**typed(email=invited.guest.address), **hidden(answer)})
        assert "They have accepted." in text(again)

    def test_R55_a_deleted_guest_of_that_address_can_be_restored_instead(self, portal, fabrikam, invite, operator, now):
        gone = deleted(invite(fabrikam).guest, operator, now)
        answer = portal.post(INVITE, typed(email=gone.address))
        assert "Nicole Wagner was a guest" in text(answer)
        assert "Inviting makes a new guest" in text(answer)
        assert reverse("admin:guests_restore", args=[gone.pk]) in answer.content.decode()
        assert guest_of(fabrikam, gone.address_key).pk == gone.pk, "nobody is invited before that was said"
        assert portal.post(INVITE, {**typed(email=gone.address), **hidden(answer)}).status_code == 302
        with tenant_scope(fabrikam.id):
            assert Guest.objects.get(address_key=gone.address_key, deleted_at=None).pk != gone.pk

    def test_R55_who_may_not_restore_is_shown_the_list_and_who_sees_no_guests_nothing(
        self, as_role, fabrikam, invite, operator, now
    ):
        gone = deleted(invite(fabrikam).guest, operator, now)
        answer = as_role(Role.GUEST_INVITER).post(INVITE, typed(email=gone.address))
        assert "Inviting makes a new guest" in text(answer)
        assert reverse("admin:guests_restore", args=[gone.pk]) not in answer.content.decode()
        assert reverse("admin:guests_deleted") in answer.content.decode()
        lets(fabrikam, WhoMayInvite.MEMBERS)
        assert as_role(READER).post(INVITE, typed(email=gone.address)).status_code == 302

    def test_R55_a_deleted_guest_of_another_tenant_is_not_known(self, portal, contoso, invite, operator, now):
        gone = deleted(invite(contoso).guest, operator, now)
        assert portal.post(INVITE, typed(email=gone.address)).status_code == 302

    def test_B5_a_guest_of_another_tenant_is_not_known(self, portal, contoso, invite):
        invited = invite(contoso)
        assert portal.post(INVITE, typed(email=invited.guest.address)).status_code == 302


READER = Role.REPORTS_READER


class TestWhoMayInvite:
    def test_R53_nobody_may_where_the_tenant_chose_so(self, portal, fabrikam):
        lets(fabrikam, WhoMayInvite.NONE)
        for answer in (portal.get(INVITE), portal.post(INVITE, typed())):
            assert answer.status_code == 403
            assert "Nobody may invite guests to Fabrikam." in text(answer)
            assert "Change who may invite" in text(answer)
        assert guest_of(fabrikam) is None
        for page in ("/admin/", "/admin/guests/guest/", "/admin/guests/invitation/"):
            assert "Invite a guest" not in text(portal.get(page))

    @pytest.mark.parametrize(
        ("who", "is_allowed"),
        [
            (WhoMayInvite.NONE, False),
            (WhoMayInvite.INVITERS, False),
            (WhoMayInvite.MEMBERS, True),
            (WhoMayInvite.EVERYONE, True),
        ],
    )
    def test_R53_a_role_that_does_not_invite_may_where_the_tenant_chose_so(self, fabrikam, who, is_allowed):
        reader = signed_in(factories.administrator("rita@fabrikam.example", (fabrikam, READER)))
        lets(fabrikam, who)
        assert ("Invite a guest" in text(reader.get("/admin/"))) is is_allowed
        answer = reader.post(INVITE, typed())
        assert answer.status_code == (302 if is_allowed else 403)
        assert (guest_of(fabrikam) is not None) is is_allowed
        if is_allowed:
            assert answer["Location"] == INVITE  # they see no guests, so the way back is the form

    @pytest.mark.parametrize("who", list(WhoMayInvite))
    def test_R53_it_is_chosen_in_the_settings_which_say_what_each_choice_means(self, portal, fabrikam, who):
        shown = text(portal.get("/admin/tenants/tenant/"))
        assert who.label in shown
        assert MEANS[who] in shown
        data = {"name": "Fabrikam", "passcode_minutes": "30", "who_may_invite": who.value}
        assert portal.post("/admin/tenants/tenant/", data).status_code == 302
        fabrikam.refresh_from_db()
        assert fabrikam.who_may_invite == who

    @pytest.mark.parametrize("who", ["", "anybody", "None"])
    def test_R53_what_is_no_choice_is_refused_at_the_field(self, portal, fabrikam, who):
        data = {"name": "Another name", "passcode_minutes": "30", "who_may_invite": who}
        assert "id_who_may_invite_error" in portal.post("/admin/tenants/tenant/", data).content.decode()
        fabrikam.refresh_from_db()
        assert (fabrikam.name, fabrikam.who_may_invite) == ("Fabrikam", WhoMayInvite.INVITERS)

    def test_R53_operators_choose_it_by_command_and_read_what_holds(self, fabrikam, contoso, capsys):
        call_command("set_inviting", "none", tenant="fabrikam.example")
        assert "none: Nobody invites" in capsys.readouterr().out
        call_command("set_inviting", tenant="contoso.example")
        assert capsys.readouterr().out.startswith("adminsAndGuestInviters: ")
        fabrikam.refresh_from_db()
        assert fabrikam.who_may_invite == WhoMayInvite.NONE
        with tenant_scope(fabrikam.id):
            assert AuditEntry.objects.get().details["after"] == {"who_may_invite": "none"}
        with pytest.raises(CommandError, match="Nobody may invite guests to Fabrikam"):
            call_command("invite_guest", NEW, tenant="fabrikam.example")

    def test_R53_the_choice_of_one_tenant_is_not_anothers(self, fabrikam, contoso):
        lets(fabrikam, WhoMayInvite.MEMBERS)
        reader = signed_in(factories.administrator("rita@contoso.example", (contoso, READER)))
        assert reader.post(INVITE, typed()).status_code == 403
        assert guest_of(contoso) is None

    def test_R53_what_is_refused_stands_in_the_history(self, fabrikam, operator, now):
        lets(fabrikam, WhoMayInvite.NONE)
        fabrikam.refresh_from_db()
        with tenant_scope(fabrikam.id):
            outcome = invite_guest(
                tenant=fabrikam,
                address=canonical(NEW),
                details=Details(),
                inviter=Inviter("Adele Vance", "adele@fabrikam.example"),
                actor=operator,
                now=now,
            )
            assert isinstance(outcome, Refusal)
            assert outcome.reason.startswith("Nobody may invite guests to Fabrikam.")
            line = AuditEntry.objects.get(action="guest.invited")
            assert (line.outcome, line.details["address"]) == (Outcome.REFUSED, NEW)
