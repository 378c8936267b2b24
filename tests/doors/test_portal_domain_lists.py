"""Guests' domains in the portal: whom a list turns away, said before it is stored, and their invitations (R53, R62)."""

from __future__ import annotations

import re
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db.models.functions import Now

from guests.models import Guest, Invitation
from guests.operations import turning_away
from guests.operations.turning_away import turned_away
from guests.rules import is_domain_taken
from tenants.models import AuditEntry, Tenant
from tenants.roles import Role
from tenants.scope import tenant_scope
from tests.doors.batches import results, work_off
from tests.doors.portal import accepted, saved, text
from tests.doors.test_portal_pages import inline

PAGE = "/admin/providers/redemptionorder/guests-domains/"


def stored(tenant: Tenant) -> tuple[list[str], list[str]]:
    tenant.refresh_from_db()
    return tenant.allowed_domains, tenant.denied_domains


@pytest.fixture
def guests(fabrikam: Tenant, invite: Any) -> list[Guest]:
    """Two pending guests of tailspin.example, one of contoso.com; one of tailspin.example who has redeemed."""
    made = [invite(fabrikam, f"t{n}@tailspin.example", name=f"Tom {n}").guest for n in range(2)]
    made.append(invite(fabrikam, "ines@contoso.com", name="Ines Moreau").guest)
    made.append(accepted(invite(fabrikam, "old@tailspin.example", name="Olga Redeemed").guest))
    return made


def test_R62_the_first_save_shows_whom_the_list_turns_away_and_stores_nothing(portal, fabrikam, guests):
    assert "Open invitations that fail 0 Of guests who have not redeemed." in text(portal.get(PAGE))
    page = portal.post(PAGE, {"denied_domains": "Tailspin.example"})
    words = text(page)
    assert "Before you save: 2 more open invitations would fail" in words
    assert "tailspin.example 2" in words
    assert "Tom 0 t0@tailspin.example" in words
    assert "Olga" not in words, "who has redeemed is not affected"
    assert "And all open invitations to domains that are not taken?" in words
    assert '<a href="#refused">2</a>' in page.content.decode(), "they are named below"
    assert "?status=PendingAcceptance&amp;domain=tailspin.example" in page.content.decode(), "the others of the domain"
    assert inline(page.content.decode()) == []
    assert stored(fabrikam) == ([], [])


def test_R62_a_remedy_that_is_none_names_those_that_are(portal, fabrikam, guests):
    page = portal.post(PAGE, {"denied_domains": "tailspin.example", "remedy": "x"})
    assert "Choose whether to revoke the invitations" in text(page)
    assert stored(fabrikam) == ([], [])


def test_R53_the_second_save_stores_it_and_the_history_tells(portal, fabrikam, guests):
    answer = saved(
        portal, PAGE, {"denied_domains": "Tailspin.example\r\nbücher.example", "remedy": "none"}, follow=True
    )
    assert "The lists of domains are saved." in text(answer)
    assert stored(fabrikam) == ([], ["tailspin.example", "xn--bcher-kva.example"])
    with tenant_scope(fabrikam.id):
        told = AuditEntry.objects.get(action="tenant.domains_changed").details
        assert Invitation.objects.filter(ended_at=None).count() == 4
    assert told["before"] == {"allowed_domains": [], "denied_domains": []}
    again = text(portal.get(PAGE))
    assert "Open invitations that fail 2" in again
    assert "1 more open invitation would fail" in text(portal.post(PAGE, {"allowed_domains": "tailspin.example"}))


def test_R62_the_invitations_are_revoked_in_the_same_step(portal, fabrikam, guests):
    saved(portal, PAGE, {"allowed_domains": "contoso.com", "remedy": "revoke"})
    (batch,) = work_off(fabrikam)
    assert {one[:2] for one in results(batch)} == {("Tom 0", "done"), ("Tom 1", "done")}
    with tenant_scope(fabrikam.id):
        open_ones = Invitation.objects.filter(ended_at=None).values_list("guest__name", flat=True)
        assert set(open_ones) == {"Ines Moreau", "Olga Redeemed"}
        assert AuditEntry.objects.filter(action="invitation.revoked").count() == 2


