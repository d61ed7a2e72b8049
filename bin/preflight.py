"""Says what this machine lacks for `make`, one sentence with its mend a line; runs on any Python from 3.6 on, with nothing installed."""

import ctypes
import os
import platform
import shutil
import subprocess
import sys
from collections.abc import Iterator

OLDEST = (3, 11)
NEWER = ("python3.14", "python3.13", "python3.12", "python3.11")
LIBRARIES = (
    ("libcurl.so.4", "`apt-get install libcurl4`"),
    ("libssl.so.3", "`apt-get install libssl3` (Debian 12, Ubuntu 22.04 or newer)"),
    ("liblzma.so.5", "`apt-get install liblzma5`"),
)


# The quoted annotations are for Pythons that are too old for the rest: they must get as far as the sentence that says so.
def missing_python() -> "Iterator[str]":
    """A Python that is new enough, and able to make a virtual environment."""
    if sys.version_info[:2] < OLDEST:
        newer = [name for name in NEWER if is_running(name)]
        mend = f"run make with PYTHON={newer[0]}" if newer else "`apt-get install python3 python3-venv` (Debian 12, Ubuntu 24.04 or newer)"
        yield f"Python {OLDEST[0]}.{OLDEST[1]} or newer is needed, and {sys.executable} is {platform.python_version()}: {mend}."
        return
    try:
        import ensurepip  # noqa: F401
        import venv  # noqa: F401
    except ImportError as error:
        yield f"{sys.executable} cannot make a virtual environment ({error.name} is missing): `apt-get install python3-venv`."


def is_running(name: str) -> bool:
    """Whether that Python is there and starts; a shim of pyenv may be there for one that is not in use."""
    return shutil.which(name) is not None and subprocess.call([name, "-c", ""], stderr=subprocess.DEVNULL) == 0  # noqa: S603


def missing_mongod() -> "Iterator[str]":
    """A MongoDB of one's own, or what the packaged one needs."""
    if os.environ.get("LIANHU_MONGODB_URI") or shutil.which("mongod"):
        return
    instead = "or set LIANHU_MONGODB_URI to a replica set of your own"
    if (platform.system(), platform.machine()) != ("Linux", "x86_64"):
        here = f"{platform.system()} on {platform.machine()}"
        yield f"The packaged MongoDB runs on x86-64 Linux only, and this is {here}: install MongoDB, {instead}."
        return
    for library, mend in LIBRARIES:
        try:
            ctypes.CDLL(library)
        except OSError:
            yield f"The packaged MongoDB needs {library}, which is missing: {mend}, {instead}."


def main() -> int:
    """Ends with 1 when something is missing."""
    missing = [*missing_python(), *missing_mongod()]
    sys.stderr.write("".join(sentence + "\n" for sentence in missing))
    return 1 if missing else 0


if __name__ == "__main__":
    sys.exit(main())
