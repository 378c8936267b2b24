"""The operator's door to bulk work: the same operations as the portal's, and what is forgotten afterwards (R54)."""

from __future__ import annotations

import re
import sys
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.core.management.base import OutputWrapper

from guests.models import Batch, BatchPart, BatchRow, Guest, Invitation
from tenants.models import Tenant
from tenants.scope import tenant_scope
from tests.doors.bulk import lines, many, started, uploaded

FABRIKAM = ("--tenant", "fabrikam.example")


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Any:
    """Runs a command as its door does and returns what it printed."""

    def do(*words: str) -> str:
        call_command(*words, stdout=OutputWrapper(sys.stdout), no_color=True)
        return capsys.readouterr().out

    return do


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "suppliers.csv"
    path.write_bytes(lines("nicole@example.com,,true,Hello,Nicole", "bo@example.com,,false", "x@@y"))
    return path


def test_R54_invite_guests_says_what_would_become_of_the_rows_and_does_it_when_told(
    run: Any, fabrikam: Tenant, file: Path
) -> None:
    printed = run("invite_guests", str(file), *FABRIKAM)
    assert "3 rows: 2 new, 0 again, 1 cannot be invited; 1 to be mailed" in printed
    assert "row 4: x@@y: Not an address: " in printed
    assert "Nothing has been done." in printed
    with tenant_scope(fabrikam.id):
        assert not Guest.objects.exists()
    printed = run("invite_guests", str(file), *FABRIKAM, "--start", "--wait")
    assert "Done: 2 of 2 done, 0 failed, 1 refused" in printed
    with tenant_scope(fabrikam.id):
        assert Guest.objects.count() == 2
        assert Batch.objects.get().actor_kind == "operator"
        assert {guest.sponsor_name for guest in Guest.objects.all()} == {"An administrator"}


def test_R51_what_the_command_is_told_of_who_invites_holds_for_a_file_that_it_knows(
    run: Any, fabrikam: Tenant, file: Path
) -> None:
    run("invite_guests", str(file), *FABRIKAM)
    printed = run("invite_guests", str(file), *FABRIKAM)
    assert "This file was uploaded a moment ago" in printed
    inviter = ("--inviter-name", "Adele Vance", "--inviter-address", "adele@fabrikam.example")
    printed = run("invite_guests", str(file), *FABRIKAM, "--start", "--wait", *inviter)
    assert "The file was checked before and not started: this check takes the place of that one." in printed
    with tenant_scope(fabrikam.id):
        assert dict(Batch.objects.values_list("state", "choice__inviter")) == {
            "discarded": "An administrator",
            "done": "Adele Vance",
        }
        said = set(Invitation.objects.values_list("inviter_name", "inviter_address"))
    assert said == {("Adele Vance", "adele@fabrikam.example")}


def test_R54_two_operators_who_upload_the_same_file_have_a_check_each(
    run: Any, fabrikam: Tenant, file: Path, operator, now: datetime
) -> None:
    uploaded(fabrikam, file.read_bytes(), operator, now)
    assert "a moment ago" not in run("invite_guests", str(file), *FABRIKAM)
    with tenant_scope(fabrikam.id):
        assert list(Batch.objects.values_list("state", flat=True)) == ["checked", "checked"]


@pytest.mark.parametrize(("content", "fix"), [(b"PK\x03\x04", "Excel workbook"), (None, "cannot be opened")])
def test_R54_invite_guests_refuses_with_the_fix(run: Any, fabrikam: Tenant, tmp_path: Path, content, fix) -> None:
    path = tmp_path / "guests.csv"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(CommandError, match=fix):
        run("invite_guests", str(path), *FABRIKAM)


def test_R54_batches_lists_starts_pauses_and_writes_out(
    run: Any, fabrikam: Tenant, contoso: Tenant, operator, now: datetime
) -> None:
    batch = uploaded(fabrikam, many(2), operator, now)
    assert "suppliers.csv  Checked, not started, 0 of 2 done" in run("batches", *FABRIKAM)
    assert "suppliers.csv: Running" in run("batches", *FABRIKAM, "--start", str(batch.id))
    assert "suppliers.csv: Paused" in run("batches", *FABRIKAM, "--pause", str(batch.id))
    with pytest.raises(CommandError, match="is paused, so --pause does nothing"):
        run("batches", *FABRIKAM, "--pause", str(batch.id))
    written = run("batches", *FABRIKAM, "--results", str(batch.id))
    assert re.match(r"row,email,.*result,reason\s+2,guest0@many0.example", written)
    assert run("batches", "--tenant", "contoso.example") == ""
    with pytest.raises(CommandError, match="no such bulk work"):
        run("batches", "--tenant", "contoso.example", "--discard", str(batch.id))


def test_R54_bulk_work_is_forgotten_a_month_after_its_end_and_useless_files_at_once(
    run: Any, fabrikam: Tenant, operator, now: datetime
) -> None:
    old = started(fabrikam, uploaded(fabrikam, many(3), operator, now, name="old.csv"), operator, now)
    started(fabrikam, uploaded(fabrikam, many(4), operator, now, name="new.csv"), operator, now)
    uploaded(fabrikam, b"PK\x03\x04", operator, now, name="unreadable.csv")
    uploaded(fabrikam, many(5), operator, now, name="waiting.csv")
    with tenant_scope(fabrikam.id):
        Batch.objects.filter(id=old.id).update(ended_at=now - timedelta(days=30, seconds=1))
    printed = run("purge")
    assert "3 rows of bulk work" in printed
    with tenant_scope(fabrikam.id):
        assert set(Batch.objects.values_list("name", flat=True)) == {"new.csv", "unreadable.csv", "waiting.csv"}
        assert BatchRow.objects.count() == 9
        assert set(BatchPart.objects.values_list("batch__name", flat=True)) == {"new.csv", "waiting.csv"}
        assert Guest.objects.count() == 4
