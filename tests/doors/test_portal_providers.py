"""A tenant's own providers in the portal (R61): adding each kind, changing, testing, and who may."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from http import HTTPStatus
from typing import Any

import pytest
from django.conf import settings
from django.core import signing
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client, override_settings
from django.urls import reverse

from providers import operations
from providers.admin.adding import PLACE_SALT
from providers.connections import connection_to
from providers.models import IdentityProvider
from tenants.audit import Actor
from tenants.models import Tenant
from tenants.roles import Role
from tenants.scope import tenant_scope
from tests import factories
from tests.doors.portal import saved, signed_in, text
from tests.providers import given
from tests.providers.listening import hangs, listening, says

ADD = "/admin/providers/identityprovider/custom/add/"
CUSTOM = "/admin/providers/identityprovider/custom/"
BUILT_IN = "/admin/providers/identityprovider/"


def seated(tenant: Tenant, role: Role) -> Client:
    return signed_in(factories.administrator(f"{role.value}@{tenant.primary_domain}".lower(), (tenant, role)), tenant)


@pytest.fixture
def portal(fabrikam: Tenant) -> Client:
    """Somebody who manages Fabrikam's providers."""
    return seated(fabrikam, Role.EXTERNAL_IDENTITY_PROVIDER_ADMINISTRATOR)


def typed(kind: str, **others: Any) -> dict[str, Any]:
    """What is typed into the form of this kind; `others` in its place."""
    form = {f"setting_{name}": value for name, value in given.settings(kind).items()}
    if given.secret(kind):
        form["setting_client_secret"] = given.SECRET
    if kind in ("openIdConnect", "saml", "wsFed"):
        form["domains"] = "partner.example\r\n"
    return {"name": "Partner", **form, **others}


def stored(tenant: Tenant) -> list[IdentityProvider]:
    with tenant_scope(tenant.id):
        return list(IdentityProvider.objects.order_by("name"))


def page_of(provider: IdentityProvider) -> str:
    return reverse("admin:providers_identityprovider_change", args=[provider.id])


def edit_of(provider: IdentityProvider) -> str:
    return reverse("admin:providers_edit", args=[provider.id])


@pytest.fixture
def partner(portal: Client, fabrikam: Tenant) -> IdentityProvider:
    """An OpenID Connect provider that was added and switched on through the pages."""
    portal.post(f"{ADD}?kind=openIdConnect", typed("openIdConnect"))
    made = stored(fabrikam)[0]
    saved(portal, reverse("admin:guests_enable_provider", args=[made.pk]), {})
    return stored(fabrikam)[0]


