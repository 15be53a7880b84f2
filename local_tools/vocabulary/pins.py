"""The sha256 of every table; `python -m local_tools.vocabulary.repin` writes it."""

from __future__ import annotations

PINS = {
    "allergens.csv": "2d3f5f1e99b29b7a026c329986e0644a21f0d1f01112ed095a2a5c16b987c72a",
    "conditions.csv": "6516be52c34e246be4d667da1a8b8bb674b1aa2371f9018d8b9dfde1bf98d623",
    "drugs.csv": "ad901d6f5d3a617d031890a3c8f7bed4f451c66ff3779ac01ae1db8bd4df3539",
    "interactions.csv": "7c0eaf8c9a4feac0cae9ecec0a7fc49f1a75d4f5df050242cdc5a0502995a7ae",
    "labs.csv": "e80240e47f7f6d72c635e05ee27313caaa610de69bebdf6407529ac90e51f2f8",
    "negations.csv": "b8661eea6c940e4df4e5cb74d0a201f2e817395b7d5b0ce72c27d7b4865439c6",
    "recommendations.csv": "0666a85157964a76f39aa11cd6529683c30770180678c8620c7c0060ee3b2758",
    "red_flags.csv": "5930d3ddf55a18e4dc4fc5b03954a890b2fb30afc4f09381e412b050d7b7bf62",
    "risks.csv": "852cd03455909dbf43ec3829a8bae731797ddbc50c7bc61e92da6ff176651836",
    "symptoms.csv": "9cef3d49a5494992011c0c841533141ee3b96aefd9cc79c3cd77e082a5e5a84e",
    "tails.csv": "5c8198c9334190122f4bacbb35b691968bb9962607e3804a3c59909b52cabf70",
    "templates.csv": "3b0652700eef770bbe16a94a3a05866c3111cfecfc98a1b4b377aad8d43b6cbd",
    "words.csv": "a3052a4b81b006e2c8f9049cf58be7fa05c8728cf601b47f049ac82cf8633a2f",
}
