"""Whether guests can be sent to other providers: the installation's registrations, and the keys of tenants' secrets.

Knows which settings belong together. It asks no provider, and opens no secret.
"""

from __future__ import annotations

from django.conf import settings

from config.diagnosis.findings import Line, bad, good, note
from providers.fetching import mistake_in_url
from providers.models import IdentityProvider, ServiceProviderKey
from tenants.scope import every_tenant

KEY_ID = 4
"""Bytes at the beginning of what is sealed: its key's number."""


def registrations() -> Line:
    """Entra ID and Microsoft accounts are registered once for all tenants, each with an id and a secret."""
    registered = []
    for prefix, name in (("ENTRA", "Entra ID"), ("MICROSOFT_ACCOUNT", "Microsoft account")):
        client_id, secret = (getattr(settings, f"{prefix}_{part}") for part in ("CLIENT_ID", "CLIENT_SECRET"))
        if client_id and not secret:
            return bad("providers", f"{name} is registered without a secret. Set {prefix}_CLIENT_SECRET.")
        if secret and not client_id:
            return bad("providers", f"{name} has a secret without a registration. Set {prefix}_CLIENT_ID.")
        registered += [name] if client_id else []
    if not registered:
        return note("providers", "neither Entra ID nor Microsoft accounts are registered, so nobody is sent there.")
    mistake = mistake_in_url(settings.ENTRA_AUTHORITY)
    if mistake is not None:
        return bad("providers", f"ENTRA_AUTHORITY cannot be asked. {mistake}")
    how = "looked up live" if settings.DISCOVERY == "live" else "known by the tenants' lists alone (DISCOVERY=lists)"
    return good("providers", f"{' and '.join(registered)} registered; domains with Entra ID are {how}.")


def sealed_secrets() -> Line:
    """Every secret that a tenant's provider needs was sealed with a key that is here."""
    known = {number for number, _ in settings.PROVIDER_KEYS}
    with every_tenant(reason="keys belong to the installation, not to a tenant"):
        sealed = [
            *IdentityProvider.objects.exclude(sealed_secret=None).values_list("sealed_secret", flat=True),
            *ServiceProviderKey.objects.values_list("sealed_key", flat=True),
        ]
    needed = {int.from_bytes(bytes(one)[:KEY_ID], "big") for one in sealed if one}
    lost = ", ".join(str(number) for number in sorted(needed - known))
    if lost:
        return bad("secrets", f"of providers cannot be read: key {lost} is gone. Put it back into PROVIDER_KEYS.")
    if not known:
        return note("secrets", "cannot be kept without PROVIDER_KEYS, so tenants can add no provider that has one.")
    return good("secrets", "of providers can all be read.")
