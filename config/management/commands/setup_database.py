"""`manage.py setup_database`: the two roles and the database on a PostgreSQL of one's own.

Shows the SQL or runs it. The passwords that it makes are printed once and kept nowhere.
"""

from __future__ import annotations

import getpass
import os
import secrets
import sys
from typing import Any
from urllib.parse import SplitResult, parse_qsl, quote, urlencode

import psycopg
from django.core.exceptions import ImproperlyConfigured
from django.core.management.base import BaseCommand, CommandError, CommandParser

from config.database_roles import APPLICATION, DATABASE, OWNER, database, roles
from config.server_urls import DATABASE_FIX, DATABASE_SCHEMES, split_url
from tenants.database_fault import fault_of


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
            help="run it as this superuser, as postgres://postgres@host:5432/postgres, instead of printing. Others see "
            "the command line, so leave the password out: it is asked for, or read from PGPASSWORD",
        )
        parser.add_argument("--database", default=DATABASE, help="its name (default: %(default)s)")
        parser.add_argument(
            "--ask-passwords", action="store_true", help="ask for both roles' passwords instead of making random ones"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        passwords = {role: self._password(role, ask=options["ask_passwords"]) for role in (OWNER, APPLICATION)}
        name = options["database"]
        if options["run"]:
            parts = self._superuser(options["run"])
            self._run(parts, name, passwords)
            host = parts.netloc.rpartition("@")[2] or "localhost"
            tls = urlencode([(key, value) for key, value in parse_qsl(parts.query) if key.startswith("ssl")])
        else:
            for statement in (*roles(there=set(), passwords=passwords), *database(name, is_there=False)):
                self.stdout.write(statement.as_string() + ";")
            host, tls = "HOST:5432", ""
        self._show_addresses(host, f"{name}?{tls}" if tls else name, passwords)

    def _password(self, role: str, *, ask: bool) -> str:
        if not ask:
            return secrets.token_urlsafe(24)
        password = getpass.getpass(f"Password for {role}: ")
        if len(password) < 12:
            raise CommandError(f"The password for {role} has {len(password)} characters; 12 is the least.")
        return password

    def _superuser(self, url: str) -> SplitResult:
        """The URL's parts, with the password that was asked for. Raises CommandError without quoting any of it."""
        try:
            parts = split_url("The URL of --run", url, DATABASE_SCHEMES, DATABASE_FIX)
        except ImproperlyConfigured as error:
            raise CommandError(str(error)) from None
        if parts.password is None and parts.username and "PGPASSWORD" not in os.environ and sys.stdin.isatty():
            password = getpass.getpass("Password of the superuser (empty where the server asks for none): ")
            user, _, host = parts.netloc.rpartition("@")
            parts = parts._replace(netloc=f"{user}:{quote(password, safe='')}@{host}") if password else parts
        return parts

    def _run(self, parts: SplitResult, name: str, passwords: dict[str, str]) -> None:
        try:
            with psycopg.connect(parts.geturl(), autocommit=True, connect_timeout=10) as connection:
                there = {row[0] for row in connection.execute("SELECT rolname FROM pg_roles")}
                databases = {row[0] for row in connection.execute("SELECT datname FROM pg_database")}
                for statement in (
                    *roles(there=there, passwords=passwords),
                    *database(name, is_there=name in databases),
                ):
                    connection.execute(statement)
        except psycopg.Error as error:
            # The server's own first sentence, or the cause: the rest may quote the statement, which has the passwords.
            said = error.diag.message_primary if error.sqlstate else fault_of(error, "the URL of --run")
            raise CommandError(f"PostgreSQL refused: {said}") from None
        self.stdout.write(self.style.SUCCESS(f"The roles {OWNER} and {APPLICATION} and the database {name} are there."))

    def _show_addresses(self, host: str, name: str, passwords: dict[str, str]) -> None:
        """The two settings that follow, shown this once."""
        self.stdout.write("\n-- Settings for the environment; the passwords stand nowhere else:")
        for variable, role in (("DATABASE_URL", APPLICATION), ("DATABASE_OWNER_URL", OWNER)):
            self.stdout.write(f"-- {variable}=postgres://{role}:{quote(passwords[role], safe='')}@{host}/{name}")
        self.stdout.write("-- Give DATABASE_OWNER_URL to manage.py migrate only, never to the web server or a worker.")
