"""R64: the history as files: by cursor, streamed, harmless in a spreadsheet, and checkable against its seals."""

from __future__ import annotations

import csv
import hashlib
import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from io import StringIO
from resource import RUSAGE_SELF, getrusage
from typing import Any
from uuid import UUID

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.test import Client
from django.urls import reverse

from tenants import history_files
from tenants.models import AuditEntry, Tenant
from tenants.roles import Role
from tenants.scope import tenant_scope
from tenants.sealing import seal_tenant
from tenants.seals import row_hash
from tests import factories
from tests.doors.portal import text

pytestmark = pytest.mark.django_db

NOW = datetime.now(UTC)
EXPORT = "/admin/tenants/auditentry/export/"

Many = Callable[..., list[int]]


@pytest.fixture
def many(fabrikam: Tenant) -> Many:
    """So many lines of Fabrikam's history, sealed."""

    def written(count: int, *, tenant: Tenant = fabrikam, is_sealed: bool = True, **columns: Any) -> list[int]:
        known = {
            "actor_kind": "guest",
            "action": "guest.signed_in",
            "outcome": "success",
            "happened_at": NOW,
            "at": NOW - timedelta(minutes=5),
        }
        lines = [AuditEntry(tenant_id=tenant.id, **(known | columns)) for _ in range(count)]
        with tenant_scope(tenant.id):
            for start in range(0, count, 5000):
                AuditEntry.objects.bulk_create(lines[start : start + 5000])
            if is_sealed:
                seal_tenant()
            return list(AuditEntry.objects.order_by("id").values_list("id", flat=True))

    return written


def body(response: Any) -> str:
    assert response.status_code == 200
    return b"".join(response.streaming_content).decode()


def test_R64_a_json_line_is_the_very_text_that_its_seal_hashes(portal: Client, many: Many, fabrikam: Tenant) -> None:
    ids = many(3, details={"name": "Zoë \u2028"}, address="zoe@x.example")
    lines = body(portal.post(EXPORT, {"format": "jsonl"})).split("\n")[:-1]
    with tenant_scope(fabrikam.id):
        kept = AuditEntry.objects.in_bulk(ids)
        for line, number in zip(lines, ids, strict=True):
            assert json.loads(line)["id"] == number
            assert hashlib.sha256(line.encode()).digest() == row_hash(kept[number])[8:]


def test_R64_no_spreadsheet_runs_a_cell(portal: Client, many: Many) -> None:
    many(1, actor_name="=HYPERLINK(1)", source="@x", address="+1@x.example", details={"name": "=1"}, code="-1")
    header, row = list(csv.reader(StringIO(body(portal.post(EXPORT, {"format": "csv"})).lstrip("\ufeff"))))
    cells = dict(zip(header, row, strict=True))
    assert cells["who"] == "'=HYPERLINK(1)"
    assert cells["source"] == "'@x"
    assert cells["about"] == "'+1@x.example"
    assert cells["what"] == "signed in"
    assert not [cell for cell in row if cell.startswith(("=", "+", "-", "@"))]


def test_R64_taking_a_file_is_a_line_of_the_history(portal: Client, many: Many, fabrikam: Tenant) -> None:
    many(2)
    assert portal.get(f"{EXPORT}?group=sign-ins").status_code == 200
    with tenant_scope(fabrikam.id):
        assert not AuditEntry.objects.filter(action="history.exported").exists()
    assert body(portal.post(f"{EXPORT}?group=sign-ins", {"format": "jsonl"})).count("\n") == 2
    with tenant_scope(fabrikam.id):
        line = AuditEntry.objects.get(action="history.exported")
    assert line.actor_name == "Adele Vance"
    assert line.details["conditions"] == {"group": "sign-ins"}
    assert line.details["format"] == "jsonl"


