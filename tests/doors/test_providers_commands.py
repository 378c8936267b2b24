"""Commands for how guests prove who they are: each gives the rows and the history that the portal gives (R31, R61)."""

from __future__ import annotations

from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.urls import reverse

from guests.models import Guest
from guests.operations import foreseeing
from providers.models import IdentityProvider, KnownAccountDomain, RedemptionOrder, RedemptionPolicy
from tenants.models import AuditEntry, Tenant
from tenants.scope import tenant_scope
from tests.doors.batches import work_off
from tests.doors.portal import accepted, saved
from tests.doors.test_portal_microsoft_account import ROOT


def run(tenant: Tenant, name: str, *words: str) -> str:
    out = StringIO()
    call_command(name, "--tenant", tenant.primary_domain, *words, stdout=out)
    return out.getvalue()


def stored(tenant: Tenant) -> dict[str, Any]:
    """What is stored of the settings, and the newest line of the history without who and when."""
    with tenant_scope(tenant.id):
        return {
            "orders": list(RedemptionOrder.objects.values_list("partner_domain", "primaries", "fallback")),
            "policy": list(RedemptionPolicy.objects.values_list("is_microsoft_account_enabled", "is_skipping_allowed")),
            "known": list(KnownAccountDomain.objects.values_list("kind", "domain")),
            "providers": list(IdentityProvider.objects.values_list("name", "is_enabled", "domains__domain")),
            "told": AuditEntry.objects.order_by("id").values_list("action", "details").last(),
        }


def provided(tenant: Tenant) -> IdentityProvider:
    """Contoso ID, which answers for contoso.com."""
    with tenant_scope(tenant.id):
        made = IdentityProvider.objects.create(
            tenant=tenant, kind="openIdConnect", name="Contoso ID", is_bound_to_domains=True
        )
        made.domains.create(tenant=tenant, domain="contoso.com")
    return made


FORMS: dict[str, tuple[str, dict[str, str], list[str]]] = {
    "Microsoft account": (
        f"{ROOT}microsoft-account/",
        {"is_enabled": "no", "remedy": "none"},
        ["set_microsoft_account", "disabled"],
    ),
    "skipping": (f"{ROOT}skipping/", {"is_allowed": "no"}, ["set_skipping", "forbidden"]),
    "known domains": (
        f"{ROOT}known-domains/",
        {"kind": "azureActiveDirectory", "deed": "add", "domains": "tailspin.example", "_save": "Save"},
        ["set_known_domains", "--kind", "azureActiveDirectory", "--add", "Tailspin.example"],
    ),
}


@pytest.mark.parametrize("what", FORMS)
def test_R62_a_command_stores_and_tells_what_the_portal_does(portal, fabrikam, contoso, what):
    url, form, words = FORMS[what]
    saved(portal, url, form)
    run(contoso, *words)
    assert stored(contoso) == stored(fabrikam)
    assert stored(fabrikam)["told"]


@pytest.mark.parametrize("deed", ["disable", "remove"])
def test_R62_a_provider_goes_as_in_the_portal_and_not_before_yes(portal, fabrikam, contoso, invite, deed):
    theirs = provided(fabrikam)
    saved(portal, f"{ROOT}provider/{theirs.pk}/{deed}/", {"remedy": "none"})
    ours = provided(contoso)
    guest = accepted(invite(contoso, "ines@contoso.com").guest, "externalFederation")
    with tenant_scope(contoso.id):
        Guest.objects.filter(pk=guest.pk).update(method_provider_id=ours.pk)
    out = StringIO()
    with pytest.raises(CommandError, match="give --yes"):
        call_command("identity_providers", "--tenant", "contoso.example", f"--{deed}", str(ours.pk), stdout=out)
    assert "Guests who cannot sign in then: 1\n  Nicole Wagner  ines@contoso.com" in out.getvalue()
    assert stored(contoso)["providers"] == [("Contoso ID", True, "contoso.com")]
    run(contoso, "identity_providers", f"--{deed}", str(ours.pk), "--yes")
    assert stored(contoso) == stored(fabrikam)


@pytest.mark.parametrize("deed", ["disable", "remove"])
def test_R62_a_providers_guests_are_reset_in_the_same_step(contoso, invite, deed):
    ours = provided(contoso)
    guest = accepted(invite(contoso, "ines@contoso.com").guest, "externalFederation")
    with tenant_scope(contoso.id):
        Guest.objects.filter(pk=guest.pk).update(method_provider_id=ours.pk)
    with pytest.raises(CommandError, match="--reset goes with"):
        run(contoso, "identity_providers", "--enable", str(ours.pk), "--reset")
    said = run(contoso, "identity_providers", f"--{deed}", str(ours.pk), "--yes", "--reset")
    (batch,) = work_off(contoso)
    assert str(batch.pk) in said
    assert batch.done == 1


def test_R62_the_microsoft_account_goes_with_the_reset_of_who_has_one_not_before_yes(fabrikam, invite):
    accepted(invite(fabrikam, "guest@outlook.com").guest, "microsoftAccount")
    invite(fabrikam, "ines@outlook.com", name="Ines Moreau")
    out = StringIO()
    words = ["set_microsoft_account", "--tenant", "fabrikam.example", "disabled", "--reset"]
    with pytest.raises(CommandError, match="give --yes"):
        call_command(*words, stdout=out)
    assert "Guests who redeemed with one and are reset then: 1\n  Nicole Wagner  guest@outlook.com" in out.getvalue()
    assert stored(fabrikam)["policy"] == []
    said = run(fabrikam, "set_microsoft_account", "disabled", "--reset", "--yes")
    assert "Microsoft account: disabled." in said
    assert [one.done for one in work_off(fabrikam)] == [1]
    with pytest.raises(CommandError, match="go with the state disabled"):
        run(fabrikam, "set_microsoft_account", "enabled", "--reset")


