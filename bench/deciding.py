"""The measurement of bench.decision, for a process in which Django is set up."""

from __future__ import annotations

import statistics
import threading
import time
from collections import defaultdict
from collections.abc import Callable
from datetime import UTC, datetime
from itertools import count, cycle
from uuid import UUID

from django.conf import settings
from django.db import connection

from providers.discovery import gather_facts
from providers.lookups import BUDGET
from providers.rules import decide
from tenants.addresses import canonical
from tenants.directory import find_tenant
from tenants.scope import tenant_scope
from tests.peers.entra_directory import HOME, Mode, running_directory

WARM = [f"remembered{number}.example" for number in range(50)]
BETWEEN_WARM, BETWEEN_COLD = 0.005, 0.05  # seconds from one guest of a thread to the next
SLOT = 5  # seconds in which one of the two services is asked
LONG = 2.0  # seconds: a decision that waited for the network


def measure(seconds: int) -> None:
    """Print the table."""
    tenant = find_tenant("fabrikam.example")
    assert tenant is not None
    settings.ENTRA_CLIENT_ID = "bench"
    fresh = (f"new{number}.example" for number in count())
    remembered = cycle(WARM)
    domains = dict.fromkeys(WARM, HOME)
    with running_directory(domains) as answering, running_directory(domains) as hanging:
        services = {Mode.NORMAL: answering, Mode.HANGING: hanging}
        for service in services.values():
            settings.ENTRA_AUTHORITY = service.authority
            for domain in WARM:
                _decided(tenant.id, domain)
        hanging.mode = Mode.HANGING
        took: dict[tuple[Mode, str], list[float]] = defaultdict(list)
        for _ in range(0, seconds, SLOT):
            # In turn: the machine's speed drifts.
            for mode, service in services.items():
                settings.ENTRA_AUTHORITY = service.authority
                warm, cold = _served(tenant.id, SLOT, lambda: next(remembered), lambda: next(fresh))
                took[mode, "remembered"] += warm
                took[mode, "cold"] += cold
        print(f"{seconds} s each; milliseconds of one decision; {settings.PROVIDER_CALLS_AT_ONCE} may wait at once")
        for (mode, kind), seen in took.items():
            _print(mode, kind, seen)


def _served(
    tenant_id: UUID, seconds: int, remembered: Callable[[], str], fresh: Callable[[], str]
) -> tuple[list[float], list[float]]:
    """What two threads of each kind took for their guests, in seconds, in the order in which they came."""
    until = time.monotonic() + seconds
    taking = threading.Lock()

    def serve(source: Callable[[], str], pause: float, took: list[float]) -> None:
        while time.monotonic() < until:
            with taking:
                domain = source()
            took.append(_decided(tenant_id, domain))
            time.sleep(pause)

    warm: list[float] = []
    cold: list[float] = []
    kinds = [(remembered, BETWEEN_WARM, warm), (fresh, BETWEEN_COLD, cold)]
    threads = [threading.Thread(target=serve, args=kind) for kind in kinds for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return warm, cold


def _decided(tenant_id: UUID, domain: str) -> float:
    """The seconds of one guest's decision."""
    address = canonical(f"guest@{domain}")
    with tenant_scope(tenant_id):
        began = time.perf_counter()
        decide(gather_facts(address=address, bound=None, now=datetime.now(UTC)))
        took = time.perf_counter() - began
    connection.close()  # back to the pool, as at the end of a request
    return took


def _print(mode: Mode, kind: str, took: list[float]) -> None:
    points = statistics.quantiles(took, n=100)
    waited = [one for one in took if one > LONG]
    print(
        f"  service {mode:8} domain {kind:10} {len(took):6} guests   p50 {points[49] * 1000:7.2f}   "
        f"p95 {points[94] * 1000:7.2f}   longest {max(took) * 1000:7.1f}   "
        f"waited (up to {BUDGET:.0f} s): {len(waited)}"
    )
