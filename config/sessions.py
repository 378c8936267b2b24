"""Administrators' sessions, of which the database keeps only a hash of the cookie.

Knows Django's own session rows, and that a session ends twelve hours after it began, whatever was done in it. Whoever
reads the table or a backup holds no key to the portal. (SAFETY B4)
"""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime, timedelta
from typing import Any

from django.conf import settings
from django.contrib.sessions.backends import db
from django.contrib.sessions.backends.base import UpdateError
from django.contrib.sessions.base_session import AbstractBaseSession
from django.utils import timezone

from config.postgresql.faults import is_away

BEGAN = "began"
"""The session's key for when it began, in seconds."""


def ends_at(session: Any) -> datetime:
    """When the session ends, absolutely: SESSION_COOKIE_AGE after it began, or from now for one that begins now."""
    began = session.get(BEGAN)
    begins = timezone.now() if began is None else datetime.fromtimestamp(began, UTC)
    return begins + timedelta(seconds=settings.SESSION_COOKIE_AGE)


def begin(session: Any) -> None:
    """Somebody has just signed in: the hours count from here, not from a session before."""
    session[BEGAN] = timezone.now().timestamp()


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

    def save(self, must_create: bool = False) -> None:
        if BEGAN not in self:
            begin(self)
        try:
            super().save(must_create)
            return
        except UpdateError as error:
            # Django says of any error of the database that the session was deleted meanwhile, which is answered 400.
            fault = error.__context__
            if fault is None or not is_away(fault):
                raise
        raise fault

    def exists(self, session_key: str) -> bool:
        return super().exists(stored(session_key))

    def create_model_instance(self, data: dict[str, Any]) -> AbstractBaseSession:
        row = super().create_model_instance(data)
        row.session_key = stored(row.session_key)
        row.expire_date = ends_at(self)
        return row

    def delete(self, session_key: str | None = None) -> None:
        key = session_key or self.session_key
        if key:
            self.model.objects.filter(session_key=stored(key)).delete()
