"""`manage.py purge`: what is over goes, what is not stays."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from django.contrib.sessions.models import Session
from django.core.management import call_command

from config import housekeeping, tasks
from guests.models import ProviderAnswer, SignInFlow, Way
from tenants.models import Tenant
from tenants.scope import tenant_scope


def test_it_deletes_the_portals_sessions_that_are_over_in_batches(db, now: datetime, monkeypatch, capsys):
    monkeypatch.setattr(housekeeping, "BATCH", 2)
    for turn in range(5):
        Session.objects.create(
            session_key=f"over{turn}", session_data="x", expire_date=now - timedelta(minutes=1 + turn)
        )
    Session.objects.create(session_key="open", session_data="x", expire_date=now + timedelta(minutes=1))
    call_command("purge")
    assert "5 portal sessions" in capsys.readouterr().out
    assert list(Session.objects.values_list("session_key", flat=True)) == ["open"]


def test_beats_run_leaves_the_rest_to_another_one_before_the_queue_hands_it_out_again(
    db: None, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(housekeeping, "BATCH", 2)
    monkeypatch.setattr(tasks, "STAYS", 0.0)
    begun: list[str] = []
    monkeypatch.setattr(tasks, "begin_again", begun.append)
    for turn in range(3):
        Session.objects.create(session_key=f"over{turn}", session_data="x", expire_date=now - timedelta(minutes=1))
    tasks.purge()
    assert (Session.objects.count(), begun) == (1, ["config.tasks.purge"])
    monkeypatch.setattr(tasks, "STAYS", 60.0)
    tasks.purge()
    assert (Session.objects.count(), len(begun)) == (0, 1)


def test_it_deletes_what_providers_posted_and_no_browser_came_for(fabrikam: Tenant, now: datetime, capsys):
    with tenant_scope(fabrikam.id):
        for minutes in (1, 30):
            flow = SignInFlow.objects.create(
                tenant=fabrikam, browser_hash="x", way=Way.TENANTED, expires_at=now + timedelta(hours=4)
            )
            ProviderAnswer.objects.create(
                tenant=fabrikam, flow=flow, body=f"{minutes}", received_at=now - timedelta(minutes=minutes)
            )
    call_command("purge")
    assert "1 answers of providers" in capsys.readouterr().out
    with tenant_scope(fabrikam.id):
        assert ProviderAnswer.objects.get().body == "1"
        assert SignInFlow.objects.count() == 2