def test_R62_what_was_left_can_be_revoked_later_and_is_not_counted_then(portal, fabrikam, guests):
    saved(portal, PAGE, {"denied_domains": "tailspin.example", "remedy": "none"})
    page = portal.get(PAGE)
    assert "And all open invitations to domains that are not taken?" in text(page)
    unseen = portal.post(PAGE, {"denied_domains": "tailspin.example", "remedy": "revoke"})
    words = text(unseen)
    assert "Nothing has been revoked yet: whom it touches is shown below" in words
    assert "What the lists mean today" in words
    assert "Before you save" not in words
    assert work_off(fabrikam) == [], "nobody has seen whose they are"
    shown = re.findall(r'name="seen" value="([^"]+)"', page.content.decode())[0]
    done = portal.post(PAGE, {"denied_domains": "tailspin.example", "remedy": "revoke", "seen": shown}, follow=True)
    assert "The invitations are being revoked." in text(done)
    assert "are saved" not in text(done), "the lists were not changed"
    assert [one.done for one in work_off(fabrikam)] == [2]
    with tenant_scope(fabrikam.id):
        assert AuditEntry.objects.filter(action="tenant.domains_changed").count() == 1, "the lists are as they were"
    after = text(portal.get(PAGE))
    assert "Open invitations that fail 0" in after, "the guests are still pending"
    assert "And all open invitations" not in after
    assert "1 more open invitation would fail" in text(
        portal.post(PAGE, {"denied_domains": "tailspin.example\ncontoso.com"})
    )


def test_R62_old_invitations_are_counted_behind_thousands_of_new_ones(portal, fabrikam, guests):
    with tenant_scope(fabrikam.id):
        Guest.objects.bulk_create(
            Guest(
                tenant_id=fabrikam.id,
                address=f"n{n}@new.example",
                address_key=f"n{n}@new.example",
                domain="new.example",
                user_principal_name=f"n{n}",
            )
            for n in range(2001)
        )
    words = text(portal.post(PAGE, {"denied_domains": "tailspin.example"}))
    assert "Before you save: 2 more open invitations would fail" in words
    assert "And all open invitations" in words


def test_R62_where_not_all_were_looked_at_it_says_so_and_offers_the_remedy(portal, fabrikam, guests, monkeypatch):
    monkeypatch.setattr(turning_away, "LOOKED_AT", 1)
    words = text(portal.post(PAGE, {"denied_domains": "tailspin.example\ncontoso.com"}))
    assert "Open invitations that would fail 2+" in words
    assert "Not all were looked at." in words
    with tenant_scope(fabrikam.id):
        Invitation.objects.order_by("-created_at").update(ended_at=Now())
    words = text(portal.post(PAGE, {"denied_domains": "tailspin.example\ncontoso.com"}))
    assert "Before you save: 0+ more open invitations would fail" in words
    assert "And all open invitations to domains that are not taken?" in words


LISTS = [([], []), (["tailspin.example"], []), (["contoso.com"], []), ([], ["tailspin.example"]), ([], ["contoso.com"])]


@pytest.mark.parametrize("stored_lists", LISTS, ids=lambda lists: f"R53-{lists}")
@pytest.mark.parametrize("wanted", LISTS, ids=lambda lists: f"R62-{lists}")
def test_R62_who_is_refused_now_and_then_is_who_the_rule_refuses(fabrikam, guests, stored_lists, wanted):
    fabrikam.allowed_domains, fabrikam.denied_domains = stored_lists
    with tenant_scope(fabrikam.id):
        found = turned_away(tenant=fabrikam, allowed=wanted[0], denied=wanted[1])
    pending = {"tailspin.example": 2, "contoso.com": 1}
    now, then = (
        {one for one in pending if not is_domain_taken(one, allowed=lists[0], denied=lists[1])}
        for lists in (stored_lists, wanted)
    )
    counted = [tally.count for tally in (found.before, found.then, found.fresh, found.back)]
    assert counted == [sum(pending[one] for one in domains) for domains in (now, then, then - now, now - then)]
    assert {one.domain for one in found.named} == (then - now or then)


def test_R53_a_domain_that_is_taken_again_meanwhile_loses_no_invitation(portal, fabrikam, guests, monkeypatch):
    monkeypatch.setattr("guests.operations.batches.revoking.GROUP", 1)
    saved(portal, PAGE, {"denied_domains": "tailspin.example", "remedy": "revoke"})
    Tenant.objects.filter(pk=fabrikam.pk).update(denied_domains=["contoso.com"])
    work_off(fabrikam)
    with tenant_scope(fabrikam.id):
        kept = Invitation.objects.filter(ended_at=None, guest__domain="tailspin.example").count()
    assert kept == 3


def test_R62_another_list_than_the_one_that_was_shown_is_shown_first(portal, fabrikam, guests):
    page = portal.post(PAGE, {"denied_domains": "contoso.com"}).content.decode()
    seen = page.split('name="seen" value="')[1].split('"')[0]
    assert portal.post(PAGE, {"denied_domains": "tailspin.example", "seen": seen}).status_code == 200
    assert stored(fabrikam) == ([], [])
    Tenant.objects.filter(pk=fabrikam.pk).update(allowed_domains=["adatum.example"])
    assert portal.post(PAGE, {"denied_domains": "contoso.com", "seen": seen}).status_code == 200, "another did it first"
    assert stored(fabrikam) == (["adatum.example"], [])


