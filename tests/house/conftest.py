"""Fabrikam and Contoso, both furnished."""

from __future__ import annotations

import pytest

from tenants.models import Tenant
from tests.house.furniture import House, furnish


@pytest.fixture
def fabrikams(fabrikam: Tenant) -> House:
    """The house that somebody tries to get into."""
    Tenant.objects.filter(id=fabrikam.id).update(terms_text="Be kind.", terms_version=1, colour="#a4262c")
    fabrikam.refresh_from_db()
    return furnish(fabrikam, "nicole")


@pytest.fixture
def contosos(contoso: Tenant) -> House:
    """The house of whoever tries."""
    return furnish(contoso, "kim")
