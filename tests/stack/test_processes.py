"""Child processes and how they end."""

from __future__ import annotations

import shutil
import signal
import subprocess
import sys

import pytest

from config.stack.processes import Child, KeepsEnding
from tests.processes import started
from tests.stack.conftest import eventually, processes_naming, python

SLEEP = "import time; time.sleep(600)"
PARENT = """
import sys, time
from pathlib import Path
from config.stack.processes import Group, Program
with Group(Path(sys.argv[1])) as group:
    group.start(Program("child", [sys.executable, "-c", "import time; time.sleep(600)", sys.argv[2]]))
    print("started", flush=True)
    time.sleep(600)
"""
GRANDPARENT = """
import subprocess, sys, time
subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)", "{mark}"])
print("started", flush=True)
time.sleep(600)
"""


def test_it_starts_again_what_has_ended(group):
    child = group.start(python("sleeper", SLEEP))
    child.process.kill()
    child.process.wait()
    assert group.look_after() == ["sleeper has ended (signal 9); starting it again"]
    assert eventually(lambda: not group.look_after() and not child.has_ended())


def test_it_gives_up_on_what_keeps_ending_and_shows_its_log(group, monkeypatch):
    monkeypatch.setattr("config.stack.processes.AGAIN_AFTER", 0.0)
    group.start(python("broken", "raise SystemExit('no such setting')"))
    with pytest.raises(KeepsEnding, match="no such setting"):
        eventually(lambda: bool(group.look_after()) and False)


def test_it_kills_what_does_not_stop(group):
    code = (
        "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('deaf', flush=True)\ntime.sleep(600)"
    )
    child = group.start(python("deaf", code))
    assert eventually(lambda: "deaf" in child.last_words())
    child.stop(patience=0.2)
    assert child.process.returncode == -signal.SIGKILL


def test_it_ends_grandchildren_too(group, tmp_path):
    mark = str(tmp_path)
    child = group.start(python("grandparent", GRANDPARENT.format(mark=mark)))
    assert eventually(lambda: "started" in child.last_words())
    child.process.kill()
    child.stop()
    assert eventually(lambda: not processes_naming(mark))


@pytest.mark.faults
@pytest.mark.skipif(shutil.which("setpriv") is None, reason="children are tied by util-linux's setpriv")
def test_it_leaves_no_child_when_it_is_killed_itself(tmp_path):
    mark = str(tmp_path / "mark")
    with started([sys.executable, "-c", PARENT, tmp_path / "logs", mark], stdout=subprocess.PIPE) as parent:
        assert parent.stdout is not None
        with parent.stdout as said:
            assert said.readline() == "started\n"
        assert eventually(lambda: len(processes_naming(mark)) == 2)
        parent.kill()
    assert eventually(lambda: not processes_naming(mark))


def test_it_begins_a_new_log_when_the_old_one_is_long(tmp_path, monkeypatch):
    monkeypatch.setattr("config.stack.processes.LOG_KEPT", 10)
    (tmp_path / "talker.log").write_text("said long ago\n")
    child = Child(python("talker", "print('new')"), tmp_path)
    child.start()
    child.process.wait()
    assert child.last_words() == "new"
    assert (tmp_path / "talker.old.log").read_text() == "said long ago\n"
