"""A federation's metadata, read before it is stored: from what was typed, or from the address where it stands.

Knows that a provider without readable metadata would only refuse its guests later. It asks the network, so it must
never be called inside a transaction.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime

from providers.fetching import FetchFailed, fetch
from providers.kinds import Kind, Protocol
from providers.operations.drafts import Draft, Mistake
from providers.protocols.saml_metadata import IdpMetadata, MetadataRefused, read_metadata

ADDRESS = "metadata_url"
TEXT = "metadata"


def kept_metadata(settings: Mapping[str, str], *, stored: Mapping[str, str]) -> dict[str, str]:
    """These settings with the stored metadata where none is given and its address stays."""
    if settings.get(TEXT, "").strip() or settings.get(ADDRESS, "").strip() != stored.get(ADDRESS, ""):
        return dict(settings)
    return {**settings, TEXT: stored[TEXT]} if TEXT in stored else dict(settings)


def with_metadata(draft: Draft) -> tuple[Draft, datetime | None]:
    """The draft with its metadata in it, and when the last certificate there ends; None for OpenID Connect.

    Raises Mistake where there is no metadata at the address, or none that this kind could use.
    """
    if draft.kind.protocol is Protocol.OIDC:
        return draft, None
    text = draft.settings.get(TEXT) or _fetched(draft.settings[ADDRESS])
    found = metadata_of(draft.kind, text)
    return replace(draft, settings={**draft.settings, TEXT: text}), found.ends_at


def metadata_of(kind: Kind, text: str) -> IdpMetadata:
    """What is believed of a federation. Raises Mistake for metadata that does not serve for this kind."""
    try:
        found = read_metadata(text.encode())
    except MetadataRefused as refused:
        raise Mistake(str(refused)) from None
    mistake = found.mistake_for(kind.protocol)
    if mistake is not None:
        raise Mistake(mistake)
    return found


def _fetched(url: str) -> str:
    try:
        return fetch(url, accept="application/samlmetadata+xml, application/xml, text/xml").decode()
    except FetchFailed as failed:
        raise Mistake(
            f"No metadata could be read at that address: {failed} Give the file instead, or try again."
        ) from None
    except UnicodeDecodeError:
        raise Mistake("The metadata at that address is not written in UTF-8. Give the file in UTF-8 instead.") from None
