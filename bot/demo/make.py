"""A stand-in for make, for machines that have none: enough to run the recipes of deploy/Makefile.

`sam build` calls make for functions that bring a Makefile, and a fresh machine with Python and git need not have it.
Source: https://docs.aws.amazon.com/serverless-application-model/latest/developerguide/building-custom-runtimes.html
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

_VARIABLE: Final = re.compile(r"\$\((\w+)\)")


def with_make(path: str, folder: Path) -> str:
    """Return a PATH on which `make` is found: as it is, or with the stand-in, put into `folder`, in front."""
    if shutil.which("make", path=path):
        return path
    executable = folder / "make"
    executable.write_text(f'#!/bin/sh\nexec "{sys.executable}" "{Path(__file__).resolve()}" "$@"\n', encoding="utf-8")
    executable.chmod(0o755)
    return os.pathsep.join([str(folder), path])


def recipe(makefile: str, target: str, variables: Mapping[str, str]) -> list[str]:
    """Return the commands of a target, with its variables filled in; those unset are empty, as in make.

    Raises:
        KeyError: The Makefile has no such target.
    """
    commands: dict[str, list[str]] = {}
    now: list[str] = []
    for line in makefile.splitlines():
        if line.startswith("\t"):
            now.append(_VARIABLE.sub(lambda match: variables.get(match[1], ""), line.strip()))
        elif match := re.match(r"([\w.-]+):(?!=)", line):
            now = commands.setdefault(match[1], [])
    return commands[target]


def main(arguments: Sequence[str]) -> int:
    """Run `make --makefile FILE TARGET` as `sam build` calls it; the variables come from the environment."""
    makefile = Path(arguments[arguments.index("--makefile") + 1])
    target = arguments[-1]
    try:
        commands = recipe(makefile.read_text(encoding="utf-8"), target, {"PYTHON": "python3", **os.environ})
    except KeyError:
        print(f"make: {makefile}: no target {target}", file=sys.stderr)
        return 2
    for command in commands:
        print(command, flush=True)
        done = subprocess.run(command, shell=True, check=False)  # noqa: S602 - the recipe is the project's own
        if done.returncode:
            return done.returncode
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
