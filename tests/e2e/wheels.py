"""Tells whether built packages hold native code for the template's default target only (python -m tests.e2e.wheels FOLDER ...)."""

from __future__ import annotations

import sys
from pathlib import Path

WANTED = "cpython-313-aarch64-linux-gnu.so"

NEUTRAL = ".abi3.so"

AARCH64 = 183
"""e_machine of an ELF file. Source: https://refspecs.linuxfoundation.org/elf/gabi4+/ch4.eheader.html"""


def foreign(folder: Path) -> list[str]:
    """Return the native modules that the default target cannot load."""
    found = []
    for library in sorted(folder.rglob("*.so*")):
        machine = int.from_bytes(library.read_bytes()[18:20], "little")
        is_module = ".cpython-" in library.name
        if machine != AARCH64 or (is_module and not library.name.endswith((WANTED, NEUTRAL))):
            found.append(f"{library}: machine {machine}")
    return found


def main() -> int:
    """Check the folders."""
    faults = [fault for folder in sys.argv[1:] for fault in foreign(Path(folder))]
    libraries = sum(1 for folder in sys.argv[1:] for _ in Path(folder).rglob("*.so*"))
    print("\n".join(faults) or f"{libraries} native modules, all for the target")
    return 1 if faults or not libraries else 0


if __name__ == "__main__":
    sys.exit(main())
