"""The sha256 of every table; `python -m local_tools.vocabulary.repin` writes it."""

from __future__ import annotations

PINS = {
    "allergens.csv": "189505c032cf5aa7b792010b3750fa00b63e4362a430860f1acbd4c30a02021a",
    "conditions.csv": "5f98e57652a66aa48d19ee700ef9c25c38d06d99eb34c1a77c884e3156357360",
    "drugs.csv": "c7e18f123435a5969905c1def551fb214e4f07b56ca96788a664c3502a044bb7",
    "interactions.csv": "0ca9f91fdb93e5312daa84a9eb8ade3e3cf8bc1894817cd8d2db39ca852eb1f1",
    "labs.csv": "521536ba2369dd4a51f9ff42392dd1120181a9ac1c44536a835fd3f2eeeb74d3",
    "negations.csv": "eb564bfec56c95ee8418add56e90f3b07fc427e73828c39d99314c9118daa524",
    "recommendations.csv": "7d85bd2b20620ed6944a2313a73a70466206b5d0799653fee520daea06461d72",
    "red_flags.csv": "2244abf2317d2ec65f2b3f53afdbc6ac244d6f33c851e53bc7d355ca48e77dc5",
    "risks.csv": "3e104500b2b435ba2a49f2ed8dc20374ed4a0d5f3940660e3bdd8f2fc4b80764",
    "symptoms.csv": "89e660214cca8f804938ea3fdca784820798a97b8b18c9c4a3ebda7d8ab881c1",
    "tails.csv": "a92724f42163f3fb1e02026d3466e9e941d419c698cbd6d3715f31b1e488d5ac",
    "templates.csv": "3b0652700eef770bbe16a94a3a05866c3111cfecfc98a1b4b377aad8d43b6cbd",
    "words.csv": "a2a889545e6a8753f96fc9ef2d62872959a24bc0b9f9a2bbf353361d27d9c5c0",
}
