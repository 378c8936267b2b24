"""Administrators' sessions, of which the database keeps only a hash of the cookie.

Knows Django's own session rows. Whoever reads the table or a backup holds no key to the portal. (SAFETY B4)
"""

from __future__ import annotations

import hashlib
from typing import Any

from django.contrib.sessions.backends import db
from django.contrib.sessions.base_session import AbstractBaseSession
from django.utils import timezone


def stored(session_key: str) -> str:
    """What stands in the row: 160 bits of SHA-256, as many as its column holds. The key itself has 165 random bits."""
    return hashlib.sha256(session_key.encode()).hexdigest()[:40]


class SessionStore(db.SessionStore):
    """The engine that SESSION_ENGINE names. Web processes are WSGI, so only the synchronous half is ours."""

    def _get_session_from_db(self) -> AbstractBaseSession | None:
        found: AbstractBaseSession | None = None
        if self.session_key:
            live = self.model.objects.filter(expire_date__gt=timezone.now())
            found = live.filter(session_key=stored(self.session_key)).first()
        if found is None:
            self._session_key = None
        return found

    def exists(self, session_key: str) -> bool:
        return super().exists(stored(session_key))

    def create_model_instance(self, data: dict[str, Any]) -> AbstractBaseSession:
        row = super().create_model_instance(data)
        row.session_key = stored(row.session_key)
        return row

    def delete(self, session_key: str | None = None) -> None:
        key = session_key or self.session_key
        if key:
            self.model.objects.filter(session_key=stored(key)).delete()
