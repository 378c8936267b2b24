"""What a browser is called on a page that lists sessions (R21)."""

from __future__ import annotations

import pytest

from guests.browsers import browser_words

WEBKIT = "AppleWebKit/537.36 (KHTML, like Gecko)"


@pytest.mark.parametrize(
    ("user_agent", "words"),
    [
        pytest.param(
            "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:140.0) Gecko/20100101 Firefox/140.0",
            "Firefox on Windows",
            id="R21-Firefox",
        ),
        pytest.param(
            f"Mozilla/5.0 (Windows NT 10.0; Win64; x64) {WEBKIT} Chrome/140.0.0.0 Safari/537.36 Edg/140.0.0.0"[:120],
            "Edge on Windows",
            id="R21-Edge, cut as it is stored",
        ),
        pytest.param(
            f"Mozilla/5.0 (X11; Linux x86_64) {WEBKIT} Chrome/140.0.0.0 Safari/537.36",
            "Chrome on Linux",
            id="R21-Chrome",
        ),
        pytest.param(
            f"Mozilla/5.0 (Linux; Android 10; K) {WEBKIT} Chrome/140.0.0.0 Mobile Safari/537.36",
            "Chrome on Android",
            id="R21-Chrome on a phone",
        ),
        pytest.param(
            "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) "
            "Version/18.5 Mobile/15E148 Safari/604.1"[:120],
            "Safari on iPhone",
            id="R21-Safari, cut as it is stored",
        ),
        pytest.param(
            "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.5",
            "Safari on Mac",
            id="R21-Safari on a Mac",
        ),
        pytest.param("curl/8.5.0", "curl/8.5.0", id="R21-no browser"),
        pytest.param("Something else 1.0", "Something", id="R21-nobody knows it"),
        pytest.param("", "A browser", id="R21-nothing"),
    ],
)
def test_R21_a_browser_is_named_as_its_owner_knows_it(user_agent: str, words: str) -> None:
    assert browser_words(user_agent) == words
