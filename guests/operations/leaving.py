"""Leaving: a guest takes themself out of a tenant's directory (R55).

Knows that leaving takes a session that still counts and is never refused for want of consent: it is a way out. It must
never act for anybody but the session's own guest.
"""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django.db.models.functions import Now

from guests.models import Ended, Guest, GuestSession
from guests.operations.deleting import take_out
from tenants.audit import Actor
from tenants.refusals import Code, Refusal


def leave_tenant(*, session: GuestSession, actor: Actor, now: datetime) -> Guest | Refusal:
    """Delete the session's guest as an administrator would; who can restore them for 30 days (R55).

    Refuses a session that ended meanwhile (E-SESSION), and with it who was blocked: they ask an administrator.
    """
    with transaction.atomic():
        guest = Guest.objects.select_for_update().get(id=session.guest_id)
        still = GuestSession.objects.filter(id=session.id, ended_at__isnull=True, expires_at__gt=Now()).exists()
        if not still or not guest.may_sign_in:
            return Refusal(Code.SESSION, reason="The session ended while the page was open.")
        take_out(guest=guest, why=Ended.LEFT, action="guest.left", actor=actor, now=now)
        return guest
