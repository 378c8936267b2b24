"""What a signed SAML 2.0 assertion says, and whether it says it to us, now, and of whom.

Knows conditions, confirmations and the attributes that hold addresses. It is given the node that was signed and reads
nothing else; it must never believe an address outside the domains that are bound to the provider. (R36, B15, threat 38)
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from lxml import etree

from providers.protocols.base import AssertionRefused, Connection
from providers.protocols.first_opinion import LEEWAY, Opinion
from providers.protocols.saml_xml import ASSERTION, NAMES, Unreadable, text_of
from providers.rules import Asserted
from tenants.addresses import Address, AddressRefused, canonical

BEARER: Final = "urn:oasis:names:tc:SAML:2.0:cm:bearer"
EMAIL: Final = "urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress"
TRANSIENT: Final = "urn:oasis:names:tc:SAML:2.0:nameid-format:transient"
LONGEST_NAME: Final = 200
LONGEST_SUBJECT: Final = 500  # what is kept of an identity's subject
MOST_ADDRESSES: Final = 20
CLAIMS: Final = "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/"
MAIL_ATTRIBUTES: Final = (
    "urn:oid:0.9.2342.19200300.100.1.3",
    "mail",
    "email",
    "emailaddress",
    f"{CLAIMS}emailaddress",
    "http://schemas.xmlsoap.org/claims/emailaddress",
    f"{CLAIMS}upn",
    "http://schemas.xmlsoap.org/claims/upn",
    "upn",
)
NAME_ATTRIBUTES: Final = (
    "http://schemas.microsoft.com/identity/claims/displayname",
    "urn:oid:2.16.840.1.113730.3.1.241",
    "displayname",
    f"{CLAIMS}name",
    "urn:oid:2.5.4.3",
    "cn",
    "name",
)
UNDERSTOOD: Final = frozenset({"AudienceRestriction", "OneTimeUse", "ProxyRestriction"})


@dataclass(frozen=True, slots=True)
class Expected:
    """What an assertion has to say to be for us. `request_id` is "" where nothing was asked for by one (WS-Fed)."""

    issuer: str
    audience: str
    recipient: str
    request_id: str = ""


def agreed(*, first: Opinion, node: etree._Element) -> None:
    """Raise AssertionRefused unless both verifications read the same assertion, issuer and person."""
    try:
        second = Opinion(
            assertion_id=node.get("ID", ""),
            issuer=text_of(_one(node, "saml:Issuer")),
            name_id=text_of(_one(node, "saml:Subject/saml:NameID")),
        )
    except Unreadable as error:
        raise AssertionRefused(str(error)) from None
    if not all((second.assertion_id, second.issuer, second.name_id)) or first != second:
        raise AssertionRefused("Two verifications of the assertion do not agree on what it says.")


def asserted_by(node: etree._Element, *, expected: Expected, connection: Connection, now: datetime) -> Asserted:
    """Whom the signed assertion names, when it is for us and holds at `now`. Raises AssertionRefused."""
    try:
        if node.get("Version") != "2.0" or text_of(_one(node, "saml:Issuer")) != expected.issuer:
            raise AssertionRefused("The assertion comes from another issuer than the provider's metadata names.")
        if not node.findall("saml:AuthnStatement", NAMES):
            raise AssertionRefused("The assertion does not say that somebody signed in.")
        for statement in node.iterfind("saml:AuthnStatement[@SessionNotOnOrAfter]", NAMES):
            _holds(None, statement.get("SessionNotOnOrAfter"), now)
        end = _conditions_end(node, expected, now)
        confirmed_until = _confirmed_until(node, expected, now)
        ends = [one for one in (end, confirmed_until) if one is not None]
        if not ends:
            raise AssertionRefused("The assertion does not say how long it holds.")
        return _asserted(node, expected, connection, until=min(ends) + timedelta(seconds=LEEWAY))
    except Unreadable as error:
        raise AssertionRefused(str(error)) from None


def _asserted(node: etree._Element, expected: Expected, connection: Connection, *, until: datetime) -> Asserted:
    name_id = _one(node, "saml:Subject/saml:NameID")
    said = dict[str, list[str]]()
    for name, value in _attributes(node):
        said.setdefault(name, []).append(value)
    kind = name_id.get("Format", "")
    addresses = [text_of(name_id)] if kind == EMAIL else []
    addresses += [value for name in MAIL_ATTRIBUTES for value in said.get(name, ())]
    claimed = tuple(dict.fromkeys(one for one in addresses if "@" in one and one.isprintable()))[:MOST_ADDRESSES]
    known = [one for one in map(_address, claimed) if one is not None and one.domain in connection.domains]
    wanted = connection.settings.get("subject_attribute", "").strip()
    return Asserted(
        issuer=expected.issuer,
        subject=_subject_by_attribute(said, wanted) if wanted else _subject(text_of(name_id), kind),
        claimed=claimed,
        verified=tuple(dict.fromkeys(one.key for one in known)),
        name=_display_name(said),
        replay_key=f"{expected.issuer} {node.get('ID')}",
        replay_until=int(until.timestamp()) + 1,
    )


def _subject(name_id: str, kind: str) -> str:
    if kind == TRANSIENT:
        raise AssertionRefused(
            "The provider names people differently each time (a transient NameID). Have it send a persistent one, or "
            "set the attribute that names a person for good."
        )
    if not name_id or len(name_id) > LONGEST_SUBJECT:
        raise AssertionRefused(f"The assertion has no NameID of at most {LONGEST_SUBJECT} characters.")
    return name_id


def _subject_by_attribute(said: dict[str, list[str]], wanted: str) -> str:
    values = [one for one in said.get(wanted.lower(), ()) if one]
    if len(values) != 1 or len(values[0]) > LONGEST_SUBJECT:
        raise AssertionRefused(f"The assertion does not have exactly one value of the attribute {wanted[:100]}.")
    return values[0]


def _display_name(said: dict[str, list[str]]) -> str:
    found = [value for name in NAME_ATTRIBUTES for value in said.get(name, ()) if value]
    return " ".join(found[0].split())[:LONGEST_NAME] if found else ""


def _address(text: str) -> Address | None:
    try:
        return canonical(text)
    except AddressRefused:
        return None


def _attributes(node: etree._Element) -> Iterator[tuple[str, str]]:
    """Each value that is text, by its attribute's name in lower case. A friendly name is decoration: it is not read."""
    for attribute in node.iterfind("saml:AttributeStatement/saml:Attribute", NAMES):
        for value in attribute.findall("saml:AttributeValue", NAMES):
            if not len(value) and value.text:
                yield attribute.get("Name", "").strip().lower(), value.text.strip()


