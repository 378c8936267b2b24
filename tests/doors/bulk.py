"""Files of guests, and what a worker does with them, for the tests of deeds for many."""

from __future__ import annotations

from datetime import datetime
from io import BytesIO
from typing import Any
from uuid import UUID

from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from guests.models import Batch, BatchRow
from guests.operations.batches.kinds import WORK
from guests.operations.batches.slices import carry_on, start_batch
from guests.operations.batches.uploading import Uploaded, upload_invitations
from guests.operations.inviting import Inviter
from tenants.audit import Actor
from tenants.models import Tenant
from tenants.scope import tenant_scope

UPLOAD = "/admin/guests/batch/invite/"
HEADER = "email,redirect url,send email,message,name\r\n"
ENTRA = (
    "version:v1.0\r\n"
    "Email address to invite [inviteeEmail] Required,Redirection url [inviteRedirectURL] Required,"
    "Send invitation message (true or false) [sendEmail],Customized invitation message [customizedMessageBody]\r\n"
)


def lines(*rows: str) -> bytes:
    return (HEADER + "".join(f"{row}\r\n" for row in rows)).encode()


def many(count: int) -> bytes:
    return lines(*(f'guest{n}@many{n % 7}.example,,true,"Welcome, {n}",Guest {n}' for n in range(count)))


def post(client: Client, content: bytes, name: str = "suppliers.csv") -> Any:
    return client.post(UPLOAD, {"file": SimpleUploadedFile(name, content, "text/csv")})


def work_off(batch_id: UUID, now: datetime) -> None:
    """What a worker does until nothing is left, inside the tenant's scope."""
    while carry_on(batch_id=batch_id, work=WORK, now=now):
        pass


def uploaded(tenant: Tenant, content: bytes, actor: Actor, now: datetime, name: str = "suppliers.csv") -> Batch:
    """A file that a worker has checked."""
    with tenant_scope(tenant.id):
        outcome = upload_invitations(
            tenant=tenant,
            name=name,
            content=BytesIO(content),
            inviter=Inviter("Adele Vance", "adele@fabrikam.example"),
            actor=actor,
            now=now,
        )
        assert isinstance(outcome, Uploaded)
        work_off(outcome.batch.id, now)
        outcome.batch.refresh_from_db()
    return outcome.batch


def started(tenant: Tenant, batch: Batch, actor: Actor, now: datetime) -> Batch:
    """The batch after a worker has done it."""
    with tenant_scope(tenant.id):
        assert start_batch(batch_id=batch.id, actor=actor, now=now)
        work_off(batch.id, now)
        batch.refresh_from_db()
    return batch


def said(tenant: Tenant, batch: Batch) -> dict[int, str]:
    """The reason of each row that has one."""
    with tenant_scope(tenant.id):
        rows = BatchRow.objects.filter(batch=batch).order_by("number")
        return {row.number: row.result_reason or row.reason for row in rows if row.result_reason or row.reason}
