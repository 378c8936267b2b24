"""Does the portal answer in under 300 ms at p95 for a tenant with 1,000,000 guests? (R62, the portal's lists)

    python -m bench.portal_million [--database NAME] [--guests N] [--requests N] [--only WORD]
                                 [--keep | --again] [--plans]

Makes the database NAME on the server that DATABASE_OWNER_URL names, fills it, asks for each page by HTTP as a Global
Administrator under row security, and drops it. `--keep` leaves it there, `--again` measures in one that was left.
Prints milliseconds for each page, which indexes its statements used, and whether any read a large table whole.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
from urllib.parse import quote, urlsplit, urlunsplit

import psycopg
from psycopg import sql

from config.stack.processes import ROOT

NAME = "vestibule_million"


def main(given: argparse.Namespace) -> None:
    """Make, measure, drop. Refuses a database that it did not make."""
    maintenance = os.environ["DATABASE_OWNER_URL"]
    environment = {**os.environ, "LOCAL_STACK": "on"}  # style sheets as they are written
    for variable in ("DATABASE_URL", "DATABASE_OWNER_URL"):
        environment[variable] = _in_database(os.environ[variable], given.database)
    if not given.again:
        with psycopg.connect(maintenance, autocommit=True) as server:
            server.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(given.database)))
    try:
        if not given.again:
            _manage(environment, "migrate", "--verbosity", "0")
        measure = (
            f"from bench.million_pages import measure; measure(guests={0 if given.again else given.guests},"
            f" requests={given.requests}, shows_plans={given.plans}, only={given.only!r})"
        )
        _manage(environment, "shell", "--no-imports", "-c", measure)
    finally:
        if not (given.keep or given.again):
            with psycopg.connect(maintenance, autocommit=True) as server:
                server.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(given.database)))


def _in_database(url: str, name: str) -> str:
    return urlunsplit(urlsplit(url)._replace(path=f"/{quote(name)}"))


def _manage(environment: dict[str, str], *arguments: str) -> None:
    subprocess.run([sys.executable, "manage.py", *arguments], cwd=ROOT, env=environment, check=True)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--database", default=NAME)
    parser.add_argument("--guests", type=int, default=1_000_000)
    parser.add_argument("--requests", type=int, default=40)
    parser.add_argument("--keep", action="store_true")
    parser.add_argument("--again", action="store_true")
    parser.add_argument("--plans", action="store_true")
    parser.add_argument("--only", default="")
    main(parser.parse_args())
