"""The first of two independent verifications of an assertion: pysaml2, which has xmlsec1 check the signature.

Knows how pysaml2 is told to believe pinned certificates only. It never gives it a private key, and never lets it read
anything that saml_xml has not let through. (B15, threats 11, 12)
"""

from __future__ import annotations

import base64
import shutil
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from tempfile import NamedTemporaryFile
from typing import IO, Any

from saml2 import BINDING_HTTP_POST, class_name, saml
from saml2.client import Saml2Client
from saml2.config import SPConfig

from providers.protocols.base import AssertionRefused, Connection, ProviderFailed
from providers.protocols.saml_metadata import IdpMetadata

LEEWAY = 60  # seconds by which two clocks may differ
MISSING = (
    "xmlsec1 is not installed on this server, so signatures of SAML answers cannot be checked. Install it (README)."
)


@dataclass(frozen=True, slots=True)
class Opinion:
    """What a verifier read in the assertion that it found to be signed."""

    assertion_id: str
    issuer: str
    name_id: str


def xmlsec1() -> str:
    """Where the program is that checks signatures. Raises ProviderFailed when it is not installed."""
    found = shutil.which("xmlsec1")
    if found is None:
        raise ProviderFailed(MISSING)
    return found


def opinion_on_response(content: bytes, *, connection: Connection, request_id: str, metadata: IdpMetadata) -> Opinion:
    """pysaml2's reading of a whole SAML response that answers `request_id`.

    Its clock is this server's. Raises AssertionRefused, and ProviderFailed without xmlsec1.
    """
    read, why = None, "The response is not for this service, or not a valid answer to its request."
    with _believing(connection, metadata) as client:
        try:
            read = client.parse_authn_request_response(
                base64.b64encode(content).decode(), BINDING_HTTP_POST, outstanding={request_id: "/"}
            )
        except Exception as error:  # noqa: BLE001 -- whatever it trips over, bare Exception included, is a refusal
            why = _said(error)
    # It hands back an unverified response, too: the attributes are read last, when all else was found good.
    if read is None or read.assertion is None or read.ava is None or read.name_id is None:
        raise AssertionRefused(why)
    return _opinion(read.assertion)


def opinion_on_assertion(content: bytes, *, connection: Connection, metadata: IdpMetadata) -> Opinion:
    """pysaml2's reading of an assertion that stands alone, as in a WS-Federation token.

    Only the signature and its shape: whom the assertion is for is checked by its reader (assertions.py). Raises
    AssertionRefused, and ProviderFailed without xmlsec1.
    """
    checked, why = None, "The assertion's signature is not the provider's."
    with _believing(connection, metadata) as client:
        try:
            assertion = saml.assertion_from_string(content)
            checked = client.sec.check_signature(assertion, class_name(assertion), content.decode())
        except Exception as error:  # noqa: BLE001 -- as above
            why = _said(error)
    if checked is None:
        raise AssertionRefused(why)
    return _opinion(checked)


def _said(error: Exception) -> str:
    """What it tripped over, in a name alone: what it says repeats the document, which holds personal data."""
    return f"The first verification refused it ({type(error).__name__})."


def _opinion(assertion: Any) -> Opinion:
    if assertion.subject is None or assertion.subject.name_id is None:
        raise AssertionRefused("The assertion names nobody: it has no NameID in clear text.")
    return Opinion(
        assertion_id=assertion.id or "",
        issuer=(assertion.issuer.text or "").strip(),
        name_id=(assertion.subject.name_id.text or "").strip(),
    )


def _client(connection: Connection) -> Saml2Client:
    """A client for this one answer, so that no state of one tenant's is there for another's."""
    endpoint = (connection.return_url, BINDING_HTTP_POST)
    config = SPConfig()
    config.load(
        {
            "entityid": connection.entity_id,
            "xmlsec_binary": xmlsec1(),
            "accepted_time_diff": LEEWAY,
            "allow_unknown_attributes": True,
            "only_use_keys_in_metadata": True,
            "service": {
                "sp": {
                    "endpoints": {"assertion_consumer_service": [endpoint]},
                    "want_assertions_signed": True,
                    "want_response_signed": False,
                    "allow_unsolicited": False,
                }
            },
        }
    )
    return Saml2Client(config)


class _Pinned:
    """What pysaml2 takes for its store of metadata: one provider and the files of its certificates, nothing else."""

    def __init__(self, entity_id: str, files: Sequence[IO[bytes]]) -> None:
        self.entity_id = entity_id
        self.files = files

    def certs(self, entity_id: str, *_: str) -> list[tuple[None, IO[bytes]]]:
        """The certificates of that entity. pysaml2 wants to hear by KeyError that there is none."""
        if entity_id != self.entity_id:
            raise KeyError(entity_id)
        return [(None, one) for one in self.files]


@contextmanager
def _believing(connection: Connection, metadata: IdpMetadata) -> Iterator[Saml2Client]:
    """A client that believes these certificates, in files that are gone afterwards: xmlsec1 reads files only."""
    with ExitStack() as stack:
        files = []
        for certificate in metadata.certificates:
            one = stack.enter_context(NamedTemporaryFile(suffix=".pem"))
            one.write(certificate.encode())
            one.flush()
            files.append(one)
        client = _client(connection)
        client.sec.metadata = _Pinned(metadata.entity_id, files)
        yield client
