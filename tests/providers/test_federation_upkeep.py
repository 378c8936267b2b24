"""What a federation needs over the years: the tenant's key and metadata, and the partner's next certificate."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ipaddress import ip_network
from threading import Thread
from typing import Any
from uuid import UUID

import pytest
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from cryptography.x509 import load_pem_x509_certificate
from django.core.management import CommandError, call_command
from django.test import Client

from providers import tasks
from providers.connections import connection_to
from providers.models import IdentityProvider, ServiceProviderKey, SpentAssertion
from providers.operations import add_identity_provider, spend_assertion
from providers.operations.forgetting import forget_spent_assertions
from providers.operations.refreshing import REFRESHED, refresh_metadata
from providers.operations.settings import Change
from providers.operations.signing_key import MADE, ensure_signing_key
from providers.rules import Asserted
from providers.tasks import refresh_all_metadata, refresh_provider_metadata
from tenants.audit import Actor
from tenants.encryption import CannotSeal
from tenants.models import AuditEntry, Outcome, Tenant
from tenants.refusals import Refusal
from tenants.scope import tenant_scope
from tests.peers.saml_writing import metadata, new_pair

OLD, NEW = new_pair(), new_pair(ends_in=timedelta(days=900))
ENTITY = "https://idp.contoso.example/saml"


class Place:
    """An address that shows whatever it is told to show."""

    def __init__(self) -> None:
        self.shows, self.status, self.url, self.asked = "", 200, "", 0


@pytest.fixture
def place(settings: Any) -> Iterator[Place]:
    settings.PROVIDER_NETWORKS = (ip_network("127.0.0.0/8"),)
    with serving() as one:
        one.shows = metadata(ENTITY, OLD)
        yield one


@contextmanager
def serving() -> Iterator[Place]:
    one = Place()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            one.asked += 1
            content = one.shows.encode()
            self.send_response(one.status)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, format: str, *args: object) -> None:
            return

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    one.url = f"http://127.0.0.1:{server.server_port}/metadata"
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield one
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def added(place: Place, operator: Actor, now: datetime) -> IdentityProvider:
    made = add_identity_provider(
        kind="saml",
        name="Contoso",
        domains=["contoso.example"],
        settings={"metadata_url": place.url},
        actor=operator,
        now=now,
    )
    assert isinstance(made, IdentityProvider), made
    return made


def lines(action: str) -> list[str]:
    return list(AuditEntry.objects.filter(action=action).order_by("id").values_list("outcome", flat=True))


def test_B15_a_tenant_has_one_key_sealed_and_its_own(in_fabrikam: Tenant, now: datetime) -> None:
    made = ensure_signing_key(now=now)
    assert ensure_signing_key(now=now).id == made.id
    assert ServiceProviderKey.objects.count() == 1
    assert lines(MADE) == [Outcome.SUCCESS]
    assert b"PRIVATE" not in bytes(made.sealed_key)
    certificate = load_pem_x509_certificate(made.certificate.encode())
    assert timedelta(days=3650) < certificate.not_valid_after_utc - now < timedelta(days=3655)
    assert "PRIVATE" not in str(AuditEntry.objects.get(action=MADE).details)


def test_B15_the_connection_signs_with_the_key_of_the_certificate(
    in_fabrikam: Tenant, place: Place, operator: Actor, now: datetime
) -> None:
    provider = added(place, operator, now)
    made = ensure_signing_key(now=now)
    connection = connection_to(IdentityProvider.objects.get(id=provider.id))
    key = load_pem_private_key(connection.signing_key.encode(), password=None)
    certificate = load_pem_x509_certificate(connection.certificate.encode())
    assert key.public_key() == certificate.public_key()
    assert connection.certificate == made.certificate


def test_B15_without_a_key_to_seal_with_there_is_none_to_sign_with(
    in_fabrikam: Tenant, now: datetime, settings: Any
) -> None:
    settings.PROVIDER_KEYS = []
    with pytest.raises(CannotSeal):
        ensure_signing_key(now=now)
    assert not ServiceProviderKey.objects.exists()


def test_it_shows_the_metadata_and_makes_none(fabrikam: Tenant, contoso: Tenant, now: datetime) -> None:
    address = f"/{fabrikam.id}/saml/metadata"
    assert Client().get(address).status_code == 404
    with tenant_scope(fabrikam.id):
        assert not ServiceProviderKey.objects.exists()
        made = ensure_signing_key(now=now)
    answer = Client().get(address)
    assert (answer.status_code, answer["Content-Type"]) == (200, "application/samlmetadata+xml")
    assert answer["Cache-Control"] == "public, max-age=3600"
    text = answer.content.decode()
    assert f'entityID="http://127.0.0.1:8000/{fabrikam.id}/saml/metadata"' in text
    assert f'Location="http://127.0.0.1:8000/{fabrikam.id}/saml/acs"' in text
    assert "HTTP-POST" in text
    assert 'WantAssertionsSigned="true"' in text
    assert "".join(made.certificate.splitlines()[1:-1]) in text
    assert Client().get("/fabrikam.example/saml/metadata").content == answer.content
    assert Client().post(address).status_code == 405
    assert Client().get(f"/{contoso.id}/saml/metadata").status_code == 404


def worked_off(name: str, *, tenant_id: UUID, row_id: UUID) -> None:
    """What a worker does with the message of one provider."""
    assert name == refresh_provider_metadata.name
    refresh_provider_metadata.apply(kwargs={"row_id": str(row_id)}, headers={"tenant": str(tenant_id)}, throw=True)


def test_each_provider_has_a_message_of_its_own(
    fabrikam: Tenant, contoso: Tenant, place: Place, operator: Actor, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    published: list[tuple[str, UUID, UUID]] = []
    monkeypatch.setattr(
        tasks, "nudge_last", lambda name, *, tenant_id, row_id: published.append((name, tenant_id, row_id))
    )
    expected = set()
    for tenant in (fabrikam, contoso):
        with tenant_scope(tenant.id):
            expected.add((tasks.REFRESH, tenant.id, added(place, operator, now).id))
    asked = place.asked
    refresh_all_metadata(later="from a newer version")
    assert set(published) == expected
    assert len(published) == 2
    assert place.asked == asked, "the task that publishes asks no partner itself"


def test_B15_the_next_certificate_arrives_by_itself(
    fabrikam: Tenant, place: Place, operator: Actor, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tasks, "nudge_last", worked_off)
    with tenant_scope(fabrikam.id):
        provider = added(place, operator, now)
        before = provider.certificates_end_at
    place.shows = metadata(ENTITY, OLD, NEW)
    refresh_all_metadata()
    refresh_all_metadata()  # the same again is no change
    with tenant_scope(fabrikam.id):
        row = IdentityProvider.objects.get(id=provider.id)
        assert before is not None
        assert row.certificates_end_at is not None
        assert row.certificates_end_at > before
        assert row.settings == {"metadata_url": place.url, "metadata": place.shows}
        assert lines(REFRESHED) == [Outcome.SUCCESS]
        details = AuditEntry.objects.get(action=REFRESHED).details
        assert details["certificates"] == 2


@pytest.mark.parametrize(
    ("shows", "status", "says"),
    [
        ("<html>We are moving house</html>", 200, "begins with html"),
        ("", 503, "kept"),
        (metadata("https://idp.evil.example", NEW), 200, "another entity ID"),
        (metadata(ENTITY, NEW, sso="", wsfed="https://idp.example/wsfed"), 200, "HTTP-Redirect"),
    ],
)
def test_R36_it_keeps_what_works(
    in_fabrikam: Tenant, place: Place, operator: Actor, now: datetime, shows: str, status: int, says: str
) -> None:
    provider = added(place, operator, now)
    place.shows, place.status = shows, status
    outcome = refresh_metadata(provider_id=provider.id, actor=operator, now=now)
    assert isinstance(outcome, Refusal)
    assert says in outcome.reason
    assert IdentityProvider.objects.get(id=provider.id).settings["metadata"] == metadata(ENTITY, OLD)
    assert lines(REFRESHED) == [Outcome.REFUSED]


def test_it_refreshes_nothing_without_an_address(
    in_fabrikam: Tenant, place: Place, operator: Actor, now: datetime
) -> None:
    provider = added(place, operator, now)
    same = refresh_metadata(provider_id=provider.id, actor=operator, now=now)
    assert same == Change((OLD.certificate,), (OLD.certificate,))
    IdentityProvider.objects.filter(id=provider.id).update(settings={"metadata": place.shows})
    outcome = refresh_metadata(provider_id=provider.id, actor=operator, now=now)
    assert isinstance(outcome, Refusal)
    assert "no metadata address" in outcome.reason
    IdentityProvider.objects.all().delete()
    assert isinstance(refresh_metadata(provider_id=provider.id, actor=operator, now=now), Refusal)


def test_B15_an_assertion_is_taken_once_and_remembered_while_it_holds(
    fabrikam: Tenant, contoso: Tenant, now: datetime
) -> None:
    fresh = Asserted(ENTITY, "7f3c", replay_key=f"{ENTITY} _a", replay_until=int(now.timestamp()) + 360)
    stale = Asserted(ENTITY, "7f3c", replay_key=f"{ENTITY} _b", replay_until=int(now.timestamp()) - 1)
    with tenant_scope(fabrikam.id):
        assert [spend_assertion(asserted=fresh) for _ in range(3)] == [True, False, False]
        assert spend_assertion(asserted=stale)
        assert forget_spent_assertions(at_most=10) == 1
        assert not spend_assertion(asserted=fresh)
        assert SpentAssertion.objects.count() == 1
    with tenant_scope(contoso.id):
        assert SpentAssertion.objects.count() == 0


def test_an_operator_reads_it_again_at_once(
    fabrikam: Tenant, place: Place, operator: Actor, now: datetime, capsys: pytest.CaptureFixture[str]
) -> None:
    ask = ("refresh_provider_metadata", "--tenant", "fabrikam.example")
    call_command(*ask)
    assert "No provider of Fabrikam has a metadata address." in capsys.readouterr().out
    with tenant_scope(fabrikam.id):
        added(place, operator, now)
    call_command(*ask)
    assert "Contoso: nothing new, 1 signing certificate." in capsys.readouterr().out
    place.shows = metadata(ENTITY, OLD, NEW)
    call_command(*ask)
    assert "Contoso: new metadata, 2 signing certificates." in capsys.readouterr().out
    place.status = 500
    with pytest.raises(CommandError, match="1 of 1 could not be read"):
        call_command(*ask)
    assert "what was stored is kept" in capsys.readouterr().err
