"""Whether the keys of codes and links are the ones that live codes need."""

from __future__ import annotations

from django.conf import settings
from django.db.models import Count
from django.db.models.functions import Now

from config.diagnosis.findings import Line, bad, good
from passcodes.models import Challenge
from tenants.scope import every_tenant


def keys() -> Line:
    """The first key makes new codes; the others verify what they made."""
    first, *others = [str(number) for number, _ in settings.PASSCODE_KEYS]
    return good("keys", f"new codes by key {first}" + (f", older ones by {', '.join(others)}." if others else "."))


def live_keys() -> Line:
    """No live code was made with a key that is gone."""
    known = [number for number, _ in settings.PASSCODE_KEYS]
    with every_tenant(reason="keys belong to the installation, not to a tenant"):
        lost = Challenge.objects.filter(used_at=None, voided_at=None, expires_at__gt=Now()).exclude(key_id__in=known)
        found = list(lost.values("key_id").annotate(n=Count("id")).order_by("key_id"))
    if found:
        said = ", ".join(f"{one['n']} of key {one['key_id']}" for one in found)
        return bad("live codes", f"cannot be verified: {said}. Put the key back into PASSCODE_KEYS, behind the first.")
    return good("live codes", "every one can be verified.")
