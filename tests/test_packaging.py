"""Each function's package is whole and holds nothing that it does not load."""

from __future__ import annotations

import importlib.metadata
import importlib.util
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).parents[1]

HANDLERS = {"ack": "bot.ack.handler", "investigate": "bot.entrypoints.investigate", "remediate": "bot.entrypoints.remediate"}

REQUIREMENTS = {"ack": "ack", "investigate": "workers", "remediate": "workers"}

LEFT_OUT = {
    "ack": {"pydantic", "jinja2", "yaml", "re2", "click", "rich", "boto3", "botocore", "aws_lambda_powertools"},
    "investigate": {"click", "rich", "boto3", "botocore", "moto"},
    "remediate": {"click", "rich", "boto3", "botocore", "moto"},
}


@pytest.fixture(scope="module")
def package() -> ModuleType:
    """Return deploy/package.py, which is a script beside the template and no module of the bot."""
    spec = importlib.util.spec_from_file_location("deploy_package", ROOT / "deploy" / "package.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("function", sorted(HANDLERS))
def test_handler_loads_from_its_sources_and_pinned_requirements_alone(package: ModuleType, tmp_path: Path, function: str) -> None:
    """In an interpreter that sees the package, the pinned requirements and what Lambda brings, the handler loads."""
    package.copy_sources(function, tmp_path)
    _copy_requirements(function, tmp_path)
    on_lambda = tmp_path / "from-lambda"
    for name in ("boto3", "botocore", "s3transfer", "urllib3", "jmespath", "dateutil", "six.py"):
        _link(name, on_lambda)

    code = (
        "import importlib, sys; sys.path[:0] = [sys.argv[1]]; sys.path.append(sys.argv[2])\n"
        "print(importlib.import_module(sys.argv[3]).__file__)"
    )
    arguments = [str(tmp_path), str(on_lambda), HANDLERS[function]]
    ran = subprocess.run([sys.executable, "-I", "-S", "-c", code, *arguments], capture_output=True, text=True, check=False)

    assert ran.returncode == 0, ran.stderr
    assert ran.stdout.startswith(str(tmp_path))


@pytest.mark.parametrize("function", sorted(HANDLERS))
def test_package_lists_no_requirement_that_belongs_elsewhere(function: str) -> None:
    """The public endpoint starts fast because it carries little; boto3 comes with Lambda."""
    assert not {name.replace("-", "_") for name in _pins(function)} & LEFT_OUT[function]


def test_public_endpoint_carries_no_playbooks_and_no_collectors(package: ModuleType, tmp_path: Path) -> None:
    """It holds what its handler imports and nothing else of the bot."""
    package.copy_sources("ack", tmp_path)

    folders = {path.name for path in (tmp_path / "bot").iterdir() if path.is_dir()}
    assert folders == {"ack"}
    assert not list(tmp_path.rglob("*.yaml"))


def test_investigation_carries_every_playbook_but_not_their_cases(package: ModuleType, tmp_path: Path) -> None:
    """The playbooks lie where the package looks for them."""
    package.copy_sources("investigate", tmp_path)

    shipped = tmp_path / "bot" / "_shipped" / "playbooks"
    assert {path.name for path in shipped.glob("*.yaml")} == {path.name for path in (ROOT / "playbooks").glob("*.yaml")}
    assert not (shipped / "cases").exists()
    assert not (tmp_path / "bot" / "demo").exists()


@pytest.mark.parametrize("function", sorted(HANDLERS))
def test_requirements_are_pinned_and_agree_with_the_project(function: str) -> None:
    """Every line names one version, and it is one that pyproject.toml allows."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["dependencies"]
    lowest = {_canonical(line.split(">=")[0].split("[")[0]): line.split(">=")[1] for line in project}

    for name, version in _pins(function).items():
        assert _numbers(version) >= _numbers(lowest.get(name, "0")), name


def test_both_packages_pin_the_same_versions() -> None:
    """One library, one version, in whichever function."""
    ack, investigate = _pins("ack"), _pins("investigate")

    assert {name for name in ack.keys() & investigate.keys() if ack[name] != investigate[name]} == set()


def test_second_worker_takes_the_package_of_the_first(package: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The libraries are installed once for both, and again when anything changed that a package is made of."""
    installed: list[str] = []

    def install(function: str, destination: Path, target: object) -> None:
        installed.append(function)
        destination.mkdir(parents=True, exist_ok=True)
        (destination / "library.py").write_text("x = 1\n")

    monkeypatch.setattr(package, "install_requirements", install)
    target = package.parse_target("local")
    for function in ("investigate", "remediate"):
        package.build_once(function, tmp_path / "build" / function, target, "local")
    first, second = (files_in(tmp_path / "build" / function) for function in ("investigate", "remediate"))

    assert installed == ["investigate"]
    assert first == second
    assert "library.py" in first
    assert "bot/entrypoints/remediate.py" in first

    package.build_once("remediate", tmp_path / "build" / "other", target, "python3.14-arm64")
    assert installed == ["investigate", "remediate"]
    assert len(list(tmp_path.glob("lambda-medic-workers-*/"))) == 1, "what is no longer wanted is cleared away"


def files_in(folder: Path) -> set[str]:
    """Return the files in a package."""
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}


