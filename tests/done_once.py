"""Work with an equal result for every test, done once for all of them."""

from __future__ import annotations

import functools
import itertools
from types import SimpleNamespace

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from whitenoise.middleware import WhiteNoiseMiddleware

from providers.operations import signing_key

SIGNING_KEYS = 4
"""Tenants' keys that are made, to be used in turn: more than any test has tenants."""


def look_up_static_files_once(patch: pytest.MonkeyPatch) -> None:
    """Every test client builds the middleware anew, and WhiteNoise would look at each static file again."""
    looked_up: dict[str, dict[str, object]] = {}
    look_up = WhiteNoiseMiddleware.add_files_from_finders

    def add_files(self: WhiteNoiseMiddleware) -> None:
        if self.static_prefix not in looked_up:
            look_up(self)
            looked_up[self.static_prefix] = dict(self.files)
        self.files.update(looked_up[self.static_prefix])

    patch.setattr(WhiteNoiseMiddleware, "add_files_from_finders", add_files)


def make_few_signing_keys(patch: pytest.MonkeyPatch) -> None:
    """An RSA key takes a tenth of a second."""

    @functools.cache
    def made(number: int, size: int) -> rsa.RSAPrivateKey:
        return rsa.generate_private_key(public_exponent=65537, key_size=size)

    numbers = itertools.cycle(range(SIGNING_KEYS))

    def next_key(*, public_exponent: int, key_size: int) -> rsa.RSAPrivateKey:
        return made(next(numbers), key_size)

    ours = SimpleNamespace(generate_private_key=next_key, RSAPrivateKey=rsa.RSAPrivateKey)
    patch.setattr(signing_key, "rsa", ours)
