"""The hash of each reviewed table. Written by `python -m local_tools.privacy.repin`."""

from __future__ import annotations

PINS = {
    "folding.toml": "fab60686e392246e61fa843af98a863fc3419b44ae498bea2e5278e600d3bcb6",
    "patterns.toml": "482d074a8a145c751615598d95b8efa4a68971aa39a6e42d18a1cf25f4cda2c8",
    "record_keys.toml": "36a9e6d41f30035912e736588b519f2a6c88988315cc701e3f8189bb7b21e4f5",
    "self_test.toml": "6783d4b9224930ef40fb0f9e624a7a4e88b4a43f0920738d6657df0dd379af5d",
}
