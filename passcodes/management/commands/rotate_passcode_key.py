"""Makes keys for PASSCODE_KEYS and says when an old one may go.

Knows how the variable is written. It must never change anything by itself: the keys are the operator's, and no file or
table of ours holds them.
"""

import base64
import secrets
from collections.abc import Sequence
from typing import Any, Final

from django.conf import settings
from django.core.management.base import CommandError, CommandParser
from django.db.models import Count, Max

from passcodes.models import Challenge
from passcodes.rules import LONGEST_LIFE
from tenants.doors.commands import OperatorCommand
from tenants.scope import every_tenant

KEY_OCTETS: Final = 32

Key = tuple[int, bytes]


class Command(OperatorCommand):
    """`manage.py rotate_passcode_key`"""

    help = (
        "Make a new key for PASSCODE_KEYS and print the lines to set, step by step; no sign-in fails on the way. "
        "With --drop ID, print the line without that key, once no live passcode needs it. Nothing is changed by itself."
    )
    example = "manage.py rotate_passcode_key\n  manage.py rotate_passcode_key --drop 1"

    def add_arguments(self, parser: CommandParser) -> None:
        choice = parser.add_mutually_exclusive_group()
        choice.add_argument("--new", action="store_true", help="print one new key, as ID:BASE64, and nothing else")
        choice.add_argument("--drop", type=int, metavar="ID", help="print PASSCODE_KEYS without the key of this id")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["drop"] is not None:
            self.stdout.write(self._without(options["drop"]))
        elif options["new"]:
            self.stdout.write(_written([_new_key()]))
        else:
            self._say_steps(_new_key())

    def _say_steps(self, new: Key) -> None:
        kept: Sequence[Key] = settings.PASSCODE_KEYS
        minutes = round(LONGEST_LIFE.total_seconds() / 60)
        self.stdout.write(
            "1. Let every web process, worker and relay know the new key; the old one still makes the codes. "
            "Restart them with\n"
            f"     PASSCODE_KEYS={_written([*kept, new])}\n"
            "2. When all of them run with it, let it make the codes: it comes first. Restart them with\n"
            f"     PASSCODE_KEYS={_written([new, *kept])}\n"
            f"3. {minutes} minutes later the old key may go:\n"
            f"     manage.py rotate_passcode_key --drop {kept[0][0]}\n"
            "Keep these lines as secret as a password: whoever has a key and the database can read every live code."
        )

    def _without(self, key_id: int) -> str:
        keys: Sequence[Key] = settings.PASSCODE_KEYS
        left = [key for key in keys if key[0] != key_id]
        if len(left) == len(keys):
            raise CommandError(
                f"PASSCODE_KEYS has no key {key_id}; it has {', '.join(str(number) for number, _ in keys)}."
            )
        if keys[0][0] == key_id:
            raise CommandError(
                f"Key {key_id} comes first in PASSCODE_KEYS and makes the new codes. "
                "Put a new one before it: manage.py rotate_passcode_key"
            )
        with every_tenant(reason="a key serves all tenants, so all their live passcodes decide whether it may go"):
            needed = (
                Challenge.objects.live().filter(key_id=key_id).aggregate(codes=Count("id"), until=Max("expires_at"))
            )
        if needed["codes"]:
            raise CommandError(
                f"Key {key_id} is needed by {needed['codes']} live passcodes until {needed['until']:%d %b, %H:%M} UTC. "
                "Drop it after that."
            )
        return f"PASSCODE_KEYS={_written(left)}"


def _new_key() -> Key:
    return max(number for number, _ in settings.PASSCODE_KEYS) + 1, secrets.token_bytes(KEY_OCTETS)


def _written(keys: Sequence[Key]) -> str:
    return ",".join(f"{number}:{base64.b64encode(key).decode()}" for number, key in keys)
