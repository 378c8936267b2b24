"""What a provider's answer may be: how late, how large, over which TLS, and how many are waited for. (threat 40)"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import requests

from providers.fetching import (
    FetchFailed,
    fetch,
    fetch_json,
    fetch_status_json,
    guard,
    guarded_session,
    waiting_place,
)
from tests.providers.listening import Listener, bomb, certified, drips, floods, hangs, listening, says

LATE = "did not answer within 1 seconds"


def hurried() -> requests.Session:
    """A session that waits a second only, so that the suite need not wait five."""
    return guard(requests.Session(), seconds=1)


@pytest.fixture
def good() -> Iterator[Listener]:
    """A server that answers with a JSON object."""
    with listening(says(b'{"issuer": "here"}')) as listener:
        yield listener


class TestWhatAnAnswerMayBe:
    @pytest.mark.parametrize(
        "behave",
        [
            hangs,
            drips(b"HTTP/1.1 200 OK\r\nX-Drip: "),
            drips(b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n"),
            drips(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1;"),
        ],
        ids=["hanging", "dripping headers", "dripping a body", "dripping a chunk's size"],
    )
    def test_T40_a_slow_server_is_given_up(self, behave: Any) -> None:
        with listening(behave) as slow, pytest.raises(FetchFailed, match=LATE):
            fetch_status_json(slow.url, seconds=1)

    def test_T40_a_session_gives_up_too(self) -> None:
        with listening(hangs) as slow, hurried() as session, pytest.raises(requests.RequestException, match=LATE):
            session.get(slow.url, timeout=600)

    @pytest.mark.parametrize(
        ("behave", "says_why"),
        [
            (says(b" " * (1024 * 1024 + 1)), "more than 1 MiB"),
            (floods, "more than 1 MiB"),
            (says(bomb(), "Content-Encoding: gzip"), "compressed"),
            (says(b"{}", "Content-Encoding: br"), "compressed"),
            (says(b"<html>"), "does not answer with JSON"),
            (says(b""), "does not answer with JSON"),
            (says(b"\xff\xfe{}"), "does not answer with JSON"),
            (says(b"[" * 500_000), "does not answer with JSON"),
            (says(b"[1]"), "JSON object"),
            (lambda connection: connection.sendall(b"SSH-2.0-OpenSSH\r\n"), "cannot be reached"),
            (lambda connection: connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n{"), "cannot be"),
            (lambda connection: None, "cannot be reached"),
        ],
        ids=["huge", "endless", "bomb", "brotli", "html", "empty", "utf-16", "deep", "list", "ssh", "cut", "closing"],
    )
    def test_T40_what_is_no_answer_is_said_in_a_sentence(self, behave: Any, says_why: str) -> None:
        with listening(behave) as odd, pytest.raises(FetchFailed, match=says_why) as failed:
            fetch_json(odd.url)
        assert str(failed.value).endswith(".")

    def test_T40_a_whole_mebibyte_is_taken(self) -> None:
        with listening(says(b" " * (1024 * 1024))) as large:
            assert len(fetch(large.url)) == 1024 * 1024

    def test_T40_a_status_is_an_answer_to_who_asks_for_it(self) -> None:
        with listening(says(b'{"error": "invalid_tenant"}', status="400 Bad Request")) as refusing:
            assert fetch_status_json(refusing.url) == (400, {"error": "invalid_tenant"})
            with pytest.raises(FetchFailed, match=r"answers 400\.") as failed:
                fetch_json(refusing.url + "path?client_secret=sentinel")
        assert "sentinel" not in str(failed.value)

    def test_T40_nothing_of_ours_is_told(self, good: Listener) -> None:
        fetch(good.url)
        sent = good.requests[0].decode().lower()
        assert "accept-encoding: identity" in sent
        assert "cookie" not in sent
        assert "authorization" not in sent

    def test_A_a_session_posts_and_reads_as_any_other(self) -> None:
        with listening(says(b'{"token": 1}', "Content-Type: application/json")) as peer, guarded_session() as session:
            assert session.post(peer.url, data={"code": "x"}).json() == {"token": 1}
            assert peer.requests[0].startswith(b"POST / HTTP/1.1")


class TestTls:
    def test_T40_a_certificate_of_the_hosts_own_name_is_taken(self, tmp_path: Path) -> None:
        tls, authority = certified(tmp_path, "localhost")
        with listening(says(b'{"over": "tls"}'), tls=tls) as peer, guarded_session() as session:
            session.verify = str(authority)
            assert session.get(f"https://localhost:{peer.port}/").json() == {"over": "tls"}

    def test_T40_another_names_is_not(self, tmp_path: Path) -> None:
        tls, authority = certified(tmp_path, "login.example.org")
        with listening(says(b"{}"), tls=tls) as peer, guarded_session() as session:
            session.verify = str(authority)
            with pytest.raises(FetchFailed, match="no TLS certificate that is valid for it"):
                session.get(f"https://localhost:{peer.port}/")
            assert peer.requests == []

    def test_T40_one_of_an_unknown_authority_is_not_even_for_who_does_not_want_to_look(self, tmp_path: Path) -> None:
        tls, _ = certified(tmp_path, "localhost")
        with listening(says(b"{}"), tls=tls) as peer, guarded_session() as session:
            session.verify = False
            with pytest.raises(FetchFailed, match="TLS certificate"):
                session.get(f"https://localhost:{peer.port}/")
            assert peer.requests == []

    def test_T40_a_server_that_drips_over_tls_is_given_up(self, tmp_path: Path) -> None:
        tls, authority = certified(tmp_path, "localhost")
        with listening(drips(b"HTTP/1.1 200 OK\r\nX-Drip: "), tls=tls) as peer, hurried() as session:
            session.verify = str(authority)
            with pytest.raises(FetchFailed, match=LATE):
                session.get(f"https://localhost:{peer.port}/")

    def test_T40_a_server_that_never_greets_is_given_up(self) -> None:
        with listening(hangs) as peer, hurried() as session, pytest.raises(FetchFailed, match=LATE):
            session.get(f"https://localhost:{peer.port}/")


class TestWaitingPlaces:
    """How many threads of one process wait on providers at once (issue E: at most half of them)."""

    def test_E_one_more_call_than_there_are_places_fails_at_once(self, settings: Any) -> None:
        settings.PROVIDER_CALLS_AT_ONCE = 1
        with listening(hangs) as slow, listening(says(b"{}")) as quick:
            with waiting_place(slow.url):
                outcome = elsewhere(lambda: fetch(quick.url))
            assert isinstance(outcome, FetchFailed)
            assert "Too many calls" in str(outcome)
            assert (slow.connections, quick.connections) == (0, 0)
            assert elsewhere(lambda: fetch(quick.url)) == b"{}"

    def test_E_a_thread_that_holds_a_place_calls_as_often_as_it_has_to(self, settings: Any) -> None:
        settings.PROVIDER_CALLS_AT_ONCE = 1
        with listening(says(b"{}")) as peer, waiting_place(peer.url):
            assert (fetch(peer.url), fetch(peer.url)) == (b"{}", b"{}")

    def test_E_one_host_leaves_a_place_for_the_others(self, settings: Any) -> None:
        settings.PROVIDER_CALLS_AT_ONCE = 2
        with listening(hangs) as slow, listening(says(b"{}")) as quick, waiting_place(slow.url):
            assert isinstance(elsewhere(lambda: fetch(slow.url)), FetchFailed)
            assert elsewhere(lambda: fetch(quick.url)) == b"{}"
            assert slow.connections == 0

    def test_E_a_place_is_free_again_after_a_failure(self, settings: Any) -> None:
        settings.PROVIDER_CALLS_AT_ONCE = 1
        with listening(says(b"{}", status="500 Broken")) as broken:
            for _ in range(3):
                with pytest.raises(FetchFailed, match="answers 500"):
                    fetch(broken.url)


def elsewhere(call: Callable[[], Any]) -> Any:
    """What the call gives or raises in another thread."""
    found: list[Any] = []

    def run() -> None:
        try:
            found.append(call())
        except FetchFailed as failed:
            found.append(failed)

    thread = threading.Thread(target=run)
    thread.start()
    thread.join()
    return found[0]
