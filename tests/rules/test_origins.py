"""R39: origins are compared as browsers compare them, and what can be read in two ways has none. No database."""

import re

import pytest
from django.utils.http import url_has_allowed_host_and_scheme
from hypothesis import given, settings
from hypothesis import strategies as st

from tenants.origins import canonical_origin, is_registered, noted, origin_of, rebuilt

REGISTERED = ["https://app.example", "https://app.example:8443", "http://127.0.0.1:8001", "https://straße.example"]

AT_HOME = [
    # url, rebuilt
    ("https://app.example", "https://app.example"),
    ("https://app.example/", "https://app.example/"),
    ("HTTPS://APP.Example/Path", "https://app.example/Path"),
    ("https://app.example:443/x", "https://app.example/x"),
    ("https://app.example:0443/x", "https://app.example/x"),
    ("https://app.example:8443/x?y=z#w", "https://app.example:8443/x?y=z#w"),
    ("https://app.example?next=https://evil.example", "https://app.example?next=https://evil.example"),
    ("https://app.example/@evil.example", "https://app.example/@evil.example"),
    ("https://app.example/é?ü=ß", "https://app.example/%C3%A9?%C3%BC=%C3%9F"),
    ("https://app.example/a'b", "https://app.example/a'b"),
    ('https://app.example/"><script>', "https://app.example/%22%3E%3Cscript%3E"),
    ("https://app.example/%0d%0aSet-Cookie:x", "https://app.example/%0d%0aSet-Cookie:x"),
    ("https://ａｐｐ.example/", "https://app.example/"),
    ("https://app。example/", "https://app.example/"),
    ("http://127.0.0.1:8001/expenses", "http://127.0.0.1:8001/expenses"),
    ("https://straße.example/", "https://xn--strae-oqa.example/"),
    ("https://xn--strae-oqa.example/", "https://xn--strae-oqa.example/"),
]

ASTRAY = [
    "",
    "/",
    "/apps",
    "apps",
    "//evil.example",
    "///evil.example",
    "////evil.example",
    "/\\evil.example",
    "\\\\evil.example",
    "\\/evil.example",
    "https:evil.example",
    "https:/evil.example",
    "https:///evil.example",
    "https:\\\\evil.example",
    "https:/\\evil.example",
    "https://",
    "https://?",
    "https://#",
    "https:///app.example",
    "https://evil.example",
    "https://evil.example/https://app.example",
    "https://evil.example?https://app.example",
    "https://evil.example#https://app.example",
    "https://evil.example\\@app.example",
    "https://evil.example\\.app.example",
    "https://app.example\\@evil.example",
    "https://app.example\\.evil.example",
    "https://app.example@evil.example",
    "https://app.example:x@evil.example",
    "https://user@app.example",
    "https://user:pass@app.example",
    "https://app.example%40evil.example",
    "https://app.example%2f.evil.example",
    "https://app.example＠evil.example",
    "https://evil.example＃@app.example",
    "https://evil.example／.app.example",
    "https://evil.example？.app.example",
    "https://evil.example℀.app.example",
    "https://app.example.evil.example",
    "https://evilapp.example",
    "https://sub.app.example",
    "https://app.example.",
    "https://.app.example",
    "https://app..example",
    "https://аpp.example",
    "https://xn--pp-6kc.example",
    "https://app.example\u0338",
    "https://app.example:444",
    "https://app.example:",
    "https://app.example:0",
    "https://app.example:65979",
    "https://app.example:443x",
    "https://app.example: 443",
    "https://app.example:-443",
    "https://app.example:４４３",
    "http://app.example",
    "http://app.example:443",
    "http://127.0.0.1",
    "http://127.1:8001",
    "http://2130706433:8001",
    "http://0x7f000001:8001",
    "http://0177.0.0.1:8001",
    "http://[::ffff:127.0.0.1]:8001",
    "http://[::1:8001",
    "http://[fe80::1%25eth0]:8001",
    "http://localhost:8001",
    "ftp://app.example",
    "wss://app.example",
    "javascript:alert(1)",
    "JaVaScRiPt:alert(1)",
    "java\nscript:alert(1)",
    "javascript://app.example/%0aalert(1)",
    "data:text/html,<script>",
    "vbscript:x",
    "blob:https://app.example/x",
    "view-source:https://app.example",
    "x-https://app.example",
    " https://app.example",
    "https://app.example ",
    "https://app.example/ x",
    "\thttps://app.example",
    "https:\t//app.example",
    "ht\ntps://app.example",
    "https://app\t.example",
    "https://app.example\n.evil.example",
    "https://app.example\r\nLocation: https://evil.example",
    "https://app.example/\r\nRefresh: 0; url=https://evil.example",
    "https://app.example/\x00",
    "\x00https://app.example",
    "\x01https://app.example",
    "https://app.example\u2028/",
    "https://app.example/\u202egpj",
    "\ufeffhttps://app.example",
    "https://ap\u00adp.example",
    "https://ap\u200bp.example",
    "https://\ud800app.example",
    "https://app_.example",
    "https://app.example/" + "x" * 2000,
    "https://app.example/" + "é" * 1500,  # 2,000 characters are room enough until they are percent-encoded
    "https://" + "a" * 300 + ".example",
]


