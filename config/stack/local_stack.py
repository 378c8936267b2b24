"""The whole local stack, from an empty folder to a web server that answers.

Knows the order in which its parts start: databases, then migrations and demonstration data, then everything that needs
them. Whatever goes wrong on the way, what was started before is stopped.
"""

from __future__ import annotations

import http.client
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from config.stack import local_env
from config.stack.addresses import Listen, hosts, is_loopback
from config.stack.contoso_id.program import Desk, is_installed
from config.stack.data_folder import DataFolder
from config.stack.launcher import tied
from config.stack.postgres import DidNotStart, Postgres
from config.stack.processes import ROOT, Child, Group, Program
from config.stack.servers import start_databases, start_sink
from config.stack.valkey import Valkey

ANSWERS_WITHIN = 30.0  # seconds that the web server may take to its first answer
THIS_MACHINE = "127.0.0.0/8,::1/128"
"""PROVIDER_NETWORKS: providers may stand here and be reached by http."""


@dataclass(frozen=True)
class Running:
    """A stack that answers: its variables, what `manage.py prepare_stack` made, its processes."""

    variables: Mapping[str, str]
    made: Mapping[str, Any]
    processes: Group
    databases: Group


@contextmanager
def running_stack(folder: DataFolder, listen: Listen, environment: Mapping[str, str]) -> Iterator[Running]:
    """Start everything that `environment` does not replace; stop it all on the way out.

    Raises AlreadyRuns, CannotListen, OwnerMissing, CannotRunAsRoot and DidNotStart, each with a text for a person.
    """
    chosen = local_env.person_set(environment)
    public_url = listen.public_url(chosen.get("PUBLIC_URL"))
    with ExitStack() as stack:
        stack.enter_context(folder.held())
        listen.check_free()
        sockets = stack.enter_context(folder.sockets())
        application = stack.enter_context(listen.beside())
        databases = stack.enter_context(Group(folder.logs))
        processes = stack.enter_context(Group(folder.logs))
        variables = {
            "LOCAL_STACK": "1",
            "DATA_DIR": str(folder.path),
            "PUBLIC_URL": public_url,
            "ALLOWED_HOSTS": hosts(public_url),
            "DEFAULT_FROM_EMAIL": "no-reply@vestibule.example",
            "DEMO_APP_ORIGIN": listen.origin(application.getsockname()[1]),
            **local_env.kept_secrets(folder.secrets),
            **({"PROVIDER_NETWORKS": THIS_MACHINE} if is_here(public_url) else {}),
            **chosen,
        }
        if "EMAIL_URL" not in chosen:
            variables["MAIL_FOLDER"] = str(folder.mail)
            variables["EMAIL_URL"] = start_sink(processes, folder.mail, local_env.for_application(variables))
        processes.start(demonstration_application(application.fileno(), local_env.for_application(variables)))
        variables |= start_databases(databases, Postgres(folder.postgres, sockets), Valkey(sockets), chosen)
        # Starting takes each as long, and nobody asks the web server anything before both are done.
        web = processes.start(web_server(listen, local_env.for_application(variables)))
        contoso_id = Desk(folder.contoso_id, port=listen.port + 2) if has_partner(variables, chosen) else None
        made = prepare(local_env.for_owner(variables), demonstration(variables, chosen, contoso_id))
        if contoso_id is not None:
            contoso_id.start(processes, redirect_uri=made["returns_to"])
        for program in workers(folder, local_env.for_application(variables)):
            processes.start(program)
        local_env.write(folder.running, variables)
        wait_for_answer(listen.origin(listen.port), web)
        yield Running(variables, made, processes, databases)


def has_partner(variables: Mapping[str, str], chosen: Mapping[str, str]) -> bool:
    """Whether the demonstration has Contoso ID: only where guests' browsers and the web server reach this machine."""
    is_reached = is_here(variables["PUBLIC_URL"]) and "PROVIDER_NETWORKS" not in chosen
    return "DATABASE_URL" not in chosen and is_reached and is_installed()


