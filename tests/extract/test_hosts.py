"""Links to file hosts: every form comes to one address, look-alikes and pages about the host to none."""

from __future__ import annotations

from datetime import UTC, datetime
from importlib.resources import files

import pytest

from leakwatch.errors import ConfigError
from leakwatch.extract.hosts import Hosts
from leakwatch.extract.hosttable import parse_hosts
from leakwatch.extract.links import find_locators, locate
from leakwatch.matching.engine import artefact_keys
from leakwatch.model.observation import LocatorKind, Observation

SHIPPED = (files("leakwatch.extract") / "hosts.yaml").read_text("utf-8")
KEY = "k3y_" * 10
DRIVE = "1AbCdEfGhIjKlMnOpQrStUvWxYz012345"


@pytest.mark.parametrize(
    ("text", "value"),
    [
        (f"https://mega.nz/file/AbCdEfGh#{KEY}", f"https://mega.nz/file/AbCdEfGh#{KEY}"),
        (f"https://mega.co.nz/#!AbCdEfGh!{KEY}", f"https://mega.nz/file/AbCdEfGh#{KEY}"),
        ("mega.nz/folder/AbCdEfGh.", "https://mega.nz/folder/AbCdEfGh"),
        ("HTTPS://GoFile.io/d/aBc123", "https://gofile.io/d/aBc123"),
        ("https://pixeldrain.com/api/file/AbCd1234?download", "https://pixeldrain.com/u/AbCd1234"),
        (
            "https://www.mediafire.com/file/abcdefghijk12/m7.zip/file",
            "https://www.mediafire.com/file/abcdefghijk12",
        ),
        (
            "https://krakenfiles.com/view/AbCdEf1234/file.html",
            "https://krakenfiles.com/view/AbCdEf1234/file.html",
        ),
        ("https://alterupload.com/?abcdefghij12345", "https://1fichier.com/?abcdefghij12345"),
        (
            "http://rg.to/file/0123456789abcdef0123456789abcdef",
            "https://rapidgator.net/file/0123456789abcdef0123456789abcdef",
        ),
        (
            f"https://drive.google.com/file/d/{DRIVE}/view?usp=sharing",
            f"https://drive.google.com/file/d/{DRIVE}",
        ),
        (
            f"https://drive.google.com/uc?export=download&amp;id={DRIVE}",
            f"https://drive.google.com/file/d/{DRIVE}",
        ),
        (
            f"https://drive.google.com/drive/u/0/folders/{DRIVE}",
            f"https://drive.google.com/drive/folders/{DRIVE}",
        ),
        (
            "https://www.dropbox.com/scl/fi/abcdefghijklmno/m7.zip?rlkey=x&dl=0",
            "https://www.dropbox.com/scl/fi/abcdefghijklmno",
        ),
        ("https://www.1024tera.com/sharing/link?surl=AbCdEfGh12", "https://www.terabox.com/s/1AbCdEfGh12"),
        ("https://files.catbox.moe/abc123.zip", "https://files.catbox.moe/abc123.zip"),
        ("https://transfer.sh/AbCdE1/m7.tar.gz", "https://transfer.sh/AbCdE1/m7.tar.gz"),
        ("https://we.tl/t-AbCdEfGhIj", "https://we.tl/t-AbCdEfGhIj"),
        ("https://1drv.ms/u/s!AbCdEfGhIjKlMn?e=x", "https://1drv.ms/u/AbCdEfGhIjKlMn"),
        ("https://yadi.sk/d/AbCdEfGhIjKlMn", "https://disk.yandex.ru/d/AbCdEfGhIjKlMn"),
        ("https://cloud.mail.ru/public/AbCd/EfGhIjKlM", "https://cloud.mail.ru/public/AbCd/EfGhIjKlM"),
        (
            "链接：https://pan.baidu.com/s/1AbCd_Ef-Gh 提取码：x9k2",
            "https://pan.baidu.com/s/1AbCd_Ef-Gh#x9k2",
        ),
        (
            "https://pan.baidu.com/share/init?surl=AbCd_Ef-Gh&pwd=x9k2",
            "https://pan.baidu.com/s/1AbCd_Ef-Gh#x9k2",
        ),
        ("https://pan.quark.cn/s/0123456789ab", "https://pan.quark.cn/s/0123456789ab"),
        ("https://share.weiyun.com/AbCdEfGh 密码 q1w2", "https://share.weiyun.com/AbCdEfGh#q1w2"),
        ("https://www.aliyundrive.com/s/AbCdEfGhIjK", "https://www.alipan.com/s/AbCdEfGhIjK"),
    ],
)
def test_each_form_comes_to_one_address(text: str, value: str, hosts: Hosts) -> None:
    """Old and new forms, other names of a host and further parameters give the address that names the file."""
    (found,) = find_locators(f"get it {text}\nnow", hosts)
    assert (found.kind, found.value, found.offset) == (
        LocatorKind.FILE_HOST,
        value,
        7 + max(0, text.find("http")),
    )


