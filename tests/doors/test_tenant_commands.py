"""Commands for a tenant's own settings: each gives the rows and the history that the portal gives (R62)."""

from __future__ import annotations

import io
import sys
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import CommandError, call_command

from tenants.models import AuditEntry, Tenant
from tenants.scope import tenant_scope
from tests.doors.test_portal_settings import SETTINGS, sent
from tests.tenants.test_logos import picture

LOGO = "/admin/tenants/tenant/logo/"
STORED = (
    "name",
    "sender_name",
    "colour",
    "privacy_statement_url",
    "terms_text",
    "terms_version",
    "passcode_minutes",
    "invitation_days",
    "who_may_invite",
    "landing_origins",
    "logo_digest",
)


def run(tenant: Tenant, *words: str, name: str = "set_tenant") -> str:
    out = StringIO()
    call_command(name, "--tenant", tenant.primary_domain, *words, stdout=out)
    return out.getvalue()


def stored(tenant: Tenant) -> dict[str, Any]:
    row = Tenant.objects.get(pk=tenant.pk)
    return {name: getattr(row, name) for name in STORED}


def told(tenant: Tenant) -> list[tuple[str, Any]]:
    with tenant_scope(tenant.id):
        lines = AuditEntry.objects.filter(action__startswith="tenant.").order_by("id")
        return list(lines.values_list("action", "details"))


@pytest.fixture(autouse=True)
def twins(fabrikam: Tenant, contoso: Tenant) -> None:
    """Both begin with the same settings, so that the same deed leaves the same rows."""
    same = {name: getattr(fabrikam, name) for name in STORED}
    Tenant.objects.filter(pk=contoso.pk).update(**same)


def test_R62_set_tenant_stores_and_tells_what_the_portal_does(portal, fabrikam, contoso, tmp_path: Path):
    typed = {
        "name": "Tailspin",
        "sender_name": "Tailspin’s desk",
        "colour": "#AA3300",
        "privacy_statement_url": "https://tailspin.example/privacy",
        "terms_text": "Be kind.\r\nBe brief.",
        "passcode_minutes": "20",
        "invitation_days": "90",
        "landing_origins": "https://app.tailspin.example",
    }
    portal.post(SETTINGS, sent(portal, **typed))
    terms = tmp_path / "terms.txt"
    terms.write_text("Be kind.\nBe brief.\n")
    words = ["--name", "Tailspin", "--sender-name", "Tailspin’s desk", "--colour", "#AA3300"]
    words += ["--privacy-statement", "https://tailspin.example/privacy", "--terms-from", str(terms)]
    words += ["--passcode-minutes", "20", "--invitation-days", "90", "--add-origin", "https://APP.tailspin.example/"]
    said = run(contoso, *words)
    assert stored(contoso) == stored(fabrikam)
    assert stored(fabrikam)["terms_version"] == 1
    assert told(contoso) == told(fabrikam)
    assert [action for action, _ in told(contoso)] == ["tenant.settings_changed", "tenant.terms_published"]
    assert "Terms of use: version 1, 18 characters" in said
    assert "A passcode works for: 20 minutes\nAn invitation works for: 90 days\n" in said


def test_R62_set_tenant_shows_the_settings_and_changes_only_what_is_named(fabrikam, contoso):
    said = run(contoso)
    assert "Name: Fabrikam\n" in said
    assert "An invitation works for: ever\n" in said
    assert told(contoso) == []
    before = stored(contoso)
    run(contoso, "--sender-name", "Desk", "--invitation-days", "1")
    assert stored(contoso) == {**before, "sender_name": "Desk", "invitation_days": 1}
    run(contoso, "--sender-name", "", "--invitation-days", "for-ever")
    assert stored(contoso) == before
    assert stored(fabrikam) == before


