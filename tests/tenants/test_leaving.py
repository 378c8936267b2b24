"""DESIGN 4: after a POST a browser leaves by a small page, never by a redirect. No database."""

from http import HTTPStatus

import pytest

from tenants.leaving import leave


def test_R39_it_leaves_by_a_page_with_a_refresh_and_a_plain_link() -> None:
    response = leave("https://app.example/expenses?year=2026&month=11", name="Expense reports")
    assert response.status_code == HTTPStatus.OK
    assert response["Refresh"] == "0; url=https://app.example/expenses?year=2026&month=11"
    assert response["Cache-Control"] == "no-store"
    assert "Location" not in response
    page = response.content.decode()
    assert '<a class="button" href="https://app.example/expenses?year=2026&amp;month=11">' in page
    assert "Expense reports" in page


def test_R39_it_shows_a_look_alike_host_beside_its_A_labels() -> None:
    assert "аpple.example (xn--pple-43d.example)" in leave("https://аpple.example/").content.decode()
    assert "аpple.example (xn--pple-43d.example:8443)" in leave("https://аpple.example:8443/").content.decode()
    assert "[::1]:8001" in leave("http://[::1]:8001/").content.decode()


def test_R39_it_writes_nothing_of_the_address_as_markup_or_header() -> None:
    response = leave('https://app.example/"><script>alert(1)</script>')
    assert response["Refresh"] == "0; url=https://app.example/%22%3E%3Cscript%3Ealert(1)%3C/script%3E"
    assert "<script>alert" not in response.content.decode()


@pytest.mark.parametrize("url", ["javascript:alert(1)", "//evil.example", "/apps", "", "https://a.example\r\nX: y"])
def test_R39_it_leaves_for_no_address_that_is_not_absolute(url: str) -> None:
    with pytest.raises(ValueError, match="absolute"):
        leave(url)
