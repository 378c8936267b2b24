"""XML from outside, read so that nothing in it can act: no DTD, no entity, no network, a fixed size at most.

Knows the names of SAML's and WS-Federation's parts. It must never hand on a document that two readers could
understand differently: one encoding, and in answers no comment, no instruction and no name that is given twice.
(threats 11, 41)
"""

from __future__ import annotations

from collections import Counter
from typing import Final

from lxml import etree

LONGEST_ANSWER: Final = 256 * 1024  # octets; SAFETY B15
LONGEST_METADATA: Final = 1024 * 1024  # octets; what fetching takes at most

ASSERTION: Final = "urn:oasis:names:tc:SAML:2.0:assertion"
PROTOCOL: Final = "urn:oasis:names:tc:SAML:2.0:protocol"
METADATA: Final = "urn:oasis:names:tc:SAML:2.0:metadata"
SIGNATURE: Final = "http://www.w3.org/2000/09/xmldsig#"
OLD_ASSERTION: Final = "urn:oasis:names:tc:SAML:1.0:assertion"
FEDERATION: Final = "http://docs.oasis-open.org/wsfed/federation/200706"
ADDRESSING: Final = "http://www.w3.org/2005/08/addressing"
INSTANCE: Final = "http://www.w3.org/2001/XMLSchema-instance"

NAMES: Final = {"saml": ASSERTION, "samlp": PROTOCOL, "md": METADATA, "ds": SIGNATURE, "fed": FEDERATION}
NAMES_OF_THINGS: Final = frozenset({"id", "assertionid", "responseid"})


class Unreadable(ValueError):
    """This is no XML that is read here; the text is one sentence for an administrator."""


def read_xml(content: bytes, *, longest: int) -> etree._Element:
    """The root of a document in UTF-8 of at most `longest` octets. Raises Unreadable."""
    if len(content) > longest:
        raise Unreadable(f"It is longer than {longest // 1024} KiB, which nothing of this kind needs to be.")
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise Unreadable("It is not written in UTF-8.") from None
    if "\x00" in text or "<!DOCTYPE" in text or "<!ENTITY" in text:
        raise Unreadable("It has a document type definition, which is never read here.")
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False)
    try:
        root = etree.fromstring(content, parser)
    except etree.XMLSyntaxError as error:
        raise Unreadable(f"It is no XML ({str(error)[:200]}).") from None
    read_as = root.getroottree().docinfo
    if read_as.doctype or any(True for _ in root.iter(etree.Entity)):
        raise Unreadable("It has a document type definition, which is never read here.")
    if (read_as.encoding or "UTF-8").upper() not in {"UTF-8", "ASCII", "US-ASCII"}:
        raise Unreadable("It says that it is not written in UTF-8.")
    return root


def read_answer(content: bytes) -> etree._Element:
    """The root of what a browser brought: nothing hidden in it, nothing named twice. Raises Unreadable."""
    root = read_xml(content, longest=LONGEST_ANSWER)
    tree = root.getroottree()
    if any(True for _ in tree.iter(etree.Comment, etree.ProcessingInstruction)) or root.getprevious() is not None:
        raise Unreadable("It has a comment or an instruction in it, which may split a name in two.")
    given = Counter(
        value
        for element in root.iter()
        for name, value in element.attrib.items()
        if local(str(name)).lower() in NAMES_OF_THINGS
    )
    if any(count > 1 for count in given.values()):
        raise Unreadable("Two of its elements have the same ID.")
    return root


def local(tag: object) -> str:
    """An element's or attribute's name without its namespace."""
    return str(tag).rpartition("}")[2]


def text_of(element: etree._Element) -> str:
    """The text of an element that holds nothing else, without the white space round it. Raises Unreadable."""
    if len(element):
        raise Unreadable(f"{local(element.tag)} holds an element where text is expected.")
    return (element.text or "").strip()
