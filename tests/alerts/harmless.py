"""What no text that we send may have in it."""

from __future__ import annotations

import re
import unicodedata


def check_harmless(text: str) -> None:
    """No control, bidi, zero-width or surrogate character, and nothing that a client makes a link of."""
    text = text.replace("\r\n", "\n")
    odd = [
        char for char in text if char != "\n" and unicodedata.category(char) in ("Cc", "Cf", "Cs", "Zl", "Zp")
    ]
    assert not odd, ascii(odd)
    assert not re.search(r"https?://|ftp://|www\.|magnet:\?", text, re.IGNORECASE), text
