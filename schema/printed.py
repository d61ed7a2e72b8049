"""The schema as text, and where the committed copy of it stands."""

from pathlib import Path

from schema.root import build_schema

SNAPSHOT = Path(__file__).parent / "schema.graphql"


def printed() -> str:
    return build_schema().as_str().rstrip() + "\n"
