"""Every TLS connection that we make verifies the certificate and the host's name before it says anything secret.

Each client meets a real TLS listener: with a good certificate of an authority that TLS_CA_FILE names, with one of an
authority that nobody named, and with one for another name.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

import pytest
from django.conf import settings as django_settings

from outbox.delivery import HandedOver, Message, NotHandedOver, hand_over
from providers.fetching import FetchFailed, guarded_session
from tests.connections import tls
from tests.connections.tls import Authority, Listener

ROOT = Path(__file__).resolve().parents[2]
SECRET = "sentinel-of-a-password"
CASES = ["good", "unknown authority", "wrong name"]


@dataclass(frozen=True)
class World:
    """One of the three cases: what servers show, and which authority is trusted."""

    case: str
    server: Any
    trusted: Path

    @property
    def is_good(self) -> bool:
        return self.case == "good"

    def check_silence(self, listener: Listener) -> None:
        """Of a refused server nobody asked anything."""
        assert listener.connections
        assert bool(listener.heard) is self.is_good


@pytest.fixture(scope="module")
def authorities(tmp_path_factory: pytest.TempPathFactory) -> tuple[Authority, Authority]:
    folder = tmp_path_factory.mktemp("authorities")
    return Authority(folder, "ours"), Authority(folder, "theirs")


@pytest.fixture(params=CASES)
def world(request: pytest.FixtureRequest, authorities: tuple[Authority, Authority]) -> World:
    ours, theirs = authorities
    signs = theirs if request.param == "unknown authority" else ours
    names = ("mail.example.net",) if request.param == "wrong name" else ("localhost", "127.0.0.1")
    return World(request.param, signs.server(*names), ours.file)


@pytest.fixture
def listen() -> Iterator[Callable[..., Listener]]:
    with ExitStack() as stack:
        yield lambda *given: stack.enter_context(tls.listening(*given))


def message() -> Message:
    return Message(to="nicole@partner.example", subject="s", text="t", html="<p>t</p>", from_name="Fabrikam")


def postgresql_socket() -> str:
    host = django_settings.DATABASES["default"]["HOST"]
    return f"{host}/.s.PGSQL.{django_settings.DATABASES['default']['PORT'] or 5432}"


def test_B4_broker_database_and_mail_server_are_verified_by_the_process_that_uses_them(
    world: World, listen: Callable[..., Listener]
) -> None:
    broker = listen(world.server, tls.pipe_to(tls.unix(urlsplit(os.environ["REDIS_URL"]).path)))
    database = listen(world.server, tls.pipe_to(tls.unix(postgresql_socket())), tls.postgresql)
    mail = listen(world.server, tls.smtp, tls.starttls)
    user = django_settings.DATABASES["default"]["USER"]
    variables = {
        "TLS_CA_FILE": str(world.trusted),
        "REDIS_URL": f"rediss://localhost:{broker.port}/0",
        "DATABASE_URL": f"postgres://{user}:{SECRET}@localhost:{database.port}/{quote('vestibule')}?sslmode=verify-full",
        "DATABASE_OWNER_URL": "",
        "EMAIL_URL": f"smtp+tls://user:{SECRET}@localhost:{mail.port}",
    }
    done = subprocess.run(
        [sys.executable, "manage.py", "doctor"],
        cwd=ROOT,
        env=os.environ | variables,
        check=False,
        capture_output=True,
        text=True,
    )
    lines = {line[6:19].strip(): line for line in done.stdout.splitlines()}
    for listener, what in ((broker, "broker"), (database, "database"), (mail, "mail")):
        world.check_silence(listener)
        assert lines[what].startswith("ok" if world.is_good else "FAIL"), done.stdout
        if world.case == "unknown authority":
            assert "TLS_CA_FILE" in lines[what]
        if world.case == "wrong name":
            assert "another name" in lines[what]
    assert SECRET not in done.stdout + done.stderr


@pytest.mark.parametrize("scheme", ["STARTTLS", "TLS from the start"])
def test_B4_the_mail_server_is_verified_before_a_mail_leaves(
    world: World, scheme: str, listen: Callable[..., Listener], settings: Any
) -> None:
    speaks = (tls.smtp, tls.starttls) if scheme == "STARTTLS" else (tls.smtps,)
    server = listen(world.server, *speaks)
    settings.EMAIL_BACKEND = "outbox.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "localhost", server.port
    settings.EMAIL_USE_TLS, settings.EMAIL_USE_SSL = scheme == "STARTTLS", scheme != "STARTTLS"
    settings.EMAIL_HOST_USER, settings.EMAIL_HOST_PASSWORD = "user", SECRET
    settings.TLS_CA_FILE = str(world.trusted)
    sent = hand_over(message(), message_id="<1@example.org>", may_leave=lambda: True)
    assert isinstance(sent, HandedOver if world.is_good else NotHandedOver)
    world.check_silence(server)


def test_B4_a_mail_provider_is_verified_before_its_key_is_sent(
    world: World, listen: Callable[..., Listener], settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    server = listen(world.server, tls.http)
    settings.EMAIL_BACKEND = "anymail.backends.mailgun.EmailBackend"
    settings.ANYMAIL = {
        "MAILGUN_API_KEY": SECRET,
        "MAILGUN_API_URL": f"https://localhost:{server.port}/v3",
        "MAILGUN_SENDER_DOMAIN": "guests.example.org",
        "REQUESTS_TIMEOUT": 10,
    }
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(world.trusted))
    sent = hand_over(message(), message_id="<1@example.org>", may_leave=lambda: True)
    assert isinstance(sent, HandedOver if world.is_good else NotHandedOver)
    world.check_silence(server)


def test_B4_an_identity_provider_is_verified_before_it_is_asked(
    world: World, listen: Callable[..., Listener], settings: Any
) -> None:
    server = listen(world.server, tls.http)
    settings.TLS_CA_FILE = str(world.trusted)
    with guarded_session() as session:
        url = f"https://localhost:{server.port}/.well-known/openid-configuration"
        if world.is_good:
            assert session.get(url, timeout=5).status_code == 200
        else:
            with pytest.raises(FetchFailed, match="no TLS certificate that is valid"):
                session.get(url, timeout=5)
    world.check_silence(server)
