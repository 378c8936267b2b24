"""How an address of a page names a tenant (R37a)."""

from __future__ import annotations


class TenantConverter:
    """A UUID or a dotted host name. Fixed routes never match: none has a dot but robots.txt, which comes first."""

    # Possessive: whatever follows does not match, no character is looked at a second time.
    regex = r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}|[^/\s?#][^/\s?#.]*+\.[^/\s?#]++"

    def to_python(self, value: str) -> str:
        return value[:300]

    def to_url(self, value: object) -> str:
        return str(value)
