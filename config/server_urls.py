"""The addresses of servers out of the environment: the database, the broker, the mail server.

A URL that cannot be read is mostly one whose password was not percent-encoded, so no message quotes any part of it.
"""

from __future__ import annotations

import pkgutil
import re
import ssl
from typing import Any, Final
from urllib.parse import SplitResult, parse_qsl, unquote, urlencode, urlsplit

import anymail.backends
from django.core.exceptions import ImproperlyConfigured
from environ import Env
from psycopg import pq

from config.environment import malformed, required
from config.environment import text as environment_text

ENCODE: Final = (
    "Percent-encode what the user name or the password has of / ? # @ : [ ] % or spaces: "
    "/ is %2F, ? is %3F, # is %23, @ is %40, % is %25."
)
DATABASE_FIX: Final = f"Write it as postgres://user:password@host:5432/vestibule. {ENCODE}"
BROKER_FIX: Final = (
    f"Write it as redis://host:6379/0, rediss://… for TLS, or redis+socket:///path/to/valkey.sock. {ENCODE}"
)
MAIL_FIX: Final = f"Write it as smtp+tls://user:password@host:587, or anymail://mailgun. {ENCODE}"

DATABASE_SCHEMES: Final = ("postgres", "postgresql", "pgsql", "psql")
_BROKER_SCHEMES: Final = ("redis", "rediss", "redis+socket")
_MAIL_SCHEMES: Final = ("smtp", "smtp+tls", "smtp+ssl", "smtps")
_SSL_MODES: Final = ("disable", "allow", "prefer", "require", "verify-ca", "verify-full")
_BROKER_TLS: Final = ("ssl_ca_certs", "ssl_certfile", "ssl_keyfile", "ssl_cert_reqs", "ssl_check_hostname")
_VERIFYING: Final = {"CERT_REQUIRED": "required", "CERT_OPTIONAL": "optional", "CERT_NONE": "none"}
_DJANGO_OPTIONS: Final = ("ATOMIC_REQUESTS", "AUTOCOMMIT", "DISABLE_SERVER_SIDE_CURSORS")

_HOST: Final = re.compile(r"(?:\[[0-9A-Fa-f:.]+\]|[^\s:\[\]]*)(?::(?P<port>[0-9]{1,5}))?")


def database(name: str, *, authorities: str = "", application: str = "") -> dict[str, Any]:
    """Django's settings for a PostgreSQL URL. A unix socket's folder is written percent-encoded as the host.

    `authorities` is TLS_CA_FILE, which a sslmode that verifies uses where the URL names no sslrootcert; `application`
    is how the server lists the connections.
    """
    text = required(name, "the database, as postgres://vestibule_app:…@host/vestibule")
    parts = split_url(name, text, DATABASE_SCHEMES, DATABASE_FIX)
    options = {key.lower(): value for key, value in parse_qsl(parts.query, keep_blank_values=True)}
    _check_database_options(name, options)
    try:
        found: dict[str, Any] = dict(Env.db_url_config(text))
    except (ValueError, ImproperlyConfigured):
        raise malformed(name, "it cannot be read", DATABASE_FIX) from None
    if not found.get("USER"):
        raise malformed(name, "it names no role", DATABASE_FIX)
    if not found.get("NAME"):
        raise malformed(name, "it names no database", DATABASE_FIX)
    host = parts.netloc.rpartition("@")[2]
    if host.lower().startswith("%2f"):  # urlsplit().hostname would lower the folder's case
        found["HOST"] = unquote(host.rpartition(":")[0] or host)
    defaults = {"application_name": application} if application else {}
    if authorities and options.get("sslmode", "").startswith("verify-"):
        defaults["sslrootcert"] = authorities
    # The pool and its health check must know a connection that died with the server.
    return found | {"OPTIONS": defaults | found.get("OPTIONS", {}), "CONN_HEALTH_CHECKS": True}


def broker(name: str, *, authorities: str = "") -> tuple[str, dict[str, Any] | None]:
    """The address of Valkey or Redis, and for rediss:// how its TLS certificate is verified.

    Celery by itself verifies nothing. Here certificate and host name are verified unless the URL itself says otherwise
    (ssl_cert_reqs, ssl_check_hostname), by the system's authorities and those of TLS_CA_FILE.
    """
    text = required(name, "the broker, as redis://host:6379/0")
    parts = split_url(name, text, _BROKER_SCHEMES, BROKER_FIX)
    is_socket = parts.scheme == "redis+socket"
    if parts.username and not parts.password:
        raise malformed(name, "it has a user name and no password", "Write redis://:password@host:6379/0.")
    if not is_socket and not re.fullmatch(r"/?|/[0-9]{1,4}", parts.path):
        raise malformed(name, "what follows the host is no number of a database", BROKER_FIX)
    query = parse_qsl(parts.query, keep_blank_values=True)
    chosen = {key: value for key, value in query if key.startswith("ssl_")}
    if parts.scheme != "rediss":
        if chosen:
            raise malformed(name, "it has settings of TLS and no TLS", "Begin it with rediss://.")
        return text, None
    tls = {"ssl_cert_reqs": "required", "ssl_check_hostname": True} | _broker_tls(name, chosen)
    if authorities:
        tls.setdefault("ssl_ca_certs", authorities)
    rest = urlencode([(key, value) for key, value in query if key not in chosen])
    return parts._replace(query=rest).geturl(), tls


