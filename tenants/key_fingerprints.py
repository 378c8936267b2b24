"""Which keys this database was used with: a fingerprint of each, so that nodes with different keys are noticed.

A fingerprint is an HMAC under the key over a fixed label, cut to 64 bits: nobody can test a guess at anything but the
key itself by it, and the key has 256 bits.
"""

from __future__ import annotations

import hmac
import logging
import threading
import time
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import ClassVar, Final

from django.conf import settings
from django.db import Error, connection, models, transaction
from django.db.models import Q
from django.db.models.functions import Now

LABEL: Final = "vestibule key fingerprint v1"
AGAIN_AFTER: Final = timedelta(hours=1)
"""A process that runs says once in this time that it uses its keys."""
IS_RECENT: Final = timedelta(hours=2)
"""What was said longer ago is over: that process has stopped, or has other keys by now."""

log = logging.getLogger(__name__)


class KeyFingerprint(models.Model):
    """One key that a process used. An id with two fingerprints of the same time is a mistake of the operator's."""

    setting = models.CharField(max_length=20, db_collation="C")
    key_id = models.BigIntegerField()
    fingerprint = models.CharField(max_length=16, db_collation="C")
    first_used_at = models.DateTimeField(db_default=Now(), editable=False)
    last_used_at = models.DateTimeField(db_default=Now(), editable=False)

    class Meta:
        app_label = "tenants"
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["setting", "key_id", "fingerprint"], name="key_fingerprint"),
        ]

    def __str__(self) -> str:
        return f"{self.setting} {self.key_id}"


@dataclass(frozen=True)
class Strange:
    """A key of ours whose id the database knows another key by. `ours_is_known`: it was used with ours as well."""

    setting: str
    key_id: int
    last_used_at: datetime
    ours_is_known: bool


def fingerprint(setting: str, key: bytes) -> str:
    """16 hexadecimal digits that tell keys apart and nothing of them."""
    return hmac.digest(key, f"{LABEL} {setting}".encode(), "sha256").hex()[:16]


def own() -> dict[tuple[str, int], str]:
    """The fingerprints of this process's keys, by setting and id."""
    return {
        (setting, key_id): fingerprint(setting, key)
        for setting in ("PASSCODE_KEYS", "PROVIDER_KEYS")
        for key_id, key in getattr(settings, setting)
    }


def strange_keys() -> list[Strange]:
    """Our keys that are not, or not alone, what the database was used with under their ids."""
    found = []
    for (setting, key_id), ours in own().items():
        rows = KeyFingerprint.objects.filter(setting=setting, key_id=key_id)
        is_known = rows.filter(fingerprint=ours).exists()
        others = rows.exclude(fingerprint=ours)
        if is_known:
            others = others.filter(last_used_at__gt=Now() - IS_RECENT)
        last = others.order_by("-last_used_at").first()
        if last is not None:
            found.append(Strange(setting, key_id, last.last_used_at, is_known))
    return found


def note_keys() -> None:
    """Say in the database that this process uses its keys, and in the log where another one uses others."""
    with transaction.atomic():
        strange = strange_keys()
        KeyFingerprint.objects.bulk_create(
            [
                KeyFingerprint(setting=setting, key_id=key_id, fingerprint=ours)
                for (setting, key_id), ours in sorted(own().items())
            ],
            ignore_conflicts=True,
        )
        mine = Q(pk__in=[])
        for (setting, key_id), ours in own().items():
            mine |= Q(setting=setting, key_id=key_id, fingerprint=ours)
        KeyFingerprint.objects.filter(mine, last_used_at__lt=Now() - AGAIN_AFTER).update(last_used_at=Now())
    for one in strange:
        log.error(
            "%s: key %d is not the one that this database was used with at %s. Every process needs the same keys; "
            "manage.py doctor says more.",
            one.setting,
            one.key_id,
            f"{one.last_used_at:%Y-%m-%d %H:%M} UTC",
        )


def keep_noting() -> None:
    """Note the keys now and every hour, in a thread of its own: no start waits for the database."""
    threading.Thread(target=_keep_noting, name="key-fingerprints", daemon=True).start()


def _keep_noting() -> None:
    while True:
        try:
            note_keys()
        except Error:  # the next hour does; whoever needs the database says that it is away
            pass
        finally:
            connection.close()
        time.sleep(AGAIN_AFTER.total_seconds())
