"""What does looking a domain up cost the guests, while the service answers and while it hangs? (R34)

    python -m bench.decision [seconds]        60 seconds of each, in turn

Two threads serve guests whose domains are remembered, two serve guests of domains that nobody asked about yet: as many
threads as a web process has. Prints how long a decision takes them, the facts gathered and decided upon.
"""

from __future__ import annotations

import subprocess
import sys

from bench.stack import stack_with_guests
from config.stack import local_env
from config.stack.processes import ROOT


def main(seconds: int) -> None:
    """Measure beside a stack of our own, in a process that has Django set up, and print."""
    with stack_with_guests(1) as (running, _):
        environment = local_env.for_application(dict(running.variables))
        measure = f"from bench.deciding import measure; measure({seconds})"
        command = [sys.executable, "manage.py", "shell", "--no-imports", "-c", measure]
        subprocess.run(command, cwd=ROOT, env=environment, check=True)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 60)
