"""The door of the local stack: `python -m config.stack up | test | check`, as the files in script/ call it.

Reads the words of the command line and starts the one thing that they name.
"""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

from config.stack import throwaway
from config.stack.addresses import LOOPBACK, Listen
from config.stack.data_folder import DataFolder
from config.stack.local_stack import data_path
from config.stack.up import up
from config.stack.walk import walk


def _port(text: str) -> int:
    port = int(text)
    if not 0 < port < 65536:
        raise argparse.ArgumentTypeError(f"{port} is no port: 1 to 65535")
    return port


def _options() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="script/up",
        description="Start Vestibule with everything it needs on this machine, and stay until Ctrl-C.",
        epilog="DATABASE_URL with DATABASE_OWNER_URL, REDIS_URL and EMAIL_URL replace the embedded servers; "
        "see .env.example for all settings.",
    )
    parser.add_argument("--host", default=LOOPBACK, help="address to listen on (default: %(default)s)")
    parser.add_argument("--port", type=_port, default=8000, help="port to listen on (default: %(default)s)")
    parser.add_argument(
        "--data", metavar="DIR", help="folder for databases, mail and logs (default: DATA_DIR, else var)"
    )
    parser.add_argument(
        "--walk",
        action="store_true",
        help="on free ports and in a temporary folder: go a guest's whole way over HTTP, say how each step went, stop",
    )
    parser.add_argument("--called-from", default=os.getcwd(), help=argparse.SUPPRESS)
    return parser


def main(words: list[str]) -> int:
    """Run what the first word names. Returns the exit status."""
    match words:
        case ["test", *arguments]:
            return throwaway.suite(arguments)
        case ["check"]:
            return throwaway.check()
        case ["up", *rest]:
            options = _options().parse_args(rest)
            if options.walk:
                return walk()
            folder = DataFolder(data_path(options.data, Path(options.called_from)))
            return up(folder, Listen(options.host, options.port))
        case _:
            print("python -m config.stack up | test | check", file=sys.stderr)
            return 2


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
