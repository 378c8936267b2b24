"""Commands that add and change a tenant's own providers: the rows and the history that the portal gives (R61)."""

from __future__ import annotations

import io
import re
import sys
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.core.management import CommandError, call_command
from django.urls import reverse

from providers.connections import connection_to
from providers.models import IdentityProvider
from tenants.models import AuditEntry, Tenant
from tenants.scope import tenant_scope
from tests.doors.test_portal_providers import ADD, typed
from tests.providers import given

NEW_SECRET = "another-sentinel-of-a-secret"
OIDC = ["--kind", "openIdConnect", "--name", "Partner", "--domains", "partner.example"]
OIDC += [word for name, value in given.settings("openIdConnect").items() for word in ("--set", f"{name}={value}")]


def run(tenant: Tenant, name: str, *words: str) -> str:
    out = StringIO()
    call_command(name, "--tenant", tenant.primary_domain, *words, stdout=out)
    return out.getvalue()


def add(tenant: Tenant, *words: str) -> str:
    return run(tenant, "add_identity_provider", *words)


def one(tenant: Tenant) -> IdentityProvider:
    with tenant_scope(tenant.id):
        return IdentityProvider.objects.get()


def stored(tenant: Tenant) -> tuple[Any, Any]:
    """All of the tenant's one provider but its id, its secret opened, and the history of it."""
    with tenant_scope(tenant.id):
        made = IdentityProvider.objects.get()
        names = ("kind", "name", "is_enabled", "is_bound_to_domains", "settings", "certificates_end_at", "tested_at")
        row = {name: getattr(made, name) for name in names}
        row |= {"secret": connection_to(made).secret, "domains": connection_to(made).domains}
        lines = AuditEntry.objects.filter(subject_id=made.id).order_by("id")
        return row, list(lines.values_list("action", "details"))


@pytest.fixture
def secret(tmp_path: Path) -> str:
    """A file with a client secret in it."""
    file = tmp_path / "secret"
    file.write_text(f"{given.SECRET}\n")
    return str(file)


def test_R61_a_provider_is_added_off_as_in_the_portal_and_the_next_steps_are_said(portal, fabrikam, contoso, secret):
    portal.post(f"{ADD}?kind=openIdConnect", typed("openIdConnect"))
    said = add(contoso, *OIDC, "--secret-from", secret)
    assert stored(contoso) == stored(fabrikam)
    assert stored(contoso)[0]["secret"] == given.SECRET
    assert not stored(contoso)[0]["is_enabled"]
    made = one(contoso).id
    assert f"Partner is added, and off: {made}" in said
    assert f"Redirect URI: {settings.PUBLIC_URL}/{contoso.id}/return/{made}" in said
    for deed in ("test", "enable"):
        assert f"manage.py identity_providers --tenant contoso.example --{deed} {made}" in said
    assert given.SECRET not in said


@pytest.mark.parametrize("kind", ["saml", "wsFed"])
def test_R61_metadata_comes_out_of_a_file(portal, fabrikam, contoso, kind, tmp_path: Path):
    form = typed(kind)
    portal.post(f"{ADD}?kind={kind}", form)
    file = tmp_path / "partner.xml"
    file.write_text(form["setting_metadata"])
    words = ["--kind", kind, "--name", "Partner", "--domains", "partner.example", "--set-from", f"metadata={file}"]
    said = add(contoso, *words)
    assert f"/{contoso.id}/saml/metadata" in said
    assert stored(contoso) == stored(fabrikam)


@pytest.mark.parametrize("kind", ["google", "facebook"])
def test_R61_a_social_kind_is_added_with_its_secret_from_the_standard_input(
    portal, fabrikam, contoso, kind, monkeypatch
):
    portal.post(f"{ADD}?kind={kind}", typed(kind))
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(f"{given.SECRET}\r\n".encode())))
    words = [word for pair in given.settings(kind).items() for word in ("--set", "=".join(pair))]
    add(contoso, "--kind", kind, "--name", "Partner", *words, "--secret-from", "-")
    assert stored(contoso) == stored(fabrikam)


def test_R61_a_kind_alone_adds_nothing_and_says_what_to_register_for_the_id_that_it_is_added_with(contoso, secret):
    said = add(contoso, "--kind", "openIdConnect")
    assert "Nothing has been added." in said
    assert "--set issuer=VALUE --set client_id=VALUE [--secret-from FILE]" in said
    registered = re.search(rf"Redirect URI: \S+/{contoso.id}/return/(\S+)", said)
    assert registered
    with tenant_scope(contoso.id):
        assert not IdentityProvider.objects.exists()
    again = add(contoso, *OIDC, "--secret-from", secret, "--id", registered[1])
    assert registered[0] in again
    assert str(one(contoso).id) == registered[1]


def test_R61_an_id_that_is_in_use_here_or_in_another_tenant_is_refused(fabrikam, contoso):
    add(fabrikam, *OIDC)
    for tenant in (fabrikam, contoso):
        with pytest.raises(CommandError, match="--id: this id is taken"):
            add(tenant, *OIDC, "--id", str(one(fabrikam).id))


