"""What every kind of provider has in common. A kind knows domains and words; it never knows a row or asks a network."""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import ClassVar

from providers.rules import Answer, Knowledge, Method


class Protocol(StrEnum):
    """How a kind signs somebody in; `none` for the passcode, which has its own app."""

    OIDC = "oidc"
    SAML = "saml"
    WS_FEDERATION = "wsfed"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class Setting:
    """One thing that an administrator fills in for a provider of this kind.

    `name` is its key in IdentityProvider.settings. A secret is stored sealed and never shown again; there is one for a
    kind at most. `is_long` asks for several lines, or a file.
    """

    name: str
    label: str
    help: str = ""
    is_secret: bool = False
    is_required: bool = True
    is_url: bool = False
    is_long: bool = False


class Kind(ABC):
    """One way in, as it is configured. `id` is what is stored; it equals the method where that has one kind only.

    `is_built_in` kinds are every tenant's and are set up by the installation's settings; the others a tenant adds, with
    what `settings` asks for. `is_bound_to_domains` ones answer for the domains that the tenant gives them.
    """

    id: ClassVar[str]
    name: ClassVar[str]
    method: ClassVar[Method]
    protocol: ClassVar[Protocol] = Protocol.NONE
    is_built_in: ClassVar[bool] = False
    is_bound_to_domains: ClassVar[bool] = False
    is_for_redemption: ClassVar[bool] = True
    settings: ClassVar[tuple[Setting, ...]] = ()
    note: ClassVar[str] = ""
    """A sentence for the page where a provider of this kind is added."""

    @abstractmethod
    def has_account(self, *, domain: str, is_listed: bool) -> Knowledge:
        """Whether addresses of this domain have accounts there, and how that is known (R34).

        `domain` is lower-case A-labels; `is_listed` says that the tenant lists it for this kind, or binds it to such a
        provider.
        """

    def mistake(self, settings: Mapping[str, str]) -> str | None:
        """What is wrong with these settings, as a sentence naming the fix; None when nothing is."""
        for one in self.settings:
            if one.is_required and not one.is_secret and not settings.get(one.name, "").strip():
                return f"{one.label} is missing."
        return None


def by_list(*, name: str, domain: str, is_listed: bool) -> Knowledge:
    """The answer of a kind that knows no more than the tenant's list. `name` is what the accounts are called."""
    if is_listed:
        return Knowledge(Answer.YES, f"{domain} is on the tenant's list of domains with {name} accounts.")
    return Knowledge(Answer.NO, f"{domain} is not on the tenant's list of domains with {name} accounts.")


def by_binding(*, domain: str, is_listed: bool) -> Knowledge:
    """The answer of a federation: the domains that are bound to it, and no other."""
    if is_listed:
        return Knowledge(Answer.YES, f"{domain} is bound to this provider.")
    return Knowledge(Answer.NO, f"{domain} is not bound to this provider.")
