"""Whom verified claims name, kind by kind, and which addresses each may vouch for (R36, threat 7). No network."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from providers.kinds import BY_ID, KINDS, Protocol
from providers.kinds.microsoft_account import CONSUMER_TENANT
from providers.kinds.openid import ClaimsRefused, OpenIdKind
from providers.rules import Asserted

TID, OID = "11111111-1111-4111-8111-111111111111", "22222222-2222-4222-8222-222222222222"
AUTHORITY = {"authority": "https://login.microsoftonline.com", "client_id": "c"}


def kind(name: str) -> OpenIdKind:
    found = BY_ID[name]
    assert isinstance(found, OpenIdKind)
    return found


def asserted(of: str, /, *, domains: tuple[str, ...] = (), **claims: Any) -> Asserted:
    return kind(of).asserted({"iss": "https://issuer.example", "sub": "s", **claims}, domains)


NOT_TRUE = ["true", "True", 1, "1", None, False, [True], {"a": True}]
"""What some providers say for `email_verified`; none of it is the boolean."""


class TestAnyProvider:
    def test_R36_an_address_counts_when_it_is_verified_and_of_a_bound_domain(self) -> None:
        found = asserted(
            "openIdConnect", domains=("adatum.example",), email="Nicole@ADATUM.example", email_verified=True, name="N W"
        )
        assert found == Asserted(
            "https://issuer.example", "s", ("Nicole@ADATUM.example",), ("nicole@adatum.example",), "N W"
        )

    @pytest.mark.parametrize("said", NOT_TRUE, ids=repr)
    def test_threat_7_what_is_not_the_boolean_true_verifies_nothing(self, said: Any) -> None:
        found = asserted(
            "openIdConnect", domains=("adatum.example",), email="nicole@adatum.example", email_verified=said
        )
        assert (found.claimed, found.verified) == (("nicole@adatum.example",), ())

    def test_threat_7_without_the_claim_nothing_is_verified(self) -> None:
        assert asserted("openIdConnect", domains=("adatum.example",), email="nicole@adatum.example").verified == ()

    @pytest.mark.parametrize("domains", [(), ("fabrikam.example",), ("example",), ("sub.adatum.example",)], ids=str)
    def test_threat_7_it_vouches_for_no_domain_that_is_not_bound_to_it(self, domains: tuple[str, ...]) -> None:
        found = asserted("openIdConnect", domains=domains, email="nicole@adatum.example", email_verified=True)
        assert found.verified == ()

    def test_threat_7_nothing_but_email_is_taken_for_an_address(self) -> None:
        other = {"preferred_username": "a@adatum.example", "upn": "b@adatum.example", "nickname": "c@adatum.example"}
        found = asserted("openIdConnect", domains=("adatum.example",), email_verified=True, **other)
        assert (found.claimed, found.verified) == ((), ())

    @pytest.mark.parametrize(
        "email",
        [
            "",
            "nobody",
            7,
            None,
            ["a@adatum.example"],
            "a@adatum.example, b@adatum.example",
            "é@adatum.example",
            "a" * 300,
        ],
        ids=lambda value: str(value)[:12],
    )
    def test_R70_what_is_no_address_is_nobody_s(self, email: Any) -> None:
        assert asserted("openIdConnect", domains=("adatum.example",), email=email, email_verified=True).verified == ()

    @pytest.mark.parametrize("email", ["a\x00@adatum.example", "a\n@adatum.example", "\ud800@adatum.example"], ids=repr)
    def test_R70_what_no_row_can_hold_is_not_repeated(self, email: str) -> None:
        assert asserted("openIdConnect", email=email, name="N\x00\ud800W").claimed == ()
        assert asserted("openIdConnect", email=email, name="N\x00\ud800W").name == "NW"

    @pytest.mark.parametrize(
        ("issuer", "mistake"),
        [
            ("https://login.adatum.example", None),
            ("https://login.adatum.example/tenant/", None),
            ("", "Issuer is missing."),
            ("https://login.adatum.example/.well-known/openid-configuration", "without /.well-known"),
            ("https://login.adatum.example/?a=b", "without anything after"),
            ("https://login.adatum.example/#", "without anything after"),
            ("https://[login.adatum.example", "as a URL"),
            (f"https://login.adatum.example/{'x' * 472}", "more than 500"),
        ],
    )
    def test_R61_a_mistake_in_the_issuer_is_named_with_its_fix(self, issuer: str, mistake: str | None) -> None:
        found = kind("openIdConnect").mistake({"issuer": issuer, "client_id": "c"})
        assert found is None if mistake is None else found is not None and mistake in found


class TestEntraId:
    def test_R36_it_is_keyed_by_tenant_and_object_and_vouches_for_nothing_yet(self) -> None:
        found = entra(email="n@adatum.example", preferred_username="nicole@adatum.example", upn="n@adatum.example")
        assert found.subject == f"{TID}/{OID}"
        assert found.home == TID
        assert found.claimed == ("n@adatum.example", "nicole@adatum.example")
        assert found.verified == ()

    @pytest.mark.parametrize("said", [True, "true", 1])
    def test_threat_7_no_claim_makes_an_address_verified(self, said: Any) -> None:
        assert entra(email="nicole@adatum.example", email_verified=said, xms_edov=said).verified == ()

    @pytest.mark.parametrize(
        "changes",
        [{"tid": None}, {"tid": "adatum.example"}, {"tid": 1}, {"oid": None}, {"oid": ""}, {"oid": [OID]}],
        ids=str,
    )
    def test_R36_a_token_that_names_no_tenant_or_object_is_refused(self, changes: Mapping[str, Any]) -> None:
        with pytest.raises(ClaimsRefused, match="names no"):
            entra(**changes)

    def test_threat_39_the_issuer_and_the_tenant_must_be_one(self) -> None:
        with pytest.raises(ClaimsRefused, match="different ones"):
            entra(iss=f"https://login.microsoftonline.com/{OID}/v2.0")

    def test_R30_1_a_personal_account_is_none_of_an_organisation(self) -> None:
        with pytest.raises(ClaimsRefused, match="personal Microsoft account"):
            entra(tid=CONSUMER_TENANT, iss=f"https://login.microsoftonline.com/{CONSUMER_TENANT}/v2.0")

    @pytest.mark.parametrize(
        ("issuer", "is_one"),
        [
            (f"https://login.microsoftonline.com/{TID}/v2.0", True),
            ("https://login.microsoftonline.com/{tenantid}/v2.0", False),
            (f"https://login.microsoftonline.com/{TID}/v2.0/", False),
            (f"https://login.microsoftonline.com/{TID}/v2x0", False),
            (f"https://loginXmicrosoftonline.com/{TID}/v2.0", False),
            (f"https://sts.windows.net/{TID}/", False),
            ("https://login.microsoftonline.com/adatum.example/v2.0", False),
            (f"https://login.microsoftonline.com/{TID}/v2.0\n", False),
        ],
    )
    def test_threat_39_an_issuer_is_an_organisation_s_or_none(self, issuer: str, is_one: bool) -> None:
        assert kind("azureActiveDirectory").is_issuer(issuer, AUTHORITY) is is_one


def entra(**changes: Any) -> Asserted:
    claims = {"iss": f"https://login.microsoftonline.com/{TID}/v2.0", "tid": TID, "oid": OID, **changes}
    return asserted("azureActiveDirectory", **claims)


class TestMicrosoftAccount:
    def test_R36_its_address_is_verified(self) -> None:
        found = asserted("microsoftAccount", tid=CONSUMER_TENANT, email="Nicole@Outlook.com")
        assert (found.subject, found.verified, found.home) == ("s", ("nicole@outlook.com",), "")

    def test_threat_7_a_name_to_sign_in_with_is_only_claimed(self) -> None:
        found = asserted("microsoftAccount", tid=CONSUMER_TENANT, preferred_username="nicole@adatum.example")
        assert (found.claimed, found.verified) == (("nicole@adatum.example",), ())

    @pytest.mark.parametrize("tid", [TID, None, CONSUMER_TENANT.upper()])
    def test_threat_7_an_organisation_s_account_is_refused(self, tid: Any) -> None:
        with pytest.raises(ClaimsRefused, match="organisation"):
            asserted("microsoftAccount", tid=tid, email="nicole@outlook.com")

    def test_threat_39_its_issuer_is_the_consumers_tenant(self) -> None:
        microsoft = kind("microsoftAccount")
        assert microsoft.authority(AUTHORITY).endswith("/consumers/v2.0")
        assert microsoft.is_issuer(f"https://login.microsoftonline.com/{CONSUMER_TENANT}/v2.0", AUTHORITY)
        assert not microsoft.is_issuer(f"https://login.microsoftonline.com/{TID}/v2.0", AUTHORITY)


class TestGoogle:
    @pytest.mark.parametrize(
        ("email", "verified"),
        [
            ("Nicole@gmail.com", ("nicole@gmail.com", "nicole@googlemail.com")),
            ("nicole@googlemail.com", ("nicole@googlemail.com", "nicole@gmail.com")),
        ],
    )
    def test_R30_3_a_mailbox_of_Google_s_is_one_at_both_of_its_domains(
        self, email: str, verified: tuple[str, ...]
    ) -> None:
        assert asserted("google", email=email, email_verified=True).verified == verified

    @pytest.mark.parametrize(
        ("hosted", "verified"),
        [
            ("adatum.example", ("nicole@adatum.example",)),
            ("other.example", ()),
            (None, ()),
            (["adatum.example"], ()),
        ],
    )
    def test_threat_7_it_vouches_for_another_domain_only_where_it_hosts_it(
        self, hosted: Any, verified: tuple[str, ...]
    ) -> None:
        assert asserted("google", email="nicole@adatum.example", email_verified=True, hd=hosted).verified == verified

    @pytest.mark.parametrize("said", NOT_TRUE, ids=repr)
    def test_threat_7_what_is_not_the_boolean_true_verifies_nothing(self, said: Any) -> None:
        assert asserted("google", email="nicole@gmail.com", email_verified=said, hd="gmail.com").verified == ()

    def test_R36_both_spellings_of_its_issuer_are_one_identity(self) -> None:
        google = kind("google")
        assert google.is_issuer("https://accounts.google.com", {})
        assert google.is_issuer("accounts.google.com", {})
        assert not google.is_issuer("http://accounts.google.com", {})
        assert asserted("google", iss="accounts.google.com").issuer == "https://accounts.google.com"


class TestFacebook:
    def test_R33_it_vouches_for_no_address(self) -> None:
        found = asserted("facebook", email="nicole@gmail.com", email_verified=True)
        assert (found.claimed, found.verified) == (("nicole@gmail.com",), ())

    def test_R33_it_needs_no_discovery(self) -> None:
        facebook = kind("facebook")
        document = facebook.document({})
        assert document is not None
        assert document["issuer"] == facebook.issuer({}) == "https://www.facebook.com"


def test_R36_every_kind_with_this_protocol_can_sign_somebody_in() -> None:
    speaking = [one for one in KINDS if one.protocol is Protocol.OIDC]
    assert [one.id for one in speaking if isinstance(one, OpenIdKind)] == [one.id for one in speaking]
    assert all("openid" in one.scopes for one in speaking if isinstance(one, OpenIdKind))
    assert all(one.is_built_in or one.settings for one in speaking)
