"""Who invites and resets from the portal, as operations name them."""

from __future__ import annotations

from django.http import HttpRequest

from guests.operations.inviting import Inviter
from tenants.doors.desk import desk
from tenants.models import Administrator


def inviter_of(request: HttpRequest) -> Inviter:
    """The administrator, as the invitation's mail names them. Raises TypeError behind a page that is not guarded."""
    who = request.user
    if not isinstance(who, Administrator):
        raise TypeError("only an administrator reaches this page")
    return Inviter(who.name or who.email, who.email, who.pk, desk(request).inviter_kind)
