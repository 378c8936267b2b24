"""Removing a provider or switching it off in the portal: who is touched, and their reset (R3, R62)."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest
from django.db.models.functions import Now
from django.urls import reverse

from guests.models import Guest
from outbox.models import OutboundMail, Rank
from providers.models import IdentityProvider
from tenants.models import AuditEntry, Tenant
from tenants.roles import Role
from tenants.scope import tenant_scope
from tests.doors.batches import work_off
from tests.doors.portal import accepted, saved, seen, text
from tests.doors.test_portal_microsoft_account import ROOT, methods
from tests.doors.test_portal_pages import inline

WAITING = f"{ROOT}waiting/"


@pytest.fixture
def provider(fabrikam) -> IdentityProvider:
    """Contoso ID, which answers for contoso.com."""
    with tenant_scope(fabrikam.id):
        made = IdentityProvider.objects.create(
            tenant=fabrikam, kind="oidc", name="Contoso ID", is_bound_to_domains=True
        )
        made.domains.create(tenant=fabrikam, domain="contoso.com")
    return made


def federated(tenant: Tenant, invite: Any, provider: IdentityProvider, count: int = 2) -> list[Guest]:
    """Guests who redeemed with this provider."""
    made = [
        accepted(invite(tenant, f"guest{n}@contoso.com", name=f"Guest {n}").guest, "externalFederation")
        for n in range(count)
    ]
    with tenant_scope(tenant.id):
        Guest.objects.filter(pk__in=[one.pk for one in made]).update(method_provider_id=provider.pk)
    return made


def page_of(provider: IdentityProvider, deed: str) -> str:
    return f"{ROOT}provider/{provider.pk}/{deed}/"


@pytest.mark.parametrize(("deed", "after"), [("remove", "Without it"), ("disable", "With it off")])
def test_R62_it_says_who_cannot_sign_in_and_who_redeems_otherwise(portal, fabrikam, invite, provider, deed, after):
    federated(fabrikam, invite, provider)
    invite(fabrikam, "ines@contoso.com", name="Ines Moreau")
    invite(fabrikam)
    page = portal.get(page_of(provider, deed))
    words = text(page)
    assert "2 guests would not be able to sign in" in words
    assert "Their sessions end at the next request" in words
    assert "Guest 0 guest0@contoso.com Never Email passcode" in words
    assert "1 pending guest of this domain looked at" in words
    assert "Ines Moreau ines@contoso.com Contoso ID → Email passcode" in words
    assert after in words
    assert "Nicole" not in words
    assert inline(page.content.decode()) == []
    with tenant_scope(fabrikam.id):
        assert IdentityProvider.objects.get().is_enabled


def test_R3_guests_of_a_removed_provider_wait_and_the_portal_says_how_many(portal, fabrikam, invite, provider):
    federated(fabrikam, invite, provider)
    accepted(invite(fabrikam).guest)
    assert "for a reset" not in text(portal.get("/admin/guests/guest/"))
    answer = saved(portal, page_of(provider, "remove"), {"remedy": "none"}, follow=True)
    assert answer.redirect_chain[-1][0] == WAITING
    assert "Contoso ID is removed" in text(answer)
    assert "2 guests wait for a reset" in text(answer)
    listed = text(portal.get("/admin/guests/guest/"))
    assert "2 guests wait for a reset : their provider was removed" in listed
    assert "2 guests wait for a reset" in text(portal.get("/admin/providers/identityprovider/custom/"))
    only = text(portal.get("/admin/guests/guest/?waiting=yes"))
    assert "guest0@contoso.com" in only
    assert "nicole@firstupconsultants.com" not in only
    with tenant_scope(fabrikam.id):
        assert not IdentityProvider.objects.exists()
    answer = saved(portal, WAITING, {"reset_all": "yes"})
    (batch,) = work_off(fabrikam)
    assert answer["Location"] == reverse("admin:guests_batch_change", args=[batch.pk])
    assert batch.name == "Reset: Guests whose provider was removed"
    assert "Nobody waits for a reset" in text(portal.get(WAITING))
    assert "for a reset" not in text(portal.get("/admin/guests/guest/"))


def test_R62_removing_resets_in_the_same_step(portal, fabrikam, invite, provider):
    federated(fabrikam, invite, provider)
    answer = saved(portal, page_of(provider, "remove"), {"remedy": "reset"})
    (batch,) = work_off(fabrikam)
    assert answer["Location"] == reverse("admin:guests_batch_change", args=[batch.pk])
    with tenant_scope(fabrikam.id):
        assert set(Guest.objects.values_list("method", "method_provider_id")) == {("", None)}
        assert OutboundMail.objects.filter(rank=Rank.BULK).count() == 2
        assert AuditEntry.objects.filter(action="identity_provider.removed").count() == 1


def test_R3_guests_of_a_provider_that_is_off_come_back_or_are_reset(portal, fabrikam, invite, provider):
    federated(fabrikam, invite, provider)
    there = page_of(provider, "disable")
    answer = saved(portal, there, {"remedy": "none"}, follow=True)
    assert answer.redirect_chain[-1][0] == there
    words = text(answer)
    assert "Contoso ID is switched off." in words
    assert "2 guests cannot sign in" in words
    assert "for a reset: their" not in words, "they do not wait for one: it may be switched on again"
    saved(portal, there, {"reset_all": "yes"})
    work_off(fabrikam)
    assert "Nobody redeemed with Contoso ID" in text(portal.get(there))
    assert "There is no such guest" in text(saved(portal, there, {"reset_all": "yes"}, follow=True))


def test_R62_its_guests_are_reset_as_shown_and_only_while_it_is_off(portal, fabrikam, invite, provider):
    federated(fabrikam, invite, provider)
    there = page_of(provider, "disable")
    on = "Nobody has been reset. It is on again, so nobody needs a reset."
    assert on in text(saved(portal, there, {"reset_all": "yes"}))
    with tenant_scope(fabrikam.id):
        assert IdentityProvider.objects.get().is_enabled
    saved(portal, there, {"remedy": "none"})
    assert "Nobody has been reset yet" in text(portal.post(there, {"reset_all": "yes"}))
    shown = {"reset_all": "yes"} | seen(portal, there, {"reset_all": "yes"})
    saved(portal, page_of(provider, "enable"), {})
    assert on in text(portal.post(there, shown))
    assert work_off(fabrikam) == []
    assert methods(fabrikam) == ["externalFederation"] * 2


def test_R62_those_of_a_provider_removed_meanwhile_are_not_reset_unseen(portal, fabrikam, invite, provider):
    federated(fabrikam, invite, provider)
    saved(portal, page_of(provider, "remove"), {"remedy": "none"})
    with tenant_scope(fabrikam.id):
        other = IdentityProvider.objects.create(
            tenant=fabrikam, kind="oidc", name="Tailspin ID", is_bound_to_domains=True
        )
        nicole = accepted(invite(fabrikam).guest, "externalFederation")
        Guest.objects.filter(pk=nicole.pk).update(method_provider_id=other.pk)
    shown = {"reset_all": "yes"} | seen(portal, WAITING, {"reset_all": "yes"})
    assert "2 guests wait for a reset" in text(portal.get(WAITING))
    saved(portal, page_of(other, "remove"), {"remedy": "none"})
    again = text(portal.post(WAITING, shown))
    assert "Nobody has been reset yet" in again
    assert "3 guests wait for a reset" in again
    assert work_off(fabrikam) == []


def test_R62_switching_on_says_first_who_comes_back_and_who_redeems_otherwise(portal, fabrikam, invite, provider):
    federated(fabrikam, invite, provider, 1)
    invite(fabrikam, "ines@contoso.com", name="Ines Moreau")
    invite(fabrikam)
    saved(portal, page_of(provider, "disable"), {"remedy": "none"})
    there = page_of(provider, "enable")
    words = text(portal.get(there))
    assert "1 guest could sign in again" in words
    assert "Not redeemed yet: 1 pending guest would redeem otherwise" in words
    assert "Ines Moreau ines@contoso.com Email passcode → Contoso ID" in words
    assert inline(portal.get(there).content.decode()) == []
    assert "Nothing has been saved yet" in text(portal.post(there, {}))
    with tenant_scope(fabrikam.id):
        assert not IdentityProvider.objects.get().is_enabled
    answer = saved(portal, there, {}, follow=True)
    assert "Contoso ID is on. Its guests can sign in." in text(answer)
    with tenant_scope(fabrikam.id):
        assert IdentityProvider.objects.get().is_enabled
        assert AuditEntry.objects.filter(action="identity_provider.switched").count() == 2
    assert portal.get(there).status_code == 302, "it is on"


def test_R62_more_guests_who_redeem_otherwise_are_shown_before_it_is_switched_on(portal, fabrikam, invite, provider):
    saved(portal, page_of(provider, "disable"), {"remedy": "none"})
    there = page_of(provider, "enable")
    form = seen(portal, there, {})
    invite(fabrikam, "ines@contoso.com", name="Ines Moreau")
    assert "Ines Moreau" in text(portal.post(there, form))
    with tenant_scope(fabrikam.id):
        assert not IdentityProvider.objects.get().is_enabled


def test_R62_a_removal_whose_effect_was_not_shown_removes_nothing(portal, fabrikam, invite, provider):
    federated(fabrikam, invite, provider)
    assert "Nothing has been saved yet" in text(portal.post(page_of(provider, "remove"), {"remedy": "reset"}))
    with tenant_scope(fabrikam.id):
        assert IdentityProvider.objects.exists()
    assert methods(fabrikam) == ["externalFederation"] * 2


def test_R3_a_provider_without_guests_goes_quietly(portal, fabrikam, provider):
    page = portal.get(page_of(provider, "remove"))
    assert "Nobody redeemed with Contoso ID" in text(page)
    assert "invite them again" not in text(page)
    assert saved(portal, page_of(provider, "remove"), {})["Location"].endswith("/custom/")


@pytest.mark.parametrize("deed", ["remove", "disable", "enable"])
def test_R62_another_tenants_provider_is_not_there(contosos, portal, fabrikam, provider, deed):
    assert contosos.get(page_of(provider, deed)).status_code == 404
    assert contosos.post(page_of(provider, deed), {"remedy": "none"}).status_code == 404
    with tenant_scope(fabrikam.id):
        assert IdentityProvider.objects.get().is_enabled
    saved(portal, page_of(provider, "remove"), {})
    assert portal.get(page_of(provider, deed)).status_code == 404


@pytest.mark.parametrize("deed", ["remove", "disable"])
@pytest.mark.parametrize(
    ("role", "see", "reset", "leave"),
    [
        (Role.EXTERNAL_IDENTITY_PROVIDER_ADMINISTRATOR, 200, 403, 302),
        (Role.USER_ADMINISTRATOR, 403, 403, 403),
        (Role.GLOBAL_READER, 403, 403, 403),
    ],
)
def test_R63_who_may_take_a_provider_away(as_role, fabrikam, invite, provider, deed, role, see, reset, leave):
    federated(fabrikam, invite, provider)
    client = as_role(role)
    assert client.get(page_of(provider, deed)).status_code == see
    assert client.post(page_of(provider, deed), {"remedy": "reset"}).status_code == reset
    with tenant_scope(fabrikam.id):
        assert IdentityProvider.objects.get().is_enabled, "nothing is done before the refusal"
    assert saved(client, page_of(provider, deed), {"remedy": "none"}).status_code == leave


@pytest.mark.parametrize("sent", [{"remedy": "perhaps"}, {"remedy": ["reset", "\x00"]}])
def test_R62_a_remedy_that_is_none_removes_nothing(portal, fabrikam, provider, sent):
    answer = saved(portal, page_of(provider, "remove"), sent)
    assert answer.status_code == 200
    assert "Choose whether to reset the guests or to leave them as they are." in text(answer)
    with tenant_scope(fabrikam.id):
        assert IdentityProvider.objects.exists()


def test_R42_who_waits_is_seen_by_all_and_reset_by_the_helpdesk(as_role, fabrikam, invite, provider):
    federated(fabrikam, invite, provider)
    with tenant_scope(fabrikam.id):
        provider.domains.all().delete()
        IdentityProvider.objects.all().delete()
    reader = as_role(Role.GLOBAL_READER)
    assert "2 guests wait for a reset" in text(reader.get(WAITING))
    assert reader.post(WAITING, {}).status_code == 403
    assert saved(as_role(Role.HELPDESK_ADMINISTRATOR), WAITING, {}).status_code == 302
    work_off(fabrikam)
    assert methods(fabrikam) == ["", ""]


def test_R3_who_waits_is_counted_by_steps_along_the_index(portal, fabrikam, invite, provider):
    federated(fabrikam, invite, provider, 8)
    with tenant_scope(fabrikam.id):
        for guest in Guest.objects.all()[:3]:
            Guest.objects.filter(pk=guest.pk).update(method_provider_id=guest.pk)  # three providers that never were
    assert "3 guests wait for a reset" in text(portal.get(WAITING))
    listed = portal.get(f"/admin/guests/guest/?provider={provider.pk}")
    assert "5 guests" in text(listed)
    for odd in ("x", "\x00", ""):
        assert portal.get("/admin/guests/guest/", {"provider": odd, "waiting": odd}).status_code == 200


def test_R3_who_waits_is_named_though_most_of_their_providers_guests_are_gone(portal, fabrikam, invite):
    made = [accepted(invite(fabrikam, f"guest{n}@contoso.com", name=f"Guest {n}").guest) for n in range(5)]
    with tenant_scope(fabrikam.id):
        for number, guest in enumerate(made):  # each of a provider of its own, in the order of their ids
            Guest.objects.filter(pk=guest.pk).update(method_provider_id=UUID(int=number + 1))
        Guest.objects.filter(pk__in=[one.pk for one in made[:3]]).update(deleted_at=Now())
    words = text(portal.get(WAITING))
    assert "2 guests wait for a reset" in words
    assert "guest3@contoso.com" in words
    assert "guest4@contoso.com" in words


@pytest.mark.parametrize("name", ["guests_microsoft_account", "guests_known_domains", "guests_waiting"])
def test_R61_the_tabs_lead_to_the_pages_beside_them(portal, fabrikam, invite, provider, name):
    federated(fabrikam, invite, provider, 1)
    saved(portal, page_of(provider, "remove"), {"remedy": "none"})
    tabs = [portal.get(f"/admin/providers/identityprovider/{tab}").content.decode() for tab in ("", "custom/")]
    assert f'href="{reverse(f"admin:{name}")}"' in "".join(tabs)
