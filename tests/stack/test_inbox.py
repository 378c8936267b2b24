"""The development inbox."""

from __future__ import annotations

from email.message import EmailMessage
from http import HTTPStatus

import pytest
from django.test import Client

from config.stack import mail_folder
from config.stack.inbox import with_links

HOSTILE = '<html><head></head><body><script>alert(1)</script><a href="https://fabrikam.example/x">on</a></body></html>'


@pytest.fixture
def folder(tmp_path, settings):
    settings.LOCAL_STACK = True
    settings.PUBLIC_URL = "http://127.0.0.1:8000"
    settings.MAIL_FOLDER = tmp_path / "mail"
    return settings.MAIL_FOLDER


@pytest.fixture
def client():
    return Client(headers={"host": "127.0.0.1"})


def put(folder, *, subject: str = "Your code for Fabrikam", html: str | None = HOSTILE) -> str:
    message = EmailMessage()
    message["Subject"] = subject
    message["From"] = "Fabrikam <no-reply@fabrikam.example>"
    message.set_content("Hello <b>Nicole</b>, go to http://127.0.0.1:8000/fabrikam.example/redeem/abc.\n")
    if html is not None:
        message.add_alternative(html, subtype="html")
    return mail_folder.store(
        folder, message.as_bytes(), sender="no-reply@fabrikam.example", recipients=["nicole@firstupconsultants.com"]
    )


def test_it_is_empty_before_the_first_mail(folder, client):
    assert "No mail has arrived yet" in client.get("/inbox/").content.decode()


def test_it_lists_mails_by_subject_and_recipient(folder, client):
    name = put(folder)
    page = client.get("/inbox/").content.decode()
    assert "Your code for Fabrikam" in page
    assert "nicole@firstupconsultants.com" in page
    assert f"/inbox/{name}" in page


def test_it_shows_the_text_escaped_and_its_links_clickable(folder, client):
    page = client.get(f"/inbox/{put(folder)}").content.decode()
    assert "Hello &lt;b&gt;Nicole&lt;/b&gt;" in page
    assert '<a href="http://127.0.0.1:8000/fabrikam.example/redeem/abc">' in page


def test_it_shows_the_html_in_a_frame_that_may_run_and_load_nothing(folder, client):
    name = put(folder)
    page = client.get(f"/inbox/{name}")
    assert f'<iframe class="letter" src="/inbox/{name}/html" sandbox=' in page.content.decode()
    assert "frame-src 'self'" in page.headers["Content-Security-Policy"]
    framed = client.get(f"/inbox/{name}/html")
    policy = framed.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "sandbox allow-popups" in policy
    assert "script-src" not in policy
    assert "allow-scripts" not in policy
    assert framed.headers["X-Frame-Options"] == "SAMEORIGIN"
    assert '<base target="_blank">' in framed.content.decode()


def test_it_lets_no_other_page_frame_anything(folder, client):
    assert "frame-src" not in client.get("/inbox/").headers["Content-Security-Policy"]


def test_it_shows_a_mail_without_html(folder, client):
    name = put(folder, html=None)
    assert "<iframe" not in client.get(f"/inbox/{name}").content.decode()
    assert client.get(f"/inbox/{name}/html").status_code == HTTPStatus.NOT_FOUND


@pytest.mark.parametrize("name", ["0" * 20 + "-00000000", "secrets", "new"])
def test_it_does_not_know_other_names(folder, client, name):
    assert client.get(f"/inbox/{name}").status_code == HTTPStatus.NOT_FOUND


@pytest.mark.parametrize("suffix", ["", "{name}", "{name}/html"])
def test_it_is_not_there_for_another_machine(folder, client, suffix):
    path = f"/inbox/{suffix.format(name=put(folder))}"
    assert client.get(path, REMOTE_ADDR="192.0.2.7").status_code == HTTPStatus.NOT_FOUND


def test_it_is_not_there_where_the_product_is_public(folder, client, settings):
    settings.PUBLIC_URL = "https://guests.example.org"
    assert client.get("/inbox/").status_code == HTTPStatus.NOT_FOUND


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "see https://a.example/x?y=1&z=2.",
            'see <a href="https://a.example/x?y=1&amp;z=2">https://a.example/x?y=1&amp;z=2</a>.',
        ),
        ("javascript:alert(1)", "javascript:alert(1)"),
        ('"https://a.example/"><b>', '&quot;<a href="https://a.example/">https://a.example/</a>&quot;&gt;&lt;b&gt;'),
        ("nothing", "nothing"),
    ],
)
def test_it_makes_links_of_addresses_only(text, expected):
    assert with_links(text) == expected
