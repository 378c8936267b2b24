"""What do guests whose provider hangs cost all the others? (threats, R29)

    python -m bench.providers_hang [seconds]        60 seconds of each, in turn

Twelve guests stand at a provider whose token endpoint is silent for 60 s, and come back again and again; then four type
addresses whose domains Entra ID's look-up service is silent about. Beside them three others at a time open a link and
sign in with a code. Prints how long the others' steps take while the provider, or the service, answers and while it
hangs. The web server is the local stack's: two processes with eight threads each, of which four may wait on providers.
"""

from __future__ import annotations

import json
import os
import statistics
import sys
import threading
import time
from collections import Counter
from contextlib import ExitStack
from itertools import count, cycle
from pathlib import Path

from bench.crowd import REST, Took, come_back, out_to_provider, sign_in_with_code, type_addresses
from bench.stack import in_stack, stack_with_guests
from tests.peers.entra_directory import Mode, running_directory
from tests.peers.hostile_op import CLIENT_ID, TOKEN, Instead, running

STANDING, TYPING, OTHERS = 12, 4, 3  # guests at the provider, guests of unknown domains, and all the others
SLOT = 15  # seconds in which a provider answers or hangs; then the other way
SETTLE = 6  # seconds between two slots: longer than any call to a provider lasts
REFUSED = Instead(400, json.dumps({"error": "invalid_grant"}).encode())

MADE = """
import django; django.setup()
import json
from datetime import UTC, datetime
from guests.operations.inviting import Details, Inviter, invite_guest
from providers.operations import add_identity_provider
from tenants.addresses import canonical
from tenants.audit import Actor, ActorKind
from tenants.directory import find_tenant
from tenants.scope import tenant_scope
tenant = find_tenant("fabrikam.example")
actor, now = Actor(ActorKind.OPERATOR, "bench", source="shell"), datetime.now(UTC)
with tenant_scope(tenant.id):
    provider = add_identity_provider(
        kind="openIdConnect", name="Slow ID", domains=["slow.example"],
        settings={{"issuer": {issuer!r}, "client_id": {client!r}}}, secret="", actor=actor, now=now,
    )
    links = [
        invite_guest(
            tenant=tenant, address=canonical(f"invited{{n}}@guests.example"), details=Details(),
            inviter=Inviter("Adele Vance", "adele@fabrikam.example"), actor=actor, now=now,
        ).link
        for n in range(20)
    ]
print(json.dumps({{"tenant": str(tenant.id), "provider": str(provider.id), "links": links}}))
"""


class Measurement:
    """The others' waits in each state of the two providers, and what those who stand there saw."""

    def __init__(self, origin: str, links: list[str], mails: Path) -> None:
        self.origin, self.links, self.mails = origin, cycle(links), mails
        self.guests = count()
        self.taking = threading.Lock()
        self.took: dict[str, Took] = {}
        self.seen: dict[str, Counter[str]] = {}

    def during(self, state: str, seconds: float) -> None:
        """Let the others come and go for a while."""
        until = time.monotonic() + seconds
        took = self.took.setdefault(state, [])

        def others() -> None:
            while time.monotonic() < until:
                with self.taking:
                    link, number = next(self.links), next(self.guests)
                sign_in_with_code(self.origin, f"known{number}@guests.example", self.mails, link, took)
                time.sleep(REST)

        threads = [threading.Thread(target=others) for _ in range(OTHERS)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    def table(self) -> None:
        """Print it."""
        for state, took in self.took.items():
            each = [seconds * 1000 for _, _, seconds in took]
            points = statistics.quantiles(each, n=100)
            standing = ", ".join(f"{what}: {number}" for what, number in sorted(self.seen[state].items()))
            print(
                f"  {state:27} {len(each):5} steps   p50 {points[49]:6.1f}   p95 {points[94]:6.1f}   "
                f"longest {max(each):7.1f}   those who stand there ({standing})"
            )


def main(seconds: int) -> None:
    """Measure and print."""
    with ExitStack() as stack:
        peer = stack.enter_context(running())
        directory = stack.enter_context(running_directory())
        environment = {
            "DISCOVERY": "live",
            "ENTRA_CLIENT_ID": "bench",
            "ENTRA_AUTHORITY": directory.authority,
            "PROVIDER_NETWORKS": "127.0.0.0/8",
            "PROVIDER_CALLS_AT_ONCE": "4",
        }
        running_now, folder = stack.enter_context(stack_with_guests(5000, environment))
        made = json.loads(in_stack(running_now, MADE.format(issuer=peer.url, client=CLIENT_ID)).splitlines()[-1])
        measurement = Measurement(running_now.variables["PUBLIC_URL"], made["links"], folder.mail)
        origin, numbers = measurement.origin, count()
        measurement.during("warming up", 10)
        del measurement.took["warming up"]
        back = f"/{made['tenant']}/return/{made['provider']}"
        standing = [out_to_provider(origin, f"guest{n}@slow.example", peer) for n in range(STANDING)]
        ended, at_provider, at_service = threading.Event(), threading.Event(), threading.Event()
        seen: dict[threading.Event, Counter[str]] = {at_provider: Counter(), at_service: Counter()}
        threads = [
            threading.Thread(
                target=come_back,
                args=(person, back, brought),
                kwargs={"going": at_provider, "ended": ended, "seen": seen[at_provider]},
            )
            for person, brought in standing
        ] + [
            threading.Thread(
                target=type_addresses,
                args=(origin, numbers),
                kwargs={"going": at_service, "ended": ended, "seen": seen[at_service]},
            )
            for _ in range(TYPING)
        ]
        for thread in threads:
            thread.start()
        try:
            for _ in range(0, seconds, SLOT):
                # In turn: the machine's speed drifts.
                for is_hanging in (False, True):
                    how = "hangs" if is_hanging else "answers"
                    peer.instead[TOKEN] = Instead(hang=True) if is_hanging else REFUSED
                    directory.mode = Mode.HANGING if is_hanging else Mode.NORMAL
                    for who, going in (("token endpoint", at_provider), ("look-up service", at_service)):
                        going.set()
                        measurement.during(f"{who} {how}", SLOT)
                        going.clear()
                        time.sleep(SETTLE)
                        measurement.seen.setdefault(f"{who} {how}", Counter()).update(seen[going])
                        seen[going].clear()
        finally:
            ended.set()
            for thread in threads:
                thread.join()
    print(f"{seconds} s each; milliseconds of one step of the others; load {os.getloadavg()[0]:.1f}")
    measurement.table()
    for who in ("token endpoint", "look-up service"):
        normal, hanging = (
            statistics.quantiles([took for _, _, took in measurement.took[f"{who} {how}"]], n=100)[94]
            for how in ("answers", "hangs")
        )
        print(f"  {who}: p95 while hanging / while answering = {hanging / normal:.2f}")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 60)
