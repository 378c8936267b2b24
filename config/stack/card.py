"""What `script/up` prints.

Knows the words and their layout. Secrets are shown here when they are made, once, and stand nowhere else.
"""

from __future__ import annotations

import sys

from rich.console import Console
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from config.stack.data_folder import DataFolder
from config.stack.local_stack import Running, shows_mail

WIDTH = 100
INBOX = "/inbox/"


def show_sentence(sentence: str) -> None:
    """One plain line: no colours, no wrapping, so that it can be searched and copied."""
    print(sentence, flush=True)


def show_card(running: Running, folder: DataFolder, *, seconds: float) -> None:
    """Where everything is, and the secrets that were made just now."""
    console = Console(file=sys.stdout, soft_wrap=True, highlight=False)
    console.print(Panel(_rows(running, folder), title="Vestibule", expand=False, padding=(1, 2)))
    console.print(f"Ready after {seconds:.1f} s. Ctrl-C stops everything.")
    sys.stdout.flush()


def _rows(running: Running, folder: DataFolder) -> Table:
    public_url, made = running.variables["PUBLIC_URL"], running.made
    table = Table.grid(padding=(0, 3, 0, 0))
    table.add_column(style="bold", no_wrap=True)
    table.add_column(overflow="fold")
    table.add_row("Portal", f"{public_url}/admin/")
    if made:
        table.add_row("  email", made["email"])
    if made.get("password"):
        table.add_row("  password", Text(made["password"]))
        table.add_row("  backup codes", Text("   ".join(made["codes"])))
        table.add_row("", "each code works once, as the second factor")
    elif made:
        table.add_row("  password", "as shown at the first start; for new ones, in another terminal:")
        table.add_row("", Text(f".venv/bin/python manage.py create_administrator --reset {made['email']}"))
    if made.get("invitation_link"):
        table.add_row("")
        table.add_row("Nicole’s invitation", Text(made["invitation_link"]))
    table.add_row("")
    if shows_mail(running.variables):
        table.add_row("Development inbox", f"{public_url}{INBOX}")
    if made:
        table.add_row("Expense reports", f"{running.variables['DEMO_APP_ORIGIN']}, where a guest arrives")
    table.add_row("Data and logs", Text(str(folder.path)))
    return table
