"""`python -m tests.matrix`: asks everything anew and writes `docs/access-matrix.md`."""

import os
import sys

import pytest

if __name__ == "__main__":
    os.environ["WRITE_ACCESS_MATRIX"] = "yes"
    sys.exit(pytest.main(["tests/journeys/test_matrix.py", "-q", "-p", "no:cacheprovider", "-k", "committed"]))
