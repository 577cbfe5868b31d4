"""The library of a Swedish design shop as raw Zettle JSON: two hundred products, ordinary ones and
every odd shape.

This package holds what a merchant might have typed in, and the pictures drawn for it. It knows the
form of Zettle's products (zettle facts 2.3 to 2.5). It knows nothing of the sandbox that serves
them, nor of any client.
"""

from brygga_sandbox.library.build import World
from brygga_sandbox.library.demo import Library, demo_library, odd
from brygga_sandbox.library.existing import CATEGORIES, existing_goods
from brygga_sandbox.library.generated import generated_library
from brygga_sandbox.library.pictures import picture, picture_for, swatch

__all__ = [
    "CATEGORIES", "Library", "World", "demo_library", "existing_goods", "generated_library", "odd",
    "picture",
    "picture_for", "swatch",
]  # fmt: skip
