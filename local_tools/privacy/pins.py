"""The hash of each reviewed table. Written by `python -m local_tools.privacy.repin`."""

from __future__ import annotations

PINS = {
    "folding.toml": "fab60686e392246e61fa843af98a863fc3419b44ae498bea2e5278e600d3bcb6",
    "patterns.toml": "4d647863593c0635fa8aa665a6ff7b3cc41da70ca4a5a221769ee8ded1c51512",
    "record_keys.toml": "36a9e6d41f30035912e736588b519f2a6c88988315cc701e3f8189bb7b21e4f5",
    "self_test.toml": "6783d4b9224930ef40fb0f9e624a7a4e88b4a43f0920738d6657df0dd379af5d",
}
