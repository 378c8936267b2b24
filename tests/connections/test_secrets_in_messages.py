"""No message quotes what a variable holds, however wrong it is: the sentinel stands in no output of any process."""

from __future__ import annotations

import base64
import sys
import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

import pytest
from django.core.exceptions import ImproperlyConfigured

from config.environment import keys, networks, number, one_of, origin, required, switch
from config.logs import LEVELS
from config.server_urls import authorities, broker, database, mail
from tests.house.test_settings import EVERYDAY, KEY, PRODUCTION
from tests.processes import Process, started

SENTINEL = "sentinel"
URLS = {
    "DATABASE_URL": "postgres://vestibule_app:{}@127.0.0.1:1/vestibule",
    "DATABASE_OWNER_URL": "postgres://vestibule_owner:{}@127.0.0.1:1/vestibule",
    "REDIS_URL": "redis://:{}@127.0.0.1:1/0",
    "EMAIL_URL": "smtp+tls://user:{}@127.0.0.1:1",
}
ODD_PASSWORDS = [
    f"{before}{SENTINEL}{after}"
    for before, after in [
        ("", "/x"),
        ("/", ""),
        ("a/", "/b"),
        ("", "?x"),
        ("?", ""),
        ("", "#x"),
        ("#", ""),
        ("", "/?#"),
        ("", ":/"),
        ("[", ""),
        ("", "]"),
        ("[::1]", ""),
        ("", " x"),
        ("", "\tx"),
        ("$", ""),
        ("%", "/"),
        ("℀", ""),
        ("", "\\/"),
    ]
]
WHOLE_VALUES = [
    SENTINEL,
    f"${SENTINEL}",
    f"user:{SENTINEL}@host",
    f"https://user:{SENTINEL}@guests.example.org",
    f"postgres://{SENTINEL}",
    f"redis://{SENTINEL}@host/0",
    f"redis://host/{SENTINEL}",
    f"rediss://host/0?ssl_{SENTINEL}=1",
    f"rediss://host/0?ssl_cert_reqs={SENTINEL}",
    f"postgres://user:word@host/db?sslmode={SENTINEL}",
    f"postgres://user:word@host/db?{SENTINEL}=1",
    f"postgres://user:word@host:{SENTINEL}/db",
    f"smtp+tls://user:word@host:{SENTINEL}",
    f"smtp+{SENTINEL}://host",
    f"anymail://{SENTINEL}",
    f"1:{SENTINEL}",
    f"1:{KEY},{SENTINEL}",
    f"{SENTINEL}:{KEY}",
    f"1:é{SENTINEL}",
    f"{'9' * 5000}{SENTINEL}",
    f"[{SENTINEL}",
    f"https://[{SENTINEL}]",
]
READERS: dict[str, Callable[[str], object]] = {
    "SECRET_KEY and others": lambda name: required(name, "a secret"),
    "PASSCODE_KEYS": keys,
    "PUBLIC_URL": lambda name: origin(name, "links begin with it"),
    "TRUSTED_PROXIES": lambda name: number(name, default=0),
    "PROVIDER_NETWORKS": networks,
    "LOG_LEVEL": lambda name: one_of(name, LEVELS, default="INFO"),
    "SSL_REDIRECT": lambda name: switch(name, default=True),
    "TLS_CA_FILE": authorities,
    "DATABASE_URL": database,
    "DATABASE_OWNER_URL": database,
    "REDIS_URL": broker,
    "EMAIL_URL": mail,
}


def refusal(name: str, value: str, monkeypatch: pytest.MonkeyPatch) -> str:
    """What the variable's reader says of this value; "" where it takes it."""
    monkeypatch.setenv(name, value)
    try:
        READERS[name](name)
    except ImproperlyConfigured as refused:
        return str(refused)
    return ""


@pytest.mark.parametrize("name", list(URLS))
def test_B4_no_message_quotes_a_password_that_was_not_percent_encoded(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    refused = 0
    for password in ODD_PASSWORDS:
        said = refusal(name, URLS[name].format(password), monkeypatch)
        assert SENTINEL not in said, password
        assert not said or "%2F" in said, password
        refused += bool(said)
    assert refused >= 13  # the others are read as they are meant


@pytest.mark.parametrize("name", list(READERS))
def test_B4_no_message_quotes_a_value_whichever_variable_it_stands_in(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    said = [refusal(name, value, monkeypatch) for value in WHOLE_VALUES]
    assert not [one for one in said if SENTINEL in one]
    assert name.startswith("SECRET_KEY") or len([one for one in said if one]) > 15


PROCESSES = {
    "check": ["manage.py", "check"],
    "doctor": ["manage.py", "doctor"],
    "relay": ["manage.py", "relay"],
    "setup_database": [
        "manage.py",
        "setup_database",
        "--run",
        f"postgres://postgres:a/{SENTINEL}@127.0.0.1:1/postgres",
    ],
    "web": ["-m", "granian", "--interface", "wsgi", "--port", "0", "config.wsgi:application"],
    "worker": ["-m", "celery", "-A", "config.celery", "worker", "--concurrency", "1", "--beat", "--schedule", "BEAT"],
}
LONGEST = 20.0
"""Seconds that those get which go on; it suffices that they failed to connect once."""


def everything_said(folder: Path, variables: dict[str, str]) -> dict[str, str]:
    """What each process writes until it ends, or until it is told to."""
    environment = EVERYDAY | PRODUCTION | {"DATA_DIR": str(folder)} | variables
    with ExitStack() as stack:
        running: dict[str, Process] = {}
        for name, words in PROCESSES.items():
            log = stack.enter_context((folder / f"{name}.log").open("wb"))
            command = [sys.executable, *(str(folder / "beat") if word == "BEAT" else word for word in words)]
            running[name] = stack.enter_context(started(command, env=environment, stdout=log, stderr=log))
        deadline = time.monotonic() + LONGEST
        while time.monotonic() < deadline and not all(
            one.poll() is not None or b" to " in (folder / f"{name}.log").read_bytes() for name, one in running.items()
        ):
            time.sleep(0.1)
    return {name: (folder / f"{name}.log").read_text(errors="replace") for name in PROCESSES}


def test_B4_no_process_quotes_a_password_that_it_cannot_read(tmp_path: Path) -> None:
    said = everything_said(tmp_path, {"REDIS_URL": URLS["REDIS_URL"].format(f"a/{SENTINEL}")})
    for name, text in said.items():
        assert SENTINEL not in text, name
        variable = "The URL of --run" if name == "setup_database" else "REDIS_URL"
        assert f"{variable} cannot be used: it has a / or a ? before the @" in text, name


def test_B4_no_process_tells_secrets_while_its_servers_are_away(tmp_path: Path) -> None:
    secrets = {name: url.format(f"{SENTINEL}%2F") for name, url in URLS.items()}
    key = base64.b64encode(SENTINEL.encode() * 4).decode()
    secrets |= {
        "SECRET_KEY": SENTINEL * 8,
        "PASSCODE_KEYS": f"1:{key}",
        "PROVIDER_KEYS": f"1:{key}",
        "ANYMAIL_MAILGUN_API_KEY": SENTINEL,
        "ENTRA_CLIENT_SECRET": SENTINEL,
        "MICROSOFT_ACCOUNT_CLIENT_SECRET": SENTINEL,
        "LOG_LEVEL": "DEBUG",
    }
    said = everything_said(tmp_path, secrets)
    for name, text in said.items():
        assert SENTINEL not in text, (name, text)
        assert key not in text, name
    assert "nobody listens" in said["doctor"]
    assert "does not answer" in said["relay"]
    assert "annot connect to redis://" in said["worker"]
