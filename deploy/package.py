"""Builds the package of one function: the part of `bot` that it needs, and its requirements for the processor and Python it runs on.

Called by `sam build` through the Makefile beside this file. Standard library only: it runs with whatever Python the deployer has.
"""

from __future__ import annotations

import argparse
import ast
import compileall
import contextlib
import hashlib
import os
import platform
import py_compile
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parent.parent
DEPLOY: Final = ROOT / "deploy"

TARGET_VARIABLE: Final = "MEDIC_BUILD_TARGET"
LOCAL: Final = "local"

ACK_HANDLER: Final = "bot.ack.handler"
"""The public endpoint's package holds what this module imports, directly or not, and nothing else of `bot`."""

WORKERS_LEFT_OUT: Final = frozenset({"ack", "cli", "demo", "_shipped", "__main__.py"})

REQUIREMENTS: Final = {"ack": "requirements-ack.txt", "investigate": "requirements-workers.txt", "remediate": "requirements-workers.txt"}
"""The two workers have the same package: they share the libraries and most of `bot`."""

SHARED: Final = "lambda-medic-workers-"

PLATFORMS: Final = {"arm64": "aarch64", "x86_64": "x86_64"}

GLIBC_TAGS: Final = (
    "manylinux_2_34",
    "manylinux_2_28",
    "manylinux_2_27",
    "manylinux_2_26",
    "manylinux_2_24",
    "manylinux_2_17",
    "manylinux2014",
)
"""Wheels that run on Amazon Linux 2023 (glibc 2.34), which python3.12 and newer run on. manylinux2014 alone is not enough:
google-re2 has no such wheel since Python 3.13. Source: https://docs.aws.amazon.com/linux/al2023/ug/compare-with-al2.html
"""


class PackageError(Exception):
    """The package cannot be built; the message says why."""


@dataclass(frozen=True)
class Target:
    """What the package is for; `python` and `machine` are None for the machine that builds."""

    python: str | None
    machine: str | None

    @property
    def is_local(self) -> bool:
        """Tell whether the package is for the building machine."""
        return self.python is None

    @property
    def pip_options(self) -> list[str]:
        """Return what makes pip choose wheels for the target instead of for this machine."""
        if self.python is None:
            return []
        tags = [option for tag in GLIBC_TAGS for option in ("--platform", f"{tag}_{self.machine}")]
        return [*tags, "--implementation", "cp", "--python-version", self.python, "--only-binary=:all:"]

    @property
    def is_compilable_here(self) -> bool:
        """Tell whether this Python writes the bytecode that the target reads."""
        return self.python is None or self.python == ".".join(platform.python_version_tuple()[:2])


def parse_target(text: str) -> Target:
    """Read `python3.13-arm64` or `local`."""
    if text == LOCAL:
        return Target(None, None)
    found = re.fullmatch(r"python(3\.\d+)-(arm64|x86_64)", text)
    if found is None:
        raise PackageError(f"{TARGET_VARIABLE}: expected `local` or RUNTIME-ARCHITECTURE such as python3.13-arm64, found {text!r}")
    return Target(found[1], PLATFORMS[found[2]])


def default_target(template: str) -> str:
    """Return the defaults of the template's own parameters, so that a plain `sam build` fits a plain `sam deploy`."""
    values = []
    for parameter in ("Runtime", "Architecture"):
        found = re.search(rf"^  {parameter}:\n(?:    .*\n)*?    Default: (\S+)\n", template, re.MULTILINE)
        if found is None:
            raise PackageError(f"template.yaml: parameter {parameter} has no default")
        values.append(found[1])
    return "-".join(values)


def imported_modules(start: str) -> set[Path]:
    """Return the files of `bot` that a module loads, found by reading the import statements."""
    found: set[Path] = set()
    waiting = [start]
    while waiting:
        name = waiting.pop()
        for path in _files_of(name):
            if path in found:
                continue
            found.add(path)
            package = ".".join(path.parent.relative_to(ROOT).parts)
            for node in ast.walk(ast.parse(path.read_bytes())):
                if isinstance(node, ast.Import):
                    waiting += [alias.name for alias in node.names if alias.name.split(".")[0] == "bot"]
                elif isinstance(node, ast.ImportFrom):
                    above = ".".join(package.split(".")[: len(package.split(".")) - node.level + 1]) if node.level else ""
                    module = ".".join(filter(None, (above, node.module)))
                    if module.split(".")[0] == "bot":
                        waiting += [module, *(f"{module}.{alias.name}" for alias in node.names)]
    return found


def _files_of(module: str) -> list[Path]:
    """Return the files that an import of the module runs: its packages from the outside in, and itself. Other names have none."""
    parts = module.split(".")
    folders = [ROOT.joinpath(*parts[: depth + 1]) for depth in range(len(parts))]
    candidates = [folder / "__init__.py" for folder in folders] + [folders[-1].with_suffix(".py")]
    return [path for path in candidates if path.is_file()]