def test_R39_set_tenant_adds_and_takes_origins_and_leaves_the_others(contoso):
    run(contoso, "--add-origin", "https://one.example", "--add-origin", "https://two.example")
    run(contoso, "--add-origin", "https://three.example", "--remove-origin", "https://ONE.example")
    assert stored(contoso)["landing_origins"] == ["https://two.example", "https://three.example"]
    with pytest.raises(CommandError, match=r"--remove-origin: https://one.example is none of them: https://two"):
        run(contoso, "--remove-origin", "https://one.example")


def test_R22_set_tenant_reads_terms_from_the_standard_input_and_an_empty_text_withdraws_them(contoso, monkeypatch):
    for text, version in ((b"\xef\xbb\xbfBe kind.", 1), (b"", 2)):
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(text)))
        run(contoso, "--terms-from", "-")
        assert (stored(contoso)["terms_text"], stored(contoso)["terms_version"]) == (
            text.decode("utf-8-sig"),
            version,
        )


@pytest.mark.parametrize(
    ("words", "said"),
    [
        pytest.param(["--name", ""], "--name: Name the tenant", id="no name"),
        pytest.param(["--colour", "blue"], "--colour: Write a colour as # and six digits", id="a colour's name"),
        pytest.param(["--privacy-statement", "x y"], "--privacy-statement: Write the whole address", id="no address"),
        pytest.param(["--passcode-minutes", "31"], "--passcode-minutes: The most is 30", id="R11-a code's life"),
        pytest.param(["--passcode-minutes", "ten"], "--passcode-minutes: Write a whole number", id="no number"),
        pytest.param(["--invitation-days", "366"], "--invitation-days: The most is 365", id="R52-an invitation's"),
        pytest.param(["--invitation-days", ""], "--invitation-days: give a number", id="R52-nothing"),
        pytest.param(["--add-origin", "http://x.example"], "--add-origin: Use https", id="R39-http"),
        pytest.param(["--terms-from", "/nowhere/x"], "--terms-from: /nowhere/x cannot be read: No such", id="no file"),
    ],
)
def test_set_tenant_names_the_option_that_cannot_be_read_and_changes_nothing(contoso, words, said):
    before = stored(contoso)
    with pytest.raises(CommandError, match=said) as refused:
        run(contoso, "--sender-name", "Desk", *words)
    assert refused.value.returncode == 2
    assert stored(contoso) == before
    assert told(contoso) == []


def test_what_is_no_text_or_too_large_is_said_with_the_option(contoso, tmp_path: Path):
    file = tmp_path / "terms"
    for content, said in ((b"\xff\xfe", "no text in UTF-8"), (b"x" * (2 * 1024 * 1024 + 1), "larger than 2,048 KiB")):
        file.write_bytes(content)
        with pytest.raises(CommandError, match=f"--terms-from: .*{said}"):
            run(contoso, "--terms-from", str(file))


def test_R62_set_logo_stores_and_tells_what_the_portal_does(portal, fabrikam, contoso, tmp_path: Path):
    file = tmp_path / "logo.png"
    file.write_bytes(picture())
    assert "has no logo" in run(contoso, name="set_logo")
    portal.post(LOGO, {"logo": SimpleUploadedFile("logo.png", picture()), "_save": "Save"})
    assert "guests see it on every page" in run(contoso, str(file), name="set_logo")
    assert stored(contoso) == stored(fabrikam)
    assert stored(contoso)["logo_digest"]
    portal.post(LOGO, {"_remove": "1"})
    assert "has no logo" in run(contoso, "--none", name="set_logo")
    assert stored(contoso) == stored(fabrikam)
    assert told(contoso) == told(fabrikam)
    assert [action for action, _ in told(contoso)] == ["tenant.logo_changed", "tenant.logo_removed"]


def test_set_logo_refuses_what_is_no_picture(contoso, tmp_path: Path):
    file = tmp_path / "logo.svg"
    file.write_text("<svg/>")
    with pytest.raises(CommandError, match="Save an SVG as PNG first"):
        run(contoso, str(file), name="set_logo")
    with pytest.raises(CommandError, match="cannot be read: Is a directory"):
        run(contoso, str(tmp_path), name="set_logo")
    assert told(contoso) == []
