"""Inviting many guests out of a file: some hundred rows at a time, each guest once (R50, R54).

Knows how guests, invitations, history, mails and results of one slice are written in the transaction that the slice
is, so that a worker killed anywhere leaves no row half done and none done twice. It must never trust the check: what
may have changed since is asked again. R17's limits on inviting one by one do not bind it; its mails have their rate.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final
from uuid import UUID

from django.db.models import Q, QuerySet
from django.db.models.functions import Now

from guests import tickets
from guests.models import Batch, BatchRow, Ended, Guest, Invitation, Result, Status, Verdict
from guests.operations.batches.checking import ADMINISTRATOR, BLOCKED, administrators_among, check_rows
from guests.operations.batches.slices import actor_of
from guests.operations.batches.typed_rows import LONGEST_REASON, domain_reason
from guests.operations.drafting import SAID, Details, Inviter, draft_invitation, guest_fields, say_anew
from guests.operations.inviting import inviting_refusal, is_gone
from guests.operations.mailing import mail_invitations_among_many
from tenants import audit
from tenants.audit import Actor
from tenants.inviters import InviterKind
from tenants.models import AuditEntry, Tenant
from tenants.origins import noted
from tenants.writing import insert_many, insert_missing, update_many

SLICE: Final = 300
"""Guests that one slice invites: a quarter of a second in which their rows are held."""

BEGAN: Final = "began"
"""The choice's name for when the file was started first, whatever pauses came then: it made nothing before."""

GONE: Final = "Deleted meanwhile: The guest was deleted in the moment of inviting. Invite them again."


@dataclass
class Work:
    """One slice: its rows, what is known of them, and what is to be written."""

    batch: Batch
    tenant: Tenant
    inviter: Inviter
    actor: Actor
    now: datetime
    rows: list[BatchRow]
    guests: dict[str, Guest] = field(default_factory=dict)
    new: set[UUID] = field(default_factory=set)
    checked_new: int = 0

    @property
    def open_rows(self) -> list[BatchRow]:
        """Those that nothing stands against so far."""
        return [row for row in self.rows if not row.result_reason]

    def details(self, row: BatchRow) -> Details:
        return Details(name=row.name, redirect_url=row.redirect_url, message=row.message)


class Invitations:
    """The work of BatchKind.INVITATIONS. `choice` says how the file is written, and who invites."""

    def check(self, batch: Batch, tenant: Tenant, now: datetime) -> bool:
        """Verdicts for the next rows of the file."""
        return check_rows(batch, tenant)

    def do(self, batch: Batch, tenant: Tenant, now: datetime) -> bool:
        """Invite the next guests, in a number of statements that does not depend on how many they are."""
        waiting = BatchRow.objects.filter(batch=batch, result=Result.WAITING).exclude(verdict=Verdict.REFUSED)
        rows = list(waiting.order_by("number")[:SLICE])
        if not rows:
            return False
        work = Work(batch, tenant, inviter_of(batch), actor_of(batch), now, rows)
        work.checked_new = sum(row.verdict == Verdict.NEW for row in rows)
        _ask_again(work)
        _find_or_make_guests(work)
        invitations = _invite(work)
        mailed = [invitations[row.id] for row in work.open_rows if row.is_mailed]
        last = mail_invitations_among_many(tenant=tenant, invitations=mailed, now=now)
        batch.last_mail_at = last or batch.last_mail_at
        _settle(work)
        return len(rows) == SLICE


def inviter_of(batch: Batch) -> Inviter:
    """Who made the batch, as the mails name them."""
    return Inviter(
        str(batch.choice.get("inviter") or batch.actor_name),
        batch.actor_address,
        batch.actor_id,
        InviterKind(batch.choice.get("inviter_kind", InviterKind.OPERATOR)),
    )


def _ask_again(work: Work) -> None:
    """What the check asked and what may be otherwise by now, for rows without their guests."""
    refusal = inviting_refusal(work.tenant, work.inviter)
    administrators = administrators_among(work.tenant, [row.address_key for row in work.rows])
    for row in work.rows:
        if refusal is not None:
            row.result_reason = f"Nobody may invite: {refusal.reason}"
            continue
        is_administrator = row.address_key in administrators
        row.result_reason = ADMINISTRATOR if is_administrator else domain_reason(work.tenant, row.address_key)


def _find_or_make_guests(work: Work) -> None:
    """Made in the order of their addresses, so that two files with the same guests wait for each other and not in a
    ring, and then held in the order of their ids, as everybody holds several guests.

    Somebody may invite one of them by hand in this moment: whoever comes second finds the guest of the first.
    """
    rows = sorted(work.open_rows, key=lambda row: row.address_key)
    sponsor = {"name": work.inviter.name, "address": work.inviter.address}
    made = [
        Guest(
            address_key=row.address_key,
            **guest_fields(
                tenant=work.tenant,
                key=row.address_key,
                to_send=row.address,
                details=work.details(row),
                sponsors=[sponsor],
            ),
        )
        for row in rows
    ]
    there = Guest.objects.filter(address_key__in=[row.address_key for row in rows], deleted_at__isnull=True)
    known = set(there.values_list("address_key", flat=True))
    insert_missing([guest for guest in made if guest.address_key not in known])
    work.guests = {guest.address_key: guest for guest in there.select_for_update().order_by("id")}
    work.new = {guest.id for guest in made} & {guest.id for guest in work.guests.values()}
    renamed: list[Guest] = []
    for row in rows:
        guest = work.guests.get(row.address_key)
        if guest is None:
            row.result_reason = GONE
            continue
        row.guest_id, row.verdict = guest.id, Verdict.NEW if guest.id in work.new else Verdict.AGAIN
        if guest.is_blocked:
            row.result_reason = BLOCKED
        elif row.name and row.name != guest.name and guest.redemption_status == Status.PENDING:
            guest.name, guest.name_key = row.name, row.name.casefold()[:100]
            renamed.append(guest)
    update_many(renamed, ["name", "name_key"])