def demonstration(variables: Mapping[str, str], chosen: Mapping[str, str], contoso_id: Desk | None) -> list[str]:
    """What prepare_stack is to make: nothing in a database of one's own, and no mail that would leave this machine."""
    if "DATABASE_URL" in chosen:
        return []
    partner = [] if contoso_id is None else ["--contoso-id", str(contoso_id.path)]
    mail = [] if "EMAIL_URL" in chosen else ["--mail"]
    return ["--application", variables["DEMO_APP_ORIGIN"], *partner, *mail]


def prepare(environment: Mapping[str, str], options: Sequence[str]) -> dict[str, Any]:
    """Migrate and make the demonstration data that is missing. Returns what the card shows; raises DidNotStart."""
    command = [*tied(signal.SIGKILL), sys.executable, "manage.py", "prepare_stack", *options]
    done = subprocess.run(command, cwd=ROOT, env=environment, check=False, capture_output=True, text=True)
    if done.returncode:
        said = "\n".join(done.stderr.strip().splitlines()[-15:])
        raise DidNotStart(f"The database could not be prepared:\n{said}")
    made: dict[str, Any] = json.loads(done.stdout)
    return made


def web_server(listen: Listen, environment: Mapping[str, str]) -> Program:
    """Granian. No access log: a link's secret stands in its path."""
    options = {
        "--interface": "wsgi",
        "--host": listen.host,
        "--port": str(listen.port),
        "--workers": "2",
        "--blocking-threads": "8",
        "--workers-kill-timeout": "5",
        "--log-level": "warning",
    }
    words = [word for name, value in options.items() for word in (name, value)]
    switches = ["--no-ws", "--respawn-failed-workers"]
    command = [sys.executable, "-m", "granian", *words, *switches, "config.wsgi:application"]
    return Program("web", command, environment=environment)


def workers(folder: DataFolder, environment: Mapping[str, str]) -> list[Program]:
    """Celery with beat in it, and the relay that sends what no worker picked up."""
    celery: list[str | Path] = [
        sys.executable,
        "-m",
        "celery",
        "-A",
        "config.celery",
        "worker",
        "--beat",
        "--schedule",
        folder.beat,
    ]
    quiet = ["--concurrency", "2", "--loglevel", "INFO", "--without-gossip", "--without-mingle"]
    return [
        Program("worker", [*celery, *quiet], environment=environment),
        Program("relay", [sys.executable, "manage.py", "relay"], environment=environment),
    ]


def demonstration_application(descriptor: int, environment: Mapping[str, str]) -> Program:
    command: list[str | Path] = [sys.executable, "-I", ROOT / "config" / "stack" / "demo_app.py", str(descriptor)]
    return Program("application", command, environment=environment, sockets=(descriptor,))


def wait_for_answer(origin: str, web: Child) -> None:
    """Wait until the web server answers, whatever it says. Raises DidNotStart with the end of its log."""
    deadline = time.monotonic() + ANSWERS_WITHIN
    address = urlsplit(origin)
    while True:
        connection = http.client.HTTPConnection(address.hostname or "", address.port, timeout=5)
        try:
            connection.request("GET", "/livez")
            connection.getresponse().read()
        except (OSError, http.client.HTTPException):
            if web.has_ended() or time.monotonic() > deadline:
                raise DidNotStart(f"The web server does not answer. Its log, {web.log}:\n{web.last_words()}") from None
            time.sleep(0.05)
        else:
            return
        finally:
            connection.close()


def shows_mail(variables: Mapping[str, str]) -> bool:
    """Whether the development inbox is there: only on this machine, only over the stack's own mail sink."""
    return "MAIL_FOLDER" in variables and is_here(variables["PUBLIC_URL"])


def is_here(public_url: str) -> bool:
    """Whether only this machine's browsers reach it."""
    return is_loopback(urlsplit(public_url).hostname or "")


def data_path(chosen: str | None, called_from: Path) -> Path:
    """--data, else DATA_DIR, else var/ in the project; a relative one is meant from where the person stands."""
    text = chosen or os.environ.get("DATA_DIR")
    return (called_from / text).resolve() if text else ROOT / "var"
