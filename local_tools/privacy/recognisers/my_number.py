"""The Individual Number ("My Number"): twelve digits, the last one a check digit.

The rule is that of the ordinance on the Individual Number Act (Cabinet Office 2014, article 5).
"""

from __future__ import annotations

import re

LENGTH = 12


def is_valid(text: str) -> bool:
    """Say whether the digits of a text are an Individual Number with the right check digit."""
    digits = [int(c) for c in re.sub("[^0-9]", "", text)]
    if len(digits) != LENGTH:
        return False
    *body, check = digits
    weighted = sum(
        digit * (place + 1 if place <= 6 else place - 5)
        for place, digit in enumerate(reversed(body), start=1)
    )
    rest = weighted % 11
    return check == (0 if rest <= 1 else 11 - rest)
