"""Every setting that the service reads is explained to operators, and none that it does not."""

import re
from pathlib import Path

from brygga.settings import PREFIX, Hosts

ROOT = Path(__file__).parents[2]
SOURCE = (ROOT / "src" / "brygga" / "settings.py").read_text(encoding="utf-8")
README = (ROOT / "README.md").read_text(encoding="utf-8")
TABLE = README.partition("| setting | meaning |")[2].partition("\n\n")[0]
NAMED = re.findall(r'reader\.(?:required|optional)\(\s*"([A-Z_]+)"', SOURCE)
READ = {PREFIX + name for name in NAMED}
HOSTS = {f"{PREFIX}{name.upper()}_URL" for name in Hosts.__dataclass_fields__}


def test_every_setting_stands_in_the_table_and_no_other_does() -> None:
    told = set(re.findall(rf"`({PREFIX}[A-Z_]+)`", TABLE))

    assert len(READ) > 20
    assert READ == told - HOSTS
