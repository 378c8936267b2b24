"""Taking a file of guests in: it is stored in pieces as it comes, and a worker checks it afterwards (R54).

Knows how large a file may be and when it is the same one again. It must never hold the whole file, nor look into it.
"""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, Protocol

from django.db import connection, transaction
from django.db.models.functions import Now

from guests.models import Batch, BatchKind, BatchPart, BatchState
from guests.operations.batches.reading import PIECE
from guests.operations.batches.slices import columns_of, wake
from guests.operations.drafting import Inviter
from guests.operations.inviting import inviting_refusal
from tenants.audit import Actor, record
from tenants.models import Tenant
from tenants.refusals import Code, Refusal, Refused

MEGABYTE: Final = 1024 * 1024

LARGEST_FILE: Final = 64 * MEGABYTE
"""Bytes."""

SAME_WITHIN: Final = timedelta(minutes=10)
"""A file that comes again in this time, before it was started, is the same one: somebody pressed twice."""

MOST_OPEN: Final = 20
"""Uploads of one tenant that are not over: each keeps its file."""

UNNAMED: Final = "guests.csv"


class Content(Protocol):
    """An open file."""

    def read(self, size: int, /) -> bytes: ...


@dataclass(frozen=True)
class Uploaded:
    """The batch, and whether the very same file was there already and is the one meant."""

    batch: Batch
    is_known: bool = False


def upload_invitations(
    *, tenant: Tenant, name: str, content: Content, inviter: Inviter, actor: Actor, now: datetime
) -> Uploaded | Refusal:
    """Store a file of guests to invite, and have a worker check it; nothing is done before start_batch.

    Refuses whom the tenant does not let invite (R53), a file above 64 MB and one beside MOST_OPEN that are not over.
    """
    refusal = inviting_refusal(tenant, inviter) or _full(_open_ones())
    if refusal is not None:
        return refusal
    try:
        with transaction.atomic():
            batch = _new_batch(tenant, name, inviter, actor)
            size, digest = _store(batch, content)
            known = _same(batch, digest)
            if known is not None:
                transaction.set_rollback(True)
                return Uploaded(known, is_known=True)
            full = _full(_open_ones_in_turn(batch))
            if full is not None:
                raise Refused(full)
            batch.choice |= {"size": size, "digest": digest}
            batch.save(update_fields=["choice"])
            record(
                actor=actor,
                action="batch.uploaded",
                at=now,
                subject_kind="batch",
                subject_id=batch.id,
                details={"kind": batch.kind, "name": batch.name, "bytes": size},
            )
            wake(batch)
            return Uploaded(batch)
    except Refused as refused:
        return refused.refusal


def _new_batch(tenant: Tenant, name: str, inviter: Inviter, actor: Actor) -> Batch:
    shown = "".join(sign for sign in os.path.basename(name.replace("\\", "/")) if sign.isprintable())
    return Batch.objects.create(
        tenant_id=tenant.id,
        kind=BatchKind.INVITATIONS,
        name=shown.strip()[:200] or UNNAMED,
        choice={"inviter": inviter.name, "inviter_kind": inviter.kind},
        **columns_of(actor, address=inviter.address),
    )


def _open_ones() -> int:
    """Uploads of the open tenant that are not over, counted to MOST_OPEN + 1."""
    there = Batch.objects.filter(kind=BatchKind.INVITATIONS, ended_at__isnull=True)
    return there[: MOST_OPEN + 1].count()


def _open_ones_in_turn(batch: Batch) -> int:
    """The same beside this one; of two uploads at once the second counts the first."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [f"{batch.tenant_id} uploads"])
    return _open_ones() - 1


def _full(open_ones: int) -> Refusal | None:
    if open_ones < MOST_OPEN:
        return None
    reason = f"{MOST_OPEN} files are not done yet. Start or discard one of them first; Bulk work lists them."
    return Refusal(Code.INPUT, reason=reason)


def _store(batch: Batch, content: Content) -> tuple[int, str]:
    size, number, digest = 0, 0, hashlib.sha256()
    while piece := _piece(content):
        size, number = size + len(piece), number + 1
        if size > LARGEST_FILE:
            most = LARGEST_FILE // MEGABYTE
            raise Refused(
                Refusal(Code.INPUT, reason=f"The file is larger than {most} MB. Split it into several files.")
            )
        digest.update(piece)
        BatchPart.objects.create(tenant_id=batch.tenant_id, batch=batch, number=number, content=piece)
    return size, digest.hexdigest()


def _piece(content: Content) -> bytes:
    """Exactly PIECE bytes, fewer at the end only: a place in the file tells which piece it is in."""
    found = b""
    while len(found) < PIECE and (more := content.read(PIECE - len(found))):
        found += more
    return found


def _same(batch: Batch, digest: str) -> Batch | None:
    """Another upload of the same file by the same person that has not been started; two at once wait for each other."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [f"{batch.tenant_id} {digest}"])
    there = Batch.objects.filter(
        kind=batch.kind,
        state__in=(BatchState.CHECKING, BatchState.CHECKED),
        created_at__gt=Now() - SAME_WITHIN,
        actor_id=batch.actor_id,
        choice__digest=digest,
    )
    return there.exclude(id=batch.id).order_by("-created_at").first()
