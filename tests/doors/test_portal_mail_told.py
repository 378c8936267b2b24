"""What a mail provider tells of an invitation stands on the guest's page, on the invitation's and in the log, alike."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from pytest_django import Settings

from guests.operations.inviting import Invited
from outbox.models import OutboundMail, State
from tenants.models import AuditEntry, Tenant
from tenants.scope import tenant_scope
from tests.doors.portal import text
from tests.doors.test_portal_pages import statements
from tests.outbox.test_events import SIGNING_KEY, mailgun_event, post_mailgun

LOG = "/admin/tenants/auditentry/"
NICOLE = "nicole@firstupconsultants.com"

pytestmark = pytest.mark.django_db


@pytest.fixture
def bounced(settings: Settings, fabrikam: Tenant, invite: Any) -> Invited:
    """An invitation that the provider took, and whose bounce it told."""
    settings.EMAIL_BACKEND = "anymail.backends.mailgun.EmailBackend"
    settings.ANYMAIL = {"MAILGUN_API_KEY": "key", "MAILGUN_WEBHOOK_SIGNING_KEY": SIGNING_KEY}
    invited: Invited = invite(fabrikam)
    with tenant_scope(fabrikam.id):
        OutboundMail.objects.create(
            tenant=fabrikam,
            kind="invitation",
            subject_id=invited.invitation.pk,
            rank=1,
            state=State.HANDED_OVER,
            message_id="<1@guests.example>",
            provider_message_id="provider-1",
            created_at=datetime.now(UTC),
            deadline_at=datetime.now(UTC),
            handed_over_at=datetime.now(UTC),
            settled_at=datetime.now(UTC),
        )
    event = mailgun_event("provider-1", "failed", NICOLE, "550 no such mailbox", severity="permanent")
    assert post_mailgun(event).status_code == 200
    return invited


def page_of(invited: Invited) -> str:
    return reverse("admin:guests_guest_change", args=[invited.guest.pk])


def told(client: Client, url: str) -> list[str]:
    """The timeline's headings."""
    page = client.get(url).content.decode()
    return re.findall(r"<li[^>]*><time[^>]*>[^<]*</time><p><strong>([^<]+)</strong>", page)


def test_R18_a_bounce_is_told_in_the_same_words_on_both_pages(
    portal: Client, contosos: Client, bounced: Invited
) -> None:
    invitation = reverse("admin:guests_invitation_change", args=[bounced.invitation.pk])
    for url in (page_of(bounced), invitation):
        assert {"Bounced", "Email queued", "Invited"} <= set(told(portal, url)), url
        assert "550 no such mailbox." in text(portal.get(url))
        assert contosos.get(url).status_code == 404


def test_R52_a_mail_is_queued_after_the_invitation_that_asked_for_it_whatever_two_clocks_say(
    portal: Client, fabrikam: Tenant, bounced: Invited
) -> None:
    with tenant_scope(fabrikam.id):
        invited = AuditEntry.objects.get(action="guest.invited")
        OutboundMail.objects.update(created_at=invited.happened_at.replace(microsecond=0))
    shown = told(portal, page_of(bounced))
    assert shown.index("Email queued") < shown.index("Invited"), "the newest stands first"


def test_R18_a_bounce_is_found_by_the_address(portal: Client, contosos: Client, bounced: Invited) -> None:
    url = f"{LOG}?address={NICOLE}&action=mail.bounced"
    assert "1 entry" in text(portal.get(url))
    assert "1 entry" not in text(contosos.get(url))


def test_R64_sign_ins_and_changes_are_parts_of_the_guests_timeline(portal: Client, bounced: Invited) -> None:
    everything = told(portal, page_of(bounced))
    changes = told(portal, f"{page_of(bounced)}?log=changes")
    sign_ins = told(portal, f"{page_of(bounced)}?log=sign-ins")
    assert sorted(changes + sign_ins) == sorted(everything)
    assert sign_ins == []
    portal.post(reverse("admin:guests_block", args=[bounced.guest.pk]))
    assert told(portal, f"{page_of(bounced)}?log=changes")[0] == "Sign-in blocked"


def test_R18_a_mail_that_was_tried_once_was_not_tried_1_times(
    portal: Client, fabrikam: Tenant, bounced: Invited
) -> None:
    with tenant_scope(fabrikam.id):
        OutboundMail.objects.update(
            state=State.QUEUED, tries=1, reason="450 later", settled_at=None, handed_over_at=None
        )
    assert "Tried once: 450 later" in text(portal.get(page_of(bounced)))


def test_R62_the_invitations_page_takes_the_same_few_statements(portal: Client, bounced: Invited) -> None:
    url = reverse("admin:guests_invitation_change", args=[bounced.invitation.pk])
    counts = []
    for _ in range(2):
        portal.post(reverse("admin:guests_resend", args=[bounced.invitation.pk]))
        with CaptureQueriesContext(connection) as captured:
            portal.get(url)
        counts.append(len(statements(captured)))
    # Session, administrator, device, roles; the invitation, its guest, its mails, and two of history.
    assert counts == [9, 9]
