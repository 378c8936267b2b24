"""What a provider said of a person, read but not yet believed to be anybody's. Plain values only (R36)."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Asserted:
    """An identity that a provider has just proven.

    `issuer` and `subject` name the person for good; for Entra ID the subject is `<tid>/<oid>`. `claimed` are the e-mail
    addresses that were said, as they were said: they only suggest. `verified` are those of them that this provider may
    vouch for, as address keys (R70). `home` is the Entra tenant (`tid`), whose domains are looked up before one of its
    addresses counts as verified; "" elsewhere. `replay_key` is what must never be accepted twice, with the Unix time
    until which it has to be remembered; "" where the flow's single use is enough.
    """

    issuer: str
    subject: str
    claimed: tuple[str, ...] = ()
    verified: tuple[str, ...] = ()
    name: str = ""
    home: str = ""
    replay_key: str = ""
    replay_until: int = 0
