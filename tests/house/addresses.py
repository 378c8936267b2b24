"""Every address of the product, read from the URL resolver, and how a test fills its placeholders."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from django.urls import get_resolver
from django.urls.resolvers import RegexPattern

PLACEHOLDER = re.compile(r"<(?:\w+:)?(\w+)>")


def routes(patterns: Any = None, before: str = "") -> Iterator[str]:
    """Each address as it is written in urls.py; what a regular expression matches by its pattern's own name."""
    for one in get_resolver().url_patterns if patterns is None else patterns:
        if isinstance(one.pattern, RegexPattern) and not hasattr(one, "url_patterns"):
            yield f"{before}({one.name or 'everything else'})"
        elif hasattr(one, "url_patterns"):
            yield from routes(one.url_patterns, before + str(one.pattern))
        else:
            yield before + str(one.pattern)


def placeholders(route: str) -> list[str]:
    return PLACEHOLDER.findall(route)


def filled(route: str, **values: object) -> str:
    """The route's path with these values."""
    return "/" + PLACEHOLDER.sub(lambda found: str(values[found[1]]), route)
