"""Names and subjects in any script reach the mailbox whole, in lines that every mail program reads (RFC 2047)."""

from __future__ import annotations

import re
from email.header import decode_header, make_header
from email.utils import parseaddr

import pytest

from outbox import delivery
from outbox.delivery import HandedOver, Message
from tests.outbox.sink import Sink

NAMES = {
    "Japanese": "日本語の会社の名前はとても長いものでございます株式会",
    "Cyrillic": "Общество с ограниченной ответственностью «Ромашка и партнёры»",
    "Arabic": "شركة النور للتجارة العامة والمقاولات المحدودة، فرع عمّان",
    "Hebrew": 'חברת השקעות בע"מ',
    "Latin": "Zürich & Söhne (GmbH), <Abteilung>",
    "emoji": "👨‍👩‍👧‍👦" * 12,
    "long": "日本" * 60,
    "ASCII": 'A "quoted" \\ name, Inc.',
    "looks encoded": "=?utf-8?q?Fabrikam?=",
    "empty": "",
}


@pytest.mark.parametrize("name", NAMES.values(), ids=NAMES)
def test_R51_a_name_in_any_script_arrives_whole(sink: Sink, name: str) -> None:
    subject = f"{name} invited you to {name}".strip()
    message = Message(to="guest@contoso.example", subject=subject, text=name, html=f"<p>{name}</p>", from_name=name)
    answer = delivery.hand_over(message, message_id="<1@guests.example>", may_leave=lambda: True)
    assert answer == HandedOver()
    (envelope,) = sink.envelopes
    assert envelope.mail_from == "no-reply@guests.example"
    assert isinstance(envelope.content, bytes)
    head = envelope.content.split(b"\r\n\r\n")[0].decode("ascii")
    for line in head.split("\r\n"):
        assert len(line) <= (76 if "=?utf-8?" in line else 998)
        for word in re.findall(r"=\?utf-8\?b\?[^?]*\?=", line):
            assert len(word) <= 75
            assert "\ufffd" not in str(make_header(decode_header(word)))
    assert str(make_header(decode_header(unfolded(head, "Subject")))) == subject
    shown, address = parseaddr(unfolded(head, "From"))
    assert (str(make_header(decode_header(shown))), address) == (name, "no-reply@guests.example")


def unfolded(head: str, name: str) -> str:
    """The header's value on one line."""
    (found,) = re.findall(rf"^{name}: ([^\r]*(?:\r\n[ \t][^\r]*)*)", head, re.MULTILINE)
    return str(found).replace("\r\n", "")
