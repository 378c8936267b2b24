"""manage.py explain_sign_in: which method an address would meet, rule by rule (R60)."""

from __future__ import annotations

import json
from typing import Any

from django.core.management.base import CommandParser
from django.utils import timezone

from guests.management.addressed import address
from guests.models import Guest
from guests.operations.explaining import Explanation, explain_sign_in
from providers.rules import METHOD_NAMES, Alternative, Row, as_json, as_lines, reason_as_json
from tenants.doors.commands import TenantCommand
from tenants.models import Tenant


class Command(TenantCommand):
    """Parses, asks, prints as text or JSON. Changes nothing."""

    help = (
        "Explain how an address would sign in: the method, every rule that was looked at with its verdict, and what "
        "would change the outcome. Works for guests, pending guests and strangers, and changes nothing."
    )
    example = "manage.py explain_sign_in nicole@firstupconsultants.com --tenant fabrikam.example --json"

    def add_tenant_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("address", type=address, help="the email address, invited or not")
        parser.add_argument("--json", action="store_true", help="print JSON for programs")

    def handle_in_tenant(self, tenant: Tenant, **options: Any) -> str | None:
        found = explain_sign_in(tenant=tenant, address=options["address"], now=timezone.now())
        self.stdout.write(json.dumps(_json(found), indent=2) if options["json"] else "\n".join(_lines(tenant, found)))
        return None


def _json(found: Explanation) -> dict[str, object]:
    return {
        "address": found.address.key,
        "guest": str(found.guest.id) if found.guest else None,
        "redemptionStatus": found.guest.redemption_status if found.guest else None,
        "obstacles": list(found.obstacles),
        "alternatives": [_alternative_as_json(one) for one in found.alternatives],
        **as_json(found.decision),
        "error": found.error,
        "reasons": [_row_as_json(row) for row in found.rows],
    }


def _alternative_as_json(one: Alternative) -> dict[str, str | None]:
    return {"change": one.change, "method": one.method.value if one.method else None}


def _row_as_json(row: Row) -> dict[str, str]:
    return {**reason_as_json(row.reason), **({"code": row.code} if row.code else {})}


def _who(found: Explanation) -> str:
    if found.guest:
        return "a guest of"
    if found.former is None or found.former.guest.deleted_at is None:
        return "a stranger to"
    went = "left" if found.former.has_left else "deleted"
    return f"{went} on {found.former.guest.deleted_at:%Y-%m-%d}, no guest any more of"


def _state(guest: Guest | None) -> str:
    return f", {guest.get_redemption_status_display().lower()}" if guest else ""


def _changed(one: Alternative) -> str:
    return f"{one.change} -> {METHOD_NAMES[one.method]}" if one.method else one.change


def _lines(tenant: Tenant, found: Explanation) -> list[str]:
    lines = [f"{found.address.key}, {_who(found)} {tenant.name}{_state(found.guest)}"]
    lines += [f"  {line}" for line in as_lines(found.headline, found.rows)]
    lines += ["", *(f"  Note: {text}" for text in found.obstacles)] if found.obstacles else []
    if found.alternatives:
        lines += ["", "  What would change it:"]
        lines += [f"    {_changed(one)}" for one in found.alternatives]
    return lines
