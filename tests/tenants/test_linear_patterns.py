"""No address costs more than its length: every pattern of an address looks at each character once. No database."""

from __future__ import annotations

import re
from collections.abc import Iterator
from re import _constants, _parser  # type: ignore[attr-defined]  # the library's own reading of a pattern
from typing import Any

import pytest
from django.urls import URLPattern, URLResolver, get_resolver

from tenants.converters import TenantConverter

GIVES_BACK = (_constants.MAX_REPEAT, _constants.MIN_REPEAT)
"""Repeats that try again with fewer or more characters. A possessive one never does."""


def patterns(resolver: URLResolver) -> Iterator[str]:
    """The regular expression of each part of each address."""
    for one in resolver.url_patterns:
        yield one.pattern.regex.pattern
        if not isinstance(one, URLPattern):
            yield from patterns(one)


def repeats(parsed: Any) -> Iterator[int]:
    """How many repeats without an end could share the same characters, for each part between two slashes."""
    found = 0
    for operation, argument in parsed:
        if operation is _constants.LITERAL and chr(argument) == "/":
            yield found
            found = 0
        elif operation in GIVES_BACK:
            found += argument[1] is _constants.MAXREPEAT
            found += max(repeats(argument[2]), default=0)
        elif operation is _constants.SUBPATTERN:
            found += max(repeats(argument[3]), default=0)
        elif operation is _constants.BRANCH:
            found += max(max(repeats(branch), default=0) for branch in argument[1])
    yield found


def test_no_part_of_an_address_can_be_shared_out_in_many_ways() -> None:
    found = set(patterns(get_resolver()))
    assert len(found) > 80
    assert [one for one in found if max(repeats(_parser.parse(one))) > 1] == []


def test_the_count_sees_a_pattern_that_goes_back() -> None:
    assert max(repeats(_parser.parse(r"^(?P<tenant>[^/\s?#]+\.[^/\s?#]+)/z\Z"))) == 2


@pytest.mark.parametrize(
    ("text", "is_tenant"),
    [
        ("fabrikam.example", True),
        ("5eef0a3c-46ef-4d5a-a188-a99c2ebd2af7", True),
        ("a.b", True),
        ("..b", True),
        ("a..", True),
        ("a." * 500 + "b", True),
        ("xn--mnchen-3ya.example:8443", True),
        ("", False),
        (".", False),
        (".b", False),
        ("a.", False),
        ("admin", False),
        ("a.b/c", False),
        ("a b.example", False),
        ("." * 7900 + "/z", False),
    ],
)
def test_R37a_a_tenant_is_named_by_an_id_or_by_a_name_with_a_dot_in_it(text: str, is_tenant: bool) -> None:
    assert (re.fullmatch(TenantConverter.regex, text) is not None) is is_tenant
