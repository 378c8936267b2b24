"""`manage.py rotate_passcode_key`: a new key without a failed sign-in (R13)."""

from __future__ import annotations

import base64
import re
from datetime import timedelta
from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from passcodes.operations import RightCode
from tenants.models import Tenant
from tenants.scope import every_tenant, tenant_scope
from tests.passcodes.stories import code_of, issue, pass_time, try_code

OLD = bytes(range(32))


@pytest.fixture(autouse=True)
def one_key(settings):
    settings.PASSCODE_KEYS = ((1, OLD),)


def said(*arguments: str) -> str:
    out = StringIO()
    call_command("rotate_passcode_key", *arguments, stdout=out)
    return out.getvalue()


def parsed(line: str) -> tuple[tuple[int, bytes], ...]:
    return tuple((int(number), base64.b64decode(key)) for number, key in re.findall(r"(\d+):([\w+/=]+)", line))


def test_R13_it_prints_first_the_new_key_behind_then_in_front(db):
    behind, in_front = (parsed(line) for line in said().splitlines() if "PASSCODE_KEYS=" in line)
    assert behind == (behind[0], in_front[0]) == ((1, OLD), in_front[0])
    assert in_front[1:] == ((1, OLD),)
    number, key = in_front[0]
    assert (number, len(key)) == (2, 32)
    assert parsed(said("--new"))[0][1] != key


def test_R13_it_prints_one_key_alone():
    assert re.fullmatch(r"2:[\w+/]{43}=\n", said("--new"))


def test_R13_no_sign_in_fails_while_the_key_is_changed_step_by_step(fabrikam: Tenant, settings):
    with tenant_scope(fabrikam.id):
        challenge = issue()
        code = code_of(challenge)
        for line in (line for line in said().splitlines() if "PASSCODE_KEYS=" in line):
            settings.PASSCODE_KEYS = parsed(line)
            assert isinstance(try_code(challenge, code), RightCode)
        newer = issue()
        assert (newer.key_id, challenge.key_id) == (2, 1)
        assert isinstance(try_code(newer, code_of(newer)), RightCode)


def test_R13_it_refuses_to_drop_a_key_that_a_live_passcode_needs(fabrikam: Tenant, settings):
    with tenant_scope(fabrikam.id):
        until = issue().expires_at
    settings.PASSCODE_KEYS = ((2, bytes(32)), (1, OLD))
    with pytest.raises(CommandError, match=rf"needed by 1 live passcodes until {until:%d %b, %H:%M} UTC"):
        said("--drop", "1")
    with every_tenant(reason="test"):
        pass_time(timedelta(minutes=30))
    assert parsed(said("--drop", "1")) == ((2, bytes(32)),)


@pytest.mark.parametrize(
    ("key_id", "why"),
    [
        pytest.param("7", "has no key 7; it has 1", id="R13-unknown"),
        pytest.param("1", "makes the new codes", id="R13-first"),
    ],
)
def test_it_refuses_to_drop(key_id, why, db):
    with pytest.raises(CommandError, match=why):
        said("--drop", key_id)
