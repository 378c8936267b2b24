"""`script/up`: start the local stack, say where it is, stay until somebody ends it.

Knows what is said at the terminal. A reader that went away (a closed terminal, a closed pipe) must never keep the
stopping from being done.
"""

from __future__ import annotations

import os
import time
from contextlib import suppress

from config.stack import local_env
from config.stack.addresses import CannotListen, Listen
from config.stack.card import show_card, show_sentence
from config.stack.data_folder import AlreadyRuns, DataFolder
from config.stack.ending import Ended, ended_by_signals
from config.stack.launcher import CannotRunAsRoot
from config.stack.local_stack import running_stack
from config.stack.postgres import DidNotStart
from config.stack.processes import KeepsEnding
from config.stack.servers import OwnerMissing

LOOK_EVERY = 0.2  # seconds


def up(folder: DataFolder, listen: Listen) -> int:
    """Run the stack until it is ended. Returns the exit status: 0 when a person ended it."""
    began = time.monotonic()
    try:
        with ended_by_signals(), running_stack(folder, listen, os.environ) as running:
            show_card(running, folder, seconds=time.monotonic() - began)
            while True:
                for sentence in running.databases.look_after() + running.processes.look_after():
                    show_sentence(sentence)
                time.sleep(LOOK_EVERY)
    except Ended as ended:
        show_sentence(f"Everything has been stopped ({ended}).")
        return 0
    except AlreadyRuns:
        show_sentence(f"Vestibule runs already on {folder.path}{_where(folder)}. End that one first, or choose --data.")
        return 1
    except (CannotListen, CannotRunAsRoot, DidNotStart, KeepsEnding, OwnerMissing) as error:
        show_sentence(str(error))
        return 1
    except PermissionError as error:
        show_sentence(f"{error.filename or folder.path} belongs to somebody else. Choose another folder: --data DIR.")
        return 1


def _where(folder: DataFolder) -> str:
    """ ", at <address>", once the other one has got so far as to write it down."""
    with suppress(OSError):
        return f", at {local_env.read(folder.running)['PUBLIC_URL']}"
    return " (it is just starting)"
