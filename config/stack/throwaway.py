"""`script/test` and `script/check`: commands that run beside servers of their own, which are gone afterwards.

Knows the environment of a test run. Must never touch var/ or a server that somebody else uses.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from contextlib import ExitStack, suppress
from pathlib import Path

from config.stack import local_env
from config.stack.card import show_sentence
from config.stack.data_folder import DataFolder
from config.stack.ending import Ended, ended_by_signals
from config.stack.launcher import CannotRunAsRoot, tied
from config.stack.local_stack import THIS_MACHINE
from config.stack.postgres import DidNotStart, Postgres
from config.stack.processes import ROOT, Group
from config.stack.servers import start_databases, start_sink
from config.stack.valkey import Valkey

CHECK = [str(ROOT / "script" / "check")]
ALONE = ("faults", "races", "stack", "served")
"""Folders of tests that want the machine for themselves."""
BROWSER = "browser"
"""The folder of tests that move a browser: one for each core."""

ORIGIN = "http://127.0.0.1:8000"


def suite(arguments: Sequence[str]) -> int:
    """Run script/check, then pytest with the arguments. All run; the first bad status is returned.

    Without arguments the suite runs in three parts: what shares nothing on every core, what starts servers and kills
    processes one after the other, and then what moves a browser, one on each core.
    """
    pytest = [sys.executable, "-m", "pytest"]
    if arguments:
        return beside_own_servers([CHECK, [*pytest, *arguments]])
    parallel = [*pytest, "--numprocesses", "auto", "--dist"]
    together = [*parallel, "loadfile", *(f"--ignore=tests/{one}" for one in (*ALONE, BROWSER))]
    alone = [*pytest, *(f"tests/{one}" for one in ALONE)]
    return beside_own_servers([CHECK, together, alone, [*parallel, "worksteal", f"tests/{BROWSER}"]])


def check() -> int:
    """Run script/check."""
    return beside_own_servers([CHECK])


def beside_own_servers(commands: Sequence[Sequence[str]]) -> int:
    """Run each command with fresh servers in a temporary folder. Returns 0, or the first status that was not."""
    try:
        with ended_by_signals(), ExitStack() as stack:
            folder = DataFolder(Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="vestibule-test-"))))
            sockets = stack.enter_context(folder.sockets())
            group = stack.enter_context(Group(folder.logs))
            variables = {
                "LOCAL_STACK": "1",
                "DATA_DIR": str(folder.path),
                "MAIL_FOLDER": str(folder.mail),
                "PUBLIC_URL": ORIGIN,
                "ALLOWED_HOSTS": "127.0.0.1,localhost,testserver",
                "PROVIDER_NETWORKS": THIS_MACHINE,
                "DISCOVERY": "lists",
                **local_env.new_secrets(),
            }
            variables["EMAIL_URL"] = start_sink(group, folder.mail, local_env.for_application(variables))
            postgres = Postgres(folder.postgres, sockets, is_durable=False)
            variables |= start_databases(group, postgres, Valkey(sockets), chosen={})
            statuses = [_run(command, local_env.for_owner(variables)) for command in commands]
            return next((status for status in statuses if status), 0)
    except Ended as ended:
        return 128 + ended.signal_number
    except (CannotRunAsRoot, DidNotStart) as error:
        show_sentence(str(error))
        return 1


def _run(command: Sequence[str], environment: Mapping[str, str]) -> int:
    """Run one command to its end. When we are told to end, it is interrupted and gets 10 s to clean up.

    It leads a session of its own, so that a terminal's Ctrl-C interrupts it once, and whatever it leaves is killed.
    """
    with subprocess.Popen(
        [*tied(signal.SIGTERM), *command], cwd=ROOT, env=environment, start_new_session=True
    ) as process:
        try:
            return process.wait()
        except Ended:
            process.send_signal(signal.SIGINT)
            with suppress(subprocess.TimeoutExpired):
                process.wait(10)
            raise
        finally:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
