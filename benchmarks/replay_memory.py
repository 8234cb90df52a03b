"""How much memory and time `medic replay` takes for a file of 100,000 log lines, beside the file's own size.

usage: python benchmarks/replay_memory.py [--lines N] [--json] [--only NAME]

Each kind of traffic is replayed in a process of its own; what an empty file costs (the interpreter, the imports, the playbooks)
is measured the same way and taken off. Unix only: the peak comes from getrusage.
"""

from __future__ import annotations

import argparse
import json
import random
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Final

ROOT: Final = Path(__file__).resolve().parents[1]
SEED: Final = 20260514
START_MS: Final = 1_778_728_321_000
STREAM: Final = "2026/05/14/[$LATEST]ab12cd34ef56ab12cd34ef56ab12cd3{}"
STREAMS: Final = 8
CHATTER: Final = ("cache warm, 0 errors", "loaded 42 rules; no memory pressure", "user signed in", "GET /orders 200 in 12 ms")
TRACE: Final = 'Traceback (most recent call last):\n  File "/var/task/app.py", line {1}, in handler\n    order = orders[name]'
FAULTS: Final = (
    f"[ERROR] KeyError: 'order_{{0}}'\n{TRACE}",
    '2026-05-14T03:12:01.000Z\t{2}\tERROR\tInvoke Error \t{{"errorType":"TypeError",'
    '"errorMessage":"Cannot read properties of undefined (reading \'id{0}\')","stack":["TypeError: Cannot read"]}}',
    "[ERROR] ClientError: An error occurred (ValidationException) when calling the GetItem operation: key {0} does not match\n" + TRACE,
    '{{"level":"ERROR","requestId":"{2}","message":"order {0} could not be stored","exception_name":"StorageError"}}',
)

PEAK: Final = """
import resource, sys
from bot.cli.main import main
try:
    main(["replay", sys.argv[1], "--json"])
finally:
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    print("peak", peak if sys.platform == "darwin" else peak * 1024, file=sys.stderr)
"""


def _request(rng: random.Random, number: int, line: str, status: str = "") -> Iterator[str]:
    request_id = uuid.UUID(int=rng.getrandbits(128), version=4)
    duration = rng.uniform(4, 900)
    yield f"START RequestId: {request_id} Version: $LATEST\n"
    yield line.format(number, number % 90, request_id) + "\n"
    yield f"END RequestId: {request_id}\n"
    yield (
        f"REPORT RequestId: {request_id}\tDuration: {duration:.2f} ms\tBilled Duration: {duration + 1:.0f} ms\tMemory Size: 512 MB\t"
        f"Max Memory Used: {rng.randint(80, 220)} MB\t{status}\n"
    )


def healthy(rng: random.Random) -> Iterator[str]:
    """Yield invocations that end well."""
    number = 0
    while True:
        yield from _request(rng, number, rng.choice(CHATTER))
        number += 1


def failing(rng: random.Random) -> Iterator[str]:
    """Yield invocations of which every one fails."""
    number = 0
    while True:
        yield from _request(rng, number, rng.choice(FAULTS), "Status: error\tError Type: Runtime.Unknown")
        number += 1


def errors(rng: random.Random) -> Iterator[str]:
    """Yield nothing but error lines, each of a request of its own."""
    number = 0
    while True:
        yield rng.choice(FAULTS).format(number, number % 90, uuid.UUID(int=rng.getrandbits(128), version=4)) + "\n"
        number += 1


TRAFFIC: Final[dict[str, Callable[[random.Random], Iterator[str]]]] = {"healthy": healthy, "failing": failing, "errors": errors}


def write_incident(path: Path, lines: Iterator[str], count: int) -> int:
    """Write an incident file with so many log lines, and return its size in bytes."""
    events = [{"timestamp": START_MS + i, "stream": STREAM.format(i // 4 % STREAMS), "message": next(lines)} for i in range(count)]
    incident: dict[str, Any] = {
        "version": 1,
        "target": {"function_name": "checkout", "region": "eu-west-1", "account_id": "123456789012"},
        "function": {"FunctionName": "checkout", "Runtime": "python3.12", "Timeout": 30, "MemorySize": 512},
        "logs": [{"group": "/aws/lambda/checkout", "events": events}],
    }
    return path.write_text(json.dumps(incident), "utf-8")


def replay(path: Path) -> tuple[int, float]:
    """Replay a file in a process of its own, and return the peak of its memory in bytes and the seconds that it took."""
    began = time.perf_counter()
    done = subprocess.run([sys.executable, "-c", PEAK, str(path)], capture_output=True, text=True, check=False, cwd=ROOT)  # noqa: S603
    took_s = time.perf_counter() - began
    if done.returncode not in (0, 3):
        raise SystemExit(f"{path}: exit {done.returncode}: {done.stderr}")
    return int(done.stderr.split()[-1]), took_s


def measure(names: list[str], count: int) -> list[dict[str, Any]]:
    """Measure each kind of traffic against the replay of a file without lines."""
    rows: list[dict[str, Any]] = []
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "incident.json"
        write_incident(path, iter(()), 0)
        base_bytes, base_s = replay(path)
        for name in names:
            size = write_incident(path, TRAFFIC[name](random.Random(SEED)), count)  # noqa: S311 - made-up traffic
            peak, took_s = replay(path)
            growth = peak - base_bytes
            rows.append({"traffic": name, "lines": count, "file_bytes": size, "growth_bytes": growth, "ratio": growth / size,
                         "seconds": took_s - base_s})  # fmt: skip
    return rows


def main() -> None:
    """Print one row for each kind of traffic."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--lines", type=int, default=100_000)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--only", choices=sorted(TRAFFIC))
    asked = parser.parse_args()
    rows = measure([asked.only] if asked.only else list(TRAFFIC), asked.lines)
    if asked.json:
        print(json.dumps(rows))
        return
    print(f"{'traffic':<10}{'lines':>9}{'file MB':>10}{'growth MB':>11}{'ratio':>8}{'seconds':>9}")
    for row in rows:
        size, growth = row["file_bytes"] / 1e6, row["growth_bytes"] / 1e6
        print(f"{row['traffic']:<10}{row['lines']:>9}{size:>10.1f}{growth:>11.1f}{row['ratio']:>8.2f}{row['seconds']:>9.1f}")


if __name__ == "__main__":
    main()
