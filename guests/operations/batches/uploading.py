"""Taking a file of guests in: it is stored in pieces as it comes, and a worker checks it afterwards (R54).

Knows how large a file may be, when it is the same one again and that the newest check of one holds. It must never hold
the whole file, nor look into it.
"""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, Protocol

from django.db import connection, transaction
from django.db.models import Q, QuerySet
from django.db.models.functions import Now

from guests.models import Batch, BatchKind, BatchPart, BatchState
from guests.operations.batches.reading import PIECE
from guests.operations.batches.slices import columns_of, discard_batch, wake
from guests.operations.drafting import Inviter
from guests.operations.inviting import inviting_refusal
from tenants.audit import Actor, record
from tenants.models import Tenant
from tenants.refusals import Code, Refusal, Refused

MEGABYTE: Final = 1024 * 1024

LARGEST_FILE: Final = 64 * MEGABYTE
"""Bytes."""

SAME_WITHIN: Final = timedelta(seconds=5)
"""A file that comes again in this time, or while it is being checked, is the same one: somebody pressed twice. Later it
is checked anew, as what stood against its rows may have been mended."""

MOST_OPEN: Final = 20
"""Uploads of one tenant that are not over: each keeps its file."""

UNNAMED: Final = "guests.csv"


class Content(Protocol):
    """An open file."""

    def read(self, size: int, /) -> bytes: ...


@dataclass(frozen=True)
class Uploaded:
    """The batch, and whether the very same file was there already and is the one meant.

    `replaced` counts the same person's earlier checks of this file that were not started: they are discarded.
    """

    batch: Batch
    is_known: bool = False
    replaced: int = 0


def upload_invitations(
    *, tenant: Tenant, name: str, content: Content, inviter: Inviter, actor: Actor, now: datetime
) -> Uploaded | Refusal:
    """Store a file of guests to invite, and have a worker check it; nothing is done before start_batch.

    The same person's earlier checks of the very same file that were not started are discarded: started beside this one,
    they would mail everybody twice. Refuses whom the tenant does not let invite (R53), a file above 64 MB and one
    beside MOST_OPEN that are not over.
    """
    refusal = inviting_refusal(tenant, inviter) or _full(_open_ones())
    if refusal is not None:
        return refusal
    try:
        with transaction.atomic():
            batch = _new_batch(tenant, name, inviter, actor)
            size, digest = _store(batch, content)
            others = _same(batch, digest)
            known = others.filter(_is_meant(inviter)).order_by("-created_at").first()
            if known is not None:
                transaction.set_rollback(True)
                return Uploaded(known, is_known=True)
            replaced = sum(
                discard_batch(batch_id=one, actor=actor, now=now) for one in others.values_list("id", flat=True)
            )
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
            return Uploaded(batch, replaced=replaced)
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


def _same(batch: Batch, digest: str) -> QuerySet[Batch]:
    """Other uploads of the same file by the same person that are not started; two at once wait for each other."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [f"{batch.tenant_id} {digest}"])
    there = Batch.objects.filter(
        kind=batch.kind,
        state__in=(BatchState.CHECKING, BatchState.CHECKED),
        actor_kind=batch.actor_kind,
        actor_id=batch.actor_id,
        actor_name=batch.actor_name,
        choice__digest=digest,
    )
    return there.exclude(id=batch.id)


def _is_meant(inviter: Inviter) -> Q:
    """Of these, the one that a second press meant: it invites in the same name, and its verdicts are of this moment."""
    is_fresh = Q(state=BatchState.CHECKING) | Q(created_at__gt=Now() - SAME_WITHIN)
    return is_fresh & Q(actor_address=inviter.address, choice__inviter=inviter.name, choice__inviter_kind=inviter.kind)
