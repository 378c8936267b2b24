"""In production a missing or malformed variable stops the start, with its name and the fix (issue: A)."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
KEY = "ZGV2ZGV2ZGV2ZGV2ZGV2ZGV2ZGV2ZGV2ZGV2ZGV2ZGU="
SECRET = "".join(chr(97 + n * 7 % 26) for n in range(60))
PRODUCTION = {
    "SECRET_KEY": SECRET,
    "PASSCODE_KEYS": f"2:{KEY},1:{KEY}",
    "PUBLIC_URL": "https://guests.example.org",
    "DATABASE_URL": "postgres://vestibule_app:swordfish@db.example.org:5432/vestibule",
    "REDIS_URL": "redis://broker.example.org:6379/0",
    "EMAIL_URL": "smtp+tls://user:swordfish@mail.example.org:587",
}
REQUIRED = sorted(PRODUCTION)
EVERYDAY = {name: value for name, value in os.environ.items() if name in ("PATH", "HOME", "LANG", "LD_LIBRARY_PATH")}


# One process for all cases, as a start takes a second: it forks for each and imports the settings there.
TELL = """
import json, os, sys
import celery, csp.constants, environ, django.core.exceptions
for number, changes in enumerate(json.load(sys.stdin)):
    if os.fork():
        os.wait()
        continue
    for name, value in changes.items():
        os.environ.pop(name, None) if value is None else os.environ.update({name: value})
    try:
        import config.settings
        said = ""
    except django.core.exceptions.ImproperlyConfigured as error:
        said = str(error)
    print(json.dumps([number, said]), flush=True)
    os._exit(0)
"""


def run(arguments: list[str], *, given: str = "", **variables: str | None) -> subprocess.CompletedProcess[str]:
    """Run Python in the product's folder with nothing in its environment but these variables."""
    chosen = PRODUCTION | {"DATA_DIR": str(ROOT / "nowhere")} | variables
    environment = EVERYDAY | {name: value for name, value in chosen.items() if value is not None}
    command = [sys.executable, *arguments]
    return subprocess.run(command, cwd=ROOT, env=environment, check=False, capture_output=True, text=True, input=given)


def what_starts_say(cases: list[dict[str, str | None]]) -> list[str]:
    """What a start says of each of these changes to a production's variables: "" where it goes on."""
    done = run(["-c", TELL], given=json.dumps(cases))
    answers: dict[int, str] = dict(json.loads(line) for line in done.stdout.splitlines())
    assert len(answers) == len(cases), done.stderr
    return [answers[number] for number in range(len(cases))]


def test_it_starts_with_the_required_variables_alone() -> None:
    assert what_starts_say([{}]) == [""]


def test_check_deploy_finds_nothing() -> None:
    done = run(["manage.py", "check", "--deploy", "--fail-level", "WARNING"])
    assert done.returncode == 0, done.stderr
    assert "no issues" in done.stdout


def test_it_stops_without_a_required_variable() -> None:
    cases = [(name, value) for name in REQUIRED for value in (None, "", "  ")]
    for (name, value), said in zip(cases, what_starts_say([dict([case]) for case in cases]), strict=True):
        assert said.startswith(f"{name} is not set: "), (name, value)
        assert "script/up" in said
        assert ".env.example" in said