def copy_sources(function: str, destination: Path) -> None:
    """Copy the part of `bot` that the function loads, and to a worker the playbooks."""
    if function == "ack":
        for path in imported_modules(ACK_HANDLER):
            copied = destination / path.relative_to(ROOT)
            copied.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(path, copied)
        return
    source, target = ROOT / "bot", destination / "bot"
    ignore = shutil.ignore_patterns("__pycache__", "*.pyc")
    target.mkdir(parents=True, exist_ok=True)
    for part in source.iterdir():
        if part.name in WORKERS_LEFT_OUT:
            continue
        if part.is_dir():
            shutil.copytree(part, target / part.name, ignore=ignore, dirs_exist_ok=True)
        elif part.suffix == ".py":
            shutil.copy2(part, target / part.name)
    in_wheel = source / "_shipped" / "playbooks"
    playbooks = in_wheel if in_wheel.is_dir() else ROOT / "playbooks"
    shutil.copytree(playbooks, target / "_shipped" / "playbooks", ignore=shutil.ignore_patterns("cases"), dirs_exist_ok=True)


def install_requirements(function: str, destination: Path, target: Target) -> None:
    """Install the pinned requirements with pip, from wherever the deployer's pip is set up to install."""
    command = [
        *(sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-input"),
        *("--no-deps", "--no-compile", "--target", str(destination)),
        *("--requirement", str(DEPLOY / REQUIREMENTS[function])),
        *target.pip_options,
    ]
    result = subprocess.run(command, check=False, stdout=sys.stderr)  # noqa: S603 - fixed words and our own paths
    if result.returncode:
        raise PackageError(f"pip ended with {result.returncode}; what it said is above")


def trim(destination: Path) -> None:
    """Remove what no handler loads: console scripts and the packages' own tests."""
    shutil.rmtree(destination / "bin", ignore_errors=True)
    for cache in destination.rglob("__pycache__"):
        shutil.rmtree(cache, ignore_errors=True)


def compile_sources(destination: Path) -> None:
    """Write bytecode that is read without a look at the sources: the package's folder is read-only on Lambda."""
    compileall.compile_dir(str(destination), quiet=2, invalidation_mode=py_compile.PycInvalidationMode.UNCHECKED_HASH)


def build(function: str, destination: Path, target: Target) -> None:
    """Build one package."""
    install_requirements(function, destination, target)
    copy_sources(function, destination)
    trim(destination)
    if target.is_compilable_here:
        compile_sources(destination)


def build_once(function: str, destination: Path, target: Target, text: str) -> None:
    """Build the package that both workers have, or take the one that was built for the other a moment ago.

    It is kept beside the folder of the build, where `sam build` does not clear away, under a name taken from all that it is made of.
    """
    folder = destination.resolve().parent.parent
    kept = folder / f"{SHARED}{digest(function, text)}"
    with locked(folder / f"{SHARED}lock"):
        if not kept.is_dir():
            for old in folder.glob(f"{SHARED}*/"):
                shutil.rmtree(old, ignore_errors=True)
            with tempfile.TemporaryDirectory(dir=folder, prefix=f"{SHARED}in-the-making-") as made:
                build(function, Path(made) / "package", target)
                (Path(made) / "package").rename(kept)
        shutil.copytree(kept, destination, dirs_exist_ok=True)


def digest(function: str, text: str) -> str:
    """Return a digest over what decides a package's content."""
    found = hashlib.sha256(f"{sys.version} {text}".encode())
    shipped = ROOT / "bot" / "_shipped" / "playbooks"
    for root in (ROOT / "bot", shipped if shipped.is_dir() else ROOT / "playbooks", DEPLOY):
        for path in sorted(path for path in root.rglob("*") if path.is_file() and "__pycache__" not in path.parts):
            found.update(f"\0{path.relative_to(root)}\0".encode())
            found.update(path.read_bytes())
    return found.hexdigest()[:16]


@contextlib.contextmanager
def locked(path: Path) -> Iterator[None]:
    """Let one build in at a time; `sam build --parallel` runs them at once. The lock goes with the process, whatever ends it."""
    try:
        import fcntl
    except ImportError:  # Windows has none, and no make that sam build would use
        yield
        return
    with path.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def main() -> int:
    """Build one package."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("function", choices=sorted(REQUIREMENTS))
    parser.add_argument("destination", type=Path)
    arguments = parser.parse_args()
    try:
        text = os.environ.get(TARGET_VARIABLE) or default_target((ROOT / "template.yaml").read_text(encoding="utf-8"))
        target = parse_target(text)
        print(f"{arguments.function}: packaging for {text}", file=sys.stderr)
        if arguments.function == "ack":
            build("ack", arguments.destination, target)
        else:
            build_once(arguments.function, arguments.destination, target, text)
    except PackageError as exc:
        print(f"{arguments.function}: {exc}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
