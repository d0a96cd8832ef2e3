"""What a person can do, one function each, over the ports: shared by the command line and, later, web and API."""

from leakwatch.service.assets import (
    add_asset,
    change_asset,
    hidden,
    import_catalogue,
    remove_asset,
    set_query_mode,
    show_asset,
    without_allow,
)
from leakwatch.service.findings import Case, list_findings, make_test_alert, show_finding
from leakwatch.service.reading import (
    load_fakes,
    load_hosts,
    load_rules,
    load_weights,
    read_bytes,
    read_catalogue,
    read_text,
    read_torrent,
)

__all__ = [
    "Case",
    "add_asset",
    "change_asset",
    "hidden",
    "import_catalogue",
    "list_findings",
    "load_fakes",
    "load_hosts",
    "load_rules",
    "load_weights",
    "make_test_alert",
    "read_bytes",
    "read_catalogue",
    "read_text",
    "read_torrent",
    "remove_asset",
    "set_query_mode",
    "show_asset",
    "show_finding",
    "without_allow",
]
