"""doctor warns about settings that work and are wider than anybody means, and says the true cause of a fault."""

from __future__ import annotations

import ipaddress
import socket
from contextlib import closing
from typing import Any

import psycopg
import pytest

from config.diagnosis import database, mail, variables
from config.diagnosis.causes import network_cause
from config.diagnosis.findings import State
from tenants.database_fault import database_fault, fault_of, login

NETWORKS = {
    "every IPv4 address": (["0.0.0.0/0"], True),
    "every IPv6 address": (["192.0.2.0/24", "::/0"], True),
    "both halves": (["0.0.0.0/1", "128.0.0.0/1"], True),
    "one half": (["128.0.0.0/1"], False),
    "none": ([], False),
}


@pytest.mark.parametrize(("networks", "is_everything"), NETWORKS.values(), ids=NETWORKS)
def test_H_an_exemption_of_everything_is_told(networks: list[str], is_everything: bool, settings: Any) -> None:
    settings.SOURCE_LIMITS_EXEMPT = tuple(ipaddress.ip_network(one) for one in networks)
    said = " ".join(line.said for line in variables.breadth())
    assert ("SOURCE_LIMITS_EXEMPT" in said) is is_everything


def test_H_any_host_and_a_shared_key_are_told(settings: Any) -> None:
    settings.ALLOWED_HOSTS = ["guests.example.org"]
    assert variables.breadth() == []
    settings.ALLOWED_HOSTS = ["guests.example.org", "*"]
    settings.PASSCODE_KEYS, settings.PROVIDER_KEYS = ((2, b"x" * 32), (1, b"y" * 32)), ((7, b"y" * 32),)
    lines = variables.breadth()
    assert [line.state for line in lines] == [State.WARNING, State.WARNING]
    assert "ALLOWED_HOSTS" in lines[0].said
    assert "PROVIDER_KEYS and PASSCODE_KEYS share a key" in lines[1].said


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("DATABSE_URL", "DATABASE_URL"),
        ("ALLOWED_HOST", "ALLOWED_HOSTS"),
        ("VESTIBULE_SECRET_KEY", "SECRET_KEY"),
        ("VESTIBULE_COLOUR", "no name of ours"),
        ("REDIS_URI", "REDIS_URL"),
        ("CELERY_BROKER_URL", "REDIS_URL"),
    ],
)
def test_H_a_variable_that_looks_like_ours_is_told_without_its_value(name: str, meant: str) -> None:
    line = variables.unread({name: "sentinel-of-a-secret"})
    assert line.state is State.WARNING
    assert name in line.said
    assert meant in line.said
    assert "sentinel" not in line.said


def test_H_other_variables_are_nobodys_business() -> None:
    names = ("PATH", "HOME", "XDG_DATA_DIRS", "PGHOST", "DATABASE_URL", "ANYMAIL_MAILGUN_API_KEY", "LANG", "LOG_LEVEL")
    assert variables.unread(dict.fromkeys(names, "x")).state is State.GOOD


@pytest.mark.parametrize(
    ("sender", "state"),
    [
        ("no-reply@guests.example.org", State.GOOD),
        ("Fabrikam <no-reply@guests.example.org>", State.GOOD),
        ("no-reply", State.BAD),
        ("no-reply@", State.BAD),
        ("no-reply@localhost", State.WARNING),
    ],
)
def test_H_a_sender_without_a_domain_is_told(sender: str, state: State, settings: Any) -> None:
    settings.DEFAULT_FROM_EMAIL, settings.LOCAL_STACK = sender, False
    assert mail.sender().state is state


@pytest.mark.django_db
def test_H_connections_that_all_processes_may_open_are_compared(settings: Any) -> None:
    known = login("default")
    with closing(psycopg.connect(**known | {"application_name": "vestibule web 0.1.0 node2/4711"})):
        # One look is kept for a whole transaction by PostgreSQL, so the other process is there before it.
        line = database.connections()
        assert line.state is State.GOOD
        assert "1 web" in line.said
        settings.DATABASES["default"]["OPTIONS"]["pool"] |= {"max_size": 5000}
        try:
            line = database.connections()
        finally:
            settings.DATABASES["default"]["OPTIONS"]["pool"] |= {"max_size": 8}
    assert line.state is State.WARNING
    assert "max_connections" in line.said


@pytest.mark.django_db
def test_H_the_true_cause_of_a_database_that_cannot_be_used_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    known = login("default")
    with closing(socket.create_server(("127.0.0.1", 0))) as closed:
        port = closed.getsockname()[1]
    cases = {
        "The host's name": ({"host": "db.invalid"}, "the host's name is not known"),
        "A closed port": ({"host": "127.0.0.1", "port": port}, "nobody listens"),
        "No such socket": ({"host": "/nowhere"}, "no such socket"),
        "No such role": ({"user": "nobody_at_all"}, "the role that DATABASE_URL names is not there"),
        "No such database": ({"dbname": "nothing_at_all"}, "the database that DATABASE_URL names is not there"),
    }
    for name, (change, cause) in cases.items():
        monkeypatch.setattr("tenants.database_fault.login", lambda alias, change=change: known | change)
        found = database_fault()
        assert found is not None, name
        assert cause in found.cause, (name, found)


@pytest.mark.parametrize(
    ("said", "cause"),
    [
        ('FATAL:  password authentication failed for user "vestibule_app"', "refuses the role's password"),
        ("server does not support SSL, but SSL was required", "it has no TLS"),
        ("fe_sendauth: no password supplied", "it wants a password"),
        ('FATAL:  no pg_hba.conf entry for host "::1", user "a", database "b", no encryption', "without TLS"),
        ("FATAL:  sorry, too many clients already", "connections are in use"),
        ("FATAL:  the database system is starting up", "it is starting"),
        ("SSL error: certificate verify failed", "not trusted here"),
    ],
)
def test_H_what_postgresql_says_has_a_cause_and_a_fix(said: str, cause: str) -> None:
    found = fault_of(psycopg.OperationalError(f"connection failed: {said}"), "DATABASE_URL")
    assert cause in found.cause
    assert found.fix.endswith((".", "?"))


def test_B4_what_nobody_knows_is_quoted_without_the_password() -> None:
    found = fault_of(psycopg.OperationalError("no idea: sentinel"), "DATABASE_URL", password="sentinel")
    assert str(found) == "no idea: …. Correct DATABASE_URL."


@pytest.mark.parametrize(
    ("error", "cause"),
    [
        (socket.gaierror(-2, "Name or service not known"), "name is not known"),
        (ConnectionRefusedError(), "nobody listens there. Start the server"),
        (TimeoutError(), "no answer in time"),
        (FileNotFoundError(), "no such socket"),
    ],
)
def test_H_a_fault_of_the_network_is_named_wherever_it_stands(error: Exception, cause: str) -> None:
    wrapped = RuntimeError("wrapped")
    wrapped.__cause__ = error
    said = network_cause(wrapped, where="mail.example.org:587", variable="EMAIL_URL")
    assert said is not None
    assert cause in said
    assert network_cause(RuntimeError(), where="x", variable="EMAIL_URL") is None
