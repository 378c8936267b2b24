"""A partner's identity provider: pysaml2's, in this process, with a real key and real metadata.

    idp = SamlIdp(tmp_path)                       # its metadata: idp.metadata
    idp.trust(service_metadata)                   # what GET /<tenant>/saml/metadata answers
    where, fields = idp.answer(url, Person(...))  # url: the AuthnRequest; POST the fields to where

`answer_ws_federation(url, person)` does the same for a passive WS-Federation request (idp.federation_metadata).
"""

from __future__ import annotations

import os
import shutil
import warnings
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from saml2 import BINDING_HTTP_REDIRECT, saml
from saml2.config import IdPConfig

from tests.peers.saml_writing import MAIL, PERSISTENT, Letter, Pair, metadata, new_pair, posted, token_response

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # it imports a cipher mode that cryptography is about to move
    from saml2.server import Server

STATUS = "urn:oasis:names:tc:SAML:2.0:status:"
HAS_XMLSEC1 = shutil.which("xmlsec1") is not None
needs_xmlsec1 = pytest.mark.skipif(
    not HAS_XMLSEC1 and os.environ.get("CI") != "true",
    reason="xmlsec1 is not installed here: nothing about SAML is tested (apt-get install xmlsec1)",
)
"""Where CI says that everything is there, a missing xmlsec1 fails instead."""


@dataclass(frozen=True)
class Person:
    """Somebody with an account at the partner's."""

    name_id: str = "7f3c-0001"
    mail: str = "nicole@contoso.example"
    name: str = "Nicole Wagner"
    name_id_format: str = PERSISTENT
    more: dict[str, list[str]] = field(default_factory=dict)


class SamlIdp:
    """One identity provider. Its key and certificate stand in `folder`, as pysaml2 reads files."""

    def __init__(self, folder: Path, *, entity_id: str = "https://idp.contoso.example/saml", host: str = "") -> None:
        self.entity_id = entity_id
        self.pair: Pair = new_pair()
        self.sso = f"{host or 'https://idp.contoso.example'}/saml/sso"
        self.wsfed = f"{host or 'https://idp.contoso.example'}/wsfed"
        self.key_file, self.certificate_file = folder / "idp.key", folder / "idp.crt"
        self.key_file.write_text(self.pair.key)
        self.certificate_file.write_text(self.pair.certificate)
        self._services: list[str] = []
        self._server: Any = None

    @property
    def metadata(self) -> str:
        """What an administrator imports for SAML."""
        return metadata(self.entity_id, self.pair, sso=self.sso)

    @property
    def federation_metadata(self) -> str:
        """What an administrator imports for WS-Federation."""
        return metadata(self.entity_id, self.pair, sso="", wsfed=self.wsfed)

    def trust(self, *service_metadata: str | bytes) -> None:
        """Know these service providers, and no request of any other."""
        self._services += [one if isinstance(one, str) else one.decode() for one in service_metadata]
        endpoints = {"single_sign_on_service": [(self.sso, BINDING_HTTP_REDIRECT)]}
        config = IdPConfig()
        config.load(
            {
                "entityid": self.entity_id,
                "xmlsec_binary": shutil.which("xmlsec1"),
                "key_file": str(self.key_file),
                "cert_file": str(self.certificate_file),
                "metadata": {"inline": list(self._services)},
                "service": {
                    "idp": {
                        "endpoints": endpoints,
                        "want_authn_requests_signed": True,
                        "policy": {"default": {"name_form": saml.NAME_FORMAT_URI, "lifetime": {"minutes": 5}}},
                    }
                },
            }
        )
        self._server = Server(config=config)

    def read(self, url: str) -> Any:
        """The AuthnRequest in the URL, its signature checked against the service's metadata."""
        query = {name: values[0] for name, values in parse_qs(urlsplit(url).query).items()}
        return self._server.parse_authn_request(
            query["SAMLRequest"],
            BINDING_HTTP_REDIRECT,
            relay_state=query["RelayState"],
            sigalg=query["SigAlg"],
            signature=query["Signature"],
        ).message

    def answer(self, url: str, person: Person, **changes: Any) -> tuple[str, dict[str, str]]:
        """Sign the person in: where the browser posts to, and the fields that it posts."""
        request = self.read(url)
        asked = self._server.response_args(request)
        identity = {"mail": [person.mail], "displayName": [person.name], **person.more}
        response = self._server.create_authn_response(
            **{
                "identity": identity,
                "in_response_to": request.id,
                "destination": asked["destination"],
                "sp_entity_id": asked["sp_entity_id"],
                "name_id": saml.NameID(format=person.name_id_format, text=person.name_id),
                "authn": {"class_ref": saml.AUTHN_PASSWORD, "authn_auth": self.entity_id},
                "sign_assertion": True,
                "sign_response": False,
                "sign_alg": "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256",
                "digest_alg": "http://www.w3.org/2001/04/xmlenc#sha256",
                **changes,
            }
        )
        return asked["destination"], posted(str(response), relay_state(url))

    def decline(self, url: str, *, status: str = "RequestDenied") -> tuple[str, dict[str, str]]:
        """The person pressed Cancel, or may not come here."""
        request = self.read(url)
        where = request.assertion_consumer_service_url
        letter = Letter(
            self.entity_id,
            None,
            where,
            request.id,
            self.pair,
            sub_status=f"{STATUS}{status}",
            status=f"{STATUS}Responder",
        )
        return where, posted(letter.response(""), relay_state(url))

    def answer_ws_federation(self, url: str, person: Person, **changes: Any) -> tuple[str, dict[str, str]]:
        """Sign the person in at a passive request: where the browser posts to, and the fields that it posts."""
        query = {name: values[0] for name, values in parse_qs(urlsplit(url).query).items()}
        letter = Letter(
            **{
                "issuer": self.entity_id,
                "audience": query["wtrealm"],
                "recipient": None,
                "request_id": None,
                "pair": self.pair,
                "name_id": person.name_id,
                "name_id_format": person.name_id_format,
                "attributes": {MAIL: [person.mail], "displayname": [person.name], **person.more},
                "is_confirmed": False,
                **changes,
            }
        )
        wresult = token_response(letter.signed_assertion())
        return query["wreply"], {"wa": "wsignin1.0", "wresult": wresult, "wctx": query["wctx"]}


def relay_state(url: str) -> str:
    """The RelayState in a request's address."""
    return parse_qs(urlsplit(url).query)["RelayState"][0]
