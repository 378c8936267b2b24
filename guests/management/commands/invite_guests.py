"""manage.py invite_guests: check a CSV file of guests, and invite them where that is said."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

from django.core.management.base import CommandError, CommandParser
from django.utils import timezone

from guests.management.addressed import address, inviter_of
from guests.management.following import follow
from guests.models import Batch, BatchRow, BatchState, Verdict
from guests.operations.batches.kinds import WORK
from guests.operations.batches.slices import carry_on, start_batch
from guests.operations.batches.uploading import upload_invitations
from tenants.doors.commands import TenantCommand
from tenants.models import Tenant
from tenants.refusals import Refusal

NAMED = 20
"""Rows that cannot be invited which are printed; the portal's page and its file have them all."""


class Command(TenantCommand):
    """Parses, calls one operation after the other, says what each came to."""

    help = (
        "Check a CSV file of guests as the portal's bulk invitations do, and print what would become of its rows. "
        "Nothing is done until --start is given. Mails go out at the tenant's rate for bulk mail."
    )
    example = "manage.py invite_guests suppliers.csv --tenant fabrikam.example --start --wait"

    def add_tenant_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path, help="the CSV file: Entra's template, or a header row with email in it")
        parser.add_argument("--start", action="store_true", help="invite everybody who can be invited")
        parser.add_argument("--wait", action="store_true", help="follow it until it is done")
        parser.add_argument("--inviter-name", default="", help="who invites, as the mail names them")
        parser.add_argument("--inviter-address", type=address, metavar="ADDRESS", help="where answers to the mail go")

    def handle_in_tenant(self, tenant: Tenant, **options: Any) -> str | None:
        file: Path = options["file"]
        if options["wait"] and not options["start"]:
            raise CommandError("--wait needs --start: there is nothing to follow before.")
        try:
            with file.open("rb") as content:
                outcome = upload_invitations(
                    tenant=tenant,
                    name=file.name,
                    content=content,
                    inviter=inviter_of(tenant, options["inviter_name"], options["inviter_address"]),
                    actor=self.actor,
                    now=timezone.now(),
                )
        except OSError as error:
            raise CommandError(f"{file} cannot be opened: {error.strerror}.") from None
        if isinstance(outcome, Refusal):
            raise self.refused(outcome)
        batch = outcome.batch
        if outcome.is_known:
            self.stdout.write(f"This file was uploaded a moment ago, and that check of it is used: {batch.id}")
        elif outcome.replaced:
            self.stdout.write("The file was checked before and not started: this check takes the place of that one.")
        self._check(batch)
        if not options["start"]:
            self.stdout.write("Nothing has been done. To invite them, give --start.")
            return None
        if batch.to_do:
            if not start_batch(batch_id=batch.id, actor=self.actor, now=timezone.now()):
                batch.refresh_from_db()
                raise CommandError(f"It was not started by this command: it is {batch.get_state_display().lower()}.")
            self.stdout.write(f"Started: {batch.id}")
            if options["wait"]:
                follow(batch, self.stdout)
        return None

    def _check(self, batch: Batch) -> None:
        while batch.state == BatchState.CHECKING:
            if not carry_on(batch_id=batch.id, work=WORK, now=timezone.now()):
                time.sleep(0.1)  # a worker is at it
            batch.refresh_from_db()
        if batch.state == BatchState.UNREADABLE:
            raise CommandError(batch.problem)
        self.stdout.write(
            f"{batch.rows:,} rows: {batch.rows_new:,} new, {batch.rows_again:,} again, "
            f"{batch.rows_refused:,} cannot be invited; {batch.mails:,} to be mailed"
        )
        refused = BatchRow.objects.filter(batch=batch, verdict=Verdict.REFUSED).order_by("number")
        for row in refused[:NAMED]:
            self.stdout.write(f"  row {row.number}: {row.address}: {row.reason}")
        if batch.rows_refused > NAMED:
            self.stdout.write("  …")
