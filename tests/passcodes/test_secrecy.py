"""The digits and the key stand nowhere: not in a row, a log, a task or an audit line (R13, B4)."""

from __future__ import annotations

import base64
import logging
from datetime import timedelta

import pytest
from django.conf import settings as live_settings
from django.db import connection

from passcodes import operations
from passcodes.operations import RightCode
from passcodes.rules import Pool, show_code
from tests.passcodes.stories import (
    NICOLE,
    STRANGER,
    code_of,
    fresh,
    issue,
    pass_time,
    resend,
    try_code,
    use,
    wrong_code,
)


def every_row() -> str:
    """All that the application's role can read, as text; octets in hexadecimal as PostgreSQL writes them."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
        tables = [name for (name,) in cursor.fetchall()]
        found = []
        for table in tables:
            cursor.execute(f'SELECT t::text FROM "{table}" AS t')
            found += [f"{table}: {text}" for (text,) in cursor.fetchall()]
    return "\n".join(found)


@pytest.mark.usefixtures("in_fabrikam")
def test_R13_it_keeps_digits_and_keys_out_of_every_row_and_log(caplog, now):
    caplog.set_level(logging.DEBUG)
    issued, typed = [], []
    challenge = issue()
    issued.append(code_of(challenge))
    typed.append(wrong_code(challenge))
    try_code(challenge, typed[-1])
    pass_time(timedelta(minutes=25))
    resend(challenge)
    issued.append(code_of(challenge))
    right = try_code(challenge, issued[-1])
    assert isinstance(right, RightCode)
    before_use = every_row()
    use(right)
    decoy = issue(decoy=True, pool=Pool.KNOWN)
    issued.append(code_of(decoy))
    try_code(decoy, issued[-1])
    operations.void_challenges(address_key=NICOLE.key)
    operations.lift_pause(address_key=NICOLE.key, actor=STRANGER, now=now)

    rows = before_use + every_row()
    assert f"passcodes_challenge: ({challenge.id}" in rows
    secrets = [text for code in issued + typed for text in (code, show_code(code), code.encode().hex())]
    for _, key in live_settings.PASSCODE_KEYS:
        secrets += [key.hex(), base64.b64encode(key).decode()]
    for place in (rows, caplog.text, repr(right), repr(fresh(challenge))):
        assert not [secret for secret in secrets if secret in place]
