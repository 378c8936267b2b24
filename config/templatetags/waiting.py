"""How many guests wait for a reset, for pages of apps that know no guests.

Knows the number and no guest by name; the page it links to asks the roles again.
"""

from django import template

from guests.admin.waiting import how_many_wait

register = template.Library()


@register.simple_tag(name="how_many_wait")
def shown_number() -> str:
    """As people read it, "10,000+" at most; empty when nobody waits."""
    return how_many_wait()
