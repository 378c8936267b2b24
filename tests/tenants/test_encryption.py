"""Providers' secrets are sealed to their place: one tenant's row and field, under a key outside the database. (B4)"""

from __future__ import annotations

import uuid
from typing import Any

import pytest

from tenants.encryption import CannotSeal, can_seal, seal, unseal

SENTINEL = "sentinel-of-a-client-secret-ÄÖ✓"
PLACE: dict[str, Any] = {
    "tenant_id": uuid.uuid4(),
    "table": "providers_identityprovider",
    "row_id": uuid.uuid4(),
    "field": "sealed",
}
FIRST, SECOND = (1, b"a" * 32), (2, b"b" * 32)


@pytest.fixture(autouse=True)
def _one_key(settings: Any) -> None:
    settings.PROVIDER_KEYS = (FIRST,)


def test_B4_it_opens_in_its_own_place() -> None:
    assert unseal(seal(SENTINEL, **PLACE), **PLACE) == SENTINEL
    assert unseal(memoryview(seal(SENTINEL, **PLACE)), **PLACE) == SENTINEL
    assert unseal(seal("", **PLACE), **PLACE) == ""


def test_B4_nothing_of_the_secret_stands_in_what_is_stored() -> None:
    sealed = seal(SENTINEL, **PLACE)
    assert b"sentinel" not in sealed
    assert SENTINEL.encode()[:4] not in sealed


def test_B4_the_same_secret_is_never_stored_alike() -> None:
    assert len({seal(SENTINEL, **PLACE) for _ in range(100)}) == 100


@pytest.mark.parametrize(
    "moved",
    [
        {"tenant_id": uuid.uuid4()},
        {"row_id": uuid.uuid4()},
        {"table": "providers_serviceproviderkey"},
        {"field": "sealed_key"},
        {"table": "providers_identityprovider.sealed", "field": ""},
        {"tenant_id": PLACE["row_id"], "row_id": PLACE["tenant_id"]},
    ],
    ids=["tenant", "row", "table", "field", "the dot elsewhere", "tenant and row swapped"],
)
def test_B4_moved_to_another_place_it_stays_shut(moved: dict[str, Any]) -> None:
    sealed = seal(SENTINEL, **PLACE)
    with pytest.raises(CannotSeal) as refused:
        unseal(sealed, **(PLACE | moved))
    assert "sentinel" not in str(refused.value)


def test_B4_every_damaged_byte_is_noticed() -> None:
    sealed = seal(SENTINEL, **PLACE)
    for place in range(len(sealed)):
        damaged = bytearray(sealed)
        damaged[place] ^= 1
        with pytest.raises(CannotSeal):
            unseal(bytes(damaged), **PLACE)


@pytest.mark.parametrize("kept", [0, 3, 4, 15, 16, 31, -1])
def test_B4_what_was_cut_off_is_noticed(kept: int) -> None:
    with pytest.raises(CannotSeal):
        unseal(seal(SENTINEL, **PLACE)[:kept], **PLACE)


class TestKeys:
    def test_B4_another_key_opens_nothing(self, settings: Any) -> None:
        sealed = seal(SENTINEL, **PLACE)
        settings.PROVIDER_KEYS = ((1, b"c" * 32),)
        with pytest.raises(CannotSeal, match="Enter it again"):
            unseal(sealed, **PLACE)

    def test_B4_a_key_that_is_gone_is_named_by_its_number(self, settings: Any) -> None:
        sealed = seal(SENTINEL, **PLACE)
        settings.PROVIDER_KEYS = (SECOND,)
        with pytest.raises(CannotSeal, match="no key 1,"):
            unseal(sealed, **PLACE)

    def test_B4_a_new_first_key_seals_and_the_old_one_still_opens(self, settings: Any) -> None:
        old = seal(SENTINEL, **PLACE)
        settings.PROVIDER_KEYS = (SECOND, FIRST)
        new = seal(SENTINEL, **PLACE)
        assert (unseal(old, **PLACE), unseal(new, **PLACE)) == (SENTINEL, SENTINEL)
        settings.PROVIDER_KEYS = (SECOND,)
        assert unseal(new, **PLACE) == SENTINEL

    def test_B4_a_secret_passed_off_as_sealed_under_another_key_stays_shut(self, settings: Any) -> None:
        settings.PROVIDER_KEYS = (FIRST, (2, FIRST[1]))
        sealed = seal(SENTINEL, **PLACE)
        with pytest.raises(CannotSeal):
            unseal((2).to_bytes(4, "big") + sealed[4:], **PLACE)

    def test_B4_without_a_key_nothing_is_sealed_and_the_text_says_what_to_set(self, settings: Any) -> None:
        settings.PROVIDER_KEYS = ()
        assert can_seal() is False
        with pytest.raises(CannotSeal, match="PROVIDER_KEYS"):
            seal(SENTINEL, **PLACE)
