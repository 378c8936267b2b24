"""What a provider of the tenant's own is made of: settings, a sealed secret, metadata that was read (R31, R36, R61)."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.test import override_settings

from providers import operations
from providers.connections import connection_to
from providers.models import IdentityProvider, RedemptionOrder, ServiceProviderKey
from providers.operations import Change
from providers.rules import Fallback, Order, Primary
from tenants.audit import Actor
from tenants.encryption import CannotSeal
from tenants.models import AuditEntry, Tenant
from tenants.refusals import Code, Refusal
from tests.providers import given
from tests.providers.listening import listening, says


@pytest.fixture
def add(in_fabrikam: Tenant, operator: Actor, now: datetime) -> Any:
    """Adds a provider of a kind; what is said replaces what a good one has."""

    def adding(kind: str = "openIdConnect", **said: Any) -> IdentityProvider | Refusal:
        good = {
            "name": "Contoso ID",
            "domains": ["contoso.example"] if kind in ("openIdConnect", "saml", "wsFed") else [],
            "settings": given.settings(kind),
            "secret": given.secret(kind),
        }
        return operations.add_identity_provider(kind=kind, actor=operator, now=now, **(good | said))

    return adding


def refused(outcome: object) -> str:
    assert isinstance(outcome, Refusal)
    assert outcome.code is Code.INPUT
    return outcome.reason


class TestTheSecret:
    def test_T44_it_is_stored_sealed_and_only_a_connection_has_it(self, add: Any) -> None:
        row = add()
        assert given.SECRET.encode() not in bytes(row.sealed_secret)
        assert given.SECRET not in json.dumps(row.settings)
        assert connection_to(row).secret == given.SECRET
        assert given.SECRET not in repr(connection_to(row))

    def test_T44_it_is_not_in_the_audit(self, add: Any, operator: Actor, now: datetime) -> None:
        row = add()
        operations.change_identity_provider(
            provider_id=row.id,
            name="X",
            domains=["contoso.example"],
            settings=row.settings,
            secret="another-sentinel",
            actor=operator,
            now=now,
        )
        told = json.dumps(list(AuditEntry.objects.values_list("details", flat=True)))
        assert "is_secret_changed" in told
        assert "sentinel" not in told

    def test_R61_a_kind_that_needs_one_is_refused_without(self, add: Any) -> None:
        assert refused(add("google", secret="")) == "Client secret is missing."

    def test_R61_a_client_without_one_is_taken_where_the_kind_allows_it(self, add: Any) -> None:
        assert add(secret="").sealed_secret is None

    def test_R61_it_is_refused_for_a_kind_that_has_none(self, add: Any) -> None:
        assert "has no secret" in refused(add("saml", secret="x"))

    @pytest.mark.parametrize("secret", ["a\nb", "a\x00b", "x" * 2001])
    def test_R61_it_refuses_one_that_was_badly_copied_without_repeating_it(self, add: Any, secret: str) -> None:
        assert secret not in refused(add(secret=secret))

    @pytest.mark.parametrize("kind", ["openIdConnect", "saml"])
    def test_T44_without_a_key_nothing_is_stored_and_the_setting_is_named(self, add: Any, kind: str) -> None:
        with override_settings(PROVIDER_KEYS=()):
            assert "PROVIDER_KEYS" in refused(add(kind))
        assert not IdentityProvider.objects.exists()
        assert not ServiceProviderKey.objects.exists()

    def test_T44_what_needs_no_secret_needs_no_key(self, add: Any) -> None:
        with override_settings(PROVIDER_KEYS=()):
            assert isinstance(add("wsFed"), IdentityProvider)


class TestTheSettings:
    @pytest.mark.parametrize("kind", ["openIdConnect", "google", "facebook", "saml", "wsFed"])
    def test_R61_every_kind_that_a_tenant_adds_can_be_added(self, add: Any, kind: str) -> None:
        assert isinstance(add(kind), IdentityProvider)

    @pytest.mark.parametrize(
        ("said", "reason"),
        [
            ({"issuer": ""}, "Issuer is missing"),
            ({"client_id": " "}, "Client ID is missing"),
            ({"issuer": "https://10.0.0.1"}, "Issuer: "),
            ({"issuer": "ftp://id.contoso.example"}, "Issuer: "),
            ({"issuer": "https://id.contoso.example/" + "x" * 2000}, "Issuer is too long"),
            ({"client_id": "a\x00b"}, "cannot be seen"),
            ({"client_id": "a\u202eb"}, "cannot be seen"),
            ({"colour": "red"}, "no setting 'colour'"),
            ({"client_secret": "x"}, "no setting 'client_secret'"),
        ],
    )
    def test_R61_a_mistake_is_refused_by_name(self, add: Any, said: dict[str, str], reason: str) -> None:
        assert reason in refused(add(settings=given.settings("openIdConnect", **said)))
        assert not IdentityProvider.objects.exists()

    @pytest.mark.parametrize("name", ["a\nb", "a\u202eb", "\u200b"])
    def test_R61_a_name_is_what_it_looks_like(self, add: Any, name: str) -> None:
        assert "visible characters" in refused(add(name=name))

    def test_R30_2_a_domain_that_is_none_is_refused_by_its_place(self, add: Any) -> None:
        assert "Domain 2: " in refused(add(domains=["contoso.example", "a b"]))

    def test_R30_2_there_is_an_end_to_domains(self, add: Any) -> None:
        assert "at most 5,000" in refused(add(domains=[f"{place}.contoso.example" for place in range(5_001)]))

    def test_R31_a_new_federation_changes_no_stored_order(self, add: Any, operator: Actor, now: datetime) -> None:
        for domain in ("", "contoso.example"):
            order = Order((Primary.SOCIAL,), Fallback.DEFAULT, domain)
            operations.set_redemption_order(order=order, actor=operator, now=now)
        before = list(RedemptionOrder.objects.order_by("partner_domain").values())
        assert isinstance(add("saml"), IdentityProvider)
        assert list(RedemptionOrder.objects.order_by("partner_domain").values()) == before


class TestTheMetadata:
    def test_R61_the_certificates_end_is_stored(self, add: Any) -> None:
        ends_at = datetime(2031, 5, 6, 7, 8, 9, tzinfo=UTC)
        row = add("saml", settings={"metadata": given.metadata(ends_at=ends_at)})
        assert IdentityProvider.objects.get(id=row.id).certificates_end_at == ends_at

    def test_R61_the_tenant_has_a_signing_key_with_its_first_saml_provider(self, add: Any) -> None:
        add("saml")
        kept = ServiceProviderKey.objects.get()
        add("saml", name="Second", domains=["other.example"])
        assert ServiceProviderKey.objects.get() == kept

    def test_R61_it_is_read_from_its_address(self, add: Any) -> None:
        with listening(says(given.metadata().encode())) as partner:
            row = add("wsFed", settings={"metadata_url": partner.url})
        assert partner.connections == 1
        assert given.ENTITY_ID in row.settings["metadata"]
        assert row.settings["metadata_url"] == partner.url

    @pytest.mark.parametrize(
        ("answer", "status", "reason"),
        [
            (b"<html>Sign in</html>", "200 OK", "metadata"),
            (b"", "500 Internal Server Error", "answers 500"),
            (b"", "302 Found", "302"),
            ("é".encode("latin-1"), "200 OK", "UTF-8"),
        ],
    )
    def test_R61_it_refuses_what_is_no_metadata_there(self, add: Any, answer: bytes, status: str, reason: str) -> None:
        with listening(says(answer, status=status)) as partner:
            assert reason in refused(add("saml", settings={"metadata_url": partner.url}))
        assert not IdentityProvider.objects.exists()

    def test_R61_it_refuses_an_address_that_nobody_answers_at(self, add: Any) -> None:
        with listening(says(b"")) as partner:
            gone = partner.url
        assert "Give the file instead" in refused(add("saml", settings={"metadata_url": gone}))

    def test_R61_neither_text_nor_address_is_refused(self, add: Any) -> None:
        assert "its address, or the file" in refused(add("saml", settings={}))

    @pytest.mark.parametrize("text", ["<a", "<!DOCTYPE a [<!ENTITY b 'c'>]><a>&b;</a>", "x" * (1024 * 1024 + 1)])
    def test_T41_it_refuses_what_is_no_xml_or_too_long(self, add: Any, text: str) -> None:
        assert refused(add("saml", settings={"metadata": text}))


class TestChanging:
    @pytest.fixture
    def change(self, operator: Actor, now: datetime) -> Any:
        """Changes a provider; what is not said stays."""

        def changing(row: IdentityProvider, **said: Any) -> IdentityProvider | Refusal:
            same = {
                "name": row.name,
                "domains": list(row.domains.values_list("domain", flat=True)),
                "settings": row.settings,
                "secret": "",
            }
            return operations.change_identity_provider(provider_id=row.id, actor=operator, now=now, **(same | said))

        return changing

    def test_R61_the_same_again_changes_nothing(self, add: Any, change: Any) -> None:
        before = add()
        after = change(before)
        assert AuditEntry.objects.filter(action="identity_provider.changed").count() == 0
        assert connection_to(after).secret == given.SECRET

    def test_R61_everything_but_the_identity_can_change(self, add: Any, change: Any) -> None:
        row = change(
            add(),
            name="Contoso",
            domains=["Contoso.Example", "new.example"],
            settings=given.settings("openIdConnect", client_id="other"),
            secret="new-secret",
        )
        made = connection_to(IdentityProvider.objects.get(id=row.id))
        assert (made.name, made.settings["client_id"], made.secret) == ("Contoso", "other", "new-secret")
        assert made.domains == ("contoso.example", "new.example")
        assert AuditEntry.objects.get(action="identity_provider.changed").details == {
            "name": "Contoso",
            "was_called": "Contoso ID",
            "settings_changed": ["client_id"],
            "is_secret_changed": True,
            "domains_added": ["new.example"],
            "domains_removed": [],
        }

    def test_R61_a_domain_that_is_taken_is_refused_by_name(self, add: Any, change: Any) -> None:
        add("saml", name="Northwind", domains=["northwind.example"])
        row = add()
        why = refused(change(row, domains=["contoso.example", "northwind.example"]))
        assert "northwind.example belongs to Northwind already" in why
        assert connection_to(row).domains == ("contoso.example",)

    def test_R61_a_name_that_is_taken_is_refused(self, add: Any, change: Any) -> None:
        add("saml", name="Northwind", domains=["northwind.example"])
        assert "exists already" in refused(change(add(), name="Northwind"))

    def test_R36_another_issuer_is_refused_with_the_remedy(self, add: Any, change: Any) -> None:
        row = add()
        why = refused(change(row, settings=given.settings("openIdConnect", issuer="https://evil.example")))
        assert "Add a second provider" in why
        assert connection_to(row).settings["issuer"] == "https://id.contoso.example"

    def test_R36_another_attribute_for_the_subject_is_refused(self, add: Any, change: Any) -> None:
        row = add("saml")
        assert "Add a second provider" in refused(change(row, settings={**row.settings, "subject_attribute": "upn"}))

    def test_R36_metadata_of_another_entity_is_refused(self, add: Any, change: Any) -> None:
        row = add("saml")
        other = given.metadata(entity_id="https://evil.example/metadata")
        assert "The entity ID" in refused(change(row, settings={"metadata": other}))

    def test_R61_new_certificates_of_the_same_entity_are_taken(self, add: Any, change: Any, now: datetime) -> None:
        row = add("saml", settings={"metadata": given.metadata(ends_at=now + timedelta(days=9))})
        change(row, settings={"metadata": given.metadata(ends_at=now + timedelta(days=900))})
        stored = IdentityProvider.objects.get(id=row.id).certificates_end_at
        assert stored is not None
        assert (stored - now).days >= 899

    def test_R61_metadata_left_out_is_kept(self, add: Any, change: Any) -> None:
        row = add("saml")
        assert change(row, settings={}, name="Renamed").settings == row.settings

    def test_R61_what_changes_the_connection_forgets_the_last_test(self, add: Any, change: Any, now: datetime) -> None:
        row = add()
        IdentityProvider.objects.update(tested_at=now, test_findings=[{"looked_at": "a", "is_good": True, "says": "b"}])
        assert change(row, name="Renamed").tested_at == now
        assert change(row, secret="new").tested_at is None
        assert IdentityProvider.objects.get(id=row.id).test_findings == []

    def test_R61_what_is_gone_is_refused(self, add: Any, change: Any, operator: Actor, now: datetime) -> None:
        row = add()
        operations.remove_identity_provider(provider_id=row.id, actor=operator, now=now)
        assert "no such provider" in refused(change(row, domains=["contoso.example"]))


class TestTesting:
    def tried(self, row: IdentityProvider, operator: Actor, now: datetime) -> tuple[bool, str]:
        """Whether all is good, and everything that was found; as it was returned and as it is stored."""
        found = operations.test_identity_provider(provider_id=row.id, actor=operator, now=now)
        assert not isinstance(found, Refusal)
        row.refresh_from_db()
        assert row.tested_at == now
        assert [one["says"] for one in row.test_findings] == [one.says for one in found]
        return all(one.is_good for one in found), " ".join(one.says for one in found)

    @pytest.mark.parametrize("status", ["500 Internal Server Error", "404 Not Found", "302 Found"])
    def test_R61_what_the_provider_does_wrong_is_a_finding(
        self, add: Any, operator: Actor, now: datetime, status: str
    ) -> None:
        with listening(says(b"{}", status=status)) as partner:
            row = add(settings=given.settings("openIdConnect", issuer=partner.url.rstrip("/")))
            is_good, words = self.tried(row, operator, now)
        assert not is_good
        assert status[:3] in words
        line = AuditEntry.objects.get(action="identity_provider.tested")
        assert (line.outcome, line.subject_id) == ("refused", row.id)

    def test_R61_metadata_that_reads_well_is_told(self, add: Any, operator: Actor, now: datetime) -> None:
        is_good, words = self.tried(add("saml"), operator, now)
        assert is_good, words

    def test_T44_a_secret_that_does_not_open_is_a_finding(self, add: Any, operator: Actor, now: datetime) -> None:
        row = add()
        with override_settings(PROVIDER_KEYS=((9, b"k" * 32),)):
            with pytest.raises(CannotSeal):
                connection_to(row)
            is_good, words = self.tried(row, operator, now)
        assert not is_good
        assert "PROVIDER_KEYS" in words

    def test_R61_one_that_is_off_is_tested_as_well(self, add: Any, operator: Actor, now: datetime) -> None:
        row = add("saml")
        off = operations.disable_identity_provider(provider_id=row.id, actor=operator, now=now)
        assert off == Change(True, False)
        assert self.tried(row, operator, now)[0]

    def test_R61_what_is_gone_is_refused(self, add: Any, operator: Actor, now: datetime) -> None:
        row = add()
        operations.remove_identity_provider(provider_id=row.id, actor=operator, now=now)
        outcome = operations.test_identity_provider(provider_id=row.id, actor=operator, now=now)
        assert "no such provider" in refused(outcome)
