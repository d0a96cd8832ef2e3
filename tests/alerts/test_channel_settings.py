"""Channels in leakwatch.toml: what is right is read, what is wrong is named with its line."""

from __future__ import annotations

from pathlib import Path

import pytest

from leakwatch.alerts import is_read_by_people, notifier_for
from leakwatch.config import load_config
from leakwatch.errors import ConfigError

from .receivers import Clock, door

pytestmark = pytest.mark.filterwarnings("ignore:'imghdr' is deprecated")  # a plugin of Apprise imports it
HEAD = '[http]\ncontact = "mailto:a@b.example"\n[[channels]]\nname = "c"\n'
GOOD = "whsec_MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIz"
CHANNELS = {
    "pagerduty": ('kind = "pagerduty"\nrouting_key = "verysecret"\n', False),
    "pagerduty in the EU": (
        'kind = "pagerduty"\nrouting_key = "verysecret"\nurl = "https://events.eu.pagerduty.com/v2/enqueue"\n',
        False,
    ),
    "teams": ('kind = "teams"\nurl = "https://x.example/verysecret"\n', True),
    "discord": ('kind = "discord"\nurl = "https://discord.com/api/webhooks/1/verysecret"\n', True),
    "apprise": ('kind = "apprise"\nurl = "json://x.example/verysecret"\n', True),
    "webhook": (f'kind = "webhook"\nurl = "https://x.example"\nsecret = "{GOOD}"\n', False),
    "webhook in change": (
        f'kind = "webhook"\nurl = "https://x.example"\nsecret = "{GOOD}"\nsecret_before = "{GOOD}"\n',
        False,
    ),
    "slack": ('kind = "slack"\nurl = "https://hooks.slack.com/verysecret"\n', True),
}
BAD = {
    "teams without http": ('kind = "teams"\nurl = "verysecret"\n', 6, "channels.1.url", "http or https"),
    "discord by ftp": ('kind = "discord"\nurl = "ftp://verysecret/"\n', 6, "channels.1.url", "http or https"),
    "pagerduty elsewhere": (
        'kind = "pagerduty"\nrouting_key = "verysecret"\nurl = "events"\n',
        *(7, "channels.1.url", "http or https"),
    ),
    "pagerduty without a key": ('kind = "pagerduty"\n', 3, "channels.1", "routing_key is missing"),
    "apprise unknown": (
        'kind = "apprise"\nurl = "nonsense://verysecret"\n',
        6,
        "channels.1.url",
        "no service",
    ),
    "old secret too short": (
        f'kind = "webhook"\nurl = "https://x"\nsecret = "{GOOD}"\nsecret_before = "whsec_verysecret"\n',
        *(8, "channels.1.secret_before", "24 to 64 bytes"),
    ),
    "patience": (
        'kind = "apprise"\nurl = "json://x.example/"\ntimeout_s = 0\n',
        *(7, "channels.1.timeout_s", "from 1"),
    ),
}


def written(folder: Path, told: str) -> Path:
    """A configuration with one channel."""
    file = folder / "leakwatch.toml"
    file.write_text(HEAD + told, "utf-8")
    return file


@pytest.mark.parametrize(("told", "for_people"), CHANNELS.values(), ids=CHANNELS.keys())
async def test_good_channels(tmp_path: Path, told: str, for_people: bool) -> None:
    """Each kind is read, hides its secret, and has a notifier; people read some, programs the others."""
    (channel,) = load_config(written(tmp_path, told)).channels
    assert "verysecret" not in repr(channel)
    assert is_read_by_people(channel) is for_people
    async with door() as fetcher:
        assert notifier_for(channel, fetcher, Clock())


@pytest.mark.parametrize(("told", "line", "field", "message"), BAD.values(), ids=BAD.keys())
def test_bad_channels(tmp_path: Path, told: str, line: int, field: str, message: str) -> None:
    """What is wrong is told with file, line and field, and without the secret."""
    with pytest.raises(ConfigError) as caught:
        load_config(written(tmp_path, told))
    error = caught.value
    assert (error.line, error.field) == (line, field)
    assert message in error.message
    assert "verysecret" not in error.message
