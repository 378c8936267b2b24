"""A tenant's logo: what is taken, and what a page then shows."""

from __future__ import annotations

import io
from datetime import datetime

import pytest
from django.test import Client
from PIL import Image

from tenants.audit import Actor
from tenants.logos import HEIGHT, LARGEST, WIDTH, LogoRefused, drawn
from tenants.models import AuditEntry, Tenant
from tenants.refusals import Code, Refusal
from tenants.showing import change_logo, remove_logo


def picture(width: int = 400, height: int = 100, kind: str = "PNG", **said: object) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (width, height), "#274690").save(out, kind, **said)
    return out.getvalue()


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP"])
@pytest.mark.parametrize("size", [(400, 100), (100, 400), (16, 16), (3000, 10)])
def test_it_is_drawn_anew_within_its_frame(kind: str, size: tuple[int, int]) -> None:
    with Image.open(io.BytesIO(drawn(picture(*size, kind)))) as logo:
        assert logo.format == "PNG"
        assert logo.width <= WIDTH
        assert logo.height <= HEIGHT


def test_it_keeps_nothing_of_the_file_but_the_picture() -> None:
    sent = picture(kind="JPEG", comment=b"<script>alert(1)</script>")
    assert b"<script>" in sent
    assert b"<script>" not in drawn(sent)


@pytest.mark.parametrize(
    ("content", "fix"),
    [
        (b"", "PNG first"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "PNG first"),
        (picture()[:60], "PNG first"),
        (picture(kind="GIF"), "PNG first"),
        (b"x" * (LARGEST + 1), "smaller file"),
        (picture(5000, 5000), "fewer pixels"),
    ],
    ids=["empty", "svg", "cut off", "gif", "too large", "too many pixels"],
)
def test_it_refuses_with_the_fix(content: bytes, fix: str) -> None:
    with pytest.raises(LogoRefused, match=fix):
        drawn(content)


def test_it_is_shown_on_the_tenants_pages_and_no_other(
    in_fabrikam: Tenant, contoso: Tenant, operator: Actor, now: datetime
) -> None:
    assert isinstance(change_logo(tenant=in_fabrikam, content=picture(), actor=operator, now=now), Tenant)
    assert AuditEntry.objects.get().action == "tenant.logo_changed"
    row = Tenant.objects.get(id=in_fabrikam.id)
    remove_logo(tenant=row, actor=operator, now=now)
    assert Tenant.objects.get(id=row.id).logo is None


@pytest.mark.django_db
def test_it_has_an_address_of_its_own(fabrikam: Tenant, contoso: Tenant) -> None:
    Tenant.objects.filter(id=fabrikam.id).update(logo=drawn(picture()), logo_digest="d" * 64)
    browser = Client()
    assert b"/fabrikam.example/logo.png?v=dddddddddddd" in browser.get("/fabrikam.example").content
    answer = browser.get("/fabrikam.example/logo.png")
    assert answer.headers["Content-Type"] == "image/png"
    assert browser.get("/contoso.example/logo.png").status_code == 404
    assert b"logo.png" not in browser.get("/contoso.example").content


def test_what_is_no_picture_changes_nothing(in_fabrikam: Tenant, operator: Actor, now: datetime) -> None:
    refusal = change_logo(tenant=in_fabrikam, content=b"no picture", actor=operator, now=now)
    assert isinstance(refusal, Refusal)
    assert refusal.code is Code.INPUT
    assert not AuditEntry.objects.exists()
