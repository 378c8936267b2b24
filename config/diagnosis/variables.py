"""Whether settings are wider than anybody means, and whether variables are set that nothing reads."""

from __future__ import annotations

import difflib
import ipaddress
import os
from collections.abc import Iterable, Mapping
from typing import Final

from django.conf import settings

from config.diagnosis.findings import Line, good, warning
from config.environment import KNOWN, Network

PREFIX: Final = "VESTIBULE_"
ALIKE: Final = 0.85
"""How much of two names has to be the same (difflib's ratio): DATABSE_URL and ALLOWED_HOST have 0.95."""

_CELERYS_OWN: Final = ("CELERY_BROKER_URL", "CELERY_BROKER_READ_URL", "CELERY_BROKER_WRITE_URL")
"""Celery prefers them to REDIS_URL, and verifies no certificate for them."""


def breadth() -> list[Line]:
    """A warning for each setting that lets everybody through."""
    found = []
    if "*" in settings.ALLOWED_HOSTS:
        found.append(warning("hosts", "ALLOWED_HOSTS has *, so pages answer under any name. Write the names."))
    if is_everything(settings.SOURCE_LIMITS_EXEMPT):
        found.append(
            warning("limits", "SOURCE_LIMITS_EXEMPT has every address in it: no source is limited. Name your networks.")
        )
    if {key for _, key in settings.PROVIDER_KEYS} & {key for _, key in settings.PASSCODE_KEYS}:
        found.append(
            warning("keys", "PROVIDER_KEYS and PASSCODE_KEYS share a key: whoever has one has both. Make another one.")
        )
    return found


def is_everything(networks: Iterable[Network]) -> bool:
    """Whether together they have every IPv4 or every IPv6 address."""
    for version in (4, 6):
        same = [network for network in networks if network.version == version]
        if any(network.prefixlen == 0 for network in ipaddress.collapse_addresses(same)):  # type: ignore[type-var]
            return True
    return False


def unread(environment: Mapping[str, str] | None = None) -> Line:
    """Variables that look like ours and are read by nothing. Their values are not looked at."""
    names = os.environ if environment is None else environment
    found = [f"{name} ({why})" for name in sorted(names) if (why := _mistake(name))]
    if not found:
        return good("variables", "none looks like one of ours and is not.")
    return warning("variables", f"nothing reads {', '.join(found)}. .env.example has the names.")


def _mistake(name: str) -> str:
    """What is probably meant; empty for a variable that is ours or nobody's business."""
    if name in KNOWN:
        return ""
    if name in _CELERYS_OWN:
        return "Celery takes it instead of REDIS_URL: take it out"
    if name.startswith(PREFIX):
        meant = name.removeprefix(PREFIX)
        return f"meant is {meant}" if meant in KNOWN else "no name of ours begins so"
    close = difflib.get_close_matches(name, KNOWN, n=1, cutoff=ALIKE)
    return f"meant is {close[0]}" if close else ""