def _invite(work: Work) -> dict[int, Invitation]:
    """The invitations by their rows: the link that a guest has already is kept and says the new things (R50)."""
    rows = work.open_rows
    again = [row.guest_id for row in rows if row.guest_id and row.guest_id not in work.new]
    live = _live_links(again, work.now) if again else {}
    made: list[Invitation] = []
    found: dict[int, Invitation] = {}
    for row in rows:
        guest = work.guests[row.address_key]
        kept = live.get(guest.id)
        if kept is not None:
            say_anew(kept, tenant=work.tenant, details=work.details(row), inviter=work.inviter, now=work.now)
            found[row.id] = kept
            continue
        found[row.id], _ = draft_invitation(
            tenant=work.tenant, guest=guest, details=work.details(row), inviter=work.inviter, now=work.now
        )
        made.append(found[row.id])
    if again:
        replaced = [guest_id for guest_id in again if guest_id not in live]
        _open(replaced).filter(Q(expires_at__isnull=True) | Q(expires_at__gt=work.now)).update(
            ended_at=Now(), ended_why=Ended.REPLACED
        )
        update_many(list(live.values()), SAID)
    insert_many(made)
    insert_many([_line(work, row, found.get(row.id)) for row in work.rows])
    return found


def _open(guest_ids: Sequence[UUID]) -> QuerySet[Invitation]:
    return Invitation.objects.filter(guest_id__in=guest_ids, ended_at__isnull=True)


def _live_links(guest_ids: Sequence[UUID], now: datetime) -> dict[UUID, Invitation]:
    """By guest, the newest link where it still works; each row is held."""
    newest: dict[UUID, Invitation] = {}
    held = list(_open(guest_ids).select_for_update().order_by("id"))
    for one in sorted(held, key=lambda one: one.created_at, reverse=True):
        newest.setdefault(one.guest_id, one)
    return {
        guest_id: one for guest_id, one in newest.items() if not is_gone(one, now) and tickets.is_known_key(one.key_id)
    }


def _line(work: Work, row: BatchRow, invitation: Invitation | None) -> AuditEntry:
    details: dict[str, object] = {"address": row.address_key, "batch": str(work.batch.id)}
    if invitation is None:
        return audit.line(
            actor=work.actor,
            action="guest.invited",
            at=work.now,
            subject_kind="guest",
            subject_id=row.guest_id,
            outcome=audit.Outcome.REFUSED,
            details={**details, "reason": row.result_reason},
        )
    details["invitation"] = str(invitation.id)
    if row.redirect_url and not invitation.redirect_url:
        details["redirect_url_not_registered"] = noted(row.redirect_url)
    return audit.line(
        actor=work.actor,
        action="guest.invited" if row.verdict == Verdict.NEW else "guest.invited_again",
        at=work.now,
        subject_kind="guest",
        subject_id=row.guest_id,
        details=details,
    )


def _settle(work: Work) -> None:
    """Write the rows' results in one statement, and count them."""
    for row in work.rows:
        row.result = Result.FAILED if row.result_reason else Result.DONE
        row.result_reason = row.result_reason[:LONGEST_REASON]
    update_many(work.rows, ["guest_id", "verdict", "result", "result_reason"])
    _count(work)


def _count(work: Work) -> None:
    """Move the batch's counts; how many were invited again, and since when it runs, is kept beside them."""
    batch, failed = work.batch, sum(row.result == Result.FAILED for row in work.rows)
    batch.failed += failed
    batch.done += len(work.rows) - failed
    batch.mails -= sum(row.is_mailed and row.result == Result.FAILED for row in work.rows)
    batch.rows_new += sum(row.verdict == Verdict.NEW for row in work.rows) - work.checked_new
    batch.rows_again -= sum(row.verdict == Verdict.NEW for row in work.rows) - work.checked_new
    again = sum(row.verdict == Verdict.AGAIN and row.result == Result.DONE for row in work.rows)
    run = batch.started_at.isoformat() if batch.started_at else ""
    if again or run != batch.choice.get("run"):
        if run != batch.choice.get("run"):
            before = batch.done + batch.failed - len(work.rows)
            batch.choice |= {"run": run, "done_before": before, **({} if before else {BEGAN: run})}
        batch.choice["again"] = batch.choice.get("again", 0) + again
        Batch.objects.filter(id=batch.id).update(choice=batch.choice)
