"""How long does a guest wait for a code while the broker is stopped, or frozen? (SAFETY B9)

    python -m bench.broker_away [guests]        20 guests in each case

Prints, for Valkey alive, frozen and killed: Send code's longest answer, and the time from it to the mail.
"""

from __future__ import annotations

import os
import signal
import statistics
import sys
import time
from pathlib import Path

import httpx

from bench.decoys import TOKEN
from bench.stack import stack_with_guests
from config.stack import mail_folder


def _asked(origin: str, mail: Path, address: str) -> tuple[float, float]:
    """(seconds that Send code took, seconds from pressing it to the mail) of one guest."""
    before = set(mail_folder.names(mail))
    with httpx.Client(base_url=origin, timeout=30) as browser:
        page = browser.get("/fabrikam.example")
        token = TOKEN.search(page.text)
        assert token
        began = time.perf_counter()
        sent = browser.post(
            "/fabrikam.example/send-code",
            data={"csrfmiddlewaretoken": token[1], "email": address},
            headers={"Origin": origin},
        )
        took = time.perf_counter() - began
        assert sent.status_code == 302, sent.status_code
    while not set(mail_folder.names(mail)) - before:
        time.sleep(0.01)
    return took, time.perf_counter() - began


def _report(what: str, seen: list[tuple[float, float]]) -> None:
    sends, mails = [one[0] for one in seen], [one[1] for one in seen]
    print(
        f"  {what:8} Send code: median {statistics.median(sends):.3f} s, longest {max(sends):.3f} s;   "
        f"mail: median {statistics.median(mails):.2f} s, longest {max(mails):.2f} s"
    )


def main(guests: int) -> None:
    """Measure and print."""
    with stack_with_guests(guests * 3 + 4) as (running, folder):
        origin = running.variables["PUBLIC_URL"]
        valkey = next(one.process.pid for one in running.databases.children if one.program.name == "valkey")
        numbers = iter(range(guests * 3 + 4))
        for _ in range(4):
            _asked(origin, folder.mail, f"known{next(numbers)}@guests.example")
        print(f"{guests} guests each")
        _report("alive", [_asked(origin, folder.mail, f"known{next(numbers)}@guests.example") for _ in range(guests)])
        os.kill(valkey, signal.SIGSTOP)
        _report("frozen", [_asked(origin, folder.mail, f"known{next(numbers)}@guests.example") for _ in range(guests)])
        os.kill(valkey, signal.SIGKILL)
        _report("killed", [_asked(origin, folder.mail, f"known{next(numbers)}@guests.example") for _ in range(guests)])


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 20)
