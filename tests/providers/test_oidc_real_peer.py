"""OpenID Connect against somebody else's certified provider, over HTTP: what both sides hold to be the protocol."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import uuid4

import pytest

from config.stack.contoso_id.program import Client
from providers.handshakes import handshake, new_salt
from providers.kinds import BY_ID
from providers.protocols import AssertionRefused, Connection, Handshake, ProviderDeclined, ProviderFailed
from providers.protocols.oidc import OpenIdConnect
from providers.rules import Asserted
from tests.peers.contoso_id import ContosoId, Person, answer_in, cancel_at, filled_in, sign_in_at

BERTIL = "bertil@contoso-id.example"
RETURN = "http://127.0.0.1:8000/return/1"


def handshake_of_a_flow() -> Handshake:
    key_id, salt = new_salt()
    return handshake(tenant_id=uuid4(), flow_id=uuid4(), key_id=key_id, salt=salt)


@dataclass
class Trip:
    """One way out to the provider, and back."""

    connection: Connection
    handshake: Handshake
    protocol: OpenIdConnect

    def leave(self, *, hint: str = "", is_fresh: bool = False) -> str:
        return self.protocol.departure(
            connection=self.connection, handshake=self.handshake, hint=hint, is_fresh=is_fresh, now=datetime.now(UTC)
        )

    def come_back(self, callback: str) -> Asserted:
        return self.protocol.arrival(
            connection=self.connection,
            handshake=self.handshake,
            answer=answer_in(callback),
            now=datetime.now(UTC),
        )


Depart = Callable[[], Trip]


@pytest.fixture
def trip(contoso_id: ContosoId) -> Depart:
    """Makes trips, each of a flow and with a registration of its own."""
    protocol = OpenIdConnect()
    return lambda: Trip(connection_with(contoso_id, contoso_id.register(RETURN)), handshake_of_a_flow(), protocol)


def connection_with(provider: ContosoId, client: Client, *, secret: str | None = None) -> Connection:
    return Connection(
        kind=BY_ID["openIdConnect"],
        name="Contoso ID",
        provider_id=uuid4(),
        return_url=RETURN,
        settings={"issuer": provider.issuer, "client_id": client.client_id},
        secret=client.client_secret if secret is None else secret,
        domains=("contoso-id.example",),
    )


def test_R36_it_learns_who_signed_in(trip: Depart, contoso_id: ContosoId) -> None:
    one = trip()
    asserted = one.come_back(sign_in_at(one.leave(), BERTIL))
    assert (asserted.issuer, asserted.name) == (contoso_id.issuer, "Bertil")
    assert (asserted.claimed, asserted.verified) == ((BERTIL,), (BERTIL,))
    assert asserted.subject


def test_R36_it_knows_somebody_again_whose_address_has_changed(trip: Depart, contoso_id: ContosoId) -> None:
    old, new = "rosa@contoso-id.example", "rosa.alba@contoso-id.example"
    first, later = trip(), trip()
    before = first.come_back(sign_in_at(first.leave(), old))
    contoso_id.rename(old, new)
    after = later.come_back(sign_in_at(later.leave(), new))
    assert after.claimed == (new,)
    assert (after.issuer, after.subject) == (before.issuer, before.subject)


def test_R36_it_takes_an_address_that_nobody_verified_for_a_suggestion_only(trip: Depart) -> None:
    one = trip()
    asserted = one.come_back(sign_in_at(one.leave(), "unverified+eva@contoso-id.example"))
    assert asserted.claimed == ("unverified+eva@contoso-id.example",)
    assert asserted.verified == ()


def test_R36_it_takes_no_word_for_an_address_of_a_domain_that_is_not_the_partners(trip: Depart) -> None:
    one = trip()
    assert one.come_back(sign_in_at(one.leave(), "ceo@fabrikam.example")).verified == ()


def test_it_says_at_the_provider_whom_it_expects(trip: Depart) -> None:
    assert filled_in(Person().go_to(trip().leave(hint=BERTIL))) == BERTIL


def test_it_lets_somebody_who_is_signed_in_there_choose_another_account(trip: Depart) -> None:
    person = Person()
    sign_in_at(trip().leave(), BERTIL, person)
    again = trip()
    silently = person.go_to(again.leave()).headers["Location"]
    assert again.come_back(silently).claimed == (BERTIL,)
    fresh = trip()
    other = sign_in_at(fresh.leave(is_fresh=True), "karin@contoso-id.example", person)
    assert fresh.come_back(other).claimed == ("karin@contoso-id.example",)


def test_R23_it_tells_a_cancelled_sign_in_from_a_failed_one(trip: Depart) -> None:
    one = trip()
    with pytest.raises(ProviderDeclined):
        one.come_back(cancel_at(one.leave()))


def test_B15_it_accepts_nothing_for_a_code_that_was_used(trip: Depart) -> None:
    one = trip()
    callback = sign_in_at(one.leave(), BERTIL)
    one.come_back(callback)
    with pytest.raises((ProviderFailed, AssertionRefused)):
        one.come_back(callback)


def test_B15_it_accepts_nothing_for_a_code_of_another_flow(trip: Depart) -> None:
    victim, attacker = trip(), trip()
    attacker.connection = victim.connection
    stolen = sign_in_at(attacker.leave(), BERTIL)
    with pytest.raises((ProviderFailed, AssertionRefused)):
        victim.come_back(stolen)


def test_B15_it_accepts_nothing_for_a_code_of_another_client(trip: Depart) -> None:
    ours, theirs = trip(), trip()
    theirs.handshake = ours.handshake
    with pytest.raises((ProviderFailed, AssertionRefused)):
        ours.come_back(sign_in_at(theirs.leave(), BERTIL))


def test_it_fails_with_a_wrong_secret_and_does_not_say_it(contoso_id: ContosoId) -> None:
    client = contoso_id.register(RETURN)
    one = Trip(
        connection_with(contoso_id, client, secret="wrong-and-confidential"), handshake_of_a_flow(), OpenIdConnect()
    )
    callback = sign_in_at(one.leave(), BERTIL)
    with pytest.raises(ProviderFailed) as failed:
        one.come_back(callback)
    assert "confidential" not in str(failed.value)
    assert client.client_secret not in str(failed.value)


def test_it_finds_nothing_wrong_with_a_good_provider(trip: Depart) -> None:
    one = trip()
    found = one.protocol.trial(connection=one.connection, now=datetime.now(UTC))
    assert found
    assert [finding.says for finding in found if not finding.is_good] == []