def test_R64_a_file_says_from_which_line_the_next_one_goes_on(
    portal: Client, many: Many, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(history_files, "MOST_LINES", 4)
    ids = many(10)
    url, taken = f"{EXPORT}?action=guest.signed_in", []
    while url:
        page = portal.get(url).content.decode()
        answer = portal.post(url, {"format": "jsonl"})
        lines = body(answer).split("\n")[:-1]
        taken.append([json.loads(line)["id"] for line in lines])
        url = answer.headers.get("Link", "").partition(">")[0].lstrip("<")
        assert ("Go on from entry" in page) is bool(url)
        assert (answer.headers.get("X-Next-Line") == str(taken[-1][-1])) is bool(url)
    assert taken == [ids[:4], ids[4:8], ids[8:]]


def test_R64_fifty_thousand_lines_are_streamed_in_bounded_memory(portal: Client, fabrikam: Tenant) -> None:
    """The whole file, or its rows, would be tens of megabytes: the high-water mark of a short file hardly rises."""
    with tenant_scope(fabrikam.id), connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO tenants_auditentry (tenant_id, at, happened_at, actor_kind, actor_name, source, correlation,"
            " action, subject_kind, outcome, code, details)"
            " SELECT %s, now() - interval '5 minutes', now(), 'guest', 'n' || n, '', '',"
            " 'guest.signed_in', '', 'success', '', jsonb_build_object('reason', repeat('x', 900))"
            " FROM generate_series(1, 50000) n",
            [fabrikam.id],
        )
        edge = AuditEntry.objects.order_by("id").values_list("id", flat=True)[45_000]
        seal_tenant()

    def taken(after: int) -> tuple[int, int]:
        answer: Any = portal.post(f"{EXPORT}?action=guest.signed_in&after={after}", {"format": "csv"})
        lines = sum(piece.count(b"\r\n") for piece in answer.streaming_content)
        return lines, getrusage(RUSAGE_SELF).ru_maxrss

    few, before = taken(edge)
    many, after = taken(0)
    assert (few, many) == (5_000, 50_001)
    assert after - before < 20_000  # kilobytes


def test_R64_another_tenants_lines_are_in_no_file(contosos: Client, many: Many, fabrikam: Tenant) -> None:
    (first, *_) = many(3, actor_name="nicole@x.example")
    for query in ("", f"?after={first - 1}", "?who=nicole@x.example"):
        assert "nicole" not in body(contosos.post(EXPORT + query, {"format": "jsonl"}))


def test_R64_the_command_writes_the_same_file_and_tells_the_cursor(
    many: Many, fabrikam: Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(history_files, "MOST_LINES", 3)
    ids = many(5, address="ines@contoso.example")
    many(1, action="other.thing", at=NOW - timedelta(days=9))
    out, said = StringIO(), StringIO()
    arguments = ["--tenant", "fabrikam.example", "--format", "jsonl", "--address", "INES@contoso.example"]
    call_command("export_audit", *arguments, stdout=out, stderr=said)
    assert [json.loads(line)["id"] for line in out.getvalue().split("\n")[:-1]] == ids[:3]
    assert f"--after {ids[2]}" in said.getvalue()
    out, said = StringIO(), StringIO()
    call_command("export_audit", *arguments, "--after", str(ids[2]), stdout=out, stderr=said)
    assert [json.loads(line)["id"] for line in out.getvalue().split("\n")[:-1]] == ids[3:]
    assert "That was all" in said.getvalue()
    assert f"follow --after {ids[-1]}" in said.getvalue()
    for wrong in (["--since", "tomorrow"], ["--after", "x"], ["--address", "nobody"]):
        with pytest.raises(CommandError):
            call_command("export_audit", "--tenant", "fabrikam.example", *wrong, stdout=out, stderr=said)


def test_R64_a_line_that_appears_late_is_in_the_next_file(portal: Client, many: Many, fabrikam: Tenant) -> None:
    """A slice draws an id and stays open, a sign-in draws the next one and commits: no file may go on behind that."""
    (old,) = many(1)
    late, early = old + 1000, old + 1001
    many(1, id=early, is_sealed=False)
    page = portal.get(EXPORT)
    assert "Entries that are not sealed yet, those of about the last minute, come with the next file." in text(page)
    taken = portal.post(EXPORT, {"format": "jsonl"})
    assert [json.loads(line)["id"] for line in body(taken).splitlines()] == [old]
    out, said = StringIO(), StringIO()
    call_command("export_audit", "--tenant", "fabrikam.example", "--format", "jsonl", stdout=out, stderr=said)
    assert said.getvalue().strip().endswith(f"--after {old}")
    many(1, id=late)
    after = f"{EXPORT}?after={old}&action=guest.signed_in"
    assert [json.loads(line)["id"] for line in body(portal.post(after, {"format": "jsonl"})).splitlines()] == [
        late,
        early,
    ]


@pytest.mark.parametrize(
    ("arguments", "found"),
    [
        (["--who", "adele"], {"guest.blocked"}),
        (["--who", "Adele Vance", "--group", "settings"], set()),
        (["--group", "sign-ins"], {"sign_in.begun", "guest.signed_in"}),
        (["--action", "guest."], {"guest.blocked", "guest.signed_in"}),
        (["--outcome", "refused"], {"sign_in.begun"}),
        (["--code", "e-otp-off"], {"sign_in.begun"}),
        (["--source", "203.0.113."], {"sign_in.begun"}),
        (["--reference", "7f3a91c20d4e"], {"sign_in.begun"}),
        (["--by", "visitors"], {"sign_in.begun", "guest.signed_in"}),
        (["--sign-ins"], {"sign_in.begun", "guest.signed_in"}),
        (["--sign-ins", "--outcome", "success"], {"guest.signed_in"}),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_R64_the_command_takes_the_logs_conditions(
    many: Many, fabrikam: Tenant, arguments: list[str], found: set[str]
) -> None:
    many(1)
    many(1, action="guest.blocked", actor_kind="administrator", actor_name="Adele Vance")
    refused = {"outcome": "refused", "code": "E-OTP-OFF", "source": "203.0.113.80", "correlation": "7F3A-91C2-0D4E"}
    many(1, action="sign_in.begun", actor_kind="stranger", **refused)
    out, said = StringIO(), StringIO()
    given = ["--tenant", "fabrikam.example", "--format", "jsonl", *arguments]
    call_command("export_audit", *given, stdout=out, stderr=said)
    assert {json.loads(line)["action"] for line in out.getvalue().splitlines()} == found
    with tenant_scope(fabrikam.id):
        told = AuditEntry.objects.get(action="history.exported").details["conditions"]
    assert set(told) == {"log" if one == "--sign-ins" else one[2:] for one in arguments if one.startswith("--")}


@pytest.mark.parametrize("wrong", [("--code", "E-NONE"), ("--outcome", "good"), ("--group", "x"), ("--by", "me")])
def test_R64_a_condition_that_cannot_be_read_makes_no_file(fabrikam: Tenant, wrong: tuple[str, str]) -> None:
    out = StringIO()
    with pytest.raises(CommandError):
        call_command("export_audit", "--tenant", "fabrikam.example", *wrong, stdout=out)
    assert out.getvalue() == ""


def test_R64_a_file_tells_two_administrators_of_one_name_apart(portal: Client, many: Many, fabrikam: Tenant) -> None:
    twins = [factories.administrator(f"{one}@fabrikam.example", (fabrikam, Role.GUEST_INVITER)) for one in ("a", "b")]
    for one in twins:
        many(1, actor_kind="administrator", actor_name="Adele Vance", actor_id=one.pk)
    many(1, actor_kind="administrator", actor_name="Gone", actor_id=UUID(int=7))
    many(1, actor_kind="operator", actor_name="Adele Vance", actor_id=twins[0].pk)
    rows = list(csv.DictReader(StringIO(body(portal.post(EXPORT, {"format": "csv"})).lstrip("\ufeff"))))
    assert [(row["administrator’s email"], row["id of who"]) for row in rows] == [
        ("a@fabrikam.example", str(twins[0].pk)),
        ("b@fabrikam.example", str(twins[1].pk)),
        ("", str(UUID(int=7))),
        ("", str(twins[0].pk)),  # an operator's email is not the tenant's to know
    ]


# --- how long it is kept ----------------------------------------------------------------------------------------------

KEEPING = "/admin/tenants/auditentry/keeping/"


def test_R64_shortening_the_time_says_first_what_is_forgotten(portal: Client, many: Many, fabrikam: Tenant) -> None:
    many(3, at=NOW - timedelta(days=100))
    page = portal.post(KEEPING, {"days": "90"})
    assert "3 entries will be forgotten" in text(page)
    assert "Export them first" in text(page)
    fabrikam.refresh_from_db()
    assert getattr(fabrikam, "history_days", 0) is None
    assert portal.post(KEEPING, {"days": "90", "read": "90"}).status_code == 302
    fabrikam.refresh_from_db()
    assert fabrikam.history_days == 90
    assert "kept for 90 days" in text(portal.get(KEEPING))
    assert portal.post(KEEPING, {"days": ""}).status_code == 302
    fabrikam.refresh_from_db()
    assert getattr(fabrikam, "history_days", 0) is None
    with tenant_scope(fabrikam.id):
        told = AuditEntry.objects.filter(action="history.kept").order_by("id").values_list("details", flat=True)
        assert list(told) == [{"before": "for ever", "after": "90 days"}, {"before": "90 days", "after": "for ever"}]


@pytest.mark.parametrize("days", ["29", "3651", "x", "-1", "9" * 40])
def test_R64_days_out_of_bounds_are_refused_in_words(portal: Client, fabrikam: Tenant, days: str) -> None:
    page = portal.post(KEEPING, {"days": days, "read": days})
    assert page.status_code == 200
    assert "One thing needs another look." in text(page) or "2 things need another look." in text(page)
    fabrikam.refresh_from_db()
    assert fabrikam.history_days is None


def test_R63_who_may_not_change_settings_changes_no_days(as_role: Any, contosos: Client, fabrikam: Tenant) -> None:
    reader = as_role(Role.GLOBAL_READER)
    assert reader.get(KEEPING).status_code == 200
    reader.post(KEEPING, {"days": "90", "read": "90"})
    assert as_role(Role.REPORTS_READER).post(KEEPING, {"days": "90"}).status_code == 403
    contosos.post(KEEPING, {"days": "90", "read": "90"})
    fabrikam.refresh_from_db()
    assert fabrikam.history_days is None


def test_R64_the_command_sets_the_days(many: Many, fabrikam: Tenant) -> None:
    many(2, at=NOW - timedelta(days=100))
    said = StringIO()
    call_command("set_history_days", "60", "--tenant", "fabrikam.example", stdout=said)
    assert "60 days. 2 lines are older" in said.getvalue()
    call_command("set_history_days", "for-ever", "--tenant", "fabrikam.example", stdout=said)
    with pytest.raises(CommandError, match="30 to"):
        call_command("set_history_days", "10", "--tenant", "fabrikam.example", stdout=said)
    assert reverse("admin:tenants_history_days") == KEEPING
