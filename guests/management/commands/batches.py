"""manage.py batches: a tenant's deeds for many guests; one is started, paused, discarded, revoked or written out."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.core.management.base import CommandError, CommandParser
from django.utils import timezone

from guests.management.addressed import inviter_of
from guests.models import Batch, BatchState
from guests.operations.batches.choosing import revoke_batch
from guests.operations.batches.recalling import COUNTED, Recall, may_be_recalled, what_would_be_revoked
from guests.operations.batches.results import header_of, rows_of
from guests.operations.batches.slices import discard_batch, pause_batch, start_batch
from tenants.doors.commands import TenantCommand
from tenants.exporting import csv_row
from tenants.models import Tenant
from tenants.refusals import Refusal

SHOWN = 50
DEEDS = {"start": start_batch, "pause": pause_batch, "discard": discard_batch}


class Command(TenantCommand):
    """Parses, calls one operation, prints."""

    help = (
        "List a tenant's bulk work, newest first. With --start, --pause or --discard and an id, do that; --start goes "
        "on after a pause. With --revoke, have the invitations revoked that a file made and that nobody has accepted "
        "since; their emails that still wait do not leave. It says how many these are, and does it with --yes only. "
        "With --results, print the file with a result for each row."
    )
    example = "manage.py batches --tenant fabrikam.example --pause 0b6b2b5e-6a43-4c52-a1d4-6a1f0c4f6f0e"

    def add_tenant_arguments(self, parser: CommandParser) -> None:
        one = parser.add_mutually_exclusive_group()
        for name in DEEDS:
            one.add_argument(f"--{name}", type=UUID, metavar="ID")
        one.add_argument("--revoke", type=UUID, metavar="ID")
        one.add_argument("--results", type=UUID, metavar="ID")
        parser.add_argument("--yes", action="store_true", help="revoke the invitations that --revoke counts")

    def handle_in_tenant(self, tenant: Tenant, **options: Any) -> str | None:
        for name, operation in DEEDS.items():
            if options[name]:
                batch = self._batch(tenant, options[name])
                if not operation(batch_id=batch.id, actor=self.actor, now=timezone.now()):
                    raise CommandError(
                        f"{batch.name} is {batch.get_state_display().lower()}, so --{name} does nothing."
                    )
                batch.refresh_from_db()
                self.stdout.write(f"{batch.name}: {batch.get_state_display()}")
                return None
        if options["revoke"]:
            self._revoke(tenant, self._batch(tenant, options["revoke"]), is_sure=options["yes"])
            return None
        if options["results"]:
            batch = self._batch(tenant, options["results"])
            self.stdout.write(csv_row(header_of(batch)), ending="")
            for row in rows_of(batch):
                self.stdout.write(csv_row(row), ending="")
            return None
        for batch in Batch.objects.order_by("-created_at", "id")[:SHOWN]:
            self.stdout.write(
                f"{batch.id}  {batch.created_at:%Y-%m-%d %H:%M}  {batch.get_kind_display()}  {batch.name}  "
                f"{batch.get_state_display()}, {batch.done:,} of {batch.to_do:,} done"
            )
        return None

    def _revoke(self, tenant: Tenant, batch: Batch, *, is_sure: bool) -> None:
        """Say how many invitations of the file would end, and have workers do it where that is wanted."""
        if may_be_recalled(batch):
            self._say(batch, what_would_be_revoked(batch))
            if not is_sure:
                raise CommandError("Nothing has been done. To revoke these invitations, give --yes.")
        outcome = revoke_batch(
            batch_id=batch.id,
            tenant=tenant,
            inviter=inviter_of(tenant, "", None),
            actor=self.actor,
            now=timezone.now(),
        )
        if isinstance(outcome, Refusal):
            raise self.refused(outcome)
        self.stdout.write(f"{outcome.name} ({outcome.id})")

    def _say(self, batch: Batch, recall: Recall) -> None:
        more = "+" if recall.is_more else ""
        self.stdout.write(f"Invitations of {batch.name} to revoke: {recall.invitations:,}{more}")
        self.stdout.write(f"Emails that will not leave: {recall.mails:,}{more}")
        self.stdout.write(f"Accepted since, which stay: {recall.accepted:,}{more}")
        if recall.is_more:
            self.stdout.write(f"Counted among the last {COUNTED:,} guests of the file. All of them are revoked.")
        if batch.state in (BatchState.RUNNING, BatchState.PAUSED):
            self.stdout.write("What is left of the file is discarded.")

    def _batch(self, tenant: Tenant, batch_id: UUID) -> Batch:
        found = Batch.objects.filter(id=batch_id).first()
        if found is None:
            raise CommandError(
                f"{tenant.name} has no such bulk work. List it: manage.py batches --tenant {tenant.primary_domain}"
            )
        return found
