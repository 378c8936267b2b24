"""`manage.py purge`: what is over goes, what is not stays."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.contrib.sessions.models import Session
from django.core.management import call_command

from config import housekeeping


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
