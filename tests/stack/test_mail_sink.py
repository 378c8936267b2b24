"""The mail sink and its folder."""

from __future__ import annotations

import smtplib
import sys
from email.message import EmailMessage
from urllib.parse import urlsplit

import pytest

from config.stack import mail_folder
from config.stack.addresses import LOOPBACK, listen
from config.stack.mail_sink import running_sink, url
from config.stack.processes import Program
from tests.stack.conftest import eventually


def letter(subject: str = "Your code for Fabrikam") -> EmailMessage:
    message = EmailMessage()
    message["Subject"] = subject
    message["From"] = "Fabrikam <no-reply@fabrikam.example>"
    message["To"] = "nicole@firstupconsultants.com"
    message.set_content("1234 5678\n.\nGrüße\n")
    message.add_alternative("<p>1234 5678</p>", subtype="html")
    return message


def send(email_url: str, message: EmailMessage, *recipients: str) -> None:
    parts = urlsplit(email_url)
    with smtplib.SMTP(parts.hostname or "", parts.port or 0, timeout=10) as client:
        client.send_message(message, "bounce@fabrikam.example", recipients or ("nicole@firstupconsultants.com",))


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "mail"


def test_it_keeps_each_mail_whole_with_its_envelope(folder):
    with running_sink(folder) as email_url:
        send(email_url, letter(), "nicole@firstupconsultants.com", "copy@fabrikam.example")
    (kept,) = mail_folder.newest(folder, 10)
    assert kept.recipients == ["nicole@firstupconsultants.com", "copy@fabrikam.example"]
    assert kept.sender == "bounce@fabrikam.example"
    assert kept.subject == "Your code for Fabrikam"
    assert kept.part("plain") == "1234 5678\n.\nGrüße\n"
    assert kept.part("html") == "<p>1234 5678</p>\n"


def test_it_lists_the_newest_first(folder):
    with running_sink(folder) as email_url:
        for number in range(3):
            send(email_url, letter(f"mail {number}"))
    assert [mail.subject for mail in mail_folder.newest(folder, 2)] == ["mail 2", "mail 1"]


def test_it_has_the_file_when_it_says_so_and_none_half_written(folder):
    with running_sink(folder) as email_url:
        send(email_url, letter())
        assert len(mail_folder.names(folder)) == 1
        assert list((folder / "tmp").iterdir()) == []


def test_it_is_for_our_eyes_only(folder):
    mail_folder.store(folder, b"Subject: x\r\n\r\n", sender="a@fabrikam.example", recipients=["b@fabrikam.example"])
    assert folder.stat().st_mode & 0o077 == 0


@pytest.mark.parametrize("name", ["../secrets", "/etc/passwd", "", "0" * 20 + "-zzzzzzzz", "new"])
def test_it_opens_no_file_that_is_no_mail(folder, name):
    assert mail_folder.read(folder, name) is None


def test_it_shows_an_empty_folder_as_one_without_mail(folder):
    assert mail_folder.newest(folder, 10) == []


def test_it_takes_mail_as_a_process_and_again_at_the_same_address_after_a_kill(folder, group):
    with listen(LOOPBACK, 0) as listening:
        command = [sys.executable, "-m", "config.stack.mail_sink", str(listening.fileno()), folder]
        child = group.start(Program("mail", command, sockets=(listening.fileno(),)))
        send(url(listening), letter())
        child.process.kill()
        assert eventually(lambda: bool(group.look_after()))
        assert eventually(lambda: not group.look_after() and not child.has_ended())
        send(url(listening), letter())
        assert len(mail_folder.names(folder)) == 2
