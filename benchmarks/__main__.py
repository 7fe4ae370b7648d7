"""`python -m benchmarks [NAME…] [--quick]`: measure, and show every figure beside its target."""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from benchmarks import (
    addons,
    claims,
    dashboard,
    duplicates,
    faces,
    geocode,
    latency,
    phone_photos,
    small_files,
    thumbnails,
    two_file_systems,
)
from benchmarks.context import Context
from benchmarks.figures import Figure, table
from benchmarks.machine import facts

BENCHES: dict[str, Callable[[Context], list[Figure]]] = {
    "phone_photos": phone_photos.run,
    "two_file_systems": two_file_systems.run,
    "small_files": small_files.run,
    "duplicates": duplicates.run,
    "latency": latency.run,
    "claims": claims.run,
    "addon_latency": addons.run_latency,
    "executors": addons.run_cluster,
    "thumbnails": thumbnails.run,
    "faces": faces.run,
    "geocode": geocode.run,
    "dashboard": dashboard.run,
}


PLAIN_SHA = {"OPENSSL_ia32cap": ":~0x20000000"}
"""Hides the SHA instructions of an x86 processor from OpenSSL (its man page: OPENSSL_ia32cap)."""


def main() -> None:
    """Run the chosen benches and print one table."""
    chosen = _arguments()
    if chosen.plain_sha and PLAIN_SHA.keys().isdisjoint(os.environ):
        os.execve(sys.executable, sys.orig_argv, {**os.environ, **PLAIN_SHA})
    chosen.dir.mkdir(parents=True, exist_ok=True)
    about = facts(chosen.dir)
    for name, fact in about.items():
        print(f"{name:>18}: {fact}")
    if chosen.quick:
        print("--quick: fewer files than the targets speak of; the figures only show the way")
    sys.stdout.flush()
    figures = _run(chosen)
    print(f"\n{table(figures)}")
    if chosen.json:
        content = {"machine": about, "quick": chosen.quick, "figures": _as_json(figures)}
        chosen.json.write_text(json.dumps(content, indent=1) + "\n")


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of {', '.join(BENCHES)}")
    parser.add_argument("--quick", action="store_true", help="fewer files, to see whether it runs")
    parser.add_argument(
        "--plain-sha",
        action="store_true",
        help="as on a NAS whose processor has no SHA instructions",
    )
    parser.add_argument("--rounds", type=int, default=0, help="5, or 3 with --quick")
    parser.add_argument("--dir", type=Path, default=Path("build/bench"), help="where to work")
    parser.add_argument("--json", type=Path, metavar="FILE", help="the figures for programs")
    chosen = parser.parse_args()
    unknown = set(chosen.names) - BENCHES.keys()
    if unknown:
        parser.error(f"no such bench: {', '.join(sorted(unknown))}")
    chosen.rounds = chosen.rounds or (3 if chosen.quick else 5)
    chosen.dir = chosen.dir.absolute()
    return chosen


def _run(chosen: argparse.Namespace) -> list[Figure]:
    figures = []
    for name in chosen.names or BENCHES:
        print(f"{name} …", file=sys.stderr, flush=True)
        with tempfile.TemporaryDirectory(dir=chosen.dir, prefix="run-") as work:
            context = Context(Path(work), chosen.dir / "photos", chosen.quick, chosen.rounds)
            figures += BENCHES[name](context)
    return figures


def _as_json(figures: list[Figure]) -> list[dict[str, object]]:
    return [figure.as_json() for figure in figures]


if __name__ == "__main__":
    main()
