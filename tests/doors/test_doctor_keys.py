"""Nodes with different keys are noticed; keys that rotate are not."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db.models.functions import Now

from config.diagnosis import keys
from config.diagnosis.findings import State
from tenants.key_fingerprints import IS_RECENT, KeyFingerprint, fingerprint, note_keys

pytestmark = pytest.mark.django_db

FIRST, SECOND, OTHER = b"a" * 32, b"b" * 32, b"c" * 32


def node(settings: Any, *passcode: tuple[int, bytes], provider: tuple[tuple[int, bytes], ...] = ()) -> None:
    """This process is now one with these keys."""
    settings.PASSCODE_KEYS, settings.PROVIDER_KEYS = passcode, provider


def test_H_two_nodes_with_different_keys_are_noticed_on_both(settings: Any, caplog: pytest.LogCaptureFixture) -> None:
    node(settings, (1, FIRST), provider=((1, SECOND),))
    note_keys()
    assert keys.used_keys().state is State.GOOD
    assert not caplog.records
    node(settings, (1, FIRST), provider=((1, OTHER),))
    line = keys.used_keys()
    assert line.state is State.BAD
    assert "key 1 in PROVIDER_KEYS is not the one" in line.said
    note_keys()
    assert "PROVIDER_KEYS: key 1 is not the one" in caplog.text
    node(settings, (1, FIRST), provider=((1, SECOND),))
    assert keys.used_keys().state is State.BAD
    assert "another process uses a different key 1 in PROVIDER_KEYS" in keys.used_keys().said


def test_H_the_alarm_ends_when_the_wrong_key_is_gone(settings: Any) -> None:
    node(settings, (1, OTHER))
    note_keys()
    KeyFingerprint.objects.update(last_used_at=Now() - IS_RECENT - timedelta(minutes=1))
    node(settings, (1, FIRST))
    assert keys.used_keys().state is State.BAD  # ours was never used here, however old the other one is
    note_keys()
    assert keys.used_keys().state is State.GOOD


def test_H_rotation_is_no_alarm(settings: Any) -> None:
    node(settings, (1, FIRST))
    note_keys()
    for step in ([(1, FIRST), (2, SECOND)], [(2, SECOND), (1, FIRST)], [(2, SECOND)]):
        node(settings, *step)
        assert keys.used_keys().state is State.GOOD
        note_keys()
        node(settings, (1, FIRST))  # a node that has not been restarted yet
        assert keys.used_keys().state is State.GOOD
        note_keys()


def test_H_a_key_that_was_not_used_yet_is_named(settings: Any) -> None:
    node(settings, (7, FIRST))
    assert keys.used_keys().said == "not used yet: PASSCODE_KEYS 7."


def test_B4_a_fingerprint_is_short_and_differs_by_setting() -> None:
    assert len(fingerprint("PASSCODE_KEYS", FIRST)) == 16
    assert fingerprint("PASSCODE_KEYS", FIRST) != fingerprint("PROVIDER_KEYS", FIRST)


def test_H_noting_again_writes_nothing_within_the_hour(settings: Any) -> None:
    node(settings, (1, FIRST))
    note_keys()
    (before,) = KeyFingerprint.objects.values_list("last_used_at", flat=True)
    note_keys()
    assert list(KeyFingerprint.objects.values_list("last_used_at", flat=True)) == [before]
    KeyFingerprint.objects.update(last_used_at=Now() - timedelta(hours=3))
    note_keys()
    assert KeyFingerprint.objects.filter(last_used_at__gt=Now() - timedelta(minutes=1)).count() == 1
