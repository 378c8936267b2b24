"""R70, fuzzed: whatever is taken is read the same way by every parser that will meet it. No database."""

import unicodedata
from email.headerregistry import Address as HeaderAddress
from email.utils import parseaddr

from email_validator import validate_email
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tenants.addresses import Address, AddressRefused, canonical, canonical_domain, shown_domain


def read_alike(text: str, address: Address) -> None:
    assert address.to_send.isascii()
    assert len(address.to_send) <= 254
    assert parseaddr(address.to_send) == ("", address.to_send)
    header = HeaderAddress(addr_spec=address.to_send)
    assert (header.username, header.domain) == tuple(address.to_send.rsplit("@", 1))
    ours = unicodedata.normalize("NFKC", text).strip()
    theirs = validate_email(ours, check_deliverability=False, strict=True).ascii_email
    assert theirs is not None
    assert theirs.lower() == address.key
    assert theirs.rpartition("@")[2] == address.domain
    assert canonical(address.to_send) == address
    assert canonical(f"{address.to_send.rpartition('@')[0]}@{address.shown_domain}") == address


def read_alike_or_refused(text: str) -> None:
    try:
        address = canonical(text)
    except AddressRefused:
        return
    read_alike(text, address)


HOSTILE_LETTERS = st.sampled_from(
    list("abzABZ019.+-_'=?!#$%&*/^`{|}~@<>()[]\\,;:\" \t\r\n\x00")
    + list("ıİſßẞςΣéü\u0301\u212a\ufb01。．｡＠﹫＝？\u200b\u200d\u202e\u00ad\ufeff\u2024\u2025\u2026аяשא१٣۳")
)
NAMES = st.text(HOSTILE_LETTERS, min_size=1, max_size=12)
LIKELY_NAMES = st.from_regex(r"\A[A-Za-z0-9+._'=?/-]{1,12}\Z")
LIKELY_LABELS = st.one_of(
    st.from_regex(r"\A[a-zA-Z0-9-]{1,10}\Z"),
    st.text(st.characters(categories=["Ll", "Lu", "Lo", "Mn", "Nd"]), min_size=1, max_size=8),
    st.text(st.characters(categories=["Ll", "Lo"]), min_size=1, max_size=6).map(
        lambda label: "xn--" + label.encode("punycode").decode()
    ),
)


@given(st.text(max_size=60))
@settings(max_examples=500, deadline=None)
def test_R70_it_takes_any_text_without_an_error_of_another_kind(text: str) -> None:
    read_alike_or_refused(text)


@given(NAMES, st.lists(NAMES, min_size=1, max_size=3).map(".".join))
@settings(max_examples=500, deadline=None)
@example("a", "℀.example")
@example("=?utf-8?q?a", "x?=.example")
def test_R70_hostile_signs_are_read_alike_by_all_parsers_or_refused(name: str, domain: str) -> None:
    read_alike_or_refused(f"{name}@{domain}")


@given(
    LIKELY_NAMES,
    st.lists(LIKELY_LABELS, min_size=1, max_size=3),
    st.sampled_from(["example", "de", "xn--p1ai", "テスト"]),
)
@settings(max_examples=500, deadline=None)
def test_R70_likely_addresses_are_read_alike_by_all_parsers_or_refused(name: str, labels: list[str], top: str) -> None:
    read_alike_or_refused(f"{name}@{'.'.join([*labels, top])}")


@given(st.text(max_size=40) | st.lists(LIKELY_LABELS, min_size=1, max_size=3).map(".".join))
@settings(max_examples=400, deadline=None)
def test_R70_a_domain_that_is_taken_is_stable(text: str) -> None:
    try:
        domain = canonical_domain(text)
    except AddressRefused:
        return
    assert domain.isascii()
    assert domain == domain.lower()
    assert canonical_domain(domain) == canonical_domain(shown_domain(domain)) == domain
