"""What Entra ID says about domains, asked over the network and remembered for a while in this process. (R34, R36)

Knows the look-up's budget, how long each answer holds, and when to leave a failing service alone. It writes no row: a
look at a page makes none. It must never be asked inside a transaction.
"""

from __future__ import annotations

import re
import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final
from uuid import UUID

from providers.fetching import FetchFailed, fetch_status_json, waiting_place
from providers.rules import Answer, Knowledge

BUDGET: Final = 3.0
"""Seconds that one look-up may take (R34)."""

HOLDS: Final = {Answer.YES: 24 * 3600.0, Answer.NO: 24 * 3600.0, Answer.UNKNOWN: 60.0}
"""Seconds for which an answer is remembered."""

MOST_DOMAINS: Final = 10_000
FAILURES_IN_A_ROW: Final = 3
PAUSE: Final = 30.0
"""Seconds for which a service that failed so often is not asked: whoever hangs costs a few guests, not each one."""

CONSUMERS: Final = "9188040d-6c67-4c5b-b112-36a304b66dad"
"""The tenant of all personal Microsoft accounts: nobody's home, and no sign of an organisation's accounts."""

NO_SUCH_TENANT: Final = re.compile(r"AADSTS90002(?!\d)")
"""The number that says so; others begin alike."""

TOO_MANY: Final = 429


@dataclass(frozen=True, slots=True)
class Home:
    """What is known of a domain at Entra ID. `tenant_id` is "" unless the answer is yes."""

    known: Knowledge
    tenant_id: str = ""


class Directory:
    """One Entra ID service, and what this process remembers of its answers. Threads may share it.

    `authority` is its origin, without a slash at the end. `clock` gives seconds that only grow.
    """

    def __init__(
        self, authority: str, *, clock: Callable[[], float] = time.monotonic, most_domains: int = MOST_DOMAINS
    ) -> None:
        self._authority = authority
        self._clock = clock
        self._most = most_domains
        self._lock = threading.Lock()
        self._remembered: OrderedDict[str, tuple[float, Home]] = OrderedDict()
        self._asking: dict[str, threading.Event] = {}
        self._failures = 0
        self._paused_until = float("-inf")

    def home_of(self, domain: str) -> Home:
        """The Entra tenant of this domain (lower-case A-labels), out of memory or by asking, within 3 s.

        Unknown where the service does not answer as it should, rests after failures, or no place to wait is free.
        """
        home = self._recall(domain)
        if home is not None:
            return home
        try:
            with waiting_place(self._authority):
                return self._ask_once(domain)
        except FetchFailed as busy:
            return _unknown(domain, str(busy))

    def remembered(self, domain: str) -> Home | None:
        """What an earlier look-up found and still holds; None where nobody asked lately. It asks nobody."""
        return self._recall(domain)

    def _ask_once(self, domain: str) -> Home:
        """Ask, or wait for the thread that is asking about the same domain already."""
        with self._lock:
            others = self._asking.get(domain)
            if others is None:
                own = self._asking[domain] = threading.Event()
        if others is not None:
            others.wait(BUDGET)
            return self._recall(domain) or _unknown(domain, "another look-up for it is under way.")
        try:
            # It may have been answered, or the service given up, since we looked.
            return self._recall(domain) or self._ask(domain)
        finally:
            with self._lock:
                del self._asking[domain]
            own.set()

    def _recall(self, domain: str) -> Home | None:
        """What is remembered and still holds, or that the service rests."""
        now = self._clock()
        with self._lock:
            until, home = self._remembered.get(domain, (now, None))
            if home is not None and now < until:
                self._remembered.move_to_end(domain)
                return home
            if now < self._paused_until:
                return _resting(domain)
        return None

    def _ask(self, domain: str) -> Home:
        with self._lock:
            if self._failures >= FAILURES_IN_A_ROW:
                if self._clock() < self._paused_until:
                    return _resting(domain)
                self._paused_until = self._clock() + PAUSE  # one tries whether it is back; the others do not wait
        try:
            url = f"{self._authority}/{domain}/v2.0/.well-known/openid-configuration"
            status, said = fetch_status_json(url, seconds=BUDGET)
            if status >= 500 or status == TOO_MANY:
                raise FetchFailed(f"Entra ID answers {status}.")
        except FetchFailed as failed:
            home, is_failure = _unknown(domain, str(failed)), True
        else:
            home, is_failure = self._read(domain, status, said), False
        now = self._clock()
        with self._lock:
            self._failures = self._failures + 1 if is_failure else 0
            self._paused_until = now + PAUSE if self._failures >= FAILURES_IN_A_ROW else float("-inf")
            self._remembered[domain] = (now + HOLDS[home.known.answer], home)
            self._remembered.move_to_end(domain)
            while len(self._remembered) > self._most:
                self._remembered.popitem(last=False)
        return home

    def _read(self, domain: str, status: int, said: dict[str, Any]) -> Home:
        if status == 200:
            tenant_id = self._tenant_in(str(said.get("issuer", "")))
            if tenant_id == CONSUMERS:
                return Home(Knowledge(Answer.NO, f"Entra ID knows {domain} for personal Microsoft accounts only."))
            if tenant_id:
                source = f"{domain} belongs to an Entra ID tenant ({tenant_id}), as its OpenID configuration says."
                return Home(Knowledge(Answer.YES, source), tenant_id)
        is_none = said.get("error") == "invalid_tenant" or NO_SUCH_TENANT.search(str(said.get("error_description", "")))
        if status == 400 and is_none:
            return Home(Knowledge(Answer.NO, f"Entra ID was asked and knows no tenant for {domain}."))
        return _unknown(domain, f"Entra ID answered something else than expected ({status}).")

    def _tenant_in(self, issuer: str) -> str:
        """The tenant id in `{authority}/{tid}/v2.0`; "" when the issuer reads otherwise."""
        text = issuer.removeprefix(f"{self._authority}/").removesuffix("/v2.0")
        try:
            tenant_id = str(UUID(text))
        except ValueError:
            return ""
        return tenant_id if issuer == f"{self._authority}/{tenant_id}/v2.0" else ""


@lru_cache(maxsize=8)
def directory_at(authority: str) -> Directory:
    """This process's memory of one Entra ID service, the same for every caller."""
    return Directory(authority)


def _unknown(domain: str, why: str) -> Home:
    return Home(
        Knowledge(Answer.UNKNOWN, f"Whether {domain} has Entra ID accounts is unknown, the look-up failed: {why}")
    )


def _resting(domain: str) -> Home:
    return _unknown(domain, f"Entra ID failed several times in a row and is not asked for {PAUSE:.0f} s.")
