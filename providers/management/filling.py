"""What commands share that fill in the portal's form of a provider: settings as NAME=VALUE, a secret from a file.

Knows which option each field of the form has. It must never take a secret as a word of the command: every user of the
machine can read those while it runs, and the shell keeps them.
"""

from __future__ import annotations

from argparse import ArgumentTypeError
from collections.abc import Mapping, Sequence
from typing import Any

from django.core.management.base import CommandError, CommandParser

from providers.forms import ProviderForm, field_of
from providers.kinds import Kind, Setting
from providers.models import IdentityProvider
from tenants.doors.reading import secret_in, text_in

SET, SET_FROM, SECRET_FROM = "--set", "--set-from", "--secret-from"


def pair(text: str) -> tuple[str, str]:
    """An argument that is NAME=VALUE."""
    name, mark, value = text.partition("=")
    if not (name and mark):
        raise ArgumentTypeError("write it as NAME=VALUE")
    return name, value


def add_filling_arguments(parser: CommandParser) -> None:
    """--set, --set-from, --secret-from."""
    parser.add_argument(
        SET, type=pair, action="append", default=[], metavar="NAME=VALUE", help="a setting; may be repeated"
    )
    parser.add_argument(
        SET_FROM,
        type=pair,
        action="append",
        default=[],
        metavar="NAME=FILE",
        help="a setting out of a file, such as metadata=partner.xml",
    )
    parser.add_argument(
        SECRET_FROM, metavar="FILE", help="the client secret: a file, or - for the standard input; stored sealed"
    )


def is_filled(options: Mapping[str, Any]) -> bool:
    """Whether any of those was given."""
    return bool(options["set"] or options["set_from"] or options["secret_from"] is not None)


def asked_by(kind: Kind) -> str:
    """What the kind asks for, as the options give it; what may be left out in brackets."""
    return " ".join(_word(one) if one.is_required else f"[{_word(one)}]" for one in kind.settings)


def filled(
    kind: Kind, options: Mapping[str, Any], *, name: str, domains: Sequence[str], stored: IdentityProvider | None = None
) -> ProviderForm:
    """The valid form with what was given in it; for a stored provider, with what stands there where nothing was.

    Raises CommandError for the first thing that cannot be taken, with its option.
    """
    given = _given(kind, options)
    form = ProviderForm(kind, _as_sent(kind, given, name, domains, stored), stored=stored)
    for one in kind.settings:
        field = form.fields[field_of(one)]
        if one.name in given and field.disabled and given[one.name] != form.initial.get(field_of(one)):
            raise CommandError(f"{SET} {one.name}: {field.help_text}")
    option_of = {"name": "--name", "domains": "--domains"}
    option_of |= {field_of(one): SECRET_FROM if one.is_secret else f"{SET} {one.name}" for one in kind.settings}
    for field_name, mistakes in form.errors.items():
        raise CommandError(f"{option_of[field_name]}: {mistakes[0]}", returncode=2)
    return form


def _word(setting: Setting) -> str:
    if setting.is_secret:
        return f"{SECRET_FROM} FILE"
    return f"{SET_FROM} {setting.name}=FILE" if setting.is_long else f"{SET} {setting.name}=VALUE"


def _given(kind: Kind, options: Mapping[str, Any]) -> dict[str, str]:
    """Settings by name, the secret by its own; each known to the kind."""
    given: dict[str, str] = dict(options["set"])
    asked = {one.name: one for one in kind.settings}
    for option, name in [(SET, name) for name in given] + [(SET_FROM, name) for name, _ in options["set_from"]]:
        if name not in asked:
            raise CommandError(
                f"{option} {name}: {kind.name} asks for nothing so called. It asks: {asked_by(kind)}", returncode=2
            )
        if asked[name].is_secret:
            raise CommandError(
                f"{option} {name}: a secret is read by {SECRET_FROM}, from a file or from - .", returncode=2
            )
    given |= {name: text_in(file, option=f"{SET_FROM} {name}") for name, file in options["set_from"]}
    if options["secret_from"] is not None:
        secret = next((one for one in kind.settings if one.is_secret), None)
        if secret is None:
            raise CommandError(f"{SECRET_FROM}: {kind.name} has no secret. Leave it out.", returncode=2)
        given[secret.name] = secret_in(options["secret_from"], option=SECRET_FROM)
    return given


def _as_sent(
    kind: Kind, given: Mapping[str, str], name: str, domains: Sequence[str], stored: IdentityProvider | None
) -> dict[str, str]:
    """What a browser would send: it has no secret and no long text but those that were given."""
    kept = {one.name: stored.settings.get(one.name, "") for one in kind.settings if not one.is_long} if stored else {}
    values = {**kept, **given}
    return {
        "name": name,
        "domains": "\n".join(domains),
        **{field_of(one): values.get(one.name, "") for one in kind.settings},
    }
