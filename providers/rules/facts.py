"""What the decision may know about an address and its tenant. Plain values only: nothing here looks anything up."""

from dataclasses import dataclass, field
from enum import StrEnum
from uuid import UUID


class Method(StrEnum):
    """How a guest proves who they are, spelled as Microsoft Graph spells it where it has a word.

    `createMicrosoftAccount` and `none` are outcomes of a decision and never a guest's binding. `facebook` comes from
    self-service sign-up alone (R33).
    """

    ENTRA_ID = "azureActiveDirectory"
    FEDERATION = "externalFederation"
    GOOGLE = "google"
    FACEBOOK = "facebook"
    MICROSOFT_ACCOUNT = "microsoftAccount"
    PASSCODE = "emailOneTimePasscode"
    CREATE_MICROSOFT_ACCOUNT = "createMicrosoftAccount"
    NONE = "none"


class PasscodeState(StrEnum):
    """What is stored for "Email one-time passcode for guests" (R6). Nothing stored reads as `default`."""

    DEFAULT = "default"
    ENABLED = "enabled"
    DISABLED = "disabled"

    @property
    def is_on(self) -> bool:
        """`default` means on (R6)."""
        return self is not PasscodeState.DISABLED


class Primary(StrEnum):
    """What a redemption order can put first (R31)."""

    ENTRA_ID = "azureActiveDirectory"
    FEDERATION = "externalFederation"
    SOCIAL = "socialIdentityProviders"


class Fallback(StrEnum):
    """What a redemption order ends in (R31)."""

    DEFAULT = "defaultConfiguredIdp"
    PASSCODE = "emailOneTimePasscode"
    MICROSOFT_ACCOUNT = "microsoftAccount"


@dataclass(frozen=True, slots=True)
class Order:
    """One redemption order (R31). A primary left out is off. `partner_domain` is "" for the tenant's own order."""

    primaries: tuple[Primary, ...] = (Primary.ENTRA_ID, Primary.FEDERATION, Primary.SOCIAL)
    fallback: Fallback = Fallback.DEFAULT
    partner_domain: str = ""


class Answer(StrEnum):
    """Whether accounts exist. `unknown` is a look-up that failed: the walk goes on, and the reasons say so (R34)."""

    YES = "yes"
    NO = "no"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Knowledge:
    """An answer, and how it is known, as a sentence for an administrator (R34)."""

    answer: Answer
    source: str


@dataclass(frozen=True, slots=True)
class Provider:
    """A provider that the tenant configured. `kind` is the id of one of `providers.kinds.KINDS`."""

    id: UUID
    kind: str
    name: str
    is_enabled: bool = True


@dataclass(frozen=True, slots=True)
class Bound:
    """The method that a guest redeemed with (R3), and whether its provider is still there and on (R21).

    For a passcode `is_allowed` says nothing: that has a switch of its own, `SignInFacts.passcodes` (R5).
    """

    method: Method
    is_allowed: bool
    provider_id: UUID | None = None

    def __post_init__(self) -> None:
        if self.method in (Method.NONE, Method.CREATE_MICROSOFT_ACCOUNT):
            raise ValueError(f"nobody redeems with {self.method}")


@dataclass(frozen=True, slots=True)
class SignInFacts:
    """Everything that the decision looks at. `domain` is lower-case A-labels (R70); no address is needed.

    `skipped` holds the methods of which the guest said "I have no account there", `chosen` the one that they picked
    where two were offered. `providers` are the tenant's social and built-in providers, `federation` the one bound to
    the address's domain, switched on or not. `is_…_installed` says that this installation has a registration for its
    built-in kind, without which nobody can be sent there.
    """

    domain: str
    entra_id: Knowledge
    microsoft_account: Knowledge
    passcodes: PasscodeState = PasscodeState.DEFAULT
    is_microsoft_account_enabled: bool = True
    is_skipping_allowed: bool = True
    order: Order = field(default_factory=Order)
    federation: Provider | None = None
    providers: tuple[Provider, ...] = ()
    bound: Bound | None = None
    skipped: frozenset[Method] = frozenset()
    chosen: Method | None = None
    is_entra_id_installed: bool = True
    is_microsoft_account_installed: bool = True

    def provider_of(self, kind: str) -> Provider | None:
        """The tenant's provider of this kind that is switched on, if there is one."""
        return next((one for one in self.providers if one.kind == kind and one.is_enabled), None)

    def is_skipped(self, method: Method) -> bool:
        """Whether the guest said that they have no such account, in a tenant that lets them (R34)."""
        return self.is_skipping_allowed and method in self.skipped
