"""Partners' metadata: what is read of it, and the sentence for what is not. (threats 12, 41)"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from providers.kinds import Protocol
from providers.protocols.saml_metadata import MetadataRefused, read_metadata
from tests.peers.saml_writing import metadata, new_pair

PAIR, NEXT = new_pair(), new_pair(ends_in=timedelta(days=900))
ENTITY = "https://idp.contoso.example/saml"
GOOD = metadata(ENTITY, PAIR, wsfed="https://idp.contoso.example/wsfed")
NAMES = 'xmlns:md="urn:oasis:names:tc:SAML:2.0:metadata"'


def test_B15_it_reads_who_where_and_by_which_certificates() -> None:
    found = read_metadata(metadata(ENTITY, PAIR, NEXT, wsfed="https://idp.contoso.example/wsfed").encode())
    assert found.entity_id == ENTITY
    assert found.sso_url == "https://idp.example/sso"
    assert found.passive_url == "https://idp.contoso.example/wsfed"
    assert found.certificates == (PAIR.certificate, NEXT.certificate)
    assert timedelta(days=898) < found.ends_at - datetime.now(UTC) < timedelta(days=901)
    assert found.mistake_for(Protocol.SAML) is found.mistake_for(Protocol.WS_FEDERATION) is None


def test_B15_a_key_for_encryption_signs_nothing() -> None:
    two = metadata(ENTITY, PAIR, NEXT).replace('use="signing"', 'use="encryption"', 1)
    assert read_metadata(two.encode()).certificates == (NEXT.certificate,)
    unnamed = metadata(ENTITY, PAIR).replace(' use="signing"', "")
    assert read_metadata(unnamed.encode()).certificates == (PAIR.certificate,)


def test_it_takes_a_list_of_one_with_comments_and_a_mark_of_byte_order() -> None:
    listed = f"\ufeff<md:EntitiesDescriptor {NAMES}><!-- one -->{GOOD}</md:EntitiesDescriptor>"
    assert read_metadata(listed.encode()).entity_id == ENTITY


def test_it_says_what_a_protocol_lacks() -> None:
    assert "HTTP-Redirect" in (
        read_metadata(metadata(ENTITY, PAIR, sso="", wsfed="https://a.example/").encode()).mistake_for(Protocol.SAML)
        or ""
    )
    assert "passive" in (read_metadata(metadata(ENTITY, PAIR).encode()).mistake_for(Protocol.WS_FEDERATION) or "")


@pytest.mark.parametrize(
    ("written", "says"),
    [
        ("", "no metadata"),
        ("<html>Sign in", "no metadata"),
        ("<html/>", "begins with html"),
        (f"<!DOCTYPE a>{GOOD}", "document type"),
        (f"<!DOCTYPE a [<!ENTITY x SYSTEM 'file:///etc/passwd'>]>{GOOD}", "document type"),
        (" " * 1_100_000 + GOOD, "longer than"),
        (metadata("", PAIR), "entityID"),
        (metadata("https://idp.example/" + "a" * 500, PAIR), "entityID"),
        (metadata(ENTITY), "no signing certificate"),
        (metadata(ENTITY, new_pair(bits=1024)), "too weak"),
        (GOOD.replace(PAIR.one_line, "AAAA"), "cannot be read"),
        (GOOD.replace("IDPSSODescriptor", "SPSSODescriptor").replace("SecurityTokenServiceType", "X"), "no identity"),
        (f"<md:EntitiesDescriptor {NAMES}>{GOOD}{GOOD}</md:EntitiesDescriptor>", "2 identity providers"),
        (f"<md:EntitiesDescriptor {NAMES}/>", "no identity provider"),
        (metadata(ENTITY, PAIR, sso="http://idp.contoso.example/sso"), "not https"),
        (metadata(ENTITY, PAIR, sso="javascript:alert(1)"), "not https"),
        (metadata(ENTITY, PAIR, sso="http://127.0.0.1.evil.example/"), "not https"),
        (metadata(ENTITY, PAIR, sso="https://[broken"), "not https"),
    ],
)
def test_B15_it_refuses_with_the_fix(written: str, says: str) -> None:
    with pytest.raises(MetadataRefused, match=says) as refused:
        read_metadata(written.encode())
    assert str(refused.value).endswith(".")


def test_B15_it_reads_utf_8_only() -> None:
    with pytest.raises(MetadataRefused, match="UTF-8"):
        read_metadata(GOOD.encode("utf-16"))
    with pytest.raises(MetadataRefused, match="UTF-8"):
        read_metadata(('<?xml version="1.0" encoding="iso-8859-1"?>' + GOOD).encode())
