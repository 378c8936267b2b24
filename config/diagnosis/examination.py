"""Whether this installation has what it needs, a line for each need.

Each module asks about one part and says what an operator does about a bad answer. Nothing here sends mail.
"""

from __future__ import annotations

from collections.abc import Callable

from django.db import DatabaseError

from config.diagnosis import address, database, keys, mail, providers, variables, work
from config.diagnosis.findings import Line, State, bad, first_line


def examine() -> list[Line]:
    """Every line, in the order in which the needs build on each other. Never raises for what it finds."""
    lines = [keys.keys(), address.address(), *variables.breadth(), variables.unread(), database.database()]
    if lines[-1].state is not State.BAD:
        of_database: tuple[Callable[[], Line], ...] = (
            database.encryption,
            database.connections,
            database.owner,
            database.migrations,
            database.row_security,
            database.transactions,
            database.clock,
        )
        lines += [_guarded(check) for check in of_database]
        if all(line.state is not State.BAD for line in lines):
            of_rows = (keys.used_keys, keys.live_keys, providers.sealed_secrets, work.outbox, work.history)
            lines += [_guarded(check) for check in of_rows]
    return [*lines, work.broker(), mail.mail(), mail.sender(), mail.mail_events(), providers.registrations()]


def _guarded(check: Callable[[], Line]) -> Line:
    try:
        return check()
    except DatabaseError as error:
        return bad(
            check.__name__.replace("_", " "), f"could not be asked ({first_line(error)}). Run: manage.py migrate"
        )