@pytest.mark.parametrize("count", [250, 2000], ids=lambda count: f"R53-{count}")
def test_R53_a_long_list_is_kept_whole(portal, fabrikam, count):
    domains = [f"d{n}.example" for n in range(count)]
    saved(portal, PAGE, {"denied_domains": "\r\n".join(domains)})
    assert stored(fabrikam)[1] == domains


@pytest.mark.parametrize(
    ("sent", "said"),
    [
        pytest.param({"allowed_domains": "a b"}, "“a b”", id="R53-no domain"),
        pytest.param({"allowed_domains": "a.example", "denied_domains": "b.example"}, "not both", id="R53-both lists"),
        pytest.param(
            {"denied_domains": "\n".join(f"d{n}.example" for n in range(2001))}, "at most 2,000", id="R53-long"
        ),
        pytest.param({"denied_domains": "a.example", "remedy": "\x00"}, "need", id="R62-a remedy that is none"),
    ],
)
def test_R53_what_cannot_be_read_is_said_and_nothing_is_saved(portal, fabrikam, sent, said):
    page = saved(portal, PAGE, sent)
    assert page.status_code == 200
    assert said in text(page)
    assert stored(fabrikam) == ([], [])


def test_R53_the_same_lists_again_write_no_history(portal, fabrikam):
    for _ in range(2):
        saved(portal, PAGE, {"denied_domains": "a.example"})
    with tenant_scope(fabrikam.id):
        assert AuditEntry.objects.filter(action="tenant.domains_changed").count() == 1


@pytest.mark.parametrize(
    ("role", "see", "change"),
    [(Role.GLOBAL_ADMINISTRATOR, 200, 302), (Role.GLOBAL_READER, 200, 403), (Role.USER_ADMINISTRATOR, 403, 403)],
)
def test_R63_who_may_see_the_lists_and_who_may_change_them(as_role, fabrikam, role, see, change):
    client = as_role(role)
    assert client.get(PAGE).status_code == see
    assert saved(client, PAGE, {"denied_domains": "a.example"}).status_code == change


def test_R53_operators_list_and_change_them_by_command(fabrikam, guests):
    def said(*words: str) -> str:
        out = StringIO()
        call_command("guest_domains", "--tenant", "fabrikam.example", *words, stdout=out)
        return out.getvalue()

    assert "Guests of every domain are taken" in said()
    with pytest.raises(CommandError, match="give --yes"):
        said("--none-from", "Tailspin.example", "--revoke")
    assert stored(fabrikam) == ([], [])
    with tenant_scope(fabrikam.id):
        Guest.objects.filter(address="t1@tailspin.example").update(name="")
    done = said("--none-from", "Tailspin.example", "--yes", "--revoke")
    assert done.startswith(
        "Open invitations that would fail: 2, of which 2 work now\n"
        "  t1@tailspin.example\n"
        "  Tom 0  t0@tailspin.example\n"
    )
    assert "No guests from: tailspin.example" in done
    assert stored(fabrikam) == ([], ["tailspin.example"])
    assert [one.done for one in work_off(fabrikam)] == [2]
    taken = said("--only-from", "contoso.com")
    assert "Open invitations that would fail: 0, of which 0 work now" in taken
    assert "Only guests from: contoso.com" in taken
    assert "Guests of every domain" in said("--from-any")
    with pytest.raises(CommandError, match="no domain"):
        said("--only-from", "a b")


def test_R62_links_of_a_domain_that_is_taken_again_work_unless_they_have_expired(portal, fabrikam, guests):
    saved(portal, PAGE, {"denied_domains": "tailspin.example", "remedy": "none"})
    words = text(portal.post(PAGE, {"denied_domains": ""}))
    assert "Of domains that are taken again 2 Nobody is mailed; links that have not expired work." in words


def test_R62_a_command_names_ten_whom_it_would_turn_away(fabrikam, invite):
    for number in range(11):
        invite(fabrikam, f"g{number}@contoso.com")
    out = StringIO()
    call_command("guest_domains", "--tenant", "fabrikam.example", "--none-from", "contoso.com", "--yes", stdout=out)
    assert "Open invitations that would fail: 11, of which 11 work now" in out.getvalue()
    assert "g10@contoso.com" in out.getvalue()
    assert "g0@contoso.com\n  …\n" not in out.getvalue()
    assert "g1@contoso.com\n  …\n" in out.getvalue()


def test_R53_the_other_tenants_lists_and_guests_stay(contosos, contoso, fabrikam, guests):
    words = text(contosos.post(PAGE, {"denied_domains": "tailspin.example"}))
    assert "no more open invitations would fail" in words
    assert "Tom" not in words
    saved(contosos, PAGE, {"denied_domains": "tailspin.example", "remedy": "revoke"})
    work_off(contoso)
    assert stored(fabrikam) == ([], [])
    with tenant_scope(fabrikam.id):
        assert Invitation.objects.filter(ended_at=None).count() == 4