def test_R62_a_provider_is_switched_on_and_gets_domains_as_in_the_portal(portal, fabrikam, contoso, invite):
    made = {tenant: provided(tenant) for tenant in (fabrikam, contoso)}
    for tenant in made:
        with tenant_scope(tenant.id):
            IdentityProvider.objects.update(is_enabled=False)
    saved(portal, reverse("admin:guests_enable_provider", args=[made[fabrikam].pk]), {})
    invite(contoso, "ines@contoso.com")
    said = run(contoso, "identity_providers", "--enable", str(made[contoso].pk))
    assert "  Nicole Wagner  ines@contoso.com: Email passcode, then Contoso ID\n" in said
    assert stored(contoso) == stored(fabrikam)
    domains = reverse("admin:guests_provider_domains", args=[made[fabrikam].pk])
    saved(portal, domains, {"domains": "bücher.example"})
    said = run(contoso, "identity_providers", "--change", str(made[contoso].pk), "--domains", "bücher.example")
    assert "on   openIdConnect  Contoso ID  bücher.example" in said
    assert stored(contoso) == stored(fabrikam)


def test_B5_another_tenants_provider_is_refused(fabrikam, contoso):
    theirs = provided(fabrikam)
    for deed in ("--enable", "--disable", "--remove", "--test"):
        with pytest.raises(CommandError):
            run(contoso, "identity_providers", deed, str(theirs.pk))
    assert stored(fabrikam)["providers"] == [("Contoso ID", True, "contoso.com")]


def test_R31_an_order_is_set_for_a_partner_and_taken_back(fabrikam, invite):
    invite(fabrikam, "ines@contoso.com")
    words = ["--partner", "Contoso.com", "--ask", "externalFederation", "--fallback", "emailOneTimePasscode"]
    said = run(fabrikam, "set_redemption_order", *words)
    assert "Pending guests who would redeem otherwise: 0\n" in said
    assert "Asked first: externalFederation. Then: emailOneTimePasscode." in said
    assert stored(fabrikam)["orders"] == [("contoso.com", ["externalFederation"], "emailOneTimePasscode")]
    assert stored(fabrikam)["told"][0] == "redemption_order.set"
    own = run(fabrikam, "set_redemption_order")
    assert "azureActiveDirectory, externalFederation, socialIdentityProviders" in own, "the tenant's own is as it was"
    run(fabrikam, "set_redemption_order", "--partner", "contoso.com", "--inherit")
    assert stored(fabrikam)["orders"] == []
    with pytest.raises(CommandError, match="stands alone"):
        run(fabrikam, "set_redemption_order", "--inherit", "--ask-nothing")


def test_R62_an_order_names_who_would_redeem_otherwise_and_waits_for_yes_where_some_have_no_way_in(
    fabrikam, invite, settings
):
    settings.MICROSOFT_ACCOUNT_CLIENT_ID = ""
    invite(fabrikam, "ines@contoso.com")
    invite(fabrikam, "lee@adatum.example", name="")
    invite(fabrikam, "karin@outlook.com", name="Karin Berg")
    words = ["set_redemption_order", "--tenant", "fabrikam.example", "--fallback", "microsoftAccount"]
    out = StringIO()
    with pytest.raises(CommandError, match="give --yes"):
        call_command(*words, "--partner", "contoso.com", stdout=out)
    assert out.getvalue() == (
        "Pending guests who would redeem otherwise: 1\n"
        "  Nicole Wagner  ines@contoso.com: Email passcode, then No way in\n"
        "Of them, without a way in: 1\n"
    )
    assert stored(fabrikam)["orders"] == []
    run(fabrikam, "set_redemption_order", "--partner", "contoso.com", "--fallback", "microsoftAccount", "--yes")
    own = run(fabrikam, "set_redemption_order", "--fallback", "microsoftAccount", "--yes")
    assert "  lee@adatum.example: Email passcode, then No way in" in own
    assert "ines" not in own, "the partner's order stands over it"
    back = run(fabrikam, "set_redemption_order", "--inherit")
    assert "  lee@adatum.example: No way in, then Email passcode" in back
    assert stored(fabrikam)["orders"] == [
        ("contoso.com", ["azureActiveDirectory", "externalFederation", "socialIdentityProviders"], "microsoftAccount")
    ]
    assert "ines@contoso.com: No way in, then Email passcode" in run(
        fabrikam, "set_redemption_order", "--partner", "contoso.com", "--inherit"
    )


def test_R62_an_order_says_of_how_many_it_speaks_and_who_has_an_account_to_create(
    fabrikam, invite, settings, monkeypatch
):
    settings.MICROSOFT_ACCOUNT_CLIENT_ID = "registered"
    monkeypatch.setattr(foreseeing, "LOOKED_AT", 2)
    monkeypatch.setattr(foreseeing, "NAMED", 1)
    for number in range(3):
        invite(fabrikam, f"g{number}@contoso.com", name="")
    said = run(fabrikam, "set_redemption_order", "--fallback", "microsoftAccount", "--yes")
    assert said.startswith(
        "Pending guests who would redeem otherwise: 2, of the newest 2 of 3\n"
        "  g2@contoso.com: Email passcode, then Create a Microsoft account\n"
        "  …\n"
        "Of them, with a Microsoft account to create first: 2\n"
    )


def test_R31_an_order_without_anything_left_is_refused(fabrikam):
    run(fabrikam, "set_microsoft_account", "disabled")
    with pytest.raises(CommandError, match="E-NO-METHOD"):
        run(fabrikam, "set_redemption_order", "--fallback", "microsoftAccount")
