"""Browsers that have signed an administrator in with both factors.

Knows one signed cookie and what makes it void: another password, app or set of backup codes, the end of the
administrator's sessions everywhere, or 90 days. It opens nothing. It only says whose tries are counted apart from those
of the network, which anybody in the same office can spend. (R17, R63)
"""

from __future__ import annotations

import hashlib
import secrets
import time
from dataclasses import astuple, dataclass
from datetime import timedelta
from typing import Any, Final
from uuid import UUID

from django.conf import settings
from django.core import signing
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils.crypto import constant_time_compare

from tenants import second_factor
from tenants.models import Administrator

COOKIE: Final = f"{settings.COOKIE_PREFIX}vestibule-portal-device"
LASTS: Final = timedelta(days=90)
SALT: Final = "vestibule portal device v1"
ADMINISTRATORS_REMEMBERED: Final = 4
"""An office computer may have a few."""


@dataclass(frozen=True)
class Known:
    """What the browser holds for one administrator: its own id there, the credentials that it signed in with, and when.

    `signed_in_at` is in seconds since 1970: another administrator's sign-in renews the cookie, not this entry.
    """

    administrator_id: str
    browser: str
    proof: str
    signed_in_at: int


def known_as(request: HttpRequest, email: str) -> Known | None:
    """What makes this browser known for the administrator with this email (in lower case), if it still counts.

    At most four statements, and none for a browser without the cookie.
    """
    held = _held(request) if email and "\0" not in email else {}
    if not held:
        return None
    found = Administrator.objects.filter(email=email, is_active=True, pk__in=list(held)).first()
    if found is None:
        return None
    known = held[found.pk]
    return known if any(constant_time_compare(known.proof, one) for one in _proofs(found)) else None


def remember_browser(request: HttpRequest, response: HttpResponseBase, administrator: Administrator) -> None:
    """Make this browser known for the administrator, who has just given both factors in it. It keeps its id there."""
    held = _held(request)
    before = held.pop(administrator.pk, None)
    browser = before.browser if before else secrets.token_hex(16)
    mine = Known(str(administrator.pk), browser, next(iter(_proofs(administrator))), int(time.time()))
    kept = [mine, *held.values()][:ADMINISTRATORS_REMEMBERED]
    value = signing.dumps([astuple(one) for one in kept], salt=SALT)
    response.set_cookie(
        COOKIE,
        value,
        max_age=int(LASTS.total_seconds()),
        path="/",
        secure=settings.IS_HTTPS,
        httponly=True,
        samesite="Lax",
    )


def _held(request: HttpRequest) -> dict[UUID, Known]:
    """The cookie's entries by their administrator's id; nothing where it is forged, old or of another kind."""
    text = request.COOKIES.get(COOKIE, "")
    if not text:
        return {}
    try:
        entries: Any = signing.loads(text, salt=SALT, max_age=LASTS)
    except signing.BadSignature:
        return {}
    since = time.time() - LASTS.total_seconds()
    every = [Known(*entry) for entry in entries]
    return {UUID(known.administrator_id): known for known in every if known.signed_in_at > since}


def _proofs(administrator: Administrator) -> list[str]:
    """Hashes of the password, the session epoch and both factors: under SECRET_KEY first, then under its fallbacks."""
    factors = second_factor.made_at(administrator)
    hashes = [administrator.get_session_auth_hash(), *administrator.get_session_auth_fallback_hash()]
    return [hashlib.sha256(f"{one}\0{factors}".encode()).hexdigest()[:40] for one in hashes]
