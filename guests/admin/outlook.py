"""What the portal's pages say of guests whom a change of the settings touches (R62).

Knows where the answers are made, since commands say the same. It decides nothing.
"""

from guests.operations.foreseeing import NAMED, Change, Outlook, next_methods, outlook

__all__ = ("NAMED", "Change", "Outlook", "next_methods", "outlook")
