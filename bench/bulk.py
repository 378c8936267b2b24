"""How long a file of many guests takes, with a worker killed in the middle: `python -m bench.bulk ROWS`.

Starts a stack of its own, uploads a file by the product's operation, and looks at the rows and at the workers' memory
while Celery checks and does them. Then it counts guests, and who is there twice.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import psycopg
from psycopg.rows import dict_row

from bench.stack import in_stack, stack_with_guests
from config.stack.local_stack import Running

SETUP = """
import json
import django; django.setup()
from django.utils import timezone
from guests.models import Batch
from guests.operations.batches.slices import start_batch
from guests.operations.batches.uploading import upload_invitations
from guests.operations.inviting import Inviter
from tenants.directory import find_tenant
from tenants.doors.commands import operator
from tenants.scope import tenant_scope
tenant = find_tenant("fabrikam.example")
"""
UPLOAD = """
from io import BytesIO
rows = "".join(f'bulk{n}@many{n %% 500}.example,,true,"Welcome, number {n}",Guest {n}\\r\\n' for n in range(%d))
content = ("email,redirect url,send email,message,name\\r\\n" + rows).encode()
with tenant_scope(tenant.id):
    outcome = upload_invitations(tenant=tenant, name="bulk.csv", content=BytesIO(content),
                                 inviter=Inviter("Bench", "bench@fabrikam.example"), actor=operator(),
                                 now=timezone.now())
print(outcome.batch.id)
"""
START = """
with tenant_scope(tenant.id):
    start_batch(batch_id="%s", actor=operator(), now=timezone.now())
"""
WATCH = """
import time
with tenant_scope(tenant.id):
    while True:
        batch = Batch.objects.get(id="%s")
        if batch.%s >= %d or batch.state in ("done", "unreadable", "checked"):
            break
        time.sleep(0.2)
    print(json.dumps([batch.state, batch.rows, batch.done, batch.failed]))
"""
# A bulk mail's rank is 2: Rank.BULK.
COUNT = """
SELECT (SELECT count(*) FROM guests_guest WHERE address LIKE 'bulk%') AS guests,
       (SELECT count(*) - count(DISTINCT address_key) FROM guests_guest WHERE address LIKE 'bulk%') AS duplicates,
       (SELECT count(*) FROM guests_invitation i JOIN guests_guest g ON g.id = i.guest_id
         WHERE g.address LIKE 'bulk%') AS invitations,
       (SELECT count(*) FROM outbox_outboundmail WHERE rank = 2) AS mails,
       (SELECT count(DISTINCT subject_id) FROM outbox_outboundmail WHERE rank = 2) AS mailed
"""


def pool() -> Iterator[tuple[int, int]]:
    """(process, peak resident KiB) of each of our worker's pool processes."""
    ours = {os.getpid()}
    while True:
        below = {pid for pid, parent in parents().items() if parent in ours} - ours
        if not below:
            break
        ours |= below
    for pid in ours:
        try:
            words = Path(f"/proc/{pid}/cmdline").read_bytes()
            parent = Path(f"/proc/{parents().get(pid, 0)}/cmdline").read_bytes()
            if b"celery" in words and b"celery" in parent:
                yield pid, peak(pid)
        except OSError:
            continue


def parents() -> dict[int, int]:
    found = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            found[int(stat.parent.name)] = int(stat.read_text().rpartition(")")[2].split()[1])
        except OSError:
            continue
    return found


def peak(pid: int) -> int:
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next((int(line.split()[1]) for line in lines if line.startswith("VmHWM")), 0)


def busy(pid: int) -> int:
    """Ticks of a processor that it has had."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return int(fields[11]) + int(fields[12])


def megabytes() -> float:
    """The largest of the pool's processes at its peak."""
    return max((kib for _, kib in pool()), default=0) / 1024


def waited(running: Running, batch: str, column: str, count: int) -> tuple[str, int, int, int]:
    state, rows, done, failed = json.loads(in_stack(running, SETUP + WATCH % (batch, column, count)))
    return state, rows, done, failed


def counted(running: Running) -> dict[str, int]:
    """What is there now. As the owner, whose transactions may take as long as this does: nothing was analysed yet."""
    with psycopg.connect(running.variables["DATABASE_OWNER_URL"], row_factory=dict_row) as connection:
        connection.execute("SELECT set_config('app.every_tenant', 'on', true)")
        return connection.execute(COUNT).fetchone() or {}


def main(rows: int) -> None:
    with stack_with_guests(1) as (running, _):
        before = megabytes()
        print(f"{rows:,} rows, load {os.getloadavg()[0]:.1f}, {os.cpu_count()} cores, worker {before:.0f} MB at rest")
        batch = in_stack(running, SETUP + UPLOAD % rows).strip()
        began = time.monotonic()
        waited(running, batch, "rows", 10 * rows)
        checking = time.monotonic() - began
        print(f"checked in {checking:.0f} s, the worker's peak {megabytes():.0f} MB")
        in_stack(running, SETUP + START % batch)
        began = time.monotonic()
        while (half := waited(running, batch, "done", rows // 2))[2] < rows // 2:
            time.sleep(0.1)  # the start is not seen yet
        at_peak = megabytes()
        for pid, _ in sorted(pool(), key=lambda one: busy(one[0]))[-2:]:  # the third is beat, which nobody starts again
            os.kill(pid, signal.SIGKILL)
        print(f"all the worker's processes killed after {half[2]:,}; their peak {at_peak:.0f} MB")
        while (last := waited(running, batch, "done", 10 * rows))[0] != "done":
            time.sleep(0.2)
        doing = time.monotonic() - began
        print(f"done in {doing:.0f} s, the kill included: {last}")
        print(f"peak {max(at_peak, megabytes()):.0f} MB, {max(at_peak, megabytes()) - before:.0f} MB above rest")
        print(f"{counted(running)}, load {os.getloadavg()[0]:.1f}")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 100_000)
