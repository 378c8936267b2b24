"""WS-Federation's passive sign-in, with SAML 2.0 tokens that are verified as SAML's assertions are.

Knows that nothing in such an answer names a request: what binds it to one browser's sign-in is the state in `wctx` and
that a token is taken once. It must never read a SAML 1.1 token. (WS-Federation 1.2, 13; B15)
"""

from __future__ import annotations

import hmac
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Final
from urllib.parse import urlencode, urlsplit

from lxml import etree

from providers.protocols.assertions import Expected, agreed, asserted_by
from providers.protocols.base import (
    AssertionRefused,
    Connection,
    Finding,
    Handshake,
    ProviderFailed,
    SignInProtocol,
)
from providers.protocols.first_opinion import opinion_on_assertion, xmlsec1
from providers.protocols.saml import believed
from providers.protocols.saml_trial import federation_findings
from providers.protocols.saml_xml import ASSERTION, LONGEST_ANSWER, OLD_ASSERTION, Unreadable, local, read_answer
from providers.protocols.second_opinion import only_assertion, signed_assertion
from providers.rules import Asserted

TRUST: Final = (
    "http://schemas.xmlsoap.org/ws/2005/02/trust",
    "http://docs.oasis-open.org/ws-sx/ws-trust/200512",
)
TOO_OLD: Final = "The provider sent a SAML 1.1 token; only SAML 2.0 tokens are read. Set it up to issue those."


class WsFederationPassive(SignInProtocol):
    """Every partner that speaks WS-Federation."""

    def departure(
        self, *, connection: Connection, handshake: Handshake, hint: str, is_fresh: bool, now: datetime
    ) -> str:
        """The passive request. It is not signed: WS-Federation has no way to. `hint` is not told."""
        xmlsec1()
        address = believed(connection).passive_url
        query = {
            "wa": "wsignin1.0",
            "wtrealm": connection.entity_id,
            "wreply": connection.return_url,
            "wctx": handshake.state,
            "wct": now.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        }
        if is_fresh:
            query["wfresh"] = "0"
        return f"{address}{'&' if urlsplit(address).query else '?'}{urlencode(query)}"

    def arrival(
        self, *, connection: Connection, handshake: Handshake, answer: Mapping[str, str], now: datetime
    ) -> Asserted:
        """`answer` holds wresult and wctx."""
        xmlsec1()
        metadata = believed(connection)
        if not hmac.compare_digest(answer.get("wctx", "").encode(), handshake.state.encode()):
            raise AssertionRefused("The wctx is not that of this sign-in.")
        token = answer.get("wresult", "")
        if not token:
            raise ProviderFailed("The provider answered without a token.")
        if len(token) > LONGEST_ANSWER:
            raise AssertionRefused("The answer is too long.")
        try:
            content = _token(read_answer(token.strip().encode()))
            root = read_answer(content)
        except Unreadable as error:
            raise AssertionRefused(str(error)) from None
        if only_assertion(root) is not root:
            raise AssertionRefused("The token is no assertion.")
        node = signed_assertion(content, location="./", certificates=metadata.certificates, now=now)
        expected = Expected(issuer=metadata.entity_id, audience=connection.entity_id, recipient=connection.return_url)
        asserted = asserted_by(node, expected=expected, connection=connection, now=now)
        first = opinion_on_assertion(content, connection=connection, metadata=metadata)
        agreed(first=first, node=node)
        return asserted

    def trial(self, *, connection: Connection, now: datetime) -> tuple[Finding, ...]:
        return federation_findings(connection=connection, now=now)


def _token(root: etree._Element) -> bytes:
    """The one security token of a response, as a document of its own. Raises AssertionRefused."""
    names = {f"{{{trust}}}RequestSecurityTokenResponse{more}" for trust in TRUST for more in ("", "Collection")}
    if root.tag not in names:
        raise AssertionRefused("The answer is no response to a request for a security token.")
    places = [one for one in root.iter() if local(one.tag) == "RequestedSecurityToken"]
    if len(places) != 1 or places[0].tag not in {f"{{{trust}}}RequestedSecurityToken" for trust in TRUST}:
        raise AssertionRefused(f"The answer holds {len(places)} tokens where exactly one is expected.")
    if any(str(one.tag).startswith(f"{{{OLD_ASSERTION}}}") for one in places[0]):
        raise AssertionRefused(TOO_OLD)
    assertions = [one for one in root.iter() if local(one.tag) in {"Assertion", "EncryptedAssertion"}]
    tokens = list(places[0])
    if len(tokens) != 1 or assertions != tokens:
        raise AssertionRefused("The answer does not hold exactly one SAML 2.0 token.")
    if tokens[0].tag == f"{{{ASSERTION}}}EncryptedAssertion":
        raise AssertionRefused("The token is encrypted. Switch encryption off at the provider: https protects it.")
    return bytes(etree.tostring(tokens[0], encoding="UTF-8", with_tail=False))
