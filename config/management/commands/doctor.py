"""The operators' first question: does this installation have what it needs?"""

from __future__ import annotations

from typing import Any

from django.core.management.base import CommandError
from django.db import DatabaseError
from django.db.models import QuerySet

from config.diagnosis.examination import examine
from config.diagnosis.findings import Line, State
from tenants.doors.commands import OperatorCommand
from tenants.models import Tenant


class Command(OperatorCommand):
    """Prints what was found; exits with 1 when something has to be done."""

    help = (
        "Checks the keys, the address, both database roles, migrations, row security, the clocks, the outbox, the "
        "history's seals, the broker, the mail server and what providers need, a line each, and says what to do about "
        "what is wrong. Lists the tenants. Sends nothing and changes nothing."
    )
    example = "manage.py doctor"
    requires_system_checks: list[str] = []  # they want a database; this command says so when there is none

    def handle(self, *args: Any, **options: Any) -> None:
        lines = examine()
        for line in lines:
            self.stdout.write(f"{self._painted(line)}  {line.what:<13} {line.said}")
        if next(line for line in lines if line.what == "database").state is not State.BAD:
            self._list_tenants()
        wrong = sum(line.state is State.BAD for line in lines)
        if wrong:
            raise CommandError(f"{wrong} of {len(lines)} need you; each line above says what to do.")

    def _painted(self, line: Line) -> str:
        paint = {
            State.GOOD: self.style.SUCCESS,
            State.NOTE: self.style.NOTICE,
            State.WARNING: self.style.WARNING,
            State.BAD: self.style.ERROR,
        }
        return paint[line.state](f"{line.state:<4}")

    def _list_tenants(self) -> None:
        tenants: QuerySet[Tenant] = Tenant.objects.prefetch_related("domains").order_by("name", "id")
        try:
            for tenant in tenants:
                domains = ", ".join(sorted(row.domain for row in tenant.domains.all()))
                off = "" if tenant.is_active else " (switched off)"
                self.stdout.write(f"      tenant        {tenant.name}{off}: {domains}; {tenant.id}")
        except DatabaseError:
            return  # the line about migrations has said it
