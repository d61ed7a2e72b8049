"""Logs: text for people, JSON for collectors. What residents wrote, names and numbers never go in."""

import logging

from pythonjsonlogger.json import JsonFormatter

QUIET = ("httpx", "httpcore", "pymongo", "google", "urllib3", "cachecontrol")


def set_up_logs(log_format: str, *, level: int = logging.INFO) -> None:
    handler = logging.StreamHandler()
    text = "%(asctime)s %(levelname)s %(name)s %(message)s"
    handler.setFormatter(JsonFormatter(text) if log_format == "json" else logging.Formatter(text))
    logging.basicConfig(handlers=[handler], level=level, force=True)
    for name in QUIET:
        logging.getLogger(name).setLevel(logging.WARNING)
