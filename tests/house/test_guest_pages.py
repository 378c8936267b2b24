"""Every guest page, in every state, keeps the rules that hold for all of them (design: What must hold)."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from django.template.loader import render_to_string

from guests.views.wording import FOR_KNOWN, PAUSED, WORDS
from tenants.refusals import Code
from tests.house.page_samples import CODE_PAGE, SAMPLES, Sample
from tests.house.reading import Page

TEMPLATES = Path(__file__).resolve().parents[2] / "templates"
NOT_PAGES = {"admin", "email", "inbox", "parts"}
"""The portal, the mails, the development inbox, and what pages are put together from."""
every_page = pytest.mark.parametrize("sample", SAMPLES, ids=[one.id for one in SAMPLES])


def html(sample: Sample) -> str:
    return render_to_string(sample.template, sample.names)


def test_it_samples_every_template_of_a_guest_page():
    paths = (path.relative_to(TEMPLATES) for path in TEMPLATES.rglob("*.html"))
    pages = {str(path) for path in paths if path.parts[0] not in NOT_PAGES} - {"base.html"}
    assert {one.template for one in SAMPLES} == pages


def test_it_gives_every_sample_a_name_of_its_own():
    assert len({one.id for one in SAMPLES}) == len(SAMPLES)


@every_page
def test_it_closes_what_it_opens(sample):
    assert not Page(html(sample)).faults


@every_page
def test_it_has_one_heading_and_the_landmarks(sample):
    page = Page(html(sample))
    assert page.one("h1").text.strip()
    for landmark in ("header", "main", "footer"):
        assert page.one(landmark).text.strip()


@every_page
def test_it_names_the_language_its_direction_and_whose_page_it_is(sample):
    page = Page(html(sample))
    root = page.one("html").attributes
    assert root["lang"]
    assert root["dir"] in ("ltr", "rtl")
    begins = "Error: " if sample.names.get("error") else ""
    whose = sample.tenant.name if sample.tenant else "Vestibule"
    title = page.one("title").text
    assert title.startswith(begins)
    assert title.endswith(f" · {whose}")
    assert title.removeprefix(begins).removesuffix(f" · {whose}").strip()


@every_page
def test_it_keeps_the_content_security_policy_by_having_nothing_inline(sample):
    page = Page(html(sample))
    assert not page.all("style")
    for element in page.elements:
        assert "style" not in element.attributes
        assert not [name for name in element.attributes if name.startswith("on")]
    for script in page.all("script"):
        assert script.attributes["src"].startswith("/static/")
        assert not script.text.strip()
    for element in page.all("link", "img"):
        assert (element.attributes.get("href") or element.attributes.get("src", "")).startswith("/")


@every_page
def test_it_ties_every_field_to_its_label_and_every_reference_to_what_it_names(sample):
    page = Page(html(sample))
    assert len(page.ids) == len(set(page.ids))
    labelled = {label.attributes["for"] for label in page.all("label")}
    for entry in page.all("input"):
        if entry.attributes["type"] != "hidden":
            assert entry.attributes["id"] in labelled
    for element in page.elements:
        for name in ("aria-describedby", "aria-labelledby"):
            assert set(element.attributes.get(name, "").split()) <= set(page.ids)
    if sample.names.get("error"):
        wrong = [one.attributes for one in page.all("input") if one.attributes.get("aria-invalid") == "true"]
        assert wrong
        assert all(f"{one['id']}-error" in one["aria-describedby"].split() for one in wrong)


@every_page
def test_it_has_one_primary_button_at_most_and_every_way_leads_somewhere(sample):
    page = Page(html(sample))
    primary = [one for one in page.all("a", "button") if one.attributes.get("class") == "button"]
    assert len(primary) <= 1
    assert all(one.attributes["href"] for one in page.all("a"))
    for form in page.all("form"):
        assert form.attributes["method"] == "post"
        assert form.attributes["action"]
    tokens = [one for one in page.all("input") if one.attributes.get("name") == "csrfmiddlewaretoken"]
    assert len(tokens) == len(page.all("form"))


@every_page
def test_it_leaves_no_mark_of_the_template(sample):
    text = html(sample)
    assert not re.search(r"\{[{%#]|[%#}]\}|\bNone\b|\{(tenant|inviter|address|provider|code|reference)\}", text)


@pytest.mark.parametrize("sample", [one for one in SAMPLES if one.names.get("code")], ids=lambda one: one.id)
def test_it_ends_every_refusal_with_the_reference_to_ask_help_with(sample):
    text = " ".join(Page(html(sample)).one("main").text.split())
    assert text.endswith(f"give this reference: 7F3A-91C2-0D4E · {sample.names['code']} · 19:32 UTC")


def test_it_words_every_code_of_section_J_without_a_brace_that_nothing_fills():
    assert set(WORDS) == set(Code)
    filled = dict.fromkeys(("tenant", "inviter", "address", "provider", "code", "reference"), "X")
    for words in [*WORDS.values(), *FOR_KNOWN.values(), PAUSED]:
        for text in (words.heading, words.page, words.remedy, words.copy, *words.sentences):
            text.format_map(filled)
        assert (TEMPLATES / words.template).exists()


def test_R19_it_shows_a_stranger_neither_address_nor_inviter_in_any_words():
    for words in [*WORDS.values(), PAUSED]:
        text = " ".join((words.heading, words.page, words.remedy, words.copy, *words.sentences))
        assert "{address}" not in text
        assert "{inviter}" not in text or words in (WORDS[Code.BLOCKED], WORDS[Code.DOMAIN], WORDS[Code.NO_METHOD])


def test_R19_it_writes_the_stranger_s_code_page_alike_whoever_invited():
    pages = {render_to_string("sign_in/enter_code.html", CODE_PAGE | {"inviter": who}) for who in ("", "Adele Vance")}
    assert len(pages) == 1


def test_R12_it_takes_a_pasted_code_whole_and_offers_it_to_the_phone_s_keyboard():
    page = Page(render_to_string("sign_in/enter_code.html", CODE_PAGE))
    (code,) = [one for one in page.all("input") if one.attributes.get("id") == "code"]
    assert code.attributes["autocomplete"] == "one-time-code"
    assert code.attributes["inputmode"] == "numeric"
    assert "maxlength" not in code.attributes
    assert "value" not in code.attributes


def test_R15_it_sends_again_by_a_form_of_its_own_so_that_text_in_the_box_is_no_try():
    page = Page(render_to_string("sign_in/enter_code.html", CODE_PAGE))
    again = [one for one in page.all("form") if "Send it again" in one.text]
    assert [one.attributes["action"] for one in again] == ["/again"]
    assert "Continue" not in again[0].text


def test_R22_it_says_on_the_consent_page_that_there_is_no_privacy_statement():
    (sample,) = [one for one in SAMPLES if one.id == "consent-no-statement"]
    assert "Contoso has not provided a privacy statement." in Page(html(sample)).one("main").text


def test_it_makes_times_readable_in_UTC_and_exact_for_the_reader_s_zone():
    page = Page(render_to_string("sign_in/enter_code.html", CODE_PAGE))
    times = {(one.attributes["datetime"], one.text) for one in page.all("time")}
    # without a "now" nothing is left out
    assert times == {
        ("2026-11-22T19:58:00Z", "22 Nov 2026, 19:58 UTC"),
        ("2026-11-22T19:28:00Z", "22 Nov 2026, 19:28 UTC"),
    }


@pytest.mark.parametrize("id", ["redeem-hostile", "front-door-hostile", "terms"])
def test_it_shows_hostile_names_as_text(id):
    (sample,) = [one for one in SAMPLES if one.id == id]
    page = Page(html(sample))
    assert not page.all("b", "i")
    assert not [one for one in page.all("script") if "src" not in one.attributes]
