"""Draws a tenant's logo anew from what was uploaded.

Knows which pictures are taken and how large a logo is. What a page shows is always our own drawing, never the file that
somebody sent: whatever else was in it stays behind.
"""

from __future__ import annotations

import io
from typing import Final

from PIL import Image, UnidentifiedImageError

LARGEST: Final = 512 * 1024
"""Octets that an upload may have."""

MOST_PIXELS: Final = 4096 * 4096
"""A picture that unpacks to more is refused before it is unpacked."""

WIDTH, HEIGHT = 256, 80
"""Pixels at most: 128 by 40 on the page, drawn twice as large for sharp screens."""


class LogoRefused(ValueError):
    """A file that cannot become a logo. Its text is a sentence for the administrator, naming the fix."""


def drawn(content: bytes) -> bytes:
    """The logo as PNG, at most 256 by 80 pixels, its proportions and transparency kept. Raises LogoRefused."""
    if len(content) > LARGEST:
        raise LogoRefused(f"Choose a smaller file: a logo may have {LARGEST // 1024} kB.")
    try:
        with Image.open(io.BytesIO(content), formats=("PNG", "JPEG", "WEBP")) as picture:
            if picture.width * picture.height > MOST_PIXELS:
                raise LogoRefused("Choose a picture with fewer pixels: at most 4096 by 4096.")
            small = picture.convert("RGBA")
    except LogoRefused:
        raise
    except (UnidentifiedImageError, OSError, ValueError, SyntaxError, Image.DecompressionBombError):
        raise LogoRefused("This is no PNG, JPEG or WebP picture. Save an SVG as PNG first.") from None
    small.thumbnail((WIDTH, HEIGHT), Image.Resampling.LANCZOS)
    out = io.BytesIO()
    small.save(out, "PNG", optimize=True)
    return out.getvalue()