@pytest.mark.parametrize(
    ("words", "said"),
    [
        pytest.param(OIDC[:2] + OIDC[4:], "--name: Give the provider a name", id="no name"),
        pytest.param(OIDC[:4] + OIDC[6:], "--domains: Name at least one domain", id="no domains"),
        pytest.param([*OIDC[:4], "--domains", "x", *OIDC[6:]], "--domains: x: ", id="no domain"),
        pytest.param([*OIDC, "--set", "client_id="], "--set client_id: Client ID is missing", id="a setting left out"),
        pytest.param([*OIDC, "--set", "issuer=http://x.example"], "--set issuer: ", id="an address that is not called"),
        pytest.param(
            [*OIDC, "--set", "colour=red"], r"--set colour: .* asks: --set issuer=VALUE", id="no such setting"
        ),
        pytest.param([*OIDC, "--set", "client_secret=x"], "--set client_secret: a secret is read", id="a secret"),
        pytest.param([*OIDC, "--secret-from", "/nowhere"], "--secret-from: /nowhere cannot be read", id="no file"),
        pytest.param([*OIDC, "--secret-from", "/dev/null"], "--secret-from: there is no secret in it", id="empty"),
        pytest.param(
            ["--kind", "google", "--name", "G", "--set", "client_id=x"], "--secret-from: Client secret is", id="needed"
        ),
        pytest.param(
            ["--kind", "google", "--name", "G", "--domains", "x.example"], "--domains: Google", id="not asked"
        ),
        pytest.param(["--kind", "saml", "--name", "S", "--secret-from", "x"], "--secret-from: SAML", id="no secret"),
    ],
)
def test_R61_what_cannot_be_taken_is_said_with_its_option_and_nothing_is_added(contoso, words, said):
    with pytest.raises(CommandError, match=said) as refused:
        add(contoso, *words)
    assert refused.value.returncode == 2
    with tenant_scope(contoso.id):
        assert not IdentityProvider.objects.exists()


def test_R61_what_the_operation_refuses_ends_with_its_reason(contoso):
    add(contoso, *OIDC)
    with pytest.raises(CommandError, match=r"belongs to Partner already.*E-INPUT") as refused:
        add(contoso, *OIDC[:2], "--name", "Second", *OIDC[4:])
    assert refused.value.returncode == 1


# --- changing -----------------------------------------------------------------------------------------------------


def test_R61_a_provider_is_changed_as_in_the_portal_and_what_is_not_named_stays(
    portal, fabrikam, contoso, secret, tmp_path: Path
):
    portal.post(f"{ADD}?kind=openIdConnect", typed("openIdConnect"))
    add(contoso, *OIDC, "--secret-from", secret)
    edit = reverse("admin:providers_edit", args=[one(fabrikam).id])
    portal.post(edit, typed("openIdConnect", setting_client_id="other", setting_client_secret=""))
    change = ("identity_providers", "--change", str(one(contoso).id))
    said = run(contoso, *change, "--set", "client_id=other")
    assert "off  openIdConnect  Partner  partner.example" in said
    assert stored(contoso) == stored(fabrikam)
    assert stored(contoso)[0]["secret"] == given.SECRET
    file = tmp_path / "new"
    file.write_text(NEW_SECRET)
    portal.post(
        edit, typed("openIdConnect", name="Renamed", setting_client_id="other", setting_client_secret=NEW_SECRET)
    )
    said = run(contoso, *change, "--name", "Renamed", "--secret-from", str(file))
    assert stored(contoso) == stored(fabrikam)
    assert stored(contoso)[0]["secret"] == NEW_SECRET
    assert NEW_SECRET not in said


def test_R61_metadata_that_is_not_given_anew_stays(contoso, tmp_path: Path):
    file = tmp_path / "partner.xml"
    file.write_text(given.metadata())
    words = ["--kind", "saml", "--name", "Partner", "--domains", "partner.example", "--set-from", f"metadata={file}"]
    add(contoso, *words)
    before = stored(contoso)[0]
    run(contoso, "identity_providers", "--change", str(one(contoso).id), "--name", "Renamed")
    assert stored(contoso)[0] == {**before, "name": "Renamed"}


def test_R36_what_guests_are_known_by_is_not_changed(contoso):
    add(contoso, *OIDC)
    before = stored(contoso)
    change = ("identity_providers", "--change", str(one(contoso).id))
    with pytest.raises(CommandError, match="--set issuer: Guests are known by it"):
        run(contoso, *change, "--set", "issuer=https://other.example")
    run(contoso, *change, "--set", f"issuer={given.VALUES['issuer']}")
    assert stored(contoso) == before


def test_R61_a_change_says_what_it_lacks(fabrikam, contoso):
    add(fabrikam, *OIDC)
    theirs = str(one(fabrikam).id)
    for words, said in (
        (["--change", theirs], "give --change ID and what it is to have"),
        (["--name", "x"], "give --change ID and what it is to have"),
        (["--change", theirs, "--name", "x", "--domains", "x.example"], "by a command of their own"),
        (["--change", theirs, "--name", "x"], "is none of the tenant's providers"),
    ):
        with pytest.raises(CommandError, match=said):
            run(contoso, "identity_providers", *words)
    with pytest.raises(CommandError, match="--set client_id: Client ID is missing"):
        run(fabrikam, "identity_providers", "--change", theirs, "--set", "client_id=")
