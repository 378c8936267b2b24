"""A tenant's one colour, made safe to read.

Knows how much two colours differ for an eye (WCAG 2.2 relative luminance) and how to move the tenant's colour, keeping
its hue, until it can be read on our pages in the light and in the dark. It must never hand out a pair below its floor.
"""

from __future__ import annotations

import colorsys
import re
from dataclasses import dataclass
from functools import cache
from typing import Final, Literal

Triple = tuple[float, float, float]
"""Red, green and blue, each from 0 to 1."""

HEX: Final = re.compile(r"#[0-9a-f]{6}")
TEXT_FLOOR: Final = 4.5
"""WCAG 2.2, 1.4.3: what normal text needs."""
DARK_FLOOR: Final = 6.0
"""In the dark we ask for more, since a strong hue on a dark ground tires the eye before its ratio fails."""
CALM: Final = 0.6
"""In the dark no colour is more saturated than this."""
STEP: Final = 0.005
"""Of lightness: too small to see, so the result is the nearest colour that reads."""


@dataclass(frozen=True, slots=True)
class Ground:
    """What a scheme's colours stand on. The same values as static/css/tokens.css, held together by a test."""

    surface: str
    sunken: str
    ink_quiet: str
    towards: Literal["#000000", "#ffffff"]
    """Where a colour that does not read is moved."""
    floor: float
    calm: float


@dataclass(frozen=True, slots=True)
class Scheme:
    """The four colours of a tenant in one scheme, as #rrggbb."""

    tenant: str
    """Button, link, sill."""
    strong: str
    """The same under the pointer."""
    on: str
    """Text on either."""
    wash: str
    """Behind a choice under the pointer; quiet ink reads on it."""


@dataclass(frozen=True, slots=True)
class BrandColours:
    """A tenant's colours in the light and in the dark."""

    light: Scheme
    dark: Scheme


LIGHT: Final = Ground("#ffffff", "#f4f6f3", "#4b5852", towards="#000000", floor=TEXT_FLOOR, calm=1.0)
DARK: Final = Ground("#212927", "#1b2220", "#aab6b0", towards="#ffffff", floor=DARK_FLOOR, calm=CALM)
INKS: Final = ("#ffffff", "#101512")
VESTIBULE: Final = BrandColours(
    light=Scheme(tenant="#1c5a4c", strong="#123f35", on="#ffffff", wash="#e2eeea"),
    dark=Scheme(tenant="#8ccfbc", strong="#b1e3d6", on="#0d211b", wash="#21362f"),
)
"""The product's own accent, for a tenant without a colour."""


def contrast(one: str, other: str) -> float:
    """WCAG 2.2's contrast ratio of two colours, from 1 to 21."""
    darker, lighter = sorted((_luminance(_triple(one)), _luminance(_triple(other))))
    return (lighter + 0.05) / (darker + 0.05)


@cache
def brand(colour: str) -> BrandColours:
    """The colours that a tenant's pages and mails wear, from its one colour as #rrggbb; our own for "".

    Raises ValueError for anything else, since it is written into a style sheet.
    """
    if not colour:
        return VESTIBULE
    if not HEX.fullmatch(colour):
        raise ValueError("a tenant's colour is written as #rrggbb, in lower case")
    return BrandColours(light=_scheme(colour, LIGHT), dark=_scheme(colour, DARK))


@cache
def brand_css(colour: str) -> str:
    """The style sheet that puts a tenant's colour over our own; raises as `brand` does."""
    colours = brand(colour)
    light, dark = _declarations(colours.light), _declarations(colours.dark)
    indented = dark.replace("  --", "    --")
    return f":root {{\n{light}\n}}\n\n@media (prefers-color-scheme: dark) {{\n  :root {{\n{indented}\n  }}\n}}\n"


def _declarations(scheme: Scheme) -> str:
    named = {
        "tenant": scheme.tenant,
        "tenant-strong": scheme.strong,
        "on-tenant": scheme.on,
        "tenant-wash": scheme.wash,
    }
    return "\n".join(f"  --v-{name}: {value};" for name, value in named.items())


def _scheme(colour: str, ground: Ground) -> Scheme:
    tenant = _readable(colour, ground)
    return Scheme(
        tenant=tenant,
        strong=_mixed(tenant, ground.towards, 0.72),
        on=max(INKS, key=lambda ink: contrast(ink, tenant)),
        wash=_wash(tenant, ground),
    )


def _readable(colour: str, ground: Ground) -> str:
    """The nearest colour of the same hue that reads on the card and on a panel in it."""
    hue, lightness, saturation = colorsys.rgb_to_hls(*_triple(colour))
    saturation = min(saturation, ground.calm)
    step = STEP if ground.towards == "#ffffff" else -STEP
    while True:
        found = _hexed(colorsys.hls_to_rgb(hue, lightness, saturation))
        if min(contrast(found, ground.surface), contrast(found, ground.sunken)) >= ground.floor:
            return found
        lightness = min(1.0, max(0.0, lightness + step))


def _wash(tenant: str, ground: Ground) -> str:
    """The strongest tint, 12 % at most, on which quiet ink still reads."""
    tints = (_mixed(tenant, ground.surface, percent / 100) for percent in range(12, 0, -1))
    return next((tint for tint in tints if contrast(ground.ink_quiet, tint) >= TEXT_FLOOR), ground.surface)


def _mixed(one: str, other: str, share: float) -> str:
    """`share` of one colour, the rest of the other."""
    red, green, blue = (a * share + b * (1 - share) for a, b in zip(_triple(one), _triple(other), strict=True))
    return _hexed((red, green, blue))


def _luminance(colour: Triple) -> float:
    red, green, blue = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in colour)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _triple(colour: str) -> Triple:
    red, green, blue = (int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5))
    return red, green, blue


def _hexed(colour: Triple) -> str:
    return "#" + "".join(f"{round(part * 255):02x}" for part in colour)
