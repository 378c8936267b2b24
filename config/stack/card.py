"""What `script/up` prints.

Knows the words and their layout. Secrets are shown here when they are made, once, and stand nowhere else.
"""

from __future__ import annotations

import os
import shlex
import sys
import time

from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from config.stack.data_folder import DataFolder
from config.stack.local_stack import Running, shows_mail
from config.stack.processes import ROOT

INBOX = "/inbox/"


def show_sentence(sentence: str) -> None:
    """One plain line: no colours, no wrapping, so that it can be searched and copied."""
    _say(sentence + "\n")


def show_step(sentence: str, began: float) -> None:
    """One line for a step that held, and how long it took since `began` on the monotonic clock."""
    show_sentence(f"  {time.monotonic() - began:5.2f} s  {sentence}")


def show_card(running: Running, folder: DataFolder, *, seconds: float) -> None:
    """Where everything is, and the secrets that were made just now."""
    # As wide as its longest line: a link that is broken over two lines cannot be copied.
    console = Console(file=sys.stdout, width=200, highlight=False)
    with console.capture() as drawn:
        console.print(Padding("[bold]Vestibule is ready[/]", (1, 0, 0, 2), expand=False))
        console.print(Padding(_rows(running, folder), (1, 2), expand=False))
    _say("".join(f"{line.rstrip()}\n" for line in drawn.get().splitlines()))
    show_sentence(f"  Up after {seconds:.1f} s. Ctrl-C stops everything.")


def _say(text: str) -> None:
    """Write it; once the reader has gone away (a closed terminal or pipe), write into nothing from then on."""
    try:
        sys.stdout.write(text)
        sys.stdout.flush()
    except OSError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _rows(running: Running, folder: DataFolder) -> Table:
    public_url, made = running.variables["PUBLIC_URL"], running.made
    table = Table.grid(padding=(0, 3, 0, 0))
    table.add_column(style="bold", no_wrap=True)
    table.add_column(no_wrap=True)

    def row(name: str, value: str) -> None:
        table.add_row(name, Text(value))

    row("Portal", f"{public_url}/admin/")
    if made:
        row("  email", made["email"])
    if made.get("password"):
        row("  password", made["password"])
        row("  backup codes", "   ".join(made["codes"]))
        row("", "each code works once, as the second factor")
    elif made:
        row("  password", "as shown at the first start; for new ones, in another terminal:")
        row("", f"{_manage(folder)} create_administrator --reset {made['email']}")
    row("", "")
    if made.get("invitation_link"):
        row("Nicole’s invitation", made["invitation_link"])
    if made.get("partner_link"):
        row("Bertil’s invitation", f"{made['partner_link']}   signs in at Contoso ID")
    if shows_mail(running.variables):
        row("Development inbox", f"{public_url}{INBOX}")
    if made:
        row("Expense reports", f"{running.variables['DEMO_APP_ORIGIN']}/ is where the invitation leads")
    row("", "")
    row("Data and logs", str(folder.path))
    return table


def _manage(folder: DataFolder) -> str:
    """How a shell in the project calls manage.py for this stack: by itself it looks for one in var/."""
    named = "" if folder.path == ROOT / "var" else f"DATA_DIR={shlex.quote(str(folder.path))} "
    return f"{named}.venv/bin/python manage.py"