def mail(name: str) -> dict[str, Any]:
    """Django's EMAIL_… settings for an SMTP URL, or for anymail://<provider>."""
    text = required(name, "where mail goes, as smtp+tls://user:password@host:587 or anymail://mailgun")
    parts = split_url(name, text, (*_MAIL_SCHEMES, "anymail"), MAIL_FIX)
    if parts.scheme == "anymail":
        known = sorted(one.name for one in pkgutil.iter_modules(anymail.backends.__path__) if "base" not in one.name)
        if parts.netloc not in known or parts.path.strip("/"):
            raise malformed(name, "anymail knows no such provider", f"Write anymail:// and one of {', '.join(known)}.")
        return {"EMAIL_BACKEND": f"anymail.backends.{parts.netloc}.EmailBackend"}
    if not parts.hostname:
        raise malformed(name, "it names no host", MAIL_FIX)
    try:
        return dict(Env.email_url_config(text)) | {"EMAIL_BACKEND": "outbox.smtp.EmailBackend"}
    except (ValueError, ImproperlyConfigured):
        raise malformed(name, "it cannot be read", MAIL_FIX) from None


def split_url(name: str, text: str, schemes: tuple[str, ...], fix: str) -> SplitResult:
    """The URL's parts. Raises ImproperlyConfigured, which names the mistake and quotes nothing."""
    if any(character.isspace() or not character.isprintable() for character in text):
        raise malformed(name, "it has a space or a control character in it", fix)
    scheme, separator, _ = text.partition("://")
    if not separator or scheme not in schemes:
        raise malformed(name, f"it begins with none of {', '.join(f'{one}://' for one in schemes)}", fix)
    if "#" in text:
        raise malformed(name, "it has a # in it", fix)
    try:
        parts = urlsplit(text)
    except ValueError:
        raise malformed(name, "its host cannot be read", fix) from None
    if "@" in parts.path or "@" in parts.query:
        raise malformed(name, "it has a / or a ? before the @", fix)
    for host in parts.netloc.rpartition("@")[2].split(","):
        found = _HOST.fullmatch(host)
        if found is None or int(found["port"] or 1) > 65535:
            raise malformed(name, "its host or its port cannot be read", fix)
    return parts


def _check_database_options(name: str, options: dict[str, str]) -> None:
    known = {option.keyword.decode() for option in pq.Conninfo.get_defaults()}
    if not known.issuperset(option for option in options if option.upper() not in _DJANGO_OPTIONS):
        raise malformed(
            name,
            "it has an option behind the ? that PostgreSQL does not know",
            f"Usual ones are sslmode, sslrootcert and connect_timeout. {ENCODE}",
        )
    if options.get("sslmode", "prefer") not in _SSL_MODES:
        raise malformed(name, "its sslmode is not known", f"Write one of {', '.join(_SSL_MODES)}.")


def _broker_tls(name: str, chosen: dict[str, str]) -> dict[str, Any]:
    """What a rediss:// URL says of TLS, as redis-py takes it."""
    unknown = "Known are ssl_ca_certs, ssl_certfile, ssl_keyfile, ssl_cert_reqs=required and ssl_check_hostname=true."
    if not set(_BROKER_TLS).issuperset(chosen):
        raise malformed(name, "it has a setting of TLS that is not known", unknown)
    tls: dict[str, Any] = dict(chosen)
    if "ssl_cert_reqs" in tls:
        tls["ssl_cert_reqs"] = _VERIFYING.get(chosen["ssl_cert_reqs"], chosen["ssl_cert_reqs"])
        if tls["ssl_cert_reqs"] not in _VERIFYING.values():
            raise malformed(name, "its ssl_cert_reqs is not known", unknown)
    if "ssl_check_hostname" in tls:
        tls["ssl_check_hostname"] = chosen["ssl_check_hostname"].lower() != "false"
    return tls


def authorities(name: str) -> str:
    """The path of a PEM file of certificate authorities; empty where none is named. Raises ImproperlyConfigured."""
    path = environment_text(name)
    if not path:
        return ""
    try:
        ssl.create_default_context(cafile=path)
    except ssl.SSLError:
        raise malformed(name, "the file has no certificate that can be read", "It has to be PEM.") from None
    except OSError as error:
        raise malformed(name, f"its file cannot be read ({error.strerror})", "Write the path of a PEM file.") from None
    return path
