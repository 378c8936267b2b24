"""Guests over HTTP for a measurement: those whose provider hangs, and the others, whose waits are counted.

Knows what each presses, and how long they rest between two tries. It must never look into a table: the codes are read
from the mails that arrive.
"""

from __future__ import annotations

import re
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from threading import Event

import httpx

from config.stack import mail_folder
from tests.peers.hostile_op import HostileProvider

TOKEN = re.compile(r'name="csrfmiddlewaretoken" value="([^"]+)"')
GO_ON = re.compile(r"^0; ?url=(.+)$")
CODE = re.compile(r"^\s+(\d{4} \d{4})\s*$", re.MULTILINE)
MAIL_WITHIN = 30.0  # seconds
REST = 0.2  # seconds between two of the others
ROUND = 5.5  # seconds from one try of a guest at a provider to the next: longer than the call that they wait for

Took = list[tuple[float, str, float]]
"""When a step began, its name, and the seconds that it took."""


class Person:
    """A browser of its own, and so a connection of its own."""

    def __init__(self, origin: str) -> None:
        self.client = httpx.Client(base_url=origin, timeout=60, headers={"Origin": origin})
        self.page: httpx.Response

    def open(self, url: str) -> httpx.Response:
        self.page = self.client.get(url)
        return self.page

    def press(self, url: str, **typed: str) -> httpx.Response:
        """Post with the token of the page that was opened last."""
        token = TOKEN.search(self.page.text)
        assert token, self.page.text[:500]
        return self.client.post(url, data={"csrfmiddlewaretoken": token[1], **typed})


def out_to_provider(origin: str, address: str, peer: HostileProvider) -> tuple[Person, dict[str, str]]:
    """Somebody who has signed in at the provider, and the parameters that they come back with."""
    person = Person(origin)
    person.open("/fabrikam.example")
    person.page = person.press("/fabrikam.example", email=address)
    left = person.press("/fabrikam.example/send-code", email=address)
    goes_on = GO_ON.match(left.headers.get("Refresh", ""))
    assert goes_on, (left.status_code, left.text[:800])
    return person, peer.come_back(goes_on[1])


def come_back(
    person: Person, url: str, brought: dict[str, str], *, going: Event, ended: Event, seen: Counter[str]
) -> None:
    """Come back to the same provider again and again while `going` is set; `seen` counts who waited and who did not."""
    while not ended.is_set():
        if not going.wait(0.1):
            continue
        began = time.perf_counter()
        status = person.client.get(url, params=brought).status_code
        took = time.perf_counter() - began
        seen[f"{status}, {'waited' if took > 1 else 'at once'}"] += 1
        ended.wait(max(0.0, ROUND - took))


def type_addresses(origin: str, numbers: Iterator[int], *, going: Event, ended: Event, seen: Counter[str]) -> None:
    """Type an address of a domain that nobody asked about yet, again and again."""
    while not ended.is_set():
        if not going.wait(0.1):
            continue
        person = Person(origin)
        began = time.perf_counter()
        person.open("/fabrikam.example")
        status = person.press("/fabrikam.example", email=f"guest@new{next(numbers)}.example").status_code
        seen[f"{status}, {'waited' if time.perf_counter() - began > 1 else 'at once'}"] += 1
        person.client.close()
        ended.wait(REST)


def sign_in_with_code(origin: str, address: str, mails: Path, link: str, took: Took) -> None:
    """One of the others: opens a link, then signs in with a code, each step timed."""
    person = Person(origin)

    def timed(step: str, ask: Callable[[], httpx.Response], status: int) -> httpx.Response:
        began = time.perf_counter()
        said = ask()
        took.append((began, step, time.perf_counter() - began))
        assert said.status_code == status, (step, said.status_code, said.text[:800])
        return said

    try:
        timed("open a link", lambda: person.open(link), 200)
        person.open("/fabrikam.example")
        person.page = timed("address", lambda: person.press("/fabrikam.example", email=address), 200)
        sent = timed("Send code", lambda: person.press("/fabrikam.example/send-code", email=address), 302)
        code = _code_for(address, mails)
        url = sent.headers["Location"]
        person.open(url)
        timed("enter code", lambda: person.press(url, code=code), 302)
    finally:
        person.client.close()


def _code_for(address: str, mails: Path) -> str:
    until = time.monotonic() + MAIL_WITHIN
    while time.monotonic() < until:
        for mail in mail_folder.newest(mails, 12):
            found = CODE.search(mail.part("plain") or "")
            if found and any(address in recipient for recipient in mail.recipients):
                return found[1]
        time.sleep(0.1)
    raise AssertionError(f"no code came to {address}")
