"""The operators' door to the history's seals: is it as it was written?"""

from __future__ import annotations

from argparse import ArgumentTypeError
from datetime import timedelta
from typing import Any, Final

from django.core.management.base import CommandError, CommandParser
from django.utils import timezone

from tenants.doors.commands import TenantCommand
from tenants.models import Tenant
from tenants.verifying import Fault, Finding, Head, Verdict, verify_tenant

LATE: Final = timedelta(minutes=2)
"""R64: a line is sealed within two minutes."""

_SAID: Final = {
    Fault.ROW_REMOVED: "Line {id} was sealed and is gone.",
    Fault.ROW_CHANGED: "Line {id} is not as it was sealed.",
    Fault.ROW_INSERTED: "Line {id} was put among lines that were sealed before.",
    Fault.SEAL_REMOVED: "Seal {id} is gone.",
    Fault.SEAL_CHANGED: "Seal {id} is not as it was made.",
    Fault.HEAD_LOST: "The chain no longer holds the head that you gave: seal {id} is gone or was made anew.",
    Fault.FORGOTTEN_OUT_OF_TURN: "Block {id} is said to be forgotten, and an older one is still there.",
    Fault.FORGOTTEN_UNTOLD: "Block {id} is said to be forgotten, and no line of the history tells of that.",
}


def head(text: str) -> Head:
    """An argument such as 12:9f86…, as this command prints it."""
    number, _, digits = text.partition(":")
    try:
        parsed = Head(int(number), bytes.fromhex(digits))
    except ValueError:
        parsed = Head(0, b"")
    if parsed.sequence < 1 or len(parsed.hash) != 32:
        raise ArgumentTypeError("give the head as this command printed it, such as 12: and 64 hexadecimal digits")
    return parsed


class Command(TenantCommand):
    """Reads only; exits with 1 as soon as something is not as it was."""

    help = (
        "Checks a tenant's audit log against its seals and names the first line or seal that was removed, changed or "
        "put in. It prints the chain's head: keep that elsewhere and give it back next time with --head, since only "
        "then would a chain that was made anew as a whole, or cut off at its end, be noticed."
    )
    example = "manage.py verify_audit --tenant fabrikam.example --head 12:9f86d081…"

    def add_tenant_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--head", type=head, metavar="NUMBER:HASH", help="a head that was printed earlier")

    def handle_in_tenant(self, tenant: Tenant, **options: Any) -> str:
        verdict = verify_tenant(remembered=options["head"])
        if verdict.finding is not None:
            raise CommandError(self._wrong(tenant, verdict, verdict.finding))
        lines = [
            f"The history of {tenant.name} is as it was written: {verdict.rows:,} lines in {verdict.seals:,} seals."
        ]
        if verdict.forgotten is not None:
            gone = verdict.forgotten
            first, last = f"{gone.since:%d %b %Y}", f"{gone.until:%d %b %Y}"
            when = f"on {first}" if first == last else f"between {first} and {last}"
            lines.append(
                f"Blocks 1–{gone.last:,} were forgotten {when}, {gone.lines:,} lines, as the tenant keeps its history "
                "for some days only. Their seals are there, and the chain through them is intact."
            )
        if verdict.waiting:
            lines.append(f"{verdict.waiting:,} lines are not sealed yet.")
        if verdict.waiting_since is not None and timezone.now() - verdict.waiting_since > LATE:
            lines.append(
                f"The oldest waits since {verdict.waiting_since:%d %b %Y, %H:%M} UTC: is a Celery worker with beat "
                "running? See manage.py doctor."
            )
        if verdict.head is not None:
            lines.append(f"Head: {verdict.head.sequence}:{verdict.head.hash.hex()}")
        return "\n".join(lines)

    def _wrong(self, tenant: Tenant, verdict: Verdict, finding: Finding) -> str:
        said = _SAID[finding.fault].format(id=finding.id)
        return (
            f"The history of {tenant.name} was altered. {said} The {verdict.rows:,} lines before it are as they were "
            "written. Compare with a backup, and find out who can write to the database as its owner."
        )
