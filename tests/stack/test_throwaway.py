"""The servers of a test run, and how they end."""

from __future__ import annotations

import sys

import pytest

from tests.processes import started
from tests.stack.conftest import eventually, processes_naming

RUN = """
import sys
from config.stack.throwaway import beside_own_servers
sys.exit(beside_own_servers([[sys.executable, "-c", sys.argv[1], sys.argv[2]]]))
"""
COMMAND = """
import os, subprocess, sys, time
command = [sys.executable, "-c", "import time; time.sleep(600)", sys.argv[1]]
subprocess.run([*command, os.environ["DATA_DIR"]])
"""


@pytest.mark.faults
def test_a_test_run_that_is_told_to_end_leaves_no_process_behind(tmp_path):
    mark = str(tmp_path)
    with started([sys.executable, "-c", RUN, COMMAND, mark]) as run:
        assert eventually(lambda: len(processes_naming(mark)) == 3)
        (sleeper,) = (line for line in processes_naming(mark) if "subprocess" not in line)
        data = sleeper.split()[-1]
        assert processes_naming(data)
        run.terminate()
        assert run.wait(30) == 128 + 15
        assert eventually(lambda: not processes_naming(mark) and not processes_naming(data))
