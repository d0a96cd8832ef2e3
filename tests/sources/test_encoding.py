"""One leak in sixty encodings: research/security.md T8."""

from __future__ import annotations

import codecs
import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leakwatch.extract.links import find_locators
from leakwatch.sources._encoding import codec_of, text_of

HASH = "0123456789abcdef0123456789abcdef01234567"
MAGNET = f"magnet:?xt=urn:btih:{HASH}"
NAMES = {
    "ru": "Приливное стекло",
    "ja": "潮のガラス",
    "zh": "潮汐玻璃",
    "ko": "조수 유리",
    "el": "Παλιρροϊκό",
    "he": "זכוכית",
    "fr": "Verre de marée",
    "pl": "Szkło pływów",
    "th": "แก้ว",
    "ar": "زجاج",
    "tr": "Gelgit camı ğş",
}
CODECS = [
    ("utf-8", "utf-8", "ru"), ("utf-16", "utf-16-le", "ja"), ("utf-16le", "utf-16-le", "ru"), ("utf-16be", "utf-16-be", "zh"),
    ("windows-1251", "cp1251", "ru"), ("koi8-r", "koi8-r", "ru"), ("iso-8859-5", "iso8859-5", "ru"), ("ibm866", "cp866", "ru"),
    ("x-mac-cyrillic", "mac_cyrillic", "ru"), ("shift_jis", "cp932", "ja"), ("euc-jp", "euc_jp", "ja"), ("iso-2022-jp", "iso2022_jp", "ja"),
    ("gbk", "gbk", "zh"), ("gb2312", "gb2312", "zh"), ("gb18030", "gb18030", "zh"), ("big5", "big5", "zh"), ("euc-kr", "euc_kr", "ko"),
    ("windows-1253", "cp1253", "el"), ("iso-8859-7", "iso8859-7", "el"), ("windows-1255", "cp1255", "he"), ("windows-1256", "cp1256", "ar"),
    ("windows-874", "cp874", "th"), ("windows-1254", "cp1254", "tr"), ("iso-8859-9", "iso8859-9", "tr"),
    ("windows-1250", "cp1250", "pl"), ("iso-8859-2", "iso8859-2", "pl"), ("windows-1252", "cp1252", "fr"), ("iso-8859-1", "iso8859-1", "fr"),
]  # fmt: skip
TAIL = f"<p>{{}} 70B</p><a href='{MAGNET}'>get</a></body></html>"


def by_header(label: str, codec: str, lang: str) -> tuple[bytes, dict[str, str]]:
    """The charset stands in the Content-Type alone."""
    page = "<html><body>" + TAIL.format(NAMES[lang])
    return page.encode(codec), {"content-type": f'text/html; Charset="{label.upper()}"'}


def by_meta(label: str, codec: str, lang: str) -> tuple[bytes, dict[str, str]]:
    """The document declares itself."""
    page = f"<html><head><meta http-equiv='Content-Type' content='text/html; charset={label}'></head><body>"
    return (page + TAIL.format(NAMES[lang])).encode(codec), {"content-type": "text/html"}


def by_xml(label: str, codec: str, lang: str) -> tuple[bytes, dict[str, str]]:
    """The XML declaration says it."""
    page = f"<?xml version='1.0' encoding='{label}'?><html><body>" + TAIL.format(NAMES[lang])
    return page.encode(codec), {}


def unsaid(codec: str, lang: str, mark: bytes = b"") -> tuple[bytes, dict[str, str]]:
    """Nothing but the bytes, or a mark, says it."""
    return mark + ("<html><body>" + TAIL.format(NAMES[lang])).encode(codec), {"content-type": "text/html"}