def test_plain_build_fits_a_plain_deployment(package: ModuleType) -> None:
    """Without a word from the deployer the packages are for the template's own defaults."""
    target = package.parse_target(package.default_target((ROOT / "template.yaml").read_text(encoding="utf-8")))

    assert (target.python, target.machine) == ("3.13", "aarch64")
    assert not target.is_local


def test_build_for_another_machine_takes_only_its_wheels(package: ModuleType) -> None:
    """pip must neither choose this machine's wheels nor compile for it."""
    options = package.parse_target("python3.14-x86_64").pip_options

    assert "--only-binary=:all:" in options
    assert options[options.index("--python-version") + 1] == "3.14"
    platforms = {option for option in options if "linux" in option}
    assert platforms
    assert all(option.endswith("_x86_64") for option in platforms)


@pytest.mark.parametrize("text", ["python3.13", "arm64", "python3.13-riscv64", "nodejs22.x-arm64", "python3.13-arm64 "])
def test_unknown_target_is_refused_with_an_example(package: ModuleType, text: str) -> None:
    """A misspelt target must not become a package for the wrong machine."""
    with pytest.raises(package.PackageError, match=re.escape("python3.13-arm64")):
        package.parse_target(text)


def test_template_and_makefile_name_the_same_functions() -> None:
    """`sam build` calls build-<logical id>."""
    makefile = (ROOT / "deploy" / "Makefile").read_text(encoding="utf-8")
    template = (ROOT / "template.yaml").read_text(encoding="utf-8")

    built = set(re.findall(r"^build-(\w+):", makefile, re.MULTILINE))
    declared = set(re.findall(r"^  (\w+Function):\n    Type: AWS::Serverless", template, re.MULTILINE))
    assert built == declared


def _pins(function: str) -> dict[str, str]:
    lines = (ROOT / "deploy" / f"requirements-{REQUIREMENTS[function]}.txt").read_text(encoding="utf-8").splitlines()
    pins = [line.split("==") for line in lines if line and not line.startswith("#")]
    assert all(len(pin) == 2 for pin in pins), "every requirement is pinned with =="
    return {_canonical(name): version for name, version in pins}


def _canonical(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in re.findall(r"\d+", version))


def _copy_requirements(function: str, destination: Path) -> None:
    """Copy the installed distributions of the pinned names, whole; nothing that they need beside is copied."""
    site = Path(importlib.util.find_spec("slack_sdk").origin).parents[1]  # type: ignore[union-attr,arg-type]
    for name in _pins(function):
        distribution = importlib.metadata.distribution(name)
        for path in (Path(str(distribution.locate_file(file))) for file in distribution.files or ()):
            if path.is_file() and path.is_relative_to(site) and "__pycache__" not in path.parts:
                copied = destination / path.relative_to(site)
                copied.parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(path, copied)


def _link(name: str, folder: Path) -> None:
    """Make one of the libraries that the Lambda runtime brings visible."""
    site = Path(importlib.util.find_spec("boto3").origin).parents[1]  # type: ignore[union-attr,arg-type]
    folder.mkdir(exist_ok=True)
    (folder / name).symlink_to(site / name)