def _conditions_end(node: etree._Element, expected: Expected, now: datetime) -> datetime | None:
    """When the conditions end. Every audience restriction must name us, and there must be one (SAML core 2.5.1.4)."""
    conditions = _one(node, "saml:Conditions")
    end = _holds(conditions.get("NotBefore"), conditions.get("NotOnOrAfter"), now)
    unknown = [one.tag for one in conditions if one.tag not in {f"{{{ASSERTION}}}{name}" for name in UNDERSTOOD}]
    if unknown:
        raise AssertionRefused("The assertion has a condition that is not known here.")
    restrictions = conditions.findall("saml:AudienceRestriction", NAMES)
    audiences = [[text_of(one) for one in two.findall("saml:Audience", NAMES)] for two in restrictions]
    if not audiences or not all(expected.audience in one for one in audiences):
        raise AssertionRefused(f"The assertion is for another service than {expected.audience}.")
    return end


def _confirmed_until(node: etree._Element, expected: Expected, now: datetime) -> datetime | None:
    """Until when somebody may bear the assertion to us (SAML profiles 4.1.4.2); the latest end where there are several.

    Where no request was made (WS-Federation) the bearer's data may be missing, and names no request if it is there.
    """
    ends, why = list[datetime | None](), "The assertion has no bearer confirmation."
    for one in node.iterfind("saml:Subject/saml:SubjectConfirmation", NAMES):
        if one.get("Method") == BEARER:
            try:
                ends.append(_bearer_until(one.find("saml:SubjectConfirmationData", NAMES), expected, now))
            except AssertionRefused as refused:
                why = str(refused)
    if not ends:
        raise AssertionRefused(why)
    known = [one for one in ends if one is not None]
    return max(known) if len(known) == len(ends) else None


def _bearer_until(data: etree._Element | None, expected: Expected, now: datetime) -> datetime | None:
    if data is None:
        if expected.request_id:
            raise AssertionRefused("The assertion does not say which request it answers.")
        return None
    if data.get("InResponseTo", "") != expected.request_id:
        raise AssertionRefused("The assertion answers another request, or none.")
    recipient = data.get("Recipient")
    if recipient != expected.recipient and (recipient is not None or expected.request_id):
        raise AssertionRefused("The assertion was made for another recipient.")
    end = _holds(data.get("NotBefore"), data.get("NotOnOrAfter"), now)
    if end is None and expected.request_id:
        raise AssertionRefused("The assertion does not say until when it may be used.")
    return end


def _holds(begin: str | None, end: str | None, now: datetime) -> datetime | None:
    """When this ends, None where that is not said. Clocks may differ by the leeway. Raises AssertionRefused."""
    leeway = timedelta(seconds=LEEWAY)
    if begin is not None and _moment(begin) - leeway > now:
        raise AssertionRefused(f"The assertion does not hold yet: it begins at {begin[:40]}.")
    if end is None:
        return None
    until = _moment(end)
    if now >= until + leeway:
        raise AssertionRefused(f"The assertion is too old: it ended at {end[:40]}.")
    return until


def _moment(text: str) -> datetime:
    """An xs:dateTime, which SAML core 1.3.3 wants in UTC. One that leaves no room for the leeway is no moment."""
    try:
        moment = datetime.fromisoformat(text.strip())
    except ValueError:
        raise AssertionRefused(f"'{text[:40]}' is no date and time.") from None
    moment = moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment
    if not 2000 <= moment.year <= 9000:  # years in which datetime's and PostgreSQL's arithmetic is safe
        raise AssertionRefused(f"'{text[:40]}' is no date and time of ours.")
    return moment


def _one(node: etree._Element, path: str) -> etree._Element:
    found = node.findall(path, NAMES)
    if len(found) != 1:
        raise AssertionRefused(f"The assertion has {len(found)} of {path.rpartition(':')[2]} where one is expected.")
    one: etree._Element = found[0]
    return one
