"""Why the database cannot be used: the true cause and its fix, which the pool's "couldn't get a connection" hides.

Asks by one connection of its own. No password stands in what it says.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import psycopg
from django.conf import settings
from django.db import connections
from psycopg import pq

PATIENCE: Final = 5
"""Seconds to wait for an answer."""

VARIABLES: Final = {"default": "DATABASE_URL", "owner": "DATABASE_OWNER_URL"}

_SETUP: Final = "Make it with manage.py setup_database, or correct {variable}."
_CAUSES: Final = (
    ("could not translate host name", "the host's name is not known here", "Correct the host in {variable}."),
    ("failed to resolve host", "the host's name is not known here", "Correct the host in {variable}."),
    (
        "root certificate file",
        "there is no file of authorities to verify its certificate with",
        "Name one in TLS_CA_FILE, or as sslrootcert=/path in {variable}.",
    ),
    ("connection refused", "nobody listens at its host and port", "{start}"),
    ("no such file or directory", "there is no such socket", "{start}"),
    ("timeout expired", "its host does not answer", "Is the host in {variable} right, and its port open from here?"),
    ("timed out", "its host does not answer", "Is the host in {variable} right, and its port open from here?"),
    ("no route to host", "its host cannot be reached", "Is the host in {variable} right, and its port open from here?"),
    ("unreachable", "its host cannot be reached", "Is the host in {variable} right, and its port open from here?"),
    (
        "password authentication failed",
        "it refuses the role's password",
        "Correct it in {variable}; / ? # @ : % in it are written as %2F %3F %23 %40 %3A %25.",
    ),
    ("no password supplied", "it wants a password", "Write the role's password into {variable}."),
    (
        "does not support ssl",
        "it has no TLS, which sslmode in {variable} demands",
        "Switch ssl on in postgresql.conf, or correct sslmode.",
    ),
    ("does not match host name", "its certificate is for another name", "Write the name that it has into {variable}."),
    ("certificate has expired", "its certificate has ended", "Renew it on the server."),
    (
        "certificate verify failed",
        "its certificate is from an authority that is not trusted here",
        "Name the authority's PEM file in TLS_CA_FILE, or as sslrootcert=/path in {variable}.",
    ),
    (
        "no encryption",
        "its pg_hba.conf does not let the role in without TLS",
        "Add ?sslmode=verify-full to {variable}.",
    ),
    ("no pg_hba.conf entry", "its pg_hba.conf does not let the role in from here", "Add a line for it there."),
    ("permission denied for database", "the role may not use the database", "Run manage.py setup_database again."),
    ("is not permitted to log in", "the role may not log in", "Run manage.py setup_database again."),
    (
        "too many",
        "all its connections are in use",
        "Raise max_connections there, or lower DATABASE_POOL here; manage.py doctor counts them.",
    ),
    (
        "remaining connection slots",
        "all its connections are in use",
        "Raise max_connections there, or lower DATABASE_POOL here; manage.py doctor counts them.",
    ),
    ("starting up", "it is starting", "Wait a moment."),
    ("shutting down", "it is stopping", "Start it again."),
    ("ssl error", "it and this machine do not agree on TLS", "Correct sslmode in {variable}."),
)


@dataclass(frozen=True)
class Fault:
    """What is wrong, and what to do about it."""

    cause: str
    fix: str

    def __str__(self) -> str:
        return f"{self.cause}. {self.fix}"


def login(alias: str) -> dict[str, Any]:
    """What PostgreSQL's client needs to connect as this alias does, TLS and all."""
    known = {option.keyword.decode() for option in pq.Conninfo.get_defaults()}
    params = connections[alias].get_connection_params()
    return {name: value for name, value in params.items() if name in known} | {"connect_timeout": PATIENCE}


def database_fault(alias: str = "default") -> Fault | None:
    """Why a new connection does not come about; None where one does."""
    try:
        psycopg.connect(**login(alias)).close()
    except psycopg.Error as error:
        password = connections[alias].settings_dict["PASSWORD"]
        return fault_of(error, VARIABLES[alias], password=password, is_local=settings.LOCAL_STACK)
    return None


def fault_of(error: psycopg.Error, variable: str, *, password: str = "", is_local: bool = False) -> Fault:
    """The fault behind an error of connecting; `is_local`: where script/up starts the server.

    What is not known is quoted, without the password.
    """
    said = str(error)
    lowered = said.lower()
    start = (
        f"Start it with script/up, or set {variable}."
        if is_local
        else f"Start PostgreSQL, or correct host and port in {variable}."
    )
    words = {"variable": variable, "start": start}
    if "does not exist" in lowered and "fatal:" in lowered:
        what = "the role" if 'role "' in lowered else "the database"
        return Fault(f"{what} that {variable} names is not there", _SETUP.format(**words))
    for sign, cause, fix in _CAUSES:
        if sign in lowered:
            return Fault(cause.format(**words), fix.format(**words))
    line = (said.strip() or type(error).__name__).splitlines()[0]
    return Fault(line.replace(password, "…") if password else line, f"Correct {variable}.")
