"""Commands say whom a setting shuts out, wait for --yes, and store nothing but what they have shown (R62)."""

from __future__ import annotations

from collections.abc import Callable
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from providers.models import EmailPasscodePolicy, IdentityProvider, KnownAccountDomain, RedemptionOrder
from providers.rules import Fallback, PasscodeState
from tenants.models import Tenant
from tenants.scope import tenant_scope
from tests.doors.batches import work_off

ENTRA = KnownAccountDomain.Kind.ENTRA_ID
CREATES = ", then Create a Microsoft account\nOf them, with a Microsoft account to create first: 1\n"


@pytest.fixture(autouse=True)
def registered(settings: Any) -> None:
    settings.ENTRA_CLIENT_ID = settings.MICROSOFT_ACCOUNT_CLIENT_ID = "registered"
    settings.DISCOVERY = "lists"


@pytest.fixture
def saml(fabrikam: Tenant) -> IdentityProvider:
    """Partner ID, which holds partner.example, in a tenant without passcodes."""
    with tenant_scope(fabrikam.id):
        EmailPasscodePolicy.objects.create(tenant=fabrikam, state=PasscodeState.DISABLED)
        made = IdentityProvider.objects.create(
            tenant=fabrikam, kind="saml", name="Partner ID", is_bound_to_domains=True
        )
        made.domains.create(tenant=fabrikam, domain="partner.example")
    return made


class Meddling(StringIO):
    """Where a command writes while somebody else changes what it has read."""

    def __init__(self, meddle: Callable[[], object]) -> None:
        super().__init__()
        self.meddle = meddle

    def write(self, said: str) -> int:
        self.meddle()
        return super().write(said)


def run(name: str, *words: str, out: StringIO | None = None) -> str:
    out = out or StringIO()
    call_command(name, "--tenant", "fabrikam.example", *words, stdout=out)
    return out.getvalue()


def refused(name: str, *words: str) -> str:
    """What is said before the command stops for the want of --yes."""
    out = StringIO()
    with pytest.raises(CommandError, match=r"Nothing has been done\. .* give --yes"):
        run(name, *words, out=out)
    return out.getvalue()


def held(tenant: Tenant) -> list[tuple[str, bool, str]]:
    with tenant_scope(tenant.id):
        return list(IdentityProvider.objects.values_list("name", "is_enabled", "domains__domain"))


@pytest.mark.parametrize(
    ("words", "after"),
    [
        (("--disable", "{id}"), [("Partner ID", False, "partner.example")]),
        (("--remove", "{id}"), []),
        (("--change", "{id}", "--domains", "other.example"), [("Partner ID", True, "other.example")]),
    ],
    ids=["disable", "remove", "domains"],
)
def test_R62_a_provider_leaves_no_invited_guest_outside_before_yes(fabrikam, saml, invite, words, after):
    invite(fabrikam, "ines@partner.example")
    invite(fabrikam, "lee@adatum.example")
    words = [one.format(id=saml.pk) for one in words]
    said = refused("identity_providers", *words)
    assert f"would redeem otherwise: 1\n  Nicole Wagner  ines@partner.example: Partner ID{CREATES}" in said
    assert "adatum" not in said
    assert held(fabrikam) == [("Partner ID", True, "partner.example")]
    run("identity_providers", *words, "--yes")
    assert held(fabrikam) == after


def test_R62_a_provider_that_shuts_nobody_out_goes_at_once(fabrikam, saml, invite):
    with tenant_scope(fabrikam.id):
        EmailPasscodePolicy.objects.update(state=PasscodeState.ENABLED)
    invite(fabrikam, "ines@partner.example")
    assert "ines@partner.example: Partner ID, then Email passcode" in run(
        "identity_providers", "--remove", str(saml.pk)
    )
    assert held(fabrikam) == []


def test_R62_a_domain_leaves_the_list_of_known_ones_before_yes_for_nobody_who_needs_it(fabrikam, saml, invite):
    words = ["set_known_domains", "--kind", ENTRA.value]
    invite(fabrikam, "ines@contoso.com")
    added = run(*words, "--add", "contoso.com")
    assert "ines@contoso.com: Create a Microsoft account, then Entra ID" in added
    said = refused(*words, "--remove", "contoso.com", "--add", "adatum.example")
    assert f"would redeem otherwise: 1\n  Nicole Wagner  ines@contoso.com: Entra ID{CREATES}" in said
    assert run(*words) == "contoso.com\n"
    assert run(*words, "--remove", "contoso.com", "--yes").endswith("first: 1\n"), "the list is empty"


