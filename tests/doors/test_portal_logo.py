"""The logo's page in the portal."""

from __future__ import annotations

from django.core.files.uploadedfile import SimpleUploadedFile

from tenants.models import Tenant
from tenants.roles import Role
from tests import factories
from tests.doors.portal import signed_in, text
from tests.tenants.test_logos import picture

LOGO = "/admin/tenants/tenant/logo/"


def test_it_takes_a_picture_shows_it_and_lets_it_go(fabrikam: Tenant) -> None:
    adele = signed_in(
        factories.administrator("adele@fabrikam.example", (fabrikam, Role.GLOBAL_ADMINISTRATOR)), fabrikam
    )
    assert "No logo" in text(adele.get(LOGO))
    saved = adele.post(LOGO, {"logo": SimpleUploadedFile("logo.png", picture()), "_save": "Save"}, follow=True)
    assert "The logo is saved." in text(saved)
    assert b"/fabrikam.example/logo.png?v=" in saved.content
    assert "The logo is gone." in text(adele.post(LOGO, {"_remove": "1"}, follow=True))


def test_it_says_what_to_do_about_a_file_that_is_no_picture(fabrikam: Tenant) -> None:
    adele = signed_in(
        factories.administrator("adele@fabrikam.example", (fabrikam, Role.GLOBAL_ADMINISTRATOR)), fabrikam
    )
    answer = adele.post(LOGO, {"logo": SimpleUploadedFile("logo.svg", b"<svg/>"), "_save": "Save"})
    assert "Save an SVG as PNG first." in text(answer)
    assert "Choose a file." in text(adele.post(LOGO, {"_save": "Save"}))


def test_who_may_only_look_cannot_change_it(fabrikam: Tenant, contoso: Tenant) -> None:
    reader = signed_in(factories.administrator("rita@fabrikam.example", (fabrikam, Role.GLOBAL_READER)), fabrikam)
    assert b'type="file"' not in reader.get(LOGO).content
    assert reader.post(LOGO, {"logo": SimpleUploadedFile("logo.png", picture())}).status_code == 403
    assert Tenant.objects.get(id=fabrikam.id).logo is None
