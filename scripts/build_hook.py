"""Puts the compiled translations into the wheel, also when built from a fresh clone or an sdist.

They are compiled in a temporary folder: a build changes no file that a running service reads.
"""

import tempfile
from pathlib import Path
from typing import Any

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class CompiledTranslations(BuildHookInterface[Any]):
    """For a wheel only. An editable install uses what `scripts/translations.py compile` makes."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        if version == "editable":
            return
        self.folder = tempfile.TemporaryDirectory(prefix="brygga-build-")
        source = Path(self.root, "src")
        for catalog in sorted(source.glob("brygga/web/locale/*/LC_MESSAGES/*.po")):
            placed = catalog.with_suffix(".mo").relative_to(source)
            compiled = Path(self.folder.name, "-".join(placed.parts))
            with catalog.open("rb") as read, compiled.open("wb") as written:
                write_mo(written, read_po(read, locale=catalog.parent.parent.name))
            build_data["force_include"][str(compiled)] = str(placed)

    def finalize(self, version: str, build_data: dict[str, Any], artifact_path: str) -> None:
        if version != "editable":
            self.folder.cleanup()
