"""The two parts of a mail, text and HTML, from one set of values. Pure. Every value is cleaned before it gets here."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape

from leakwatch.alerts._facts import heading, told, where_to_look
from leakwatch.alerts._glance import banner, details, glance, shortened, where_line
from leakwatch.model.alert import Alert, Delivery, DigestAlert

_SHORT = 110  # seven of them fit on a phone's screen
_ROWS = 50


@lru_cache(maxsize=1)
def _templates() -> Environment:
    return Environment(
        loader=PackageLoader("leakwatch.alerts"),
        autoescape=select_autoescape(("html.j2",)),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def text_part(delivery: Delivery) -> str:
    """The plain text of a mail."""
    return _templates().get_template("alert.txt.j2").render(_values(delivery))


def html_part(delivery: Delivery) -> str:
    """The page of a mail: no scripts, no images, nothing that is fetched from elsewhere."""
    return _templates().get_template("alert.html.j2").render(_values(delivery))


def _values(delivery: Delivery) -> dict[str, Any]:
    alert = delivery.alert
    return {
        "heading": heading(alert),
        "severity": alert.severity.value,
        "banner": banner(alert),
        "pairs": shortened(glance(alert), _SHORT),
        "rows": [_row(one) for one in alert.entries[:_ROWS]] if isinstance(alert, DigestAlert) else [],
        "left_out": alert.more + max(0, len(alert.entries) - _ROWS) if isinstance(alert, DigestAlert) else 0,
        "details": details(alert, _SHORT),
        "look": where_to_look(alert),
        "subject": told(alert.subject, 80),
        "repeat": delivery.repeat,
        "key": delivery.key[:16],
    }


def _row(one: Alert) -> dict[str, str]:
    """One line of a digest's table."""
    return {
        "severity": one.severity.value,
        "headline": told(one.headline, 180),
        "where": where_line(one.places[0]) if one.places else "",
        "sure": f"{one.verdict.value}, {one.score:.2f}",
        "finding": told(one.finding, 60),
    }
