"""How long a request's body may be, with a Content-Length and without one, and whether it came whole."""

from __future__ import annotations

import re
from io import IOBase
from typing import Any

from django.conf import settings
from django.core.exceptions import BadRequest, RequestDataTooBig
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.template.loader import render_to_string

from config.http.answers import GetResponse
from guests.operations.batches.uploading import LARGEST_FILE
from outbox.rules import LARGEST_EVENTS

PROVIDERS_POST = 512 * 1024
"""Bytes of a signed assertion, as a provider has a browser post it."""

LOGO_POST = 2 * 1024 * 1024
"""Bytes of a tenant's logo with its form."""

LONGEST_UPLOAD = LARGEST_FILE + 64 * 1024
"""Bytes of a file of guests with its form. The page reads it once it knows who asks."""

_FILES_OF_GUESTS = "/admin/guests/batch/invite/"
_MAIL_EVENTS = re.compile(r"/mail/events/[^/]+/")
_PROVIDERS_POST = re.compile(r"/[^/]+/(?:saml/acs|wsfed)")
_LONGEST_END = 128
"""Bytes kept of a body's end: a boundary has 70 at most (RFC 2046 §5.1.1)."""


class BodyLimit:
    """Refuse a body above its page's limit: by its length before a byte is read, or while its chunks are read."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        limit = limit_of(request)
        length = _length(request)
        if length > limit:
            return HttpResponse(render_to_string("413.html"), status=413)
        if is_chunked(request):
            # Django reads no form without a length. The true one is known at the end; this one is never passed.
            request.META["CONTENT_LENGTH"] = str(limit)
            _set_stream(request, Chunks(request.META["wsgi.input"], limit, _end_of(request)))
        elif length:
            _set_stream(request, Counted(request.META["wsgi.input"], length))
        return self.get_response(request)


def limit_of(request: HttpRequest) -> int:
    """Bytes that the page takes: DATA_UPLOAD_MAX_MEMORY_SIZE, or what the few with larger bodies need."""
    if _PROVIDERS_POST.fullmatch(request.path):
        return PROVIDERS_POST
    if _MAIL_EVENTS.fullmatch(request.path):
        return LARGEST_EVENTS
    if (request.content_type or "") == "multipart/form-data" and request.path.startswith("/admin/"):
        return LONGEST_UPLOAD if request.path == _FILES_OF_GUESTS else LOGO_POST
    return int(settings.DATA_UPLOAD_MAX_MEMORY_SIZE or 0)


def is_chunked(request: HttpRequest) -> bool:
    """Whether the body has no length and the web server tells where it ends (`wsgi.input_terminated`)."""
    return "HTTP_TRANSFER_ENCODING" in request.META and bool(request.META.get("wsgi.input_terminated"))


class Counted(IOBase):
    """A body of a known length. Reading raises BadRequest where the sender stopped before its end."""

    def __init__(self, source: Any, length: int) -> None:
        self._source = source
        self._left = length

    def read(self, size: int | None = -1) -> bytes:
        wanted = self._left if size is None or size < 0 else min(size, self._left)
        got: bytes = self._source.read(wanted) if wanted else b""
        self._left -= len(got)
        if len(got) < wanted:
            raise BadRequest("the body ended before its length")
        return got


class Chunks(IOBase):
    """A body of chunks. Reading raises RequestDataTooBig above the limit, and BadRequest where it is not whole.

    The web server ends a broken body as it ends a whole one, so that only what was read can tell: nothing at all, or a
    form of parts without its last line.
    """

    def __init__(self, source: Any, limit: int, end: bytes) -> None:
        self._source = source
        self._left = limit
        self._end = end
        self._tail = b""

    def read(self, size: int | None = -1) -> bytes:
        wanted = self._left + 1 if size is None or size < 0 else min(size, self._left + 1)
        got: bytes = self._source.read(wanted)
        self._left -= len(got)
        if self._left < 0:
            raise RequestDataTooBig("the chunks are larger than the page's limit")
        self._tail = (self._tail + got)[-_LONGEST_END:]
        if len(got) < wanted and not (self._tail and self._tail.rstrip().endswith(self._end)):
            raise BadRequest("the chunks ended before their form")
        return got


def _length(request: HttpRequest) -> int:
    try:
        return int(request.META.get("CONTENT_LENGTH") or 0)
    except ValueError:
        return 0


def _end_of(request: HttpRequest) -> bytes:
    """The last line of a form of parts (RFC 2046 §5.1.1); other bodies have none."""
    boundary = (request.content_params or {}).get("boundary", "")
    return f"--{boundary}--".encode() if request.content_type == "multipart/form-data" else b""


def _set_stream(request: HttpRequest, stream: IOBase) -> None:
    request._stream = stream  # type: ignore[assignment]  # where Django reads from
