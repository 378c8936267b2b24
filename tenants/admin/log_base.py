"""What the pages of the audit log share: how a question stands in their address.

Knows how a request becomes a question. It must never know what a guest is: the portal's site says which guests an
address names.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any
from uuid import UUID

from django.http import HttpRequest

from tenants.admin.asking import Asked, asked
from tenants.deeds import Group
from tenants.doors.admin import TenantModelAdmin


class LogPages(TenantModelAdmin):
    """The base of the log's pages."""

    if TYPE_CHECKING:
        admin_site: Any

    def asked(self, request: HttpRequest, groups: Iterable[Group]) -> Asked:
        """The question in the page's address; `groups` are those that the page is about."""
        return asked(request.GET.dict(), groups=groups, subjects=self.subjects_of)

    def subjects_of(self, address: str) -> tuple[UUID, ...]:
        """The guests whom this canonical address names in the open tenant."""
        found: tuple[UUID, ...] = self.admin_site.guests_at(address)
        return found

    def line(self, text: str) -> int | None:
        """A line's number out of an address; None for anything else."""
        return int(text) if text.isascii() and text.isdecimal() and len(text) <= 18 and int(text) > 0 else None
