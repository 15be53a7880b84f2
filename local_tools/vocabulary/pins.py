"""The sha256 of every table; `python -m local_tools.vocabulary.repin` writes it."""

from __future__ import annotations

PINS = {
    "allergens.csv": "d40635b9376f8ebd93a41fc7e5297d5cf6c772b28908addc7e859a7521af1f7a",
    "conditions.csv": "9fbab2cbdb621b44067862e9b3e86e8d8bd0a2de2acf673fa9974560a3a33af9",
    "drugs.csv": "0e4b4695fd8187001b6b3fcf8d6e00d00edf5c9dfbe85b43faa0fbf3f6a116f4",
    "interactions.csv": "6896fe4b70ef43e97ffacc3dce6760e4ce227dbbb59090a21c7289ddefbae877",
    "labs.csv": "42b835809f87ae7e47faec96b6e5c8609d954f6223696d7c63ea8a408dbce6d5",
    "negations.csv": "b8661eea6c940e4df4e5cb74d0a201f2e817395b7d5b0ce72c27d7b4865439c6",
    "recommendations.csv": "720b58c2cf44fa0a4209de5331695293701a5cbd0a52ff6df5a72d0548fc23cf",
    "red_flags.csv": "77b23f466c86ed0282538eb8c171b67a9b8e3dcbe7055c3664c012fdc05e988b",
    "risks.csv": "17db4badc96c490cf20f589caf65121672c6ca14a9853954ba59c2dbf468f963",
    "symptoms.csv": "cb1771e89864165e6a2e45f8ef92184fe9ab527b871f0972f0291367ea672e6a",
    "tails.csv": "1512a8e7bd1f5f6946e772852cf8e5380e38c891c0e696301fffbed880081620",
    "templates.csv": "3b0652700eef770bbe16a94a3a05866c3111cfecfc98a1b4b377aad8d43b6cbd",
    "words.csv": "d8de54ab12c2182638aaacf8b8cf48e453ee44616471a622c09bf625f81ba9b9",
}