def test_R33_google_has_its_two_domains_and_facebook_serves_sign_up_only(fabrikam, saml, invite):
    with tenant_scope(fabrikam.id):
        for kind in ("google", "facebook"):
            IdentityProvider.objects.create(tenant=fabrikam, kind=kind, name=kind.title(), is_bound_to_domains=False)
        google, facebook = (IdentityProvider.objects.get(kind=kind) for kind in ("google", "facebook"))
    invite(fabrikam, "ines@gmail.com")
    listed = run("identity_providers")
    assert "google  Google  gmail.com, googlemail.com\n" in listed
    assert "facebook  Facebook  sign-up only\n" in listed
    assert "saml  Partner ID  partner.example\n" in listed
    assert f"ines@gmail.com: Google{CREATES}" in refused("identity_providers", "--disable", str(google.pk))
    gone = run("identity_providers", "--remove", str(facebook.pk))
    assert "Pending guests who would redeem otherwise: 0\n" in gone


@pytest.mark.parametrize(
    "words",
    [
        ("set_redemption_order", "--fallback", "microsoftAccount"),
        ("set_redemption_order", "--inherit"),
        ("identity_providers", "--enable", "{id}"),
        ("identity_providers", "--disable", "{id}"),
        ("identity_providers", "--change", "{id}", "--domains", "other.example"),
    ],
    ids=lambda words: " ".join(words[:2]),
)
def test_R62_nothing_is_stored_where_the_settings_changed_since_it_was_shown(fabrikam, saml, words):
    primaries = ["externalFederation"]
    with tenant_scope(fabrikam.id):
        RedemptionOrder.objects.create(tenant=fabrikam, primaries=primaries, fallback=Fallback.DEFAULT)
    out = Meddling(
        lambda: KnownAccountDomain.objects.get_or_create(tenant_id=fabrikam.id, kind=ENTRA, domain="a.example")
    )
    with pytest.raises(CommandError, match="changed meanwhile"):
        run(*(one.format(id=saml.pk) for one in words), "--yes", out=out)
    assert held(fabrikam) == [("Partner ID", True, "partner.example")]
    with tenant_scope(fabrikam.id):
        assert list(RedemptionOrder.objects.values_list("primaries", "fallback")) == [(primaries, Fallback.DEFAULT)]


class TestListsOfDomains:
    @pytest.fixture(autouse=True)
    def guests(self, fabrikam: Tenant, invite: Any) -> None:
        """Two guests of tailspin.example, and a list that takes none from there."""
        for number in range(2):
            invite(fabrikam, f"t{number}@tailspin.example")
        self.store(fabrikam, "tailspin.example")

    def store(self, tenant: Tenant, domain: str) -> None:
        Tenant.objects.filter(pk=tenant.pk).update(denied_domains=[domain])

    def denied(self, tenant: Tenant) -> list[str]:
        tenant.refresh_from_db()
        return tenant.denied_domains

    def test_R62_nothing_is_revoked_before_it_was_said_whose_and_yes(self, fabrikam):
        said = refused("guest_domains", "--revoke")
        assert said == (
            "Open invitations that would fail: 2, of which 0 work now\n"
            "  Nicole Wagner  t1@tailspin.example\n"
            "  Nicole Wagner  t0@tailspin.example\n"
        )
        refused("guest_domains", "--none-from", "tailspin.example", "adatum.example", "--revoke")
        assert work_off(fabrikam) == []
        assert self.denied(fabrikam) == ["tailspin.example"]
        assert "Revocation: " in run("guest_domains", "--revoke", "--yes")
        assert [one.done for one in work_off(fabrikam)] == [2]

    def test_R53_where_every_domain_is_taken_it_says_that_nothing_is_revoked(self, fabrikam):
        assert "so nothing is revoked" in run("guest_domains", "--from-any", "--revoke")
        assert self.denied(fabrikam) == []

    @pytest.mark.parametrize("words", [("--none-from", "contoso.com"), ("--revoke",)], ids=" ".join)
    def test_R62_lists_that_were_changed_since_are_not_acted_on(self, fabrikam, words):
        out = Meddling(lambda: self.store(fabrikam, "adatum.example"))
        with pytest.raises(CommandError, match="changed meanwhile"):
            run("guest_domains", *words, "--yes", out=out)
        assert self.denied(fabrikam) == ["adatum.example"]
        assert work_off(fabrikam) == []
