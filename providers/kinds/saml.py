"""SAML 2.0: a partner's own identity provider, which answers for the domains bound to it and for no other."""

from collections.abc import Mapping

from providers.kinds.base import Kind, Protocol, Setting, by_binding
from providers.rules import Knowledge, Method

METADATA_URL = Setting(
    "metadata_url",
    "Metadata address",
    help="Read again every day, so that new certificates arrive by themselves. Leave it empty where there is none.",
    is_required=False,
    is_url=True,
)
METADATA = Setting(
    "metadata",
    "Metadata",
    help="The provider's metadata file, where it has no address. Its certificates are the only ones believed.",
    is_required=False,
    is_long=True,
)
SUBJECT_ATTRIBUTE = Setting(
    "subject_attribute",
    "Attribute that names a person for good",
    help="Only where the provider sends a NameID that changes with each sign-in: the name of another attribute, such "
    "as an employee number, that never changes and is never given to somebody else.",
    is_required=False,
)
LONGEST_ATTRIBUTE_NAME = 500


class Saml(Kind):
    id = "saml"
    name = "SAML 2.0"
    method = Method.FEDERATION
    protocol = Protocol.SAML
    is_bound_to_domains = True
    settings = (METADATA_URL, METADATA, SUBJECT_ATTRIBUTE)
    note = "Assertions have to be signed with SHA-256 or better, and not encrypted. Unsolicited answers are refused."

    def has_account(self, *, domain: str, is_listed: bool) -> Knowledge:
        return by_binding(domain=domain, is_listed=is_listed)

    def mistake(self, settings: Mapping[str, str]) -> str | None:
        return super().mistake(settings) or metadata_mistake(settings)


def metadata_mistake(settings: Mapping[str, str]) -> str | None:
    """What is wrong with the settings that SAML and WS-Federation share; what the metadata says is the protocol's."""
    if not settings.get("metadata", "").strip() and not settings.get("metadata_url", "").strip():
        return "Give the provider's metadata: its address, or the file."
    if len(settings.get("subject_attribute", "")) > LONGEST_ATTRIBUTE_NAME:
        return f"{SUBJECT_ATTRIBUTE.label}: use a name of at most {LONGEST_ATTRIBUTE_NAME} characters."
    return None
