"""Calls to providers: bounded in time, size and number, and never to a private address. (threat 40)

Knows what an answer may be and how many calls one process makes at once. It must never be called inside a transaction.
"""

from __future__ import annotations

import json
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlsplit

import requests
from django.conf import settings

from providers.fetching.addresses import FetchFailed, host_in, mistake_in_url
from providers.fetching.guard import SECONDS, guard, guarded_session

__all__ = [
    "FetchFailed",
    "fetch",
    "fetch_json",
    "fetch_status_json",
    "guard",
    "guarded_session",
    "mistake_in_url",
    "waiting_place",
]


class _Places(threading.local):
    """How deep this thread is in waiting_place()."""

    depth = 0


_here = _Places()
_counting = threading.Lock()
_taken: Counter[str] = Counter()


@contextmanager
def waiting_place(url: str) -> Iterator[None]:
    """One of the PROVIDER_CALLS_AT_ONCE places of this process, so that a slow provider leaves threads for others.

    The host of `url` is given all but one: while it hangs, the last is for the other tenants' providers. A thread that
    holds a place goes on with it, whomever it asks next. Raises FetchFailed at once when there is none.
    """
    host = urlsplit(url).netloc.lower()
    is_first = _here.depth == 0
    if is_first:
        with _counting:
            places = settings.PROVIDER_CALLS_AT_ONCE
            if _taken.total() >= places or _taken[host] >= max(1, places - 1):
                raise FetchFailed("Too many calls to providers are waiting already. Try again in a moment.")
            _taken[host] += 1
    _here.depth += 1
    try:
        yield
    finally:
        _here.depth -= 1
        if is_first:
            with _counting:
                _taken[host] -= 1
                if not _taken[host]:
                    del _taken[host]


def fetch(url: str, *, accept: str = "*/*") -> bytes:
    """The body that a GET of this URL answers with 200. Raises FetchFailed for anything else, within 5 s."""
    answer = _get(url, accept)
    if answer.status_code != 200:
        raise FetchFailed(f"{host_in(url)} answers {answer.status_code}.")
    return answer.content


def fetch_json(url: str) -> dict[str, Any]:
    """The JSON object that a GET of this URL answers with 200. Raises FetchFailed for anything else, within 5 s."""
    return _object(fetch(url, accept="application/json"), url)


def fetch_status_json(url: str, *, seconds: float = SECONDS) -> tuple[int, dict[str, Any]]:
    """The status of a GET of this URL and the JSON object with it. Raises FetchFailed where there is none in time."""
    answer = _get(url, "application/json", seconds)
    return answer.status_code, _object(answer.content, url)


def _get(url: str, accept: str, seconds: float = SECONDS) -> requests.Response:
    mistake = mistake_in_url(url)
    if mistake is not None:
        raise FetchFailed(mistake)
    with waiting_place(url), guard(requests.Session(), seconds=seconds) as session:
        try:
            return session.get(url, headers={"Accept": accept}, allow_redirects=False)
        except FetchFailed:
            raise
        except requests.RequestException as error:
            raise FetchFailed(f"{host_in(url)} cannot be asked: the URL is not well formed.") from error


def _object(body: bytes, url: str) -> dict[str, Any]:
    try:
        read = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise FetchFailed(f"{host_in(url)} does not answer with JSON.") from error
    if not isinstance(read, dict):
        raise FetchFailed(f"{host_in(url)} does not answer with a JSON object.")
    return read