@pytest.mark.parametrize(("url", "made"), AT_HOME)
def test_R39_it_knows_a_registered_origin_however_it_is_written(url: str, made: str) -> None:
    assert is_registered(url, REGISTERED)
    assert rebuilt(url) == made
    assert rebuilt(made) == made


@pytest.mark.parametrize("url", ASTRAY, ids=lambda url: ascii(url)[:60])
def test_R39_it_never_takes_another_origin_for_a_registered_one(url: str) -> None:
    assert not is_registered(url, REGISTERED)


def test_R39_it_takes_an_address_as_long_as_what_is_stored_of_it() -> None:
    longest = "https://app.example/" + "é" * 330
    assert len(rebuilt(longest) or "") == 2000
    assert rebuilt(longest + "x") is None


@pytest.mark.parametrize(
    ("asked", "kept"),
    [
        ("\x00", ""),
        ("\thttps://evil.example/\x00", "https://evil.example/"),
        ("https://evil.example/\ud800\u202e", "https://evil.example/"),
        ("https://evil.example/" + "x" * 9000, "https://evil.example/" + "x" * 1979),
    ],
)
def test_R39_it_keeps_what_can_be_written_down_of_an_address_that_is_not_followed(asked: str, kept: str) -> None:
    assert noted(asked) == kept


@pytest.mark.parametrize("url", [None, 7, b"https://app.example", ["https://app.example"]])
def test_R39_what_is_no_text_has_no_origin(url: object) -> None:
    assert origin_of(url) is None  # type: ignore[arg-type]  # that is the test


def test_R39_it_equates_nothing_with_an_origin_that_cannot_be_read() -> None:
    assert not is_registered("nonsense", ["nonsense", ""])
    assert not is_registered("https://app.example", [])


@pytest.mark.parametrize(
    ("url", "origin"),
    [
        ("http://LOCALHOST:8001/x", "http://localhost:8001"),
        ("http://intranet/", "http://intranet"),
        ("http://[::1]:80/", "http://[::1]"),
        ("http://[0:0::1]:8001/", "http://[::1]:8001"),
        ("https://192.0.2.7/", "https://192.0.2.7"),
    ],
)
def test_R39_it_writes_an_origin_in_one_way(url: str, origin: str) -> None:
    assert origin_of(url) == origin


@pytest.mark.parametrize(
    ("typed", "origin"),
    [
        (" https://App.Example/ ", "https://app.example"),
        ("https://app.example:443", "https://app.example"),
        ("https://straße.example", "https://xn--strae-oqa.example"),
        ("http://127.0.0.1:8001", "http://127.0.0.1:8001"),
        ("http://localhost:8001", "http://localhost:8001"),
        ("http://[::1]:8001", "http://[::1]:8001"),
    ],
)
def test_R39_it_stores_an_origin_in_one_way(typed: str, origin: str) -> None:
    assert canonical_origin(typed) == origin


@pytest.mark.parametrize(
    ("typed", "word"),
    [
        ("https://app.example/path", "Write an origin"),
        ("https://app.example?x", "Write an origin"),
        ("app.example", "Write an origin"),
        ("https://*.app.example", "Write an origin"),
        ("javascript:alert(1)", "Write an origin"),
        ("http://app.example", "Use https"),
        ("http://127.0.0.1.evil.example", "Use https"),
    ],
)
def test_R39_it_refuses_to_store_what_is_no_safe_origin(typed: str, word: str) -> None:
    with pytest.raises(ValueError, match=word):
        canonical_origin(typed)


SIGNS = [*"https:/\\@?#.[]%&;= \t\r\n\x00aexmpl01", "app.example", "evil", "／", "＠", "。", "\u200b"]
HOSTILE = st.lists(st.sampled_from(SIGNS), max_size=20).map("".join)


@given(HOSTILE | HOSTILE.map("https://".__add__) | HOSTILE.map("https://app.example".__add__))
@settings(max_examples=1500, deadline=None)
def test_R39_Django_agrees_with_whatever_it_takes(url: str) -> None:
    made = rebuilt(url)
    if made is None:
        return
    assert made.isascii()
    assert rebuilt(made) == made
    scheme, _, rest = made.partition("://")
    host = re.split("[/?#]", rest)[0]
    assert url_has_allowed_host_and_scheme(made, allowed_hosts={host})
    assert is_registered(url, ["https://app.example"]) is ((scheme, host) == ("https", "app.example"))
