"""The Mail page and what became of an invitation: states, reasons, whose they are, sending again (R18, R52)."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from guests.models import Invitation
from guests.operations.mailing import mail_invitation
from guests.operations.resending import remind_guest, revoke_invitation
from outbox.models import OutboundMail, State
from tenants.models import Tenant
from tenants.roles import Role
from tenants.scope import tenant_scope
from tests.doors.portal import accepted, text

MAIL = "/admin/outbox/outboundmail/"


def mailed(tenant: Tenant, invited: Any, now: datetime, state: State, reason: str = "") -> OutboundMail:
    """One more mail of the invitation, in that state."""
    with tenant_scope(tenant.id):
        mail_invitation(invitation=invited.invitation, now=now)
        mail = OutboundMail.objects.latest_for("invitation", invited.invitation.pk)
        assert mail is not None
        settled = {} if state in (State.QUEUED, State.LEASED) else {"settled_at": now}
        OutboundMail.objects.filter(pk=mail.pk).update(state=state, reason=reason, **settled)
    return mail


def page_of(invited: Any) -> str:
    return reverse("admin:guests_invitation_change", args=[invited.invitation.pk])


def deed(invited: Any, name: str) -> str:
    return reverse(f"admin:guests_{name}", args=[invited.invitation.pk])


class TestMailPage:
    def test_R18_it_lists_what_became_of_each_mail_and_why(self, portal, fabrikam, contosos, invite, now):
        invited = invite(fabrikam)
        mailed(fabrikam, invited, now, State.BOUNCED, "550 5.1.1 … there is no such mailbox")
        shown = text(portal.get(MAIL))
        assert "nicole@firstupconsultants.com" in shown
        assert "Bounced 550 5.1.1 … there is no such mailbox" in shown
        assert page_of(invited) in portal.get(MAIL).content.decode()
        assert "nicole@" not in text(contosos.get(MAIL))

    @pytest.mark.parametrize(
        ("wanted", "state"),
        [
            ("waiting", State.QUEUED),
            ("handed_over", State.HANDED_OVER),
            ("delivered", State.DELIVERED),
            ("deferred", State.DEFERRED),
            ("bounced", State.BOUNCED),
            ("failed", State.FAILED),
            ("not_sent", State.DROPPED),
        ],
    )
    def test_R18_it_is_filtered_by_state(self, portal, fabrikam, invite, now, wanted, state):
        mailed(fabrikam, invite(fabrikam), now, state)
        mailed(fabrikam, invite(fabrikam, "lena@northwind.example"), now, State.LEASED)
        shown = text(portal.get(f"{MAIL}?state={wanted}"))
        assert "nicole@firstupconsultants.com" in shown
        assert ("lena@northwind.example" in shown) is (wanted == "waiting")

    def test_R18_it_asks_no_more_for_many_mails_than_for_one(self, portal, fabrikam, invite, now):
        mailed(fabrikam, invite(fabrikam), now, State.DELIVERED)
        with CaptureQueriesContext(
            connection,
        ) as few:
            portal.get(MAIL)
        for number in range(12):
            mailed(fabrikam, invite(fabrikam, f"g{number}@northwind.example"), now, State.FAILED)
        with CaptureQueriesContext(connection) as many:
            portal.get(MAIL)
        assert len(many) <= len(few) + 1

    def test_R18_what_was_lost_is_sent_again_from_the_list(self, portal, fabrikam, invite, now):
        invited = invite(fabrikam)
        mailed(fabrikam, invited, now, State.FAILED, "mail provider refused")
        assert deed(invited, "resend") in portal.get(MAIL).content.decode()
        assert portal.post(deed(invited, "resend")).status_code == 302
        with tenant_scope(fabrikam.id):
            assert OutboundMail.objects.waiting().count() == 1

    def test_R18_a_dead_link_is_not_offered_to_be_sent_again(self, portal, fabrikam, invite, operator, now):
        invited = invite(fabrikam)
        mailed(fabrikam, invited, now, State.FAILED)
        with tenant_scope(fabrikam.id):
            revoke_invitation(invitation_id=invited.invitation.pk, actor=operator, now=now)
        assert deed(invited, "resend") not in portal.get(MAIL).content.decode()

    @pytest.mark.parametrize("role", list(Role))
    def test_R63_it_opens_for_who_may_see_mail(self, as_role, fabrikam, invite, now, role):
        invited = invite(fabrikam)
        mailed(fabrikam, invited, now, State.FAILED)
        answer = as_role(role).get(MAIL)
        sees = role in (Role.GLOBAL_ADMINISTRATOR, Role.GLOBAL_READER, Role.REPORTS_READER)
        assert answer.status_code == (200 if sees else 403)
        if role == Role.REPORTS_READER:
            assert page_of(invited) not in answer.content.decode()
            assert "Send again" not in text(answer)

    def test_R18_it_says_where_a_mail_server_tells_no_more(self, portal, settings):
        assert "does not tell when they arrive" in text(portal.get(MAIL))
        settings.EMAIL_BACKEND = "anymail.backends.postmark.EmailBackend"
        settings.ANYMAIL = {"WEBHOOK_SECRET": "postmark:word"}
        assert "as the mail provider tells it" in text(portal.get(MAIL))


class TestReminding:
    def test_R52_a_reminder_says_so_and_is_counted(self, portal, fabrikam, invite, now):
        invited = invite(fabrikam)
        mailed(fabrikam, invited, now, State.HANDED_OVER)
        assert "Remind the guest" in portal.get(page_of(invited)).content.decode()
        assert portal.post(deed(invited, "remind_one")).status_code == 302
        with tenant_scope(fabrikam.id):
            invitation = Invitation.objects.get()
            assert invitation.reminders == 1
            assert OutboundMail.objects.waiting().count() == 1
        shown = text(portal.get(page_of(invited)))
        assert "Reminded once" in shown
        assert "Reminded by" in shown

    def test_R52_a_second_press_of_remind_sends_no_second_mail(self, portal, fabrikam, invite, operator, now):
        invited = invite(fabrikam)
        portal.post(deed(invited, "remind_one"))
        answer = portal.post(deed(invited, "remind_one"), follow=True)
        assert "less than 10 minutes ago. Wait, or send it again instead." in text(answer)
        with tenant_scope(fabrikam.id):
            assert Invitation.objects.get().reminders == 1
            assert OutboundMail.objects.count() == 1
            # Ten minutes later the same press is a deed of its own.
            Invitation.objects.update(last_mailed_at=now - timedelta(minutes=10))
        portal.post(deed(invited, "remind_one"))
        with tenant_scope(fabrikam.id):
            assert Invitation.objects.get().reminders == 2

    def test_R52_nobody_is_reminded_of_what_they_have_accepted(self, portal, fabrikam, invite, now):
        invited = invite(fabrikam)
        accepted(invited.guest)
        with tenant_scope(fabrikam.id):
            Invitation.objects.update(accepted_at=now)
        answer = portal.post(deed(invited, "remind_one"), follow=True)
        assert "This invitation was accepted. Send it again instead." in text(answer)
        with tenant_scope(fabrikam.id):
            assert Invitation.objects.get().reminders == 0
            assert not OutboundMail.objects.exists()

    def test_R52_inviting_again_begins_anew(self, portal, fabrikam, invite, operator, now):
        invited = invite(fabrikam)
        with tenant_scope(fabrikam.id):
            remind_guest(tenant=fabrikam, invitation_id=invited.invitation.pk, actor=operator, now=now)
        invite(fabrikam)
        with tenant_scope(fabrikam.id):
            assert Invitation.objects.get().reminders == 0

    def test_B5_another_tenants_guest_is_not_reminded(self, contosos, fabrikam, invite):
        invited = invite(fabrikam)
        assert contosos.post(deed(invited, "remind_one")).status_code == 404
        with tenant_scope(fabrikam.id):
            assert Invitation.objects.get().reminders == 0

    def test_R52_operators_send_again_and_remind_by_command(self, fabrikam, invite, capsys):
        invited = invite(fabrikam)
        at = ["--tenant", "fabrikam.example", "--guest"]
        call_command("resend_invitation", *at, invited.guest.address)
        call_command("resend_invitation", *at, invited.guest.address, "--reminder")
        assert "goes to nicole@firstupconsultants.com again" in capsys.readouterr().out
        with tenant_scope(fabrikam.id):
            assert Invitation.objects.get().reminders == 1
            assert OutboundMail.objects.count() == 2
        with pytest.raises(CommandError, match="is no guest of Fabrikam"):
            call_command("resend_invitation", *at, "nobody@northwind.example")


class TestTimeline:
    def test_R52_it_tells_the_mails_way_newest_first(self, portal, fabrikam, invite, now):
        invited = invite(fabrikam)
        mailed(fabrikam, invited, now, State.HANDED_OVER)
        portal.post(deed(invited, "revoke"))
        page = portal.get(page_of(invited)).content.decode()
        told = re.findall(r"<li[^>]*><time[^>]*>[^<]*</time><p><strong>([^<]+)</strong>", page)
        assert told[0] == "Revoked"
        assert {"Email queued", "Invited"} <= set(told)

    def test_R52_another_invitation_of_the_guest_has_its_own(self, portal, fabrikam, invite, operator, now):
        first = invite(fabrikam)
        with tenant_scope(fabrikam.id):
            revoke_invitation(invitation_id=first.invitation.pk, actor=operator, now=now)
        second = invite(fabrikam)
        assert "<strong>Revoked</strong>" in portal.get(page_of(first)).content.decode()
        assert "<strong>Revoked</strong>" not in portal.get(page_of(second)).content.decode()

    def test_R64_references_are_for_who_may_see_the_audit_log(self, as_role, portal, fabrikam, invite):
        invited = invite(fabrikam)
        portal.post(deed(invited, "resend"))
        assert "Reference " in text(portal.get(page_of(invited)))
        assert "Reference " not in text(as_role(Role.GUEST_INVITER).get(page_of(invited)))


class TestFilter:
    def test_R52_those_whose_newest_mail_was_lost_are_found(self, portal, fabrikam, contosos, invite, now):
        lost, mended = invite(fabrikam), invite(fabrikam, "lena@northwind.example")
        mailed(fabrikam, lost, now, State.BOUNCED)
        mailed(fabrikam, mended, now, State.BOUNCED)
        mailed(fabrikam, mended, now + timedelta(seconds=1), State.HANDED_OVER)
        address = "/admin/guests/invitation/?mail=not_delivered"
        shown = text(portal.get(address))
        assert "nicole@firstupconsultants.com" in shown
        assert "lena@northwind.example" not in shown
        assert "nicole@" not in text(contosos.get(address))
