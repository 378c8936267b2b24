"""The outbox's ground: an SMTP server that is really listening, and letters to send."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from uuid import uuid4

import pytest
from django.db.models import F
from pytest_django import Settings

from outbox import operations
from outbox.models import OutboundMail, Rank
from tests.outbox.letters import RENDERERS
from tests.outbox.sink import Sink, listening

Enqueue = Callable[..., OutboundMail]


@pytest.fixture
def letters(settings: Settings) -> None:
    """The renderers of tests.outbox.letters."""
    settings.OUTBOX_RENDERERS = RENDERERS


@pytest.fixture
def sink(settings: Settings, letters: None) -> Iterator[Sink]:
    """The mail server that the outbox sends to. It gets half a second to answer."""
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_TIMEOUT = "127.0.0.1", 0.5
    settings.EMAIL_HOST_USER = settings.EMAIL_HOST_PASSWORD = ""
    settings.EMAIL_USE_TLS = settings.EMAIL_USE_SSL = False
    settings.DEFAULT_FROM_EMAIL = "Vestibule <no-reply@guests.example>"
    settings.PUBLIC_URL = "https://guests.example"
    with listening(Sink()) as sink:
        settings.EMAIL_PORT = sink.port
        yield sink


@pytest.fixture
def enqueue(now: datetime) -> Enqueue:
    """A letter in the open tenant's outbox, of that kind and rank."""

    def put(kind: str = "letter", rank: Rank = Rank.CODE, deadline: datetime | None = None) -> OutboundMail:
        return operations.enqueue(
            kind=kind, subject_id=uuid4(), rank=rank, deadline=deadline or now + timedelta(minutes=30), now=now
        )

    return put


def pass_time(mail: OutboundMail, by: timedelta) -> None:
    """Make the row as old as it will be then: its lease or its wait ends, its deadline comes."""
    older = {column: F(column) - by for column in ("created_at", "due_at", "deadline_at")}
    OutboundMail.objects.filter(id=mail.id).update(**older)
