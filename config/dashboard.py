"""The numbers on the portal's first page.

Knows which few counts it shows, each with the list that makes it, and counts no further than 10,000 so that a large
tenant's page is as quick as a small one's.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.db.models import QuerySet
from django.urls import reverse
from django.utils.formats import number_format

from guests.models import Guest, Status
from outbox.models import OutboundMail
from providers.rules import METHOD_LABELS
from tenants.models import AuditEntry
from tenants.roles import Action

MOST = 10_000


@dataclass(frozen=True)
class Figure:
    """One number with its name, and the list behind it where there is one."""

    name: str
    count: int
    url: str = ""

    @property
    def shown(self) -> str:
        return number_format(min(self.count, MOST), force_grouping=True) + ("+" if self.count > MOST else "")


@dataclass(frozen=True)
class Bar:
    """A figure drawn: its width in percent of the widest, and where it stands from above in pixels."""

    figure: Figure
    width: str
    top: int


@dataclass(frozen=True)
class Overview:
    """What the first page shows; a part that the roles do not allow is empty."""

    guests: list[Figure]
    methods: list[Bar]
    mail: list[Figure]
    history: list[AuditEntry]

    @property
    def chart_height(self) -> int:
        return 32 * len(self.methods)


def overview(may: Callable[[str], bool]) -> Overview:
    """The numbers of the open tenant that these roles may see."""
    return Overview(
        guests=_guests() if may(Action.GUESTS_VIEW) else [],
        methods=_methods() if may(Action.GUESTS_VIEW) else [],
        mail=_mail() if may(Action.MAIL_VIEW) else [],
        history=list(AuditEntry.objects.order_by("-id")[:8]) if may(Action.AUDIT_VIEW) else [],
    )


def _count(rows: QuerySet[Any]) -> int:
    return rows.order_by()[: MOST + 1].count()


def _guests() -> list[Figure]:
    there = Guest.objects.filter(deleted_at__isnull=True)
    everyone = reverse("admin:guests_guest_changelist")
    return [
        Figure(str(status.label), _count(there.filter(redemption_status=status)), f"{everyone}?status={status.value}")
        for status in (Status.ACCEPTED, Status.PENDING)
    ]


def _methods() -> list[Bar]:
    there = Guest.objects.filter(deleted_at__isnull=True)
    everyone = reverse("admin:guests_guest_changelist")
    figures = [
        Figure(METHOD_LABELS[method], _count(there.filter(method=method.value)), f"{everyone}?method={method.value}")
        for method in METHOD_LABELS
    ]
    used = [figure for figure in figures if figure.count]
    widest = max((figure.count for figure in used), default=1)
    return [Bar(one, f"{max(1, round(42 * one.count / widest))}%", 32 * at) for at, one in enumerate(used)]


def _mail() -> list[Figure]:
    return [
        Figure("Waiting now", _count(OutboundMail.objects.waiting())),
        Figure("Could not be sent", _count(OutboundMail.objects.not_sent())),
    ]
