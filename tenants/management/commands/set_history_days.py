"""The operators' door to how long a tenant keeps its history."""

from __future__ import annotations

from argparse import ArgumentTypeError
from typing import Any

from django.core.management.base import CommandParser
from django.utils import timezone

from tenants.doors.commands import TenantCommand
from tenants.models import Tenant
from tenants.refusals import Refusal
from tenants.retention import COUNTED, consequence_of, set_history_days


def days(text: str) -> int | None:
    """An argument that is a number of days, or `for-ever`."""
    if text == "for-ever":
        return None
    if not (text.isascii() and text.isdecimal() and len(text) <= 5):
        raise ArgumentTypeError("give a number of days from 30 to 3650, or for-ever")
    return int(text)


class Command(TenantCommand):
    """The portal asks before it shortens; a command that was typed has been thought over."""

    help = (
        "Sets for how many days a tenant keeps its history (30 to 3650, or for-ever), and says what that forgets. "
        "Beat forgets every night whole sealed blocks whose lines are all older; what is gone cannot be brought back."
    )
    example = "manage.py set_history_days --tenant fabrikam.example 365"

    def add_tenant_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("days", type=days, help="a number of days, or for-ever")

    def handle_in_tenant(self, tenant: Tenant, **options: Any) -> str:
        wanted: int | None = options["days"]
        now = timezone.now()
        outcome = set_history_days(tenant=tenant, days=wanted, actor=self.actor, now=now)
        if isinstance(outcome, Refusal):
            raise self.refused(outcome)
        if wanted is None:
            return f"{tenant.name} keeps its history for ever."
        cost = consequence_of(days=wanted, now=now)
        count = f"{COUNTED:,}+" if cost.lines > COUNTED else f"{cost.lines:,}"
        gone = f" {count} lines are older and will be forgotten tonight." if cost.lines else " Nothing is older now."
        return f"{tenant.name} keeps its history for {wanted} days.{gone}"
