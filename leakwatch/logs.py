"""Structured logs: one JSON object or one coloured line an event, on stderr, without steering characters."""

from __future__ import annotations

import logging
import sys
from collections.abc import MutableMapping
from typing import Any, Literal

import structlog

from leakwatch.display import clean

Format = Literal["auto", "json", "console"]


def configure(form: Format = "auto", level: str = "info") -> None:
    """Set up logging once, at the start of a command."""
    as_json = form == "json" or (form == "auto" and not sys.stderr.isatty())
    renderer: Any = structlog.processors.JSONRenderer() if as_json else structlog.dev.ConsoleRenderer()
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            _cleaned,
            renderer,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(getattr(logging, level.upper(), logging.INFO)),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=False,
    )
    logging.basicConfig(level=logging.WARNING, stream=sys.stderr, format="%(levelname)s %(name)s %(message)s")
    for noisy in ("apscheduler", "httpx", "httpcore", "mail.log", "alembic"):
        logging.getLogger(noisy).setLevel(logging.ERROR)


def _cleaned(_logger: object, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Values from outside may hold anything: they are shown, never obeyed."""
    for key, value in event.items():
        if isinstance(value, str):
            event[key] = clean(value, 2000)
    return event
