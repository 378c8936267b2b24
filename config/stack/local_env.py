"""The environment that the stack's processes and `manage.py` run in.

Knows which variables there are, what the person set, and what the stack fills in. Writes two files, for our eyes only:
secrets.env, once, and running.env, while the stack runs; config/settings.py reads the second. Must never replace a
variable that the person set.
"""

from __future__ import annotations

import base64
import os
import secrets
import tempfile
from collections.abc import Mapping
from pathlib import Path

# What the person may set to replace a part of the stack. (.env.example says what each is)
SETTINGS = (
    "DATABASE_URL",
    "DATABASE_OWNER_URL",
    "REDIS_URL",
    "EMAIL_URL",
    "PUBLIC_URL",
    "SECRET_KEY",
    "PASSCODE_KEYS",
    "PROVIDER_KEYS",
    "PROVIDER_NETWORKS",
    "PROVIDER_CALLS_AT_ONCE",
    "DISCOVERY",
    "ENTRA_AUTHORITY",
    "ENTRA_CLIENT_ID",
    "ENTRA_CLIENT_SECRET",
    "MICROSOFT_ACCOUNT_CLIENT_ID",
    "MICROSOFT_ACCOUNT_CLIENT_SECRET",
    "ALLOWED_HOSTS",
    "TRUSTED_PROXIES",
    "SOURCE_LIMITS_EXEMPT",
    "DEFAULT_FROM_EMAIL",
)
OWNERS_ONLY = "DATABASE_OWNER_URL"


def person_set(environment: Mapping[str, str]) -> dict[str, str]:
    """The settings that stand in the environment with a value."""
    return {name: environment[name] for name in SETTINGS if environment.get(name)}


def new_secrets() -> dict[str, str]:
    """A SECRET_KEY of 64 characters, a key of 32 bytes that codes and links are derived from, one for sealing."""
    codes, sealing = (base64.b64encode(secrets.token_bytes(32)).decode() for _ in range(2))
    return {"SECRET_KEY": secrets.token_urlsafe(48), "PASSCODE_KEYS": f"1:{codes}", "PROVIDER_KEYS": f"1:{sealing}"}


def kept_secrets(path: Path) -> dict[str, str]:
    """What secrets.env holds; made and written first where there is none, and what an older one lacks is added."""
    kept = read(path) if path.exists() else {}
    wanted = new_secrets() | kept
    if wanted != kept:
        write(path, wanted)
    return wanted


def write(path: Path, variables: Mapping[str, str]) -> None:
    """Write NAME=value lines that only we may read. Readers see the old file or the new one, never half of it."""
    lines = []
    for name, value in variables.items():
        if "\n" in value or value != value.strip():
            raise ValueError(f"{name} has a line break or outer spaces, which the file could not give back.")
        lines.append(f"{name}={value}\n")
    descriptor, begun = tempfile.mkstemp(dir=path.parent, prefix=path.name)  # mode 0600
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.writelines(lines)
    os.replace(begun, path)


def read(path: Path) -> dict[str, str]:
    """The variables of such a file."""
    pairs = (line.partition("=") for line in path.read_text(encoding="utf-8").splitlines() if "=" in line)
    return {name: value for name, _, value in pairs}


def without_settings() -> dict[str, str]:
    """Our own environment with none of SETTINGS in it."""
    return {name: value for name, value in os.environ.items() if name not in SETTINGS}


def for_owner(variables: Mapping[str, str]) -> dict[str, str]:
    """The whole environment of a process that migrates."""
    return {**without_settings(), "DJANGO_SETTINGS_MODULE": "config.settings", "PYTHONUNBUFFERED": "1", **variables}


def for_application(variables: Mapping[str, str]) -> dict[str, str]:
    """The whole environment of the web server and the workers: the owner's address is not in it."""
    return {name: value for name, value in for_owner(variables).items() if name != OWNERS_ONLY}
