"""Can a clock tell who is invited? (SAFETY B7)

    python -m bench.decoys [addresses]        500 known and as many unknown addresses, in turn

Prints each step's median for known and unknown addresses, and their difference in milliseconds.
"""

from __future__ import annotations

import re
import statistics
import sys
import time
from collections import defaultdict

import httpx

from bench.stack import stack_with_guests

TOKEN = re.compile(r'name="csrfmiddlewaretoken" value="([^"]+)"')


def _steps(origin: str, address: str) -> dict[str, float]:
    """The seconds of each step of a stranger who types this address."""
    took: dict[str, float] = {}
    with httpx.Client(base_url=origin, timeout=30) as browser:
        page = browser.get("/fabrikam.example")

        def post(step: str, path: str, **fields: str) -> httpx.Response:
            token = TOKEN.search(page.text)
            assert token, page.text[:500]
            began = time.perf_counter()
            answer = browser.post(path, data={"csrfmiddlewaretoken": token[1], **fields}, headers={"Origin": origin})
            took[step] = time.perf_counter() - began
            return answer

        page = post("address", "/fabrikam.example", email=address)
        sent = post("Send code", "/fabrikam.example/send-code", email=address)
        assert sent.status_code == 302, (sent.status_code, sent.text[:800])
        began = time.perf_counter()
        page = browser.get(sent.headers["Location"])
        took["Enter code"] = time.perf_counter() - began
        wrong = post("wrong code", sent.headers["Location"], code="00000000")
        assert wrong.status_code == 422, wrong.status_code
    return took


def main(addresses: int) -> None:
    """Measure and print."""
    seen: dict[str, dict[str, list[float]]] = {"known": defaultdict(list), "unknown": defaultdict(list)}
    with stack_with_guests(addresses) as (running, _):
        origin = running.variables["PUBLIC_URL"]
        for warm in range(5):
            _steps(origin, f"warm{warm}@guests.example")
        for number in range(addresses):
            # In turn, and each of the two first as often as the other: the machine's speed drifts.
            for kind in ("known", "unknown") if number % 2 else ("unknown", "known"):
                for step, seconds in _steps(origin, f"{kind}{number}@guests.example").items():
                    seen[kind][step].append(seconds)
    print(f"{addresses} addresses of each kind; medians in milliseconds")
    for step in seen["known"]:
        known, unknown = (statistics.median(seen[kind][step]) * 1000 for kind in ("known", "unknown"))
        print(f"  {step:12} known {known:7.2f}   unknown {unknown:7.2f}   difference {known - unknown:+.2f}")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 500)
