"""The environment of the stack's processes."""

from __future__ import annotations

import base64

import pytest

from config.stack import local_env


def test_it_makes_the_secrets_once_for_our_eyes_only(tmp_path):
    path = tmp_path / "secrets.env"
    first = local_env.kept_secrets(path)
    assert local_env.kept_secrets(path) == first
    assert path.stat().st_mode & 0o777 == 0o600
    number, _, key = first["PASSCODE_KEYS"].partition(":")
    assert number == "1"
    assert len(base64.b64decode(key)) == 32
    assert len(first["SECRET_KEY"]) >= 50


def test_it_gives_back_what_it_wrote(tmp_path):
    variables = {"EMAIL_URL": "smtp+tls://user:p=ss@host:587", "EMPTY": ""}
    local_env.write(tmp_path / "running.env", variables)
    assert local_env.read(tmp_path / "running.env") == variables
    assert [path.name for path in tmp_path.iterdir()] == ["running.env"]


@pytest.mark.parametrize("value", ["two\nlines", " outer space"])
def test_it_refuses_a_value_that_would_come_back_different(tmp_path, value):
    with pytest.raises(ValueError, match="SECRET_KEY"):
        local_env.write(tmp_path / "running.env", {"SECRET_KEY": value})


def test_it_takes_what_the_person_set_and_nothing_empty():
    environment = {"REDIS_URL": "redis://127.0.0.1/0", "EMAIL_URL": "", "HOME": "/root"}
    assert local_env.person_set(environment) == {"REDIS_URL": "redis://127.0.0.1/0"}


def test_it_keeps_the_owner_away_from_web_and_worker(monkeypatch):
    monkeypatch.setenv("DATABASE_OWNER_URL", "postgres://from@outside/x")
    variables = {"DATABASE_URL": "postgres://a@b/c", "DATABASE_OWNER_URL": "postgres://o@b/c"}
    assert "DATABASE_OWNER_URL" not in local_env.for_application(variables)
    assert local_env.for_owner(variables)["DATABASE_OWNER_URL"] == "postgres://o@b/c"