ASCII_ALIKE = [one for one in CODECS if not one[0].startswith("utf-16")]
CASES = [
    *((f"header {one[0]}", one[2], by_header(*one)) for one in CODECS),
    *((f"meta {one[0]}", one[2], by_meta(*one)) for one in ASCII_ALIKE[::2]),
    *((f"xml {one[0]}", one[2], by_xml(*one)) for one in ASCII_ALIKE[1::2]),
    ("mark utf-8", "ru", unsaid("utf-8", "ru", codecs.BOM_UTF8)),
    ("mark utf-16-le", "ru", unsaid("utf-16-le", "ru", codecs.BOM_UTF16_LE)),
    ("mark utf-16-be", "ja", unsaid("utf-16-be", "ja", codecs.BOM_UTF16_BE)),
    ("mark beats header", "ru", (unsaid("utf-16-le", "ru", codecs.BOM_UTF16_LE)[0], {"content-type": "text/html; charset=utf-8"})),
    ("unsaid utf-8", "zh", unsaid("utf-8", "zh")),
    ("unsaid utf-16-le", "ru", unsaid("utf-16-le", "ru")),
    ("unsaid utf-16-be", "fr", unsaid("utf-16-be", "fr")),
]  # fmt: skip


def test_there_are_sixty() -> None:
    """The figure that the recall is of."""
    assert len(CASES) == 60


@pytest.mark.parametrize(("lang", "page"), [case[1:] for case in CASES], ids=[case[0] for case in CASES])
def test_the_leak_is_read(lang: str, page: tuple[bytes, dict[str, str]]) -> None:
    """The name and the magnet URI stand in the text, whatever it was written in."""
    text = text_of(*page)
    assert NAMES[lang] in text
    assert any(HASH in str(one.value).lower() for one in find_locators(text))


@pytest.mark.parametrize("headers", [{}, {"content-type": "text/html; charset=utf-7"}])
@pytest.mark.parametrize("label", ["utf-7", "unicode-1-1-utf-7", "csUnicode11UTF7", "x-unicode-2-0-utf-7"])
def test_never_utf_7(label: str, headers: dict[str, str]) -> None:
    """UTF-7 is no encoding of the web, whoever asks for it."""
    assert codec_of(label) is None
    body = f"<meta charset={label}>+ADw-b+AD4-".encode()
    assert "+ADw-b+AD4-" in text_of(body, headers)


def test_no_nul_cuts_a_hash() -> None:
    """A NUL in the text is passed over, as a browser does it."""
    page = f"<p>{MAGNET[:40]}\0{MAGNET[40:]}</p>".encode()
    assert any(HASH in str(one.value).lower() for one in find_locators(text_of(page, {})))


def test_every_codec_exists() -> None:
    """No label leads to a codec that Python does not have."""
    from leakwatch.sources._encoding import _LABELS

    for codec in set(_LABELS.values()):
        assert codecs.lookup(codec)
        assert "7" not in codecs.lookup(codec).name.replace("8859-7", "").replace("874", "").replace(
            "1257", ""
        )


@given(
    st.binary(max_size=300),
    st.sampled_from(["", *(one[0] for one in CODECS), "utf-7", "nonsense", "rot13", "idna"]),
)
def test_any_bytes_are_text(body: bytes, label: str) -> None:
    """On any bytes under any label there is text, without NULs."""
    for headers, start in itertools.product(
        ({}, {"content-type": f"text/html; charset={label}"}), (b"", f"<meta charset='{label}'>".encode())
    ):
        assert "\0" not in text_of(start + body, headers)


def test_what_is_known_of_a_site() -> None:
    """A label from somebody who knows the site is stronger than what HTML declares, and weaker than XML and headers."""
    body = "<p>Приливное стекло</p>".encode("koi8-r")
    assert text_of(body, {}, "koi8-r") == "<p>Приливное стекло</p>"
    assert text_of(b"<meta charset=utf-8>" + body, {}, "koi8-r").endswith("стекло</p>")
    told = "<?xml version='1.0' encoding='windows-1251'?><p>я</p>".encode("cp1251")
    assert text_of(told, {}, "koi8-r").endswith("<p>я</p>")
    assert (
        text_of("<p>я</p>".encode("cp1251"), {"content-type": "text/html; charset=cp1251"}, "koi8-r")
        == "<p>я</p>"
    )
    assert text_of(body, {}, "utf-7") == text_of(body, {})


def test_only_markup_declares_an_encoding() -> None:
    """In JSON and bare text a declaration is what somebody wrote, and changes nothing."""
    told = '[{"title": "<meta charset=windows-1251> Приливное"}]'
    assert text_of(told.encode(), {}) == told