@pytest.mark.parametrize(
    "text",
    [
        "https://mega.nz/about",
        "https://mega.nz/",
        "https://mega.nz/file/",
        "https://notmega.nz/file/AbCdEfGh",
        "https://mega.nz.evil.example/file/AbCdEfGh",
        "https://gofile.io/d/faq",
        "https://drive.google.com/drive/my-drive",
        "https://docs.google.com/document/d/1AbCdEfGhIjKlMnOpQrStUvWxYz012345",
        "https://www.dropbox.com/business",
        "https://www.mediafire.com/upgrade/",
        "https://file.io/pricing",
        "https://anonfiles.com/Ab12Cd34Ef/m7_zip",
        "mega.nz is down again",
        "see transfer.sh for the tool",
    ],
)
def test_what_is_no_file_is_no_locator(text: str, hosts: Hosts) -> None:
    """Pages of a host, hosts of like names and hosts that closed give nothing."""
    assert find_locators(text, hosts) == ()


def test_two_posts_of_one_link_share_their_artefact(hosts: Hosts) -> None:
    """A link with its key and without is one artefact, and in one text one locator, with the key."""
    texts = ["mega.nz/file/AbCdEfGh", f"https://mega.nz/file/AbCdEfGh#{KEY}"]
    told = [
        locate(
            Observation(
                site="b", native_id="1", title="", fetched_at=datetime(2026, 11, 20, tzinfo=UTC), text=text
            ),
            hosts,
        )
        for text in (*texts, " ".join(texts))
    ]
    assert {artefact_keys(one) for one in told} == {("url:https://mega.nz/file/AbCdEfGh",)}
    assert [one.value for one in told[2].locators] == [f"https://mega.nz/file/AbCdEfGh#{KEY}"]


def test_the_shipped_table_is_large_enough(hosts: Hosts) -> None:
    """More than sixty hosts are known, some of them closed."""
    assert len(hosts.paths) > 60
    assert {one.dead for one in hosts.paths["anonfiles.com"]} == {"2023-08"}


HEAD = "schema: 1\nno_ids: about\nhosts:\n"
ENTRY = '  - host: a.example\n    paths: "/f/{id}"\n    canonical: https://a.example/f/{id}\n    source: made up\n'


@pytest.mark.parametrize(
    ("text", "where"),
    [
        ("", "hosts.yaml:1"),
        ("- a\n", "hosts.yaml:1"),
        ("schema: 2\nno_ids: a\nhosts: []\n", "hosts.yaml:1: schema"),
        ("schema: 1\nno_ids: a\nhosts: x\n", "hosts.yaml:3: hosts"),
        ("schema: 1\nschema: 1\n", "hosts.yaml:2: schema"),
        ("schema: 1\nhots: []\n", "hosts.yaml:2: hots"),
        ("schema: [\n", "hosts.yaml:2"),
        (HEAD + ENTRY.replace("a.example\n", "not a host\n", 1), "hosts.yaml:4: host"),
        (HEAD + ENTRY.replace("/f/{id}", "f/{id}", 1), "hosts.yaml:5: paths"),
        (HEAD + ENTRY.replace("/f/{id}", "/f/{id}/{", 1), "hosts.yaml:5: paths"),
        (HEAD + ENTRY.replace("/f/{id}", "/f/{id}/{id}", 1), "hosts.yaml:5: paths"),
        (HEAD + ENTRY.replace("/f/{id}", "/f/{name}", 1), "hosts.yaml:4: canonical"),
        (HEAD + ENTRY.replace("made up", ""), "hosts.yaml:7: source"),
        (HEAD + ENTRY + "    dead: long ago\n", "hosts.yaml:8: dead"),
        (HEAD + ENTRY + "    alive: yes\n", "hosts.yaml:8: alive"),
    ],
)
def test_a_mistake_in_the_table_has_its_line(text: str, where: str) -> None:
    """Each mistake is told with file, line and field."""
    with pytest.raises(ConfigError) as caught:
        parse_hosts(text)
    assert str(caught.value).startswith(where)


def test_a_table_of_ones_own_is_read() -> None:
    """The smallest table that is right."""
    (found,) = find_locators("a.example/f/x1", parse_hosts(HEAD + ENTRY))
    assert found.value == "https://a.example/f/x1"
