"""Settings come from the environment, each described once: the help, the documentation and the checks read this table."""

from collections.abc import Mapping
from dataclasses import MISSING, dataclass, field, fields
from pathlib import Path
from typing import Any, Literal

PREFIX = "LIANHU_"

Mode = Literal["production", "demo"]


class BadSetting(Exception):
    """A setting has a value that it cannot have; the message names it and what it may be."""


def _setting(default: Any, text: str) -> Any:
    return field(default=default, metadata={"text": text})


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    mode: Mode = _setting("production", "production, or demo: one fictional settlement, invented people, loopback only")
    host: str = _setting("127.0.0.1", "address to listen on; demo mode takes loopback addresses only")
    port: int = _setting(8000, "port to listen on; 0 takes a free one")
    metrics_port: int = _setting(0, "port of /metrics for Prometheus, on the same address; 0 serves none")
    mongodb_uri: str = _setting("", "MongoDB (a replica set or mongos); demo mode starts one of its own where this is empty")
    mongodb_database: str = _setting("lianhu", "name of the database")
    mongodb_driver: Literal["pymongo", "motor"] = _setting("pymongo", "pymongo, or motor (older, slower, ended by its makers)")
    firebase_project: str = _setting("", "Firebase project id, for sign-in and pushes; demo-lianhu in demo mode")
    data_key: str = _setting(
        "", "master key of the field encryption: a file of 96 bytes, or kmip://HOST:PORT; several by commas; wanted in production"
    )
    data_dir: Path = _setting(Path(".data"), "demo mode: where its MongoDB keeps its files, and its own master key")
    load_limit: int = _setting(30, "open tasks after which the router passes a worker over, unless there is danger")
    log_format: Literal["text", "json"] = _setting("text", "text, or json for a log collector")
    allowed_origins: tuple[str, ...] = _setting((), "origins of web consoles that may open sockets, separated by commas")

    @property
    def is_demo(self) -> bool:
        return self.mode == "demo"


CHOICES: Mapping[str, tuple[str, ...]] = {
    "mode": ("production", "demo"),
    "mongodb_driver": ("pymongo", "motor"),
    "log_format": ("text", "json"),
}


def read_settings(environment: Mapping[str, str]) -> Settings:
    """The settings of an environment. Raises `BadSetting`, naming every bad one at once."""
    known = {PREFIX + setting.name.upper(): setting.name for setting in fields(Settings)}
    troubles = [f"{name} is no setting" for name in environment if name.startswith(PREFIX) and name not in known]
    values: dict[str, Any] = {}
    for variable, name in known.items():
        if environment.get(variable):
            try:
                values[name] = _value(name, environment[variable])
            except ValueError as error:
                troubles.append(f"{variable} {error}")
    if troubles:
        raise BadSetting("; ".join(troubles))
    return Settings(**values)


def described_settings() -> list[tuple[str, str, str]]:
    """Variable, default and description of each."""
    return [(PREFIX + setting.name.upper(), _shown(setting.default), setting.metadata["text"]) for setting in fields(Settings)]


def _value(name: str, text: str) -> Any:
    if name in CHOICES and text not in CHOICES[name]:
        raise ValueError(f"must be one of {', '.join(CHOICES[name])}, not {text!r}")
    if name in {"port", "metrics_port"}:
        if not (text.isascii() and text.isdecimal() and int(text) < 65_536):
            raise ValueError(f"must be a port number from 0 to 65535, not {text!r}")
        return int(text)
    if name == "load_limit":
        if not (text.isascii() and text.isdecimal() and 0 < int(text) < 10_000):
            raise ValueError(f"must be a number from 1 to 9999, not {text!r}")
        return int(text)
    if name == "allowed_origins":
        return tuple(origin.strip() for origin in text.split(",") if origin.strip())
    return Path(text) if name == "data_dir" else text


def _shown(default: Any) -> str:
    if default is MISSING or default == ():
        return ""
    return str(default)
