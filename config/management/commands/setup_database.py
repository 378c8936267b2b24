"""`manage.py setup_database`: the two roles and the database on a PostgreSQL of one's own.

Knows how the SQL is shown or run. The passwords that it makes are printed once and kept nowhere.
"""

from __future__ import annotations

import getpass
import secrets
from typing import Any
from urllib.parse import quote, urlsplit

import psycopg
from django.core.management.base import BaseCommand, CommandError, CommandParser

from config.database_roles import APPLICATION, DATABASE, OWNER, database, roles


class Command(BaseCommand):
    help = (
        "Print the SQL that makes Vestibule's two database roles and its database, to be run by a superuser of your "
        "PostgreSQL; or run it yourself with --run. Roles and a database that are there already are set right."
    )
    requires_system_checks: list[str] = []  # there may be no database yet

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--run",
            metavar="URL",
            help="run it as this superuser, as postgres://postgres:…@host:5432/postgres, instead of printing",
        )
        parser.add_argument("--database", default=DATABASE, help="its name (default: %(default)s)")
        parser.add_argument(
            "--ask-passwords", action="store_true", help="ask for both roles' passwords instead of making random ones"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        passwords = {role: self._password(role, ask=options["ask_passwords"]) for role in (OWNER, APPLICATION)}
        name = options["database"]
        if options["run"]:
            self._run(options["run"], name, passwords)
            host = urlsplit(options["run"]).netloc.rpartition("@")[2] or "localhost"
        else:
            for statement in (*roles(there=set(), passwords=passwords), *database(name, is_there=False)):
                self.stdout.write(statement.as_string() + ";")
            host = "HOST:5432"
        self._show_addresses(host, name, passwords)

    def _password(self, role: str, *, ask: bool) -> str:
        if not ask:
            return secrets.token_urlsafe(24)
        password = getpass.getpass(f"Password for {role}: ")
        if len(password) < 12:
            raise CommandError(f"The password for {role} has {len(password)} characters; 12 is the least.")
        return password

    def _run(self, url: str, name: str, passwords: dict[str, str]) -> None:
        try:
            with psycopg.connect(url, autocommit=True, connect_timeout=10) as connection:
                there = {row[0] for row in connection.execute("SELECT rolname FROM pg_roles")}
                databases = {row[0] for row in connection.execute("SELECT datname FROM pg_database")}
                for statement in (
                    *roles(there=there, passwords=passwords),
                    *database(name, is_there=name in databases),
                ):
                    connection.execute(statement)
        except psycopg.Error as error:
            raise CommandError(f"PostgreSQL refused: {error}") from None
        self.stdout.write(self.style.SUCCESS(f"The roles {OWNER} and {APPLICATION} and the database {name} are there."))

    def _show_addresses(self, host: str, name: str, passwords: dict[str, str]) -> None:
        """The two settings that follow, shown this once."""
        self.stdout.write("\n-- Settings for the environment; the passwords stand nowhere else:")
        for variable, role in (("DATABASE_URL", APPLICATION), ("DATABASE_OWNER_URL", OWNER)):
            self.stdout.write(f"-- {variable}=postgres://{role}:{quote(passwords[role], safe='')}@{host}/{name}")
        self.stdout.write("-- Give DATABASE_OWNER_URL to manage.py migrate only, never to the web server or a worker.")
