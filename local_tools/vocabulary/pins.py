"""The sha256 of every table; `python -m local_tools.vocabulary.repin` writes it."""

from __future__ import annotations

PINS = {
    "allergens.csv": "2d3f5f1e99b29b7a026c329986e0644a21f0d1f01112ed095a2a5c16b987c72a",
    "conditions.csv": "d6a43b42d67309251eccb299adc7cfd10d80fcf0f735389a6e88d2d631d5ede7",
    "drugs.csv": "ad901d6f5d3a617d031890a3c8f7bed4f451c66ff3779ac01ae1db8bd4df3539",
    "interactions.csv": "7c0eaf8c9a4feac0cae9ecec0a7fc49f1a75d4f5df050242cdc5a0502995a7ae",
    "labs.csv": "e80240e47f7f6d72c635e05ee27313caaa610de69bebdf6407529ac90e51f2f8",
    "negations.csv": "b8661eea6c940e4df4e5cb74d0a201f2e817395b7d5b0ce72c27d7b4865439c6",
    "recommendations.csv": "0a9c4ef7bd7bfc0f6529129c34eac9cf1dd5fed376a5bf3a7596c7faaaf03736",
    "red_flags.csv": "5930d3ddf55a18e4dc4fc5b03954a890b2fb30afc4f09381e412b050d7b7bf62",
    "risks.csv": "32d034b3e5521c0cfbb7f6dd15a45419e33660c3296ad8321acdf2346f058ac9",
    "symptoms.csv": "3f38882159d4b264828d3c3409420060d327f40550139ac7e51ac51730f06fff",
    "tails.csv": "5c8198c9334190122f4bacbb35b691968bb9962607e3804a3c59909b52cabf70",
    "templates.csv": "3b0652700eef770bbe16a94a3a05866c3111cfecfc98a1b4b377aad8d43b6cbd",
    "words.csv": "a3052a4b81b006e2c8f9049cf58be7fa05c8728cf601b47f049ac82cf8633a2f",
}
