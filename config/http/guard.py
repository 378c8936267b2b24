"""What is refused before Django makes a request of it: nothing that costs more than its own length gets further.

No middleware can do this: Django reads Content-Type while it makes the request, and some patterns are tried on the path
by the first middlewares.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from http import HTTPStatus
from typing import Any

from django.utils.http import parse_header_parameters

LONGEST_PATH = 2 * 1024
"""Octets of a path. The longest of ours, an invitation's link under a domain of 253 characters, has a sixth of it."""

LONGEST_QUERY = 8 * 1024
"""Octets of a query, which no pattern is tried on: providers send codes and states of some kilobytes back in it."""

LONGEST_CONTENT_TYPE = 1024

Environ = dict[str, Any]
Application = Callable[[Environ, Any], Iterable[bytes]]

_SENTENCES = {
    HTTPStatus.BAD_REQUEST: b"This request cannot be read.\n",
    HTTPStatus.REQUEST_URI_TOO_LONG: b"This address is too long.\n",
}
_HEADERS = [
    ("Content-Type", "text/plain; charset=utf-8"),
    ("Cache-Control", "no-store"),
    ("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'"),
    ("Referrer-Policy", "same-origin"),
    ("X-Content-Type-Options", "nosniff"),
    ("X-Frame-Options", "DENY"),
]


def guarded(application: Application) -> Application:
    """The WSGI application behind the guard."""

    def guard(environ: Environ, start_response: Any) -> Iterable[bytes]:
        status = refusal(environ)
        if status is None:
            _clean_cookies(environ)
            return application(environ, start_response)
        body = _SENTENCES[status]
        start_response(f"{status.value} {status.phrase}", [*_HEADERS, ("Content-Length", str(len(body)))])
        return [body]

    return guard


def refusal(environ: Environ) -> HTTPStatus | None:
    """414 for an address that is too long, 400 for a length or a kind of body that nobody can be sure of, else None."""
    if len(environ.get("PATH_INFO", "")) > LONGEST_PATH or len(environ.get("QUERY_STRING", "")) > LONGEST_QUERY:
        return HTTPStatus.REQUEST_URI_TOO_LONG
    if not _has_one_length(environ) or not _is_kind_known(environ.get("CONTENT_TYPE", "")):
        return HTTPStatus.BAD_REQUEST
    return None


def _has_one_length(environ: Environ) -> bool:
    """False for chunks with a Content-Length beside them, and for a coding that nobody here decodes (RFC 9112 §6.1)."""
    coding = environ.get("HTTP_TRANSFER_ENCODING")
    return coding is None or (coding.strip().lower() == "chunked" and not environ.get("CONTENT_LENGTH"))


def _is_kind_known(content_type: str) -> bool:
    """False where Django could not read the Content-Type, or would decode query and form by another table than UTF-8.

    `codecs` knows tables that are no text (base64), cannot replace (idna) or always fail (undefined).
    """
    if len(content_type) > LONGEST_CONTENT_TYPE:
        return False
    try:
        charset = parse_header_parameters(content_type)[1].get("charset", "utf-8")
    except (LookupError, ValueError):
        return False
    return charset.lower() in ("utf-8", "utf8", "us-ascii")


def _clean_cookies(environ: Environ) -> None:
    """Take out backslashes: Python before 3.11.10 unquotes them in quadratic time, and no cookie of ours has one."""
    if "\\" in environ.get("HTTP_COOKIE", ""):
        environ["HTTP_COOKIE"] = environ["HTTP_COOKIE"].replace("\\", "")
