"""Whether the keys of codes and links are the ones that live codes need."""

from __future__ import annotations

from django.conf import settings
from django.db.models import Count
from django.db.models.functions import Now

from config.diagnosis.findings import Line, bad, good
from passcodes.models import Challenge
from tenants.key_fingerprints import KeyFingerprint, own, strange_keys
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


def used_keys() -> Line:
    """The keys here are the ones that the database was used with, and nobody uses others under their ids."""
    strange = strange_keys()
    if not strange:
        known = KeyFingerprint.objects.values_list("setting", "key_id")
        new = [f"{setting} {key_id}" for setting, key_id in own() if (setting, key_id) not in set(known)]
        return good(
            "used keys", f"not used yet: {', '.join(new)}." if new else "the same as the database was used with."
        )
    one = strange[0]
    when = f"{one.last_used_at:%Y-%m-%d %H:%M} UTC"
    if one.ours_is_known:
        return bad(
            "used keys",
            f"another process uses a different key {one.key_id} in {one.setting} (last at {when}), so one cannot read "
            "what the other makes. Give every process on every node the same keys.",
        )
    return bad(
        "used keys",
        f"key {one.key_id} in {one.setting} is not the one that this database was used with (last at {when}). Put that "
        "one back, or give a new key an id of its own.",
    )
