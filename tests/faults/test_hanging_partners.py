"""Partners whose metadata address hangs: each is asked once a night, and codes are mailed meanwhile (R36, B9).

The suite has 4 of them and a broker that hands out again after 8 s what is not done;
`DRILL_PARTNERS=16 DRILL_VISIBILITY=60 pytest tests/faults/test_hanging_partners.py --log-cli-level=INFO` is as in
production and prints what came of it.
"""

from __future__ import annotations

import logging
import os
import socketserver
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from threading import Lock, Thread

import pytest

from providers.models import IdentityProvider
from providers.operations.refreshing import REFRESHED
from tenants.models import AuditEntry, Tenant
from tenants.scope import tenant_scope
from tests.faults.drill import POOL, Drill, answered, ground

pytestmark = [pytest.mark.faults, pytest.mark.django_db(transaction=True)]

PARTNERS = int(os.environ.get("DRILL_PARTNERS", "4"))
LETTERS = 5
HANGS_FOR = 5.0
"""Seconds after which we give a partner up (providers/fetching/guard.py)."""
LATEST = 7.0
"""Seconds until a code is mailed, though no relay runs: a worker is free once it has given a partner up. The rest is
for a slow machine."""

log = logging.getLogger(__name__)


@dataclass
class Partners:
    """Takes requests and answers none, until the other side hangs up."""

    port: int = 0
    asked: Counter[str] = field(default_factory=Counter)
    most_at_once: Counter[str] = field(default_factory=Counter)
    _now: Counter[str] = field(default_factory=Counter)
    _lock: Lock = field(default_factory=Lock)

    def began(self, path: str) -> None:
        with self._lock:
            for counter in (self.asked, self._now):
                counter[path] += 1
            self.most_at_once[path] = max(self.most_at_once[path], self._now[path])

    def ended(self, path: str) -> None:
        with self._lock:
            self._now[path] -= 1


@contextmanager
def hanging() -> Iterator[Partners]:
    partners = Partners()

    class Handler(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            path = self.rfile.readline().split()[1].decode()
            partners.began(path)
            while self.rfile.readline():
                pass
            partners.ended(path)

    class Server(socketserver.ThreadingTCPServer):
        daemon_threads = True

    with Server(("127.0.0.1", 0), Handler) as server:
        partners.port = server.server_address[1]
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        try:
            yield partners
        finally:
            server.shutdown()
            thread.join()


@pytest.fixture
def drill(fabrikam: Tenant) -> Iterator[Drill]:
    with ground(fabrikam, broker=True) as drill:
        drill.environment |= {
            "DJANGO_SETTINGS_MODULE": "tests.faults.partner_settings",
            "PROVIDER_NETWORKS": "127.0.0.0/8",
        }
        yield drill


def lines() -> int:
    """Lines of the history about partners that gave no answer; they all belong to one tenant."""
    return AuditEntry.objects.filter(action=REFRESHED).count()


def test_R36_each_partner_that_hangs_is_asked_once_while_codes_are_mailed(drill: Drill) -> None:
    with hanging() as partners, tenant_scope(drill.tenant.id):
        for number in range(PARTNERS):
            IdentityProvider.objects.create(
                tenant=drill.tenant,
                kind="saml",
                name=f"Partner {number}",
                is_bound_to_domains=True,
                settings={"metadata_url": f"http://127.0.0.1:{partners.port}/{number}"},
            )
        drill.worker("worker")
        drill.start("publishing", "-m", "celery", "-A", "config.celery", "call", "providers.tasks.refresh_all_metadata")
        began = time.monotonic()
        while not partners.asked and time.monotonic() < began + 30:
            time.sleep(0.05)
        asking = drill.ask(LETTERS, pause=0.3)
        while lines() < PARTNERS and time.monotonic() < began + 60 + PARTNERS * HANGS_FOR:
            time.sleep(0.1)
        lasted = time.monotonic() - began
        answered(asking)
        drill.wait_until_settled(LETTERS, within=30)
        if os.environ.get("DRILL_PARTNERS"):
            time.sleep(100)  # what was handed out twice ends, too
        outcome, written = drill.outcome(), lines()
        log.info(
            "%d partners, %d asked, at most %d times at once, %d lines, all known after %.0f s; codes: %s",
            PARTNERS,
            partners.asked.total(),
            max(partners.most_at_once.values()),
            written,
            lasted,
            outcome,
        )
    assert set(partners.asked.values()) == {1}, partners.asked
    assert set(partners.most_at_once.values()) == {1}, partners.most_at_once
    assert written == PARTNERS
    assert lasted < 10 + PARTNERS * HANGS_FOR / POOL, "they waited for one another"
    assert (outcome.lost, outcome.doubled) == (0, 0), outcome
    assert outcome.longest < LATEST, outcome
