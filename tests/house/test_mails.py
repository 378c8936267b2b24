"""Every mail keeps the rules that hold for all of them (design: Mail)."""

from __future__ import annotations

import re

import pytest
from django.template.loader import render_to_string

from config.templatetags.words import isolated
from tests.house.mail_samples import HEBREW, INVITATION_MAIL, MAILS, PASSCODE_MAIL, RIGHT_TO_LEFT
from tests.house.page_samples import Sample
from tests.house.reading import Page

every_mail = pytest.mark.parametrize("mail", MAILS, ids=[one.id for one in MAILS])


def part(mail: Sample, name: str) -> str:
    return render_to_string(f"{mail.template}/{name}", mail.context)


def words(text: str) -> list[str]:
    return re.findall(r"\w(?:[\w@./:-]*\w)?", text)


@every_mail
def test_it_has_a_subject_of_one_line_without_the_code(mail):
    subject = part(mail, "subject.txt").strip()
    assert subject
    assert "\n" not in subject
    assert "0123" not in subject


@every_mail
def test_it_reads_without_style_pictures_or_anything_from_elsewhere(mail):
    page = Page(part(mail, "body.html"))
    assert not page.faults
    assert len(page.all("style")) == 1
    assert not page.all("img", "table", "script", "link", "svg")
    assert not [one for one in page.elements if "style" in one.attributes]
    assert page.one("h1").text


@every_mail
def test_it_begins_its_text_with_the_first_sentence_and_keeps_lines_short(mail):
    text = part(mail, "body.txt")
    assert text == text.lstrip()
    body = text.partition("\n-- \n")[0]
    assert not [line for line in body.splitlines() if len(line) > 78 and " " in line.strip()]


@every_mail
def test_it_says_the_same_in_text_and_in_HTML(mail):
    page = Page(part(mail, "body.html"))
    said = set(words(" ".join(one.text for one in page.all("div") if one.attributes["class"] == "room")))
    said |= {one.attributes["href"] for one in page.all("a")}
    assert set(words(part(mail, "body.txt"))) - said <= {"Message", "from", "Privacy"}


@every_mail
def test_it_escapes_nothing_in_text(mail):
    assert not re.search(r"&(amp|lt|gt|quot|#)", part(mail, "body.txt") + part(mail, "subject.txt"))


def test_R51_it_shows_the_custom_message_as_plain_text_with_its_lines_and_without_a_link():
    html = render_to_string("email/invitation/body.html", INVITATION_MAIL)
    page = Page(html)
    assert [one.attributes["href"] for one in page.all("a")] == [
        INVITATION_MAIL["url"],
        "https://fabrikam.example/privacy",
    ]
    assert not page.all("b")
    assert "Hello Nicole,<br>please hand in" in html
    text = render_to_string("email/invitation/body.txt", INVITATION_MAIL)
    assert "  | Hello Nicole,\n  | please hand in" in text


def test_R51_it_keeps_the_message_s_own_paragraphs_behind_the_bar():
    text = render_to_string("email/invitation/body.txt", INVITATION_MAIL | {"message": "One.\n\nTwo " + "long " * 30})
    quoted = [line for line in text.splitlines() if line.startswith("  |")]
    assert quoted[:2] == ["  | One.", "  |"]
    assert len(quoted) > 4
    assert max(map(len, quoted)) <= 66


def test_R51_it_says_when_the_tenant_has_no_privacy_statement():
    (bare,) = [one for one in MAILS if one.id == "invitation-bare"]
    for name in ("body.txt", "body.html"):
        assert "has not provided a privacy statement" in part(bare, name)


def test_R12_it_writes_the_code_in_two_groups_with_its_leading_zero():
    for name in ("body.txt", "body.html"):
        assert "0123 4567" in render_to_string(f"email/passcode/{name}", PASSCODE_MAIL)


def test_it_wears_the_tenant_s_colour_as_the_guard_made_it():
    html = render_to_string("email/passcode/body.html", PASSCODE_MAIL)
    assert "border-bottom: 6px solid #274690" in html
    assert "border-bottom-color: #8ca5e0" in html


@pytest.mark.parametrize("name", ["subject.txt", "body.txt", "body.html"])
@every_mail
def test_R51_a_name_from_right_to_left_turns_no_sentence_round(mail, name):
    text = part(Sample(mail.id, mail.template, mail.context | RIGHT_TO_LEFT), name)
    apart = re.sub("\u2068[^\u2068\n]*?\u2069", "", text.replace(f"<bdi>{HEBREW}</bdi>", ""))
    assert HEBREW in text.replace("\u2069\n\u2068", " ")
    assert not [word for word in HEBREW.split() if word in apart and word.isalpha()]
    assert not re.search("[\u2066-\u2069]", apart)
    if "message" in mail.context and name == "body.html":
        assert '<p class="message" dir="auto">שלום' in text


@pytest.mark.parametrize("name", ["Fabrikam", "Zürich", "日本", ""])
def test_R51_other_names_stay_as_they_are(name):
    assert isolated(name) == name


def test_R51_a_name_cannot_leave_its_place():
    assert isolated("\u2069שלום\u2067") == "\u2068שלום\u2069"
