"""The steps from an invitation to a redemption, as conditions on a guest's row: what is counted, listed and indexed.

They are steps of the way in that a guest is on now. A reset takes them back to the first one (R40), and they stay among
those whom the day of their first invitation brought.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from django.db.models import Q

INVITED, OPENED, CODE_SENT, REDEEMED = "invited", "opened", "code_sent", "redeemed"

WERE_INVITED: Final = Q(source="invitation", deleted_at__isnull=True)
"""Whose way is followed: who signed up by themself had no link to open."""

_PENDING = Q(redemption_status="PendingAcceptance")
_REDEEMED = Q(redemption_status="Accepted")
_MAILED = Q(code_sent_at__isnull=False)
_LOOKED = Q(link_opened_at__isnull=False)

REACHED: Final[Mapping[str, Q]] = {
    INVITED: Q(),
    OPENED: _LOOKED | _MAILED | _REDEEMED,
    CODE_SENT: _MAILED | _REDEEMED,
    REDEEMED: _REDEEMED,
}
"""Guests who came as far as a step, or further without it: who has an account elsewhere needs no code."""

LOST: Final[Mapping[str, Q]] = {
    OPENED: _PENDING & Q(link_opened_at__isnull=True, code_sent_at__isnull=True),
    CODE_SENT: _PENDING & _LOOKED & Q(code_sent_at__isnull=True),
    REDEEMED: _PENDING & _MAILED,
}
"""Guests who came as far as the step before, and no further until now."""