MALFORMED = [
    ("SECRET_KEY", "short", "openssl rand"),
    ("PASSCODE_KEYS", KEY, "openssl rand"),
    ("PASSCODE_KEYS", f"one:{KEY}", "openssl rand"),
    ("PASSCODE_KEYS", f"0:{KEY}", "openssl rand"),
    ("PASSCODE_KEYS", f"-1:{KEY}", "openssl rand"),
    ("PASSCODE_KEYS", f"{2**31}:{KEY}", "openssl rand"),
    ("PASSCODE_KEYS", "1:c2hvcnQ=", "openssl rand"),
    ("PASSCODE_KEYS", "1:not base64", "openssl rand"),
    ("PASSCODE_KEYS", f"1:{KEY},", "openssl rand"),
    ("PASSCODE_KEYS", f"1:{KEY},1:{KEY}", "an id of its own"),
    ("PUBLIC_URL", "http://guests.example.org", "https://"),
    ("PUBLIC_URL", "http://127.0.0.1.example.org", "https://"),
    ("PUBLIC_URL", "http://10.0.0.1", "https://"),
    ("PUBLIC_URL", "guests.example.org", "https://"),
    ("PUBLIC_URL", "ftp://guests.example.org", "https://"),
    ("PUBLIC_URL", "https://", "https://"),
    ("PUBLIC_URL", "https://guests.example.org/path", "https://"),
    ("PUBLIC_URL", "https://guests.example.org?query", "https://"),
    ("PUBLIC_URL", "https://guests.example.org:port", "https://"),
    ("PUBLIC_URL", "https://user:word@guests.example.org", "https://"),
    ("DATABASE_URL", "sqlite:///db.sqlite3", "postgres://"),
    ("DATABASE_URL", "mysql://user:swordfish@db.example.org/vestibule", "postgres://"),
    ("DATABASE_URL", "db.example.org", "postgres://"),
    ("DATABASE_URL", "postgres://user:swordfish@db.example.org:port/vestibule", "postgres://"),
    ("DATABASE_OWNER_URL", "sqlite:///db.sqlite3", "postgres://"),
    ("REDIS_URL", "broker.example.org", "redis://"),
    ("REDIS_URL", "amqp://broker.example.org", "redis://"),
    ("EMAIL_URL", "mail.example.org", "smtp+tls://"),
    ("EMAIL_URL", "consolemail://", "smtp+tls://"),
    ("EMAIL_URL", "smtp+tls://user:swordfish@mail.example.org:port", "smtp+tls://"),
    ("EMAIL_URL", "anymail://nothing", "mailgun"),
    ("EMAIL_URL", "smtp+tls://user:sword/fish@mail.example.org", "%2F"),
    ("LOG_LEVEL", "loud", "DEBUG or INFO"),
    ("TLS_CA_FILE", "/nowhere/authorities.pem", "PEM"),
    ("PASSCODE_KEYS", "1:é", "openssl rand"),
    ("DATABASE_URL", "postgres://user:swordfish@db.example.org", "postgres://"),
    ("DATABASE_URL", "postgres://user:swordfish@db.example.org/vestibule?sslmode=always", "verify-full"),
    ("REDIS_URL", "rediss://broker.example.org/0?ssl_cert_reqs=perhaps", "required"),
    ("TRUSTED_PROXIES", "two", "0"),
    ("TRUSTED_PROXIES", "-1", "0"),
    ("SOURCE_LIMITS_EXEMPT", "10.0.0.1/8", "192.0.2.0/24"),
    ("SOURCE_LIMITS_EXEMPT", "everybody", "192.0.2.0/24"),
    ("DATABASE_POOL", "many", "8"),
    ("SSL_REDIRECT", "maybe", "true or false"),
]


def test_it_stops_at_a_malformed_variable_and_names_the_fix() -> None:
    answers = what_starts_say([{name: value} for name, value, _ in MALFORMED])
    for (name, value, fix), said in zip(MALFORMED, answers, strict=True):
        assert said.startswith(f"{name} cannot be used: "), (name, value, said)
        assert fix in said, (name, value, said)
        assert "swordfish" not in said, (name, value, said)
        assert KEY[:8] not in said, (name, value, said)


ORIGINS = [
    "https://guests.example.org",
    "https://guests.example.org/",
    "https://guests.example.org:8443",
    "http://localhost:8000",
    "http://vestibule.localhost",
    "http://127.0.0.1:8000",
    "http://[::1]:8000",
]


def test_it_takes_https_and_the_machine_itself() -> None:
    assert what_starts_say([{"PUBLIC_URL": url} for url in ORIGINS]) == [""] * len(ORIGINS)


def test_a_command_says_it_in_one_sentence() -> None:
    done = run(["manage.py", "check"], PASSCODE_KEYS=None)
    assert done.returncode != 0
    assert done.stderr.startswith("PASSCODE_KEYS is not set: ")
    assert "Traceback" not in done.stderr


COOKIES = """
from django.conf import settings as s
from guests import sessions
print(s.SESSION_COOKIE_NAME, s.CSRF_COOKIE_NAME, sessions.BROWSER_COOKIE)
print(s.SESSION_COOKIE_SECURE, s.CSRF_COOKIE_SECURE, s.SECURE_SSL_REDIRECT, s.SECURE_HSTS_SECONDS > 0)
"""
SHELL = "import os, django; os.environ['DJANGO_SETTINGS_MODULE'] = 'config.settings'; django.setup()"


@pytest.mark.parametrize(
    ("url", "prefix", "is_secure"), [("https://guests.example.org", "__Host-", True), ("http://localhost", "", False)]
)
def test_cookies_are_named_and_flagged_as_the_public_url_is(url: str, prefix: str, is_secure: bool) -> None:
    done = run(["-c", f"{SHELL}\n{COOKIES}"], PUBLIC_URL=url)
    names, flags = done.stdout.splitlines()
    assert names.split() == [f"{prefix}vestibule-{name}" for name in ("portal", "csrf", "browser")]
    assert flags.split() == [str(is_secure)] * 4
