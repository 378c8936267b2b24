"""A history that is sealed already."""

from collections.abc import Iterator

import pytest

from tenants import sealing
from tenants.audit import Actor
from tenants.models import Tenant
from tenants.scope import tenant_scope
from tenants.sealing import seal_tenant
from tests.tenants.history import write


@pytest.fixture
def sealed(fabrikam: Tenant, operator: Actor, monkeypatch: pytest.MonkeyPatch) -> Iterator[list[int]]:
    """Fabrikam's scope with seven lines in blocks of three; their ids."""
    monkeypatch.setattr(sealing, "LARGEST_BLOCK", 3)
    with tenant_scope(fabrikam.id):
        ids = write(operator, 7)
        assert seal_tenant() == 7
        yield ids
