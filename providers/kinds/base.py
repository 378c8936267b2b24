"""What every kind of provider has in common. A kind knows domains and words; it never knows a row or asks a network."""

from abc import ABC, abstractmethod
from typing import ClassVar

from providers.rules import Answer, Knowledge, Method


class Kind(ABC):
    """One way in, as it is configured. `id` is what is stored; it equals the method where that has one kind only.

    `is_built_in` kinds are every tenant's, the others a tenant adds; `is_bound_to_domains` ones answer for the domains
    that the tenant gives them. `is_available_here` says whether this release carries its sign-in; where it does not,
    the guest's page says so.
    """

    id: ClassVar[str]
    name: ClassVar[str]
    method: ClassVar[Method]
    is_built_in: ClassVar[bool] = False
    is_bound_to_domains: ClassVar[bool] = False
    is_for_redemption: ClassVar[bool] = True
    is_available_here: ClassVar[bool] = False

    @abstractmethod
    def has_account(self, *, domain: str, is_listed: bool) -> Knowledge:
        """Whether addresses of this domain have accounts there, and how that is known (R34).

        `domain` is lower-case A-labels; `is_listed` says that the tenant lists it for this kind, or binds it to such a
        provider.
        """


def by_list(*, name: str, domain: str, is_listed: bool) -> Knowledge:
    """The answer of a kind that knows no more than the tenant's list. `name` is what the accounts are called."""
    if is_listed:
        return Knowledge(Answer.YES, f"{domain} is on the tenant's list of domains with {name} accounts.")
    return Knowledge(Answer.NO, f"{domain} is not on the tenant's list of domains with {name} accounts.")
