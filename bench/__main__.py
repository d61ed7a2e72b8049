"""`python -m bench`: runs every bench in this folder, one after the other. Each compares neighbours; the ratios are the result."""

import importlib
import pkgutil
import sys
from time import perf_counter

import bench


def main() -> int:
    """Runs whatever has a `main`; the names of some (`python -m bench drivers`) run only those, a number after them is their size."""
    names = sorted(module.name for module in pkgutil.iter_modules(bench.__path__) if not module.name.startswith("_"))
    sizes = [int(size) for size in sys.argv[1:] if size.isdecimal()]
    wanted = [name for name in sys.argv[1:] if not name.isdecimal()] or names
    unknown = [name for name in wanted if name not in names]
    if unknown:
        print(f"no bench of that name: {', '.join(unknown)}; there are: {', '.join(names)}", file=sys.stderr)
        return 2
    for name in wanted:
        run = getattr(importlib.import_module(f"bench.{name}"), "main", None)
        if run is None:  # what benches share
            continue
        print(f"== {name}", flush=True)
        begun = perf_counter()
        run(*sizes[:1])
        print(f"   took {perf_counter() - begun:.0f} s\n", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
