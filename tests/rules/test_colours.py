"""The tenant's colour and our own tokens, measured: a pair below its floor must not ship."""

import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tenants.colours import DARK, LIGHT, VESTIBULE, Scheme, brand, brand_css, contrast

TOKENS = Path(__file__).resolve().parents[2] / "static/css/tokens.css"

# (what is seen, on what, floor): every pair that pages.css and portal.css put together
PAIRS = [
    *(("ink", ground, 7.0) for ground in ("surface", "wall", "sunken", "accent-wash")),
    *(("ink", f"{meaning}-wash", 7.0) for meaning in ("danger", "warning", "info", "ok")),
    *(("ink-quiet", ground, 4.5) for ground in ("surface", "sunken", "wall", "floor", "accent-wash")),
    *(("accent", ground, 4.5) for ground in ("surface", "sunken", "wall", "floor", "accent-wash")),
    *(("on-accent", ground, 4.5) for ground in ("accent", "accent-strong")),
    *(("edge", ground, 3.0) for ground in ("surface", "sunken", "wall")),
    *(("focus", ground, 3.0) for ground in ("surface", "sunken", "wall", "floor")),
    *((meaning, "surface", 4.5) for meaning in ("danger", "warning", "info", "ok")),
    *((meaning, f"{meaning}-wash", 4.5) for meaning in ("danger", "warning", "info", "ok")),
    *(("on-danger", ground, 4.5) for ground in ("danger", "danger-strong")),
]


def blocks() -> list[dict[str, str]]:
    """The colours of tokens.css: light, dark, dark again for who chose it in the portal."""
    parts = re.split(r"\n\s*:root[^{]*\{", TOKENS.read_text())[1:]
    return [dict(re.findall(r"--v-([a-z-]+):\s*(#[0-9a-f]{6})", part)) for part in parts][:3]


@pytest.mark.parametrize(("seen", "ground", "floor"), PAIRS, ids=[f"{seen}-on-{ground}" for seen, ground, _ in PAIRS])
@pytest.mark.parametrize("scheme", [0, 1], ids=["light", "dark"])
def test_it_keeps_every_pair_of_tokens_above_its_floor(scheme, seen, ground, floor):
    colours = blocks()[scheme]
    assert contrast(colours[seen], colours[ground]) >= floor


def test_it_names_the_same_tokens_in_light_and_dark_and_writes_the_dark_ones_alike_twice():
    light, dark, dark_again = blocks()
    assert dark == dark_again
    assert light.keys() == dark.keys()


def test_it_measures_tenants_colours_on_the_grounds_that_the_pages_have():
    for ground, colours in zip((LIGHT, DARK), blocks(), strict=False):
        assert (ground.surface, ground.sunken, ground.ink_quiet) == (
            colours["surface"],
            colours["sunken"],
            colours["ink-quiet"],
        )


def test_it_lends_a_tenant_without_a_colour_our_own():
    for scheme, colours in zip((VESTIBULE.light, VESTIBULE.dark), blocks(), strict=False):
        named = (colours["accent"], colours["accent-strong"], colours["on-accent"], colours["accent-wash"])
        assert (scheme.tenant, scheme.strong, scheme.on, scheme.wash) == named
    assert brand("") is VESTIBULE


# The design's table: used in light, its text; used in dark, its text
HARD_CASES = {
    "#274690": ("#274690", "#ffffff", "#8ca5e0", "#101512"),
    "#ffd400": ("#856e00", "#ffffff", "#ccb233", "#101512"),
    "#ffffff": ("#707070", "#ffffff", "#ffffff", "#101512"),
    "#000000": ("#000000", "#ffffff", "#a6a6a6", "#101512"),
    "#e60000": ("#e30000", "#ffffff", "#e38f8f", "#101512"),
    "#7ed957": ("#3a7f1d", "#ffffff", "#7fd65a", "#101512"),
    "#00b7c3": ("#007b83", "#ffffff", "#30b6bf", "#101512"),
    "#808080": ("#6f6f6f", "#ffffff", "#a5a5a5", "#101512"),
}


@pytest.mark.parametrize("colour", HARD_CASES)
def test_it_moves_a_hard_colour_as_the_design_says(colour):
    colours = brand(colour)
    assert (colours.light.tenant, colours.light.on, colours.dark.tenant, colours.dark.on) == HARD_CASES[colour]


def readable(scheme: Scheme, surface: str, sunken: str, ink_quiet: str) -> bool:
    return (
        min(contrast(scheme.tenant, surface), contrast(scheme.tenant, sunken)) >= 4.5
        and min(contrast(scheme.on, scheme.tenant), contrast(scheme.on, scheme.strong)) >= 4.5
        and contrast(ink_quiet, scheme.wash) >= 4.5
    )


@given(st.integers(0, 0xFFFFFF).map(lambda number: f"#{number:06x}"))
def test_it_makes_any_colour_readable_in_both_schemes(colour):
    colours = brand(colour)
    assert readable(colours.light, LIGHT.surface, LIGHT.sunken, LIGHT.ink_quiet)
    assert readable(colours.dark, DARK.surface, DARK.sunken, DARK.ink_quiet)


def test_it_writes_the_style_sheet_that_the_pages_load():
    assert brand_css("#274690") == (
        ":root {\n  --v-tenant: #274690;\n  --v-tenant-strong: #1c3268;\n  --v-on-tenant: #ffffff;\n"
        "  --v-tenant-wash: #e5e9f2;\n}\n\n@media (prefers-color-scheme: dark) {\n  :root {\n"
        "    --v-tenant: #8ca5e0;\n    --v-tenant-strong: #acbee9;\n    --v-on-tenant: #101512;\n"
        "    --v-tenant-wash: #2e383d;\n  }\n}\n"
    )


@pytest.mark.parametrize("colour", ["red", "#FFF", "#27469", "#274690;}", " #274690", "#GGGGGG"])
def test_it_refuses_what_is_no_colour_since_it_goes_into_a_style_sheet(colour):
    with pytest.raises(ValueError, match="#rrggbb"):
        brand(colour)
