"""A first import of many homes, then the same file again: seconds, and the most memory that the process ever held.

Each step runs in a process of its own, against a real MongoDB; the workbook is written before.
"""

import resource
import subprocess
import sys
import tempfile
from base64 import b64encode
from pathlib import Path
from time import perf_counter

from adapters.mongo.collections import build
from adapters.mongo.migrations import migrate
from server.demo.settlement import settlement
from server.demo.workbook import write_workbook
from server.importing import Wish, import_file
from server.mongod import EmbeddedMongod
from server.serving import run
from server.settings import Settings
from server.wiring import build_house, wall_clock

HOMES = 40_000
DATABASE = "bench_importing"
STEPS = ("check", "first", "again")


def main(homes: int = HOMES) -> None:
    """Prints one line a step; `python -m bench.importing 2000` measures a smaller one."""
    with tempfile.TemporaryDirectory() as folder, EmbeddedMongod(Path(folder) / "mongo") as mongod:
        path, key = Path(folder) / "book.xlsx", Path(folder) / "data.key"
        key.write_bytes(b64encode(bytes(96)))
        write_workbook(settlement(homes), path)
        print(f"   {homes} homes, {path.stat().st_size / 1e6:.1f} MB")
        for step in STEPS:
            arguments = [sys.executable, "-m", "bench.importing", mongod.uri, str(key), str(path), step]
            subprocess.run(arguments, check=True)


def _one(uri: str, key: str, path: str, step: str) -> None:
    settings = Settings(mode="demo", mongodb_uri=uri, mongodb_database=DATABASE, data_key=key)
    run(_prepared(settings))
    begun = perf_counter()
    said: list[str] = []
    code = run(import_file(Wish(Path(path), None, step == "check", "en"), settings, said.append))
    seconds, kilobytes = perf_counter() - begun, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    print(f"   {step:6} {seconds:6.1f} s, at most {kilobytes / 1000:.0f} MB, exit {code}: {said[-1][:60]}", flush=True)


async def _prepared(settings: Settings) -> None:
    house = build_house(settings)
    try:
        await build(house.mongo)
        await migrate(house.mongo, at=wall_clock())
    finally:
        await house.close()


if __name__ == "__main__":
    if len(sys.argv) > 2:
        _one(*sys.argv[1:5])
    else:
        main(*map(int, sys.argv[1:]))
