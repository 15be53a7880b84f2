"""The hash of each reviewed table. Written by `python -m local_tools.privacy.repin`."""

from __future__ import annotations

PINS = {
    "folding.toml": "fab60686e392246e61fa843af98a863fc3419b44ae498bea2e5278e600d3bcb6",
    "patterns.toml": "4d647863593c0635fa8aa665a6ff7b3cc41da70ca4a5a221769ee8ded1c51512",
    "self_test.toml": "25a67afd08d179ce00ba74c9f801bfa2079fbe1397bc18ee26f5fd4b96bba691",
}
