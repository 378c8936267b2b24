"""PostgreSQL, Valkey and the mail sink, those of them that the person did not replace.

Knows which variable replaces which server, and that both databases may start at the same time. Must never start a
server whose address was given.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from pathlib import Path

from config.database_roles import APPLICATION, OWNER
from config.stack import mail_sink
from config.stack.addresses import LOOPBACK, listen
from config.stack.postgres import Postgres
from config.stack.processes import Group, Program
from config.stack.valkey import Valkey


class OwnerMissing(Exception):
    """DATABASE_URL was given without DATABASE_OWNER_URL: nobody could migrate."""


def start_databases(group: Group, postgres: Postgres, valkey: Valkey, chosen: Mapping[str, str]) -> dict[str, str]:
    """Start what `chosen` does not name an address for. Returns the variables that name what was started.

    Raises OwnerMissing and DidNotStart.
    """
    found: dict[str, str] = {}
    waits: list[Callable[[], None]] = []
    if "DATABASE_URL" not in chosen:
        postgres.create()
        postgres.wait_until_gone()
        database = group.start(postgres.program())
        waits += [lambda: postgres.wait_until_ready(database), postgres.furnish]
        found |= {"DATABASE_URL": postgres.url(APPLICATION), "DATABASE_OWNER_URL": postgres.url(OWNER)}
    elif "DATABASE_OWNER_URL" not in chosen:
        raise OwnerMissing(
            "DATABASE_URL is set and DATABASE_OWNER_URL is not, so nobody could migrate. Set both "
            "(manage.py setup_database makes the roles), or neither for the embedded PostgreSQL."
        )
    if "REDIS_URL" not in chosen:
        broker = group.start(valkey.program())
        waits.append(lambda: valkey.wait_until_ready(broker))
        found["REDIS_URL"] = valkey.url
    for wait in waits:
        wait()
    return found


def start_sink(group: Group, folder: Path, environment: Mapping[str, str]) -> str:
    """Start the mail sink on a free port and return its EMAIL_URL. The port stays ours while we live."""
    listening = listen(LOOPBACK, 0)
    group.start(
        Program(
            "mail",
            [sys.executable, "-m", "config.stack.mail_sink", str(listening.fileno()), folder],
            environment=environment,
            sockets=(listening.fileno(),),
        )
    )
    group.keep(listening)
    return mail_sink.url(listening)
