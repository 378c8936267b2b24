"""What *Test connection* finds out about an OpenID Connect provider, in sentences that name the fix.

Asks what the provider publishes, now and not from memory. It must never claim more: whether the client ID, the secret
and the redirect URI are accepted shows at the first sign-in only.
"""

from __future__ import annotations

from collections.abc import Iterator

from providers.fetching import FetchFailed, mistake_in_url
from providers.kinds.openid import OpenIdKind
from providers.protocols.base import Connection, Finding, ProviderFailed
from providers.protocols.oidc_metadata import ALGORITHMS, Metadata, document_url, metadata_of, read_document
from providers.protocols.signing_keys import fitting, imported, read_keys


def findings(connection: Connection) -> tuple[Finding, ...]:
    """One line for each thing that was looked at, until one stands in the way of the next. Asks the network."""
    if not isinstance(connection.kind, OpenIdKind):
        return (Finding("Settings", False, f"{connection.kind.name} does not speak OpenID Connect."),)
    return tuple(_findings(connection, connection.kind))


def _findings(connection: Connection, kind: OpenIdKind) -> Iterator[Finding]:
    settings = connection.settings
    if mistake := kind.mistake(settings):
        yield Finding("Settings", False, mistake)
        return
    url = document_url(kind, settings)
    if mistake := mistake_in_url(url):
        yield Finding("Discovery document", False, f"{url} cannot be asked. {mistake}")
        return
    try:
        document = read_document(kind, settings)
    except FetchFailed as failed:
        yield Finding("Discovery document", False, f"{url} could not be read. {failed} Check the issuer.")
        return
    yield Finding(
        "Discovery document",
        True,
        f"Read from {url}." if kind.document(settings) is None else f"{kind.name}'s is known here.",
    )
    if document.get("issuer") != kind.issuer(settings):
        try:
            metadata_of(document, issuer=kind.issuer(settings))
        except ProviderFailed as failed:
            yield Finding("Issuer", False, str(failed))
        return
    yield Finding("Issuer", True, f"The document names the issuer {kind.issuer(settings)}, as it should.")
    try:
        metadata = metadata_of(document, issuer=kind.issuer(settings))
    except ProviderFailed as failed:
        yield Finding("Endpoints", False, str(failed))
        return
    yield Finding("Endpoints", True, "The addresses for signing in, for tokens and for keys can be used.")
    yield _challenges(metadata)
    yield _authentication(connection, metadata)
    yield _signatures(metadata)
    yield _keys(metadata)
    yield Finding(
        "Client ID and redirect URI",
        True,
        f"Whether {connection.return_url} is registered for this client ID, and the secret is right, shows at the "
        "first sign-in only. Sign in once as a guest of the provider.",
    )


def _challenges(metadata: Metadata) -> Finding:
    if metadata.challenges is None:
        return Finding("PKCE", True, "The provider does not say whether it knows S256. It is sent in any case.")
    if "S256" not in metadata.challenges:
        return Finding("PKCE", False, "The provider names code challenges, but not S256. Allow S256 there.")
    return Finding("PKCE", True, "The provider knows the code challenge S256.")


def _authentication(connection: Connection, metadata: Metadata) -> Finding:
    named = metadata.client_authentications
    if not connection.secret:
        return Finding(
            "Client secret", True, "There is none. The provider has to know the application as a public client."
        )
    if {"client_secret_post", "client_secret_basic"} & set(named):
        return Finding("Client secret", True, "The provider takes a client secret.")
    return Finding(
        "Client secret", False, "The provider takes no client secret: it names neither client_secret_post nor _basic."
    )


def _signatures(metadata: Metadata) -> Finding:
    if not metadata.algorithms:
        return Finding(
            "Signatures",
            False,
            f"The provider signs ID tokens with nothing taken here. Allow one of {', '.join(ALGORITHMS)} there.",
        )
    return Finding("Signatures", True, f"ID tokens may be signed with {', '.join(metadata.algorithms)}.")


def _keys(metadata: Metadata) -> Finding:
    try:
        keys = read_keys(metadata.jwks_uri)
    except (FetchFailed, ProviderFailed) as failed:
        return Finding("Signing keys", False, f"{metadata.jwks_uri} could not be read. {failed}")
    usable = [
        key
        for key in keys
        if any(fitting((key,), key_id=None, algorithm=algorithm) for algorithm in metadata.algorithms)
        and imported(key) is not None
    ]
    if not usable:
        return Finding(
            "Signing keys",
            False,
            f"None of the {len(keys)} keys at {metadata.jwks_uri} fits. RSA keys need 2048 bits, and use “sig”.",
        )
    return Finding("Signing keys", True, f"{len(usable)} of {len(keys)} keys can verify ID tokens.")
