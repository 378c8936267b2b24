"""Whether the address that links begin with is one that this installation answers."""

from __future__ import annotations

from urllib.parse import urlsplit

from django.conf import settings
from django.http.request import validate_host

from config.diagnosis.findings import Line, bad, good, note


def address() -> Line:
    """Links in mails begin with PUBLIC_URL, and its host must be answered."""
    host = urlsplit(settings.PUBLIC_URL).hostname or ""
    if not validate_host(host, settings.ALLOWED_HOSTS):
        return bad("address", f"PUBLIC_URL's host {host} is not in ALLOWED_HOSTS, so its pages answer 400. Add it.")
    proxies = settings.TRUSTED_PROXIES
    if settings.SECURE_SSL_REDIRECT and not proxies:
        return note(
            "address",
            f"{settings.PUBLIC_URL}, and TRUSTED_PROXIES is 0: behind a proxy that ends TLS no page would be shown. "
            "Set it to the number of your proxies.",
        )
    return good("address", f"{settings.PUBLIC_URL}, behind {proxies} {'proxy' if proxies == 1 else 'proxies'}.")
