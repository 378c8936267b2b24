"""The SQL that makes the two roles and the database.

Knows what each role may do: the owner migrates and makes test databases, the application's role is bound by row
security and owns nothing. Must never run anything itself: the local stack and `manage.py setup_database` do.
"""

from __future__ import annotations

from psycopg import sql

OWNER = "vestibule_owner"
APPLICATION = "vestibule_app"
DATABASE = "vestibule"
# A forgotten transaction would hold its locks, and keep the history from being sealed (R64), for as long as it is open.
LONGEST_TRANSACTION = "30s"

_LIMITS = """DO $$ BEGIN
  IF current_setting('server_version_num')::int >= 170000 THEN
    ALTER ROLE {role} SET transaction_timeout = {limit};
  ELSE
    ALTER ROLE {role} SET statement_timeout = {limit};
    ALTER ROLE {role} SET idle_in_transaction_session_timeout = {limit};
  END IF;
END $$"""


def roles(*, there: set[str], passwords: dict[str, str]) -> list[sql.Composed]:
    """Statements that make both roles, or set right those that are `there` already.

    `passwords` by role's name; a role without one gets none and can connect only where the server trusts it.
    """
    rights = {
        OWNER: "LOGIN NOSUPERUSER CREATEDB NOCREATEROLE NOBYPASSRLS",
        APPLICATION: "LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOBYPASSRLS",
    }
    statements = []
    for role, words in rights.items():
        statement = sql.SQL("ALTER ROLE {} {}" if role in there else "CREATE ROLE {} {}").format(
            sql.Identifier(role), sql.SQL(words)
        )
        if role in passwords:
            statement += sql.SQL(" PASSWORD {}").format(sql.Literal(passwords[role]))
        statements.append(statement)
    limits = sql.SQL(_LIMITS).format(role=sql.Identifier(APPLICATION), limit=sql.Literal(LONGEST_TRANSACTION))
    return [*statements, limits]


def database(name: str = DATABASE, *, is_there: bool) -> list[sql.Composed]:
    """Statements that make the owner's database, open to the two roles only. The first runs outside a transaction."""
    words: dict[str, sql.Composable] = {
        "name": sql.Identifier(name),
        "owner": sql.Identifier(OWNER),
        "app": sql.Identifier(APPLICATION),
    }
    make = "ALTER DATABASE {name} OWNER TO {owner}" if is_there else "CREATE DATABASE {name} OWNER {owner} {encoding}"
    words["encoding"] = sql.SQL("ENCODING 'UTF8' TEMPLATE template0")
    return [
        sql.SQL(text).format(**words)
        for text in (
            make,
            "REVOKE ALL ON DATABASE {name} FROM PUBLIC",
            "GRANT CONNECT ON DATABASE {name} TO {app}",
        )
    ]
