"""The two questions that a provider is asked about one sign-in: its tokens for a code, and its userinfo.

Knows how this application shows who it is there (RFC 6749 2.3.1, RFC 7636). It must never ask except through the
guarded session, hold a place for long, or repeat what it was told.
"""

from __future__ import annotations

from typing import Any
from urllib.parse import quote_plus

from authlib.common.errors import AuthlibBaseError
from authlib.integrations.requests_client import OAuth2Session
from requests import RequestException, Response

from providers.fetching import FetchFailed, guard, guarded_session, waiting_place
from providers.protocols.base import AssertionRefused, Connection, Handshake, ProviderFailed
from providers.protocols.oidc_answers import token_error
from providers.protocols.oidc_metadata import Metadata


def requested_tokens(*, connection: Connection, metadata: Metadata, handshake: Handshake, code: str) -> dict[str, Any]:
    """What the token endpoint gives for the code. Raises ProviderFailed and AssertionRefused."""
    session = _session(connection, metadata)
    try:
        with waiting_place(metadata.token_endpoint):
            token = session.fetch_token(
                metadata.token_endpoint,
                grant_type="authorization_code",
                code=code,
                code_verifier=handshake.verifier,
                redirect_uri=connection.return_url,
            )
    except AuthlibBaseError as refused:
        raise token_error(refused.error, refused.description) from None
    except FetchFailed as failed:
        raise ProviderFailed(str(failed)) from None
    except RequestException as failed:
        raise ProviderFailed(f"The provider's token endpoint did not answer ({type(failed).__name__}).") from None
    except (ValueError, TypeError, ArithmeticError, RecursionError):
        raise ProviderFailed("The provider's token endpoint answered with something that is no token.") from None
    finally:
        session.close()
    return dict(token)


def requested_userinfo(
    *, connection: Connection, metadata: Metadata, access_token: str, subject: str
) -> dict[str, Any]:
    """What the userinfo endpoint says of the person whom the ID token proved. Raises ProviderFailed, AssertionRefused.

    A subject other than the ID token's is refused (OpenID Connect Core 5.3.2).
    """
    session = guarded_session()
    try:
        with waiting_place(metadata.userinfo_endpoint):
            answer = session.get(
                metadata.userinfo_endpoint,
                headers={"Authorization": f"Bearer {access_token}", "Accept": "application/json"},
            )
        said = answer.json() if answer.status_code == 200 else None
    except FetchFailed as failed:
        raise ProviderFailed(str(failed)) from None
    except (RequestException, ValueError, RecursionError) as failed:
        raise ProviderFailed(f"The provider's userinfo endpoint did not answer ({type(failed).__name__}).") from None
    finally:
        session.close()
    if not isinstance(said, dict):
        raise ProviderFailed("The provider's userinfo endpoint answered with something that is no userinfo.")
    if said.get("sub") != subject:
        raise AssertionRefused("The userinfo is another person's than the ID token (sub).")
    return said


def _session(connection: Connection, metadata: Metadata) -> OAuth2Session:
    client_id, secret = connection.settings["client_id"], connection.secret
    method = _authentication(metadata, has_secret=bool(secret))
    if method == "client_secret_basic":
        # RFC 6749 2.3.1 encodes both before they are joined by a colon; the library joins them as they are.
        client_id, secret = quote_plus(client_id), quote_plus(secret)
    session = OAuth2Session(client_id, secret or None, token_endpoint_auth_method=method)
    session.register_compliance_hook("access_token_response", _expected_status)
    guard(session)
    return session


def _expected_status(answer: Response) -> Response:
    """Errors of the protocol come with 400 to 403 (RFC 6749 5.2); any other status is no answer to the question."""
    if answer.status_code not in (200, 400, 401, 403):
        raise ProviderFailed(f"The provider's token endpoint answers {answer.status_code}.")
    return answer


def _authentication(metadata: Metadata, *, has_secret: bool) -> str:
    if not has_secret:
        return "none"
    # In the body first: providers differ in how they read what the header encodes.
    for method in ("client_secret_post", "client_secret_basic"):
        if method in metadata.client_authentications:
            return method
    raise ProviderFailed(
        "The provider takes no client secret (token_endpoint_auth_methods_supported names neither client_secret_post "
        "nor client_secret_basic). Register the application there with one of the two."
    )
