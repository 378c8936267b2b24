"""The only writers of challenges: asking for a passcode, trying it, using it, ending it.

Every operation runs in the scope of one tenant; this file only gathers their names.
"""

from passcodes.operations.asking import request_passcode, resend_passcode
from passcodes.operations.ending import (
    lift_pause,
    purge_challenges,
    void_all_challenges,
    void_challenges,
    void_these_challenges,
)
from passcodes.operations.trying import RightCode, try_code, use_challenge

__all__ = [
    "RightCode",
    "lift_pause",
    "purge_challenges",
    "request_passcode",
    "resend_passcode",
    "try_code",
    "use_challenge",
    "void_all_challenges",
    "void_challenges",
    "void_these_challenges",
]
