"""Editing a guest: name, other addresses and sponsors (R55).

Knows what an administrator may change by hand. The address that a guest was invited with, their status and their method
are not among it: a reset changes those (R40, R41).
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import transaction

from guests.models import Guest
from guests.operations.inviting import MOST_SPONSORS
from guests.rules import NAME_MISTAKES, NameMistake, is_domain_taken, read_name
from tenants import audit
from tenants.addresses import Address, AddressRefused, canonical
from tenants.audit import Actor
from tenants.models import Administrator, Tenant
from tenants.refusals import Code, Refusal, Refused

MOST_OTHER_ADDRESSES = 10
"""More than a person has; every one of them proves the guest (R36)."""


@dataclass(frozen=True)
class Sponsor:
    """Who answers for a guest. With no name, the administrator's with that address is taken, else the address."""

    name: str
    address: str


@dataclass(frozen=True)
class Profile:
    """All that may be edited. `other_addresses` prove the guest beside the invited one (R36); sponsors in order."""

    name: str
    other_addresses: Sequence[Address]
    sponsors: Sequence[Sponsor]


def profile_of(guest: Guest) -> Profile:
    """What stands in the row now, for whoever changes a part of it."""
    return Profile(guest.name, tuple(_known(guest.other_addresses).values()), tuple(sponsors_of(guest)))


def sponsors_of(guest: Guest) -> list[Sponsor]:
    """A guest's sponsors, the one whom pages name first."""
    first = [Sponsor(guest.sponsor_name, guest.sponsor_address)] if guest.sponsor_name or guest.sponsor_address else []
    return first + [Sponsor(one["name"], one["address"]) for one in guest.other_sponsors]


def version_of(guest: Guest) -> str:
    """What may be edited as it is at this moment, as an opaque word that is another one after any change."""
    values = [
        guest.name,
        guest.address_key,
        guest.other_addresses,
        guest.sponsor_name,
        guest.sponsor_address,
        guest.other_sponsors,
    ]
    return hashlib.sha256(json.dumps(values).encode()).hexdigest()[:32]


def edit_guest(
    *, tenant: Tenant, guest_id: UUID, profile: Profile, actor: Actor, now: datetime, shown_version: str = ""
) -> Guest | Refusal:
    """Store the profile; the history names what changed. The same profile again changes nothing.

    `shown_version` is version_of() what the administrator was looking at, empty where nothing was shown. Refuses what
    was changed since; a name that cannot be read; more than 5 sponsors (R55) or 10 other addresses; and a new other
    address that is another guest's own, an administrator's, or of a domain that is not taken (R53): each of them proves
    the guest (R36).
    """
    try:
        with transaction.atomic():
            guest = Guest.objects.select_for_update().filter(id=guest_id, deleted_at=None).first()
            if guest is None:
                raise _no("There is no such guest in this tenant. They may be deleted already.")
            if shown_version and shown_version != version_of(guest):
                raise _no("The guest was changed meanwhile. Load the page again, then change it.")
            wanted = _wanted(guest, profile, tenant)
            changed = {name: value for name, value in wanted.items() if getattr(guest, name) != value}
            if changed:
                before = {name: getattr(guest, name) for name in changed}
                for name, value in changed.items():
                    setattr(guest, name, value)
                guest.name_key = guest.name.casefold()[:100]
                guest.save(update_fields=[*changed, "name_key"])
                audit.record(
                    actor=actor,
                    action="guest.edited",
                    at=now,
                    subject_kind="guest",
                    subject_id=guest.id,
                    details={"before": before, "after": changed},
                    address=guest.address_key,
                )
            return guest
    except Refused as refused:
        return refused.refusal


def _wanted(guest: Guest, profile: Profile, tenant: Tenant) -> dict[str, object]:
    sponsors = _sponsors(profile.sponsors, tenant)
    first = sponsors[0] if sponsors else Sponsor("", "")
    return {
        "name": _name(guest, profile.name),
        "other_addresses": _others(guest, profile.other_addresses, tenant),
        "sponsor_name": first.name,
        "sponsor_address": first.address,
        "other_sponsors": [{"name": one.name, "address": one.address} for one in sponsors[1:]],
    }


def _name(guest: Guest, typed: str) -> str:
    if typed.strip() in ("", guest.name):  # a name that came from elsewhere is not judged again
        return typed.strip()
    read = read_name(typed)
    if isinstance(read, NameMistake):
        raise _no(NAME_MISTAKES[read])
    return read


def _others(guest: Guest, typed: Sequence[Address], tenant: Tenant) -> list[str]:
    """The other addresses as they are kept, each once; those that stood there are not judged again."""
    had = _known(guest.other_addresses)
    wanted = {one.key: one for one in typed if one.key != guest.address_key}
    if len(wanted) > MOST_OTHER_ADDRESSES:
        raise _no(f"A guest has up to {MOST_OTHER_ADDRESSES} other addresses.")
    new = {key: one for key, one in wanted.items() if key not in had}
    if new:
        _check_new(new, tenant)
    return [one.to_send for one in wanted.values()]


def _check_new(new: dict[str, Address], tenant: Tenant) -> None:
    taken = Guest.objects.filter(address_key__in=list(new), deleted_at=None).values_list("address_key", flat=True)
    for key in taken[:1]:
        raise _no(f"{key} is another guest's own address, so it cannot prove this one.")
    ours = Administrator.objects.filter(email__in=list(new), roles__tenant=tenant, is_active=True)
    for key in ours.values_list("email", flat=True)[:1]:
        raise _no(f"{key} belongs to an administrator of this tenant, so it cannot prove a guest.")
    for one in new.values():
        if not is_domain_taken(one.domain, allowed=tenant.allowed_domains, denied=tenant.denied_domains):
            raise Refused(Refusal(Code.DOMAIN, reason=f"This tenant does not take guests from {one.domain}."))


def _sponsors(typed: Sequence[Sponsor], tenant: Tenant) -> list[Sponsor]:
    """The sponsors as they are kept: addresses canonical, each once, a missing name filled in."""
    found: dict[str, Sponsor] = {}
    for one in typed:
        name, address = " ".join(one.name.split())[:100], one.address.strip()
        if address:
            try:
                kept = canonical(address)
            except AddressRefused as refused:
                raise _no(f"The sponsor’s address: {refused.reason}") from None
            found.setdefault(kept.key, Sponsor(name or _administrators_name(kept, tenant), kept.to_send))
        elif name:
            found.setdefault(f" {name}", Sponsor(name, ""))
    if len(found) > MOST_SPONSORS:
        raise _no(f"A guest has up to {MOST_SPONSORS} sponsors.")
    return list(found.values())


def _administrators_name(address: Address, tenant: Tenant) -> str:
    named = Administrator.objects.filter(email=address.key, roles__tenant=tenant).values_list("name", flat=True).first()
    return (named or address.to_send)[:100]


def _known(addresses: Sequence[str]) -> dict[str, Address]:
    """Stored addresses by their keys; one that would be refused today is not among them."""
    found = {}
    for text in addresses:
        try:
            address = canonical(text)
        except AddressRefused:
            continue
        found[address.key] = address
    return found


def _no(reason: str) -> Refused:
    return Refused(Refusal(Code.INPUT, reason=reason))
