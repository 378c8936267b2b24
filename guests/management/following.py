"""What commands about many guests share: who they are before anything is done, and how far a batch is."""

from __future__ import annotations

import time
from typing import Protocol

from django.db.models import QuerySet
from django.utils import timezone

from guests.models import Batch, BatchState, Guest
from guests.operations.batches.kinds import WORK
from guests.operations.batches.slices import carry_on
from guests.operations.foreseeing import Outlook

NAMED = 10
"""Guests that are named before the others are only counted."""

MOST = 10_000
"""A count goes no further."""

OVER = (BatchState.DONE, BatchState.UNREADABLE, BatchState.DISCARDED, BatchState.PAUSED)


class Output(Protocol):
    """Where a command's lines go."""

    def write(self, msg: str) -> None: ...


def name_the_first(found: QuerySet[Guest], whom: str, out: Output) -> None:
    """How many these guests are, and the newest of them."""
    count = found.order_by()[: MOST + 1].count()
    shown = f"more than {MOST:,}" if count > MOST else f"{count:,}"
    out.write(f"{whom}: {shown}")
    for guest in found.order_by("-created_at", "id")[:NAMED]:
        out.write(f"  {guest.name}  {guest.address}" if guest.name else f"  {guest.address}")
    if count > NAMED:
        out.write("  …")


def say_outlook(then: Outlook, out: Output) -> None:
    """Who would redeem otherwise by other settings, and how many of them would not get in as they are."""
    whose = "" if then.is_all else f", of the newest {then.looked_at:,} of {then.pending_shown}"
    out.write(f"Pending guests who would redeem otherwise: {then.changed:,}{whose}")
    for one in then.named:
        guest = f"{one.guest.name}  {one.guest.address}" if one.guest.name else one.guest.address
        out.write(f"  {guest}: {one.before}, then {one.after}")
    if then.changed > len(then.named):
        out.write("  …")
    if then.stranded:
        out.write(f"Of them, without a way in: {then.stranded:,}")
    if then.creating:
        out.write(f"Of them, with a Microsoft account to create first: {then.creating:,}")


def say_reset(outcome: object, out: Output) -> None:
    """The batch that resets them, or that there is nobody to reset."""
    if isinstance(outcome, Batch):
        out.write(f"{outcome.name} ({outcome.id})")
    else:
        out.write("Nobody is to be reset.")


def follow(batch: Batch, out: Output) -> None:
    """Tell how far the batch is until it is over, working at it where no worker does. Call it outside a transaction."""
    told = ""
    while True:
        carry_on(batch_id=batch.pk, work=WORK, now=timezone.now())
        batch.refresh_from_db()
        line = f"{batch.get_state_display()}: {batch.done:,} of {batch.to_do:,} done, {batch.failed:,} failed"
        if batch.rows_refused:
            line += f", {batch.rows_refused:,} refused"
        if line != told:
            out.write(line)
            told = line
        if batch.state in OVER:
            return
        time.sleep(0.2)