class TestAdding:
    def test_R61_every_kind_is_offered_with_a_word_on_it(self, portal: Client) -> None:
        page = portal.get(ADD).content.decode()
        for kind, name in (("google", "Google"), ("facebook", "Facebook"), ("saml", "SAML 2.0"), ("wsFed", "WS-Fed")):
            assert f'<a href="?kind={kind}">{name}' in page
        assert "SAML 1.1 tokens are refused" in page
        assert "kind=azureActiveDirectory" not in page

    @pytest.mark.parametrize("kind", ["openIdConnect", "google", "facebook", "saml", "wsFed"])
    def test_R61_each_kind_is_added(self, portal: Client, fabrikam: Tenant, kind: str) -> None:
        assert portal.get(f"{ADD}?kind={kind}").status_code == HTTPStatus.OK
        answer = portal.post(f"{ADD}?kind={kind}", typed(kind), follow=True)
        (made,) = stored(fabrikam)
        assert answer.redirect_chain == [(page_of(made), HTTPStatus.FOUND)]
        assert "Partner is added, and off. Test the connection, then switch it on." in text(answer)
        with tenant_scope(fabrikam.id):
            assert connection_to(made).secret == given.secret(kind)
            assert made.kind == kind
            assert not made.is_enabled, "nobody redeems otherwise before that was shown (R62)"

    def test_R61_its_redirect_uri_is_known_before_it_is_added(self, portal: Client, fabrikam: Tenant) -> None:
        form = portal.get(f"{ADD}?kind=openIdConnect").content.decode()
        place = re.search(r'name="place" value="([^"]+)"', form)
        shown = re.search(rf"{settings.PUBLIC_URL}/{fabrikam.id}/return/([0-9a-f-]{{36}})", form)
        assert place
        assert shown
        answers = [
            portal.post(f"{ADD}?kind=openIdConnect", typed("openIdConnect", place=place[1], **more))
            for more in ({"name": ""}, {}, {"name": "Second", "domains": "second.example"})
        ]
        assert shown[0] in answers[0].content.decode(), "a mistake elsewhere changes nothing"
        (made,) = stored(fabrikam)
        assert str(made.id) == shown[1]
        assert "This form was sent before" in text(answers[2])

    def test_R61_a_place_of_another_tenants_form_is_not_taken(
        self, portal: Client, fabrikam: Tenant, contoso: Tenant
    ) -> None:
        foreign = signing.dumps([str(contoso.id), str(contoso.id)], salt=PLACE_SALT)
        for place in (foreign, "x", "", "\x00"):
            portal.post(f"{ADD}?kind=openIdConnect", typed("openIdConnect", place=place, name=f"N{len(place)}"))
        assert contoso.id not in [one.id for one in stored(fabrikam)]

    def test_R61_the_metadata_address_is_named_with_when_it_answers(self, portal: Client, fabrikam: Tenant) -> None:
        metadata = f"/{fabrikam.id}/saml/metadata"
        assert "Metadata address, once the provider is added" in text(portal.get(f"{ADD}?kind=saml"))
        assert Client().get(metadata).status_code == HTTPStatus.NOT_FOUND
        answer = portal.post(f"{ADD}?kind=saml", typed("saml"), follow=True)
        assert "once the provider is added" not in text(answer)
        assert Client().get(metadata).status_code == HTTPStatus.OK

    @pytest.mark.parametrize("kind", ["", "azureActiveDirectory", "emailOneTimePasscode", "../x", "\x00", "k" * 900])
    def test_R61_a_kind_that_nobody_can_add_leads_to_the_choice(
        self, portal: Client, fabrikam: Tenant, kind: str
    ) -> None:
        for answer in (portal.get(ADD, {"kind": kind}), portal.post(f"{ADD}?kind=nothing", typed("google"))):
            assert "Which kind is it?" in text(answer)
        assert stored(fabrikam) == []

    def test_R61_a_second_one_of_a_social_kind_is_led_to_the_first(self, portal: Client, fabrikam: Tenant) -> None:
        portal.post(f"{ADD}?kind=google", typed("google"))
        assert f'Set up already</span> <a href="{page_of(stored(fabrikam)[0])}">' in portal.get(ADD).content.decode()
        assert "set up already" in text(portal.post(f"{ADD}?kind=google", typed("google", name="Second")))

    def test_R61_an_error_keeps_what_was_typed_but_the_secret(self, portal: Client, fabrikam: Tenant) -> None:
        answer = portal.post(f"{ADD}?kind=openIdConnect", typed("openIdConnect", domains="a b"))
        page = answer.content.decode()
        assert page.count("<title>Error: ") == 1
        assert "vestibule-at-the-partner" in page
        assert "a b" in page
        assert given.SECRET not in page
        assert stored(fabrikam) == []

    @pytest.mark.parametrize(
        ("said", "words"),
        [
            ({"name": ""}, "Give the provider a name"),
            ({"name": "a\u202eb"}, "visible characters"),
            ({"name": "x" * 101}, "at most 100 characters"),
            ({"name": "a\x00b"}, "Null characters"),
            ({"domains": ""}, "at least one domain"),
            ({"domains": "good.example\nbad_one.example"}, "bad_one.example: "),
            ({"domains": "x" * 5000}, "needs another look"),
            ({"domains": "<script>alert(1)</script>"}, "&lt;script&gt;"),
            ({"setting_issuer": "javascript:alert(1)"}, "needs another look"),
            ({"setting_issuer": "https://169.254.169.254/"}, "needs another look"),
            ({"setting_issuer": "https://id.example/.well-known/openid-configuration"}, "issuer alone"),
            ({"setting_client_id": ""}, "Client ID is missing"),
        ],
    )
    def test_R61_what_cannot_be_used_is_said_and_nothing_is_stored(
        self, portal: Client, fabrikam: Tenant, said: dict[str, str], words: str
    ) -> None:
        answer = portal.post(f"{ADD}?kind=openIdConnect", typed("openIdConnect", **said))
        assert answer.status_code == HTTPStatus.OK
        assert words in answer.content.decode()
        assert "<script>alert" not in answer.content.decode()
        assert stored(fabrikam) == []

    def test_R70_domains_are_kept_in_their_canonical_form(self, portal: Client, fabrikam: Tenant) -> None:
        portal.post(
            f"{ADD}?kind=openIdConnect", typed("openIdConnect", domains="Straße.de, B.Example\r\n\r\nb.example")
        )
        with tenant_scope(fabrikam.id):
            found = stored(fabrikam)[0].domains.order_by("domain").values_list("domain", flat=True)
            assert list(found) == ["b.example", "xn--strae-oqa.de"]

    def test_T44_without_a_key_the_page_says_what_the_operator_has_to_set(
        self, portal: Client, fabrikam: Tenant
    ) -> None:
        with override_settings(PROVIDER_KEYS=()):
            assert "PROVIDER_KEYS" in text(portal.get(ADD))
            assert "PROVIDER_KEYS" in text(portal.post(f"{ADD}?kind=google", typed("google")))
        assert stored(fabrikam) == []

    def test_R61_without_xmlsec1_the_page_says_what_to_install(
        self, portal: Client, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("PATH", "/nowhere")
        for url in (ADD, f"{ADD}?kind=saml", f"{ADD}?kind=wsFed"):
            assert "apt-get install xmlsec1" in text(portal.get(url))
        assert "xmlsec1" not in text(portal.get(f"{ADD}?kind=openIdConnect"))


class TestMetadata:
    def test_R61_a_file_takes_the_texts_place(self, portal: Client, fabrikam: Tenant) -> None:
        file = SimpleUploadedFile("metadata.xml", b"\xef\xbb\xbf" + given.metadata().encode())
        portal.post(f"{ADD}?kind=saml", typed("saml", setting_metadata="", setting_metadata_file=file))
        assert given.ENTITY_ID in stored(fabrikam)[0].settings["metadata"]

    @pytest.mark.parametrize(
        ("content", "words"),
        [
            (b"", "The file is empty"),
            (b"\xff\xfe\x00", "no text in UTF-8"),
            (b"x" * (1024 * 1024 + 1), "larger than 1024 KiB"),
            (b"<html/>", "no SAML or federation metadata"),
            (b"<!DOCTYPE a [<!ENTITY b 'c'>]><a>&b;</a>", "document type definition"),
        ],
    )
    def test_T41_a_file_that_is_none_is_refused(
        self, portal: Client, fabrikam: Tenant, content: bytes, words: str
    ) -> None:
        file = SimpleUploadedFile("metadata.xml", content)
        answer = portal.post(f"{ADD}?kind=saml", typed("saml", setting_metadata="", setting_metadata_file=file))
        assert words in text(answer)
        assert stored(fabrikam) == []

    def test_R61_a_file_is_kept_over_another_fields_error(self, portal: Client) -> None:
        file = SimpleUploadedFile("metadata.xml", given.metadata().encode())
        said = typed("saml", setting_metadata="", setting_metadata_file=file, domains="a b")
        assert "EntityDescriptor" in portal.post(f"{ADD}?kind=saml", said).content.decode()

    def test_R61_its_address_is_read(self, portal: Client, fabrikam: Tenant) -> None:
        with listening(says(given.metadata().encode())) as server:
            portal.post(f"{ADD}?kind=saml", typed("saml", setting_metadata="", setting_metadata_url=server.url))
        assert given.ENTITY_ID in stored(fabrikam)[0].settings["metadata"]

    def test_R61_an_address_that_fails_is_said(self, portal: Client, fabrikam: Tenant) -> None:
        with listening(says(b"", status="500 Oh")) as server:
            answer = portal.post(
                f"{ADD}?kind=saml", typed("saml", setting_metadata="", setting_metadata_url=server.url)
            )
        assert "answers 500" in text(answer)
        assert stored(fabrikam) == []


class TestOnesPage:
    def test_R61_it_shows_the_addresses_to_copy(self, portal: Client, fabrikam: Tenant) -> None:
        for kind, ends in (
            ("saml", ("/saml/metadata", "/saml/acs")),
            ("wsFed", ("/saml/metadata", "/wsfed")),
            ("google", ("/return/",)),
        ):
            said = typed(kind, name=kind)
            if "domains" in said:
                said["domains"] = f"{kind}.example"
            page = portal.post(f"{ADD}?kind={kind}", said, follow=True).content.decode()
            for end in ends:
                assert f"/{fabrikam.id}{end}" in page

    def test_T44_the_secret_is_on_no_page(self, portal: Client, partner: IdentityProvider) -> None:
        for url in (page_of(partner), edit_of(partner), CUSTOM, BUILT_IN, ADD, f"{page_of(partner)}../history/"):
            assert given.SECRET not in portal.get(url, follow=True).content.decode(), url
        assert "Stored, and never shown" in text(portal.get(page_of(partner)))

    def test_R61_it_is_changed_and_keeps_its_secret(
        self, portal: Client, fabrikam: Tenant, partner: IdentityProvider
    ) -> None:
        said = typed("openIdConnect", name="Renamed", setting_client_secret="", setting_issuer="https://evil.example")
        assert "The changes to Renamed are saved" in text(portal.post(edit_of(partner), said, follow=True))
        with tenant_scope(fabrikam.id):
            made = connection_to(stored(fabrikam)[0])
        assert (made.name, made.secret) == ("Renamed", given.SECRET)
        assert made.settings["issuer"] == "https://id.contoso.example"  # guests are known by it (R36)

    def test_R61_a_new_secret_takes_the_old_ones_place(
        self, portal: Client, fabrikam: Tenant, partner: IdentityProvider
    ) -> None:
        portal.post(edit_of(partner), typed("openIdConnect", setting_client_secret="rolled-over"))
        with tenant_scope(fabrikam.id):
            assert connection_to(stored(fabrikam)[0]).secret == "rolled-over"

    def test_R61_a_domain_of_anothers_is_refused_by_name(
        self, portal: Client, fabrikam: Tenant, partner: IdentityProvider
    ) -> None:
        portal.post(f"{ADD}?kind=saml", typed("saml", name="Northwind", domains="northwind.example"))
        url = reverse("admin:guests_provider_domains", args=[partner.id])
        answer = saved(portal, url, {"domains": "northwind.example"})
        assert "northwind.example belongs to Northwind already" in text(answer)

    def test_R61_it_is_switched_on_again(
        self, portal: Client, fabrikam: Tenant, partner: IdentityProvider, operator: Actor, now: datetime
    ) -> None:
        with tenant_scope(fabrikam.id):
            operations.disable_identity_provider(provider_id=partner.id, actor=operator, now=now)
        assert "Switched off" in text(portal.get(CUSTOM))
        there = reverse("admin:guests_enable_provider", args=[partner.id])
        assert f'href="{there}"' in portal.get(page_of(partner)).content.decode()
        answer = saved(portal, there, {}, follow=True)
        assert "Partner is on. Its guests can sign in." in text(answer)
        assert stored(fabrikam)[0].is_enabled

    def test_R62_switching_off_and_removing_lead_to_who_is_concerned(
        self, portal: Client, partner: IdentityProvider
    ) -> None:
        page = portal.get(page_of(partner)).content.decode()
        for name in ("admin:guests_disable_provider", "admin:guests_remove_provider"):
            assert f'href="{reverse(name, args=[partner.id])}"' in page

    @pytest.mark.parametrize(
        ("left", "words"),
        [
            (timedelta(days=29, hours=1), "ends in 29 days"),
            (timedelta(days=1, hours=1), "ends in 1 day"),
            (timedelta(hours=1), "ends within a day"),
            (timedelta(hours=-1), "has ended"),
            (timedelta(days=31), ""),
        ],
    )
    def test_R61_a_certificate_that_ends_is_warned_of(
        self, portal: Client, fabrikam: Tenant, now: datetime, left: timedelta, words: str
    ) -> None:
        metadata = given.metadata(ends_at=now + left)
        answer = portal.post(f"{ADD}?kind=saml", typed("saml", setting_metadata=metadata), follow=True)
        assert ("The certificate " in text(answer)) is bool(words)
        assert f"The certificate {words}" in text(answer) or not words
        assert ("Certificates need to be renewed" in text(portal.get(CUSTOM))) is bool(words)


class TestTheTest:
    def ask(self, portal: Client, fabrikam: Tenant, issuer: str) -> str:
        """What the page says after a test of a provider at this address."""
        portal.post(f"{ADD}?kind=openIdConnect", typed("openIdConnect", setting_issuer=issuer.rstrip("/")))
        url = reverse("admin:providers_test", args=[stored(fabrikam)[0].id])
        assert portal.get(url).status_code == HTTPStatus.METHOD_NOT_ALLOWED
        answer = portal.post(url, follow=True)
        assert answer.redirect_chain == [(page_of(stored(fabrikam)[0]), HTTPStatus.FOUND)]
        return text(answer)

    def test_R61_an_answer_that_is_an_error_is_told_and_kept(self, portal: Client, fabrikam: Tenant) -> None:
        with listening(says(b"oh", status="500 Oh")) as server:
            said = self.ask(portal, fabrikam, server.url)
        assert "1 thing needs another look" in said
        assert "answers 500" in said
        saved(portal, reverse("admin:guests_enable_provider", args=[stored(fabrikam)[0].pk]), {})
        assert "Last test failed" in text(portal.get(CUSTOM))

    def test_R61_a_provider_that_hangs_is_told(self, portal: Client, fabrikam: Tenant) -> None:
        with listening(hangs) as server:
            assert "did not answer" in self.ask(portal, fabrikam, server.url)

    def test_R61_a_hostile_answer_stays_text(self, portal: Client, fabrikam: Tenant) -> None:
        with listening(says(b'{"issuer": "<script>alert(1)</script>"}')) as server:
            self.ask(portal, fabrikam, server.url)
        assert "<script>alert" not in portal.get(page_of(stored(fabrikam)[0])).content.decode()

    def test_R61_a_provider_that_answers_well_is_told(self, portal: Client, fabrikam: Tenant) -> None:
        portal.post(f"{ADD}?kind=saml", typed("saml"))
        url = reverse("admin:providers_test", args=[stored(fabrikam)[0].id])
        assert "The connection works" in text(portal.post(url, follow=True))


class TestWhoMay:
    @pytest.mark.parametrize(
        ("role", "see", "manage"),
        [
            (Role.GLOBAL_ADMINISTRATOR, 200, True),
            (Role.EXTERNAL_IDENTITY_PROVIDER_ADMINISTRATOR, 200, True),
            (Role.GLOBAL_READER, 200, False),
            (Role.AUTHENTICATION_POLICY_ADMINISTRATOR, 200, False),
            (Role.HELPDESK_ADMINISTRATOR, 403, False),
            (Role.GUEST_INVITER, 403, False),
        ],
    )
    def test_R63_readers_look_and_only_their_administrators_change(
        self, fabrikam: Tenant, partner: IdentityProvider, role: Role, see: int, manage: bool
    ) -> None:
        client = seated(fabrikam, role) if role != Role.EXTERNAL_IDENTITY_PROVIDER_ADMINISTRATOR else None
        client = client or signed_in(factories.administrator("eve@fabrikam.example", (fabrikam, role)), fabrikam)
        answer = client.get(page_of(partner))
        assert answer.status_code == see
        assert (b"Test connection" in answer.content) is manage
        assert client.get(CUSTOM).status_code == see
        assert (b"Add a provider" in client.get(CUSTOM).content) is manage
        for url in (ADD, f"{ADD}?kind=google", edit_of(partner)):
            assert client.get(url).status_code == (200 if manage else 403)
        if not manage:
            assert client.post(f"{ADD}?kind=google", typed("google")).status_code == HTTPStatus.FORBIDDEN
            for deed in ("providers_edit", "providers_test", "guests_enable_provider"):
                assert client.post(reverse(f"admin:{deed}", args=[partner.id])).status_code == 403
        assert len(stored(fabrikam)) == 1

    def test_B5_another_tenants_provider_is_not_there(self, contoso: Tenant, partner: IdentityProvider) -> None:
        stranger = seated(contoso, Role.GLOBAL_ADMINISTRATOR)
        assert stranger.get(page_of(partner)).status_code == HTTPStatus.NOT_FOUND
        for deed in ("providers_edit", "providers_test", "guests_enable_provider"):
            url = reverse(f"admin:{deed}", args=[partner.id])
            assert stranger.post(url, typed("openIdConnect")).status_code == HTTPStatus.NOT_FOUND
        assert "Partner" not in text(stranger.get(CUSTOM)).replace("partner", "")

    def test_R61_a_kind_of_a_later_version_has_a_page(self, portal: Client, fabrikam: Tenant) -> None:
        with tenant_scope(fabrikam.id):
            later = IdentityProvider.objects.create(
                tenant=fabrikam, kind="later", name="Later", is_bound_to_domains=True
            )
        assert "This version does not know it" in text(portal.get(page_of(later)))
        assert portal.get(edit_of(later)).headers["Location"] == page_of(later)


class TestTheTabs:
    def test_R61_the_built_in_tab_says_what_the_operator_has_to_set(self, portal: Client) -> None:
        with override_settings(ENTRA_CLIENT_ID="", MICROSOFT_ACCOUNT_CLIENT_ID="registered"):
            said = text(portal.get(BUILT_IN))
        with override_settings(ENTRA_CLIENT_ID="registered", DISCOVERY="live"):
            assert "Domains found by look-up" in text(portal.get(BUILT_IN))
        assert "Domains found by look-up" not in said, "nobody is asked before it is set up"
        assert "The operator sets ENTRA_CLIENT_ID and ENTRA_CLIENT_SECRET." in said
        assert "MICROSOFT_ACCOUNT_CLIENT_ID" not in said
        assert "/return/azureActiveDirectory" in said
        assert "/return/microsoftAccount" in said

    def test_R61_its_queries_do_not_grow_with_its_rows(
        self, portal: Client, fabrikam: Tenant, django_assert_max_num_queries: Any
    ) -> None:
        with tenant_scope(fabrikam.id):
            for place in range(12):
                made = IdentityProvider.objects.create(
                    tenant=fabrikam, kind="saml", name=f"P{place}", is_bound_to_domains=True
                )
                made.domains.create(tenant=fabrikam, domain=f"p{place}.example")
        with django_assert_max_num_queries(14):
            portal.get(CUSTOM)
