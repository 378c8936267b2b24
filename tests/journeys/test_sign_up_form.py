"""The form on which somebody signs up: what it takes, what it says, and how often (R39a, R70, R17)."""

from __future__ import annotations

import pytest

from applications.models import Application
from tenants.audit import Actor
from tenants.models import Tenant
from tests.journeys.browser import Browser, Page, code_in, post
from tests.journeys.sign_ups import MIRIAM, answer_of, sign_up
from tests.journeys.stories import guest

HOSTILE = {
    "empty": "",
    "spaces": "   ",
    "no letter": "12345 !!",
    "bidi": "Miriam \u202egraham",
    "null": "Mir\x00iam",
    "101 characters": "M" * 101,
    "huge": "M" * 50_000,
}


@pytest.mark.parametrize("name", HOSTILE.values(), ids=[f"R39a-{name}" for name in HOSTILE])
def test_R39a_a_name_that_nobody_has_is_an_error_on_the_form(
    fabrikam: Tenant, supplier: Application, name: str
) -> None:
    _, answer = answer_of(supplier, MIRIAM, name=name)
    assert answer.status_code == 422
    page = Page(answer, supplier.sign_up_path)
    assert page.form_with("email").fields["email"] == MIRIAM
    assert "Error: Become a guest · Fabrikam" in page.source
    assert "Two things to correct" not in page.text
    assert post(fabrikam) == []


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("  Miriam\r\nBcc: eve@evil.example\t Graham ", "Miriam Bcc: eve@evil.example Graham"),
        ("<b>Miriam</b> & “Söhne”", "<b>Miriam</b> & “Söhne”"),
        ("Miriam" + "\u0301", "Miriaḿ"),
        ("محمد‌رضا", "محمد‌رضا"),
    ],
)
def test_R39a_a_name_is_kept_on_one_line_and_shown_as_text(
    fabrikam: Tenant, supplier: Application, typed: str, kept: str
) -> None:
    browser = Browser()
    sign_up(browser, supplier, name=typed)
    page = browser.submit("code", code=code_in(post(fabrikam)[-1]))
    assert "<b>Miriam" not in page.source
    assert guest(fabrikam, MIRIAM).name == kept


def test_R70_from_two_errors_on_a_summary_stands_above_the_form(fabrikam: Tenant, supplier: Application) -> None:
    browser = Browser()
    browser.open(supplier.sign_up_path)
    page = browser.submit("email", email="miriam@", name="")
    assert page.status == 422
    assert "Two things to correct" in page.text
    assert page.links["Tell us your name."] == "#name"
    assert page.form_with("email").fields["email"] == "miriam@"
    page = browser.submit("email", email="nico\u200ble@example.com", name="Nicole")
    assert "hidden character" in page.text
    assert "things to correct" not in page.text


def test_R17_strangers_budgets_hold_and_the_wait_is_named(fabrikam: Tenant, supplier: Application) -> None:
    answers = [answer_of(supplier, MIRIAM)[1] for _ in range(6)]
    assert [one.status_code for one in answers] == [302] * 5 + [429]
    assert "Please wait" in answers[-1].content.decode()
    assert supplier.sign_up_path.partition("?")[0] in answers[-1].content.decode()
    assert len(post(fabrikam)) == 5


def test_R37a_the_tenant_that_is_named_decides(
    fabrikam: Tenant, contoso: Tenant, supplier: Application, operator: Actor
) -> None:
    page = supplier.sign_up_path.partition("?")[0]
    for url in (page, f"{page}?tenantId={contoso.id}", f"{page}?tenantId={supplier.id}"):
        assert Browser().open(url).status == 404, url
    assert Browser().open(f"{page}?TENANTID=Fabrikam.example").heading == "Become a guest of Fabrikam"
