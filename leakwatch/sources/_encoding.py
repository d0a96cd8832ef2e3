"""The bytes of a page as text, as a browser would have it; for kinds that read markup. Pure.

Order: a byte order mark, the charset of the Content-Type, an XML declaration, what the caller knows of the site, what HTML
declares of itself, what the bytes look like.
Labels are those of the WHATWG Encoding Standard, so `iso-8859-1` is windows-1252 and `gb2312` is GB18030. UTF-7 has no
label there and is never read: `+ADw-script+AD4-` stays what it is.
Source: encoding.spec.whatwg.org; WHATWG HTML, 13.2.3 "The input byte stream"; XML 1.0, appendix F.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Mapping

_HEAD = 4096
_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_XML = re.compile(rb"<\?xml[^>]{1,200}?\bencoding\s*=\s*[\"']\s*([A-Za-z0-9_.:-]{1,40})", re.IGNORECASE)
_META = re.compile(rb"<meta[^>]{1,400}?\bcharset\s*=\s*[\"']?\s*([A-Za-z0-9_.:-]{1,40})", re.IGNORECASE)
_CHARSET = re.compile(r"\bcharset\s*=\s*[\"']?\s*([A-Za-z0-9_.:-]{1,40})", re.IGNORECASE)
_ISO_2022_JP = re.compile(rb"\x1b(?:\$[@B]|\([BJI])")
_LABELS = {
    label: codec
    for codec, labels in {
        "utf-8": "utf8 utf-8 unicode-1-1-utf-8 unicode11utf8 unicode20utf8 x-unicode20utf8",
        "utf-16-le": "utf-16 utf-16le unicode ucs-2 csunicode iso-10646-ucs-2 unicodefeff",
        "utf-16-be": "utf-16be unicodefffe",
        "cp866": "866 cp866 csibm866 ibm866",
        "iso8859-2": "csisolatin2 iso-8859-2 iso-ir-101 iso8859-2 iso88592 iso_8859-2 iso_8859-2:1987 l2 latin2",
        "iso8859-3": "csisolatin3 iso-8859-3 iso-ir-109 iso8859-3 iso88593 iso_8859-3 l3 latin3",
        "iso8859-4": "csisolatin4 iso-8859-4 iso-ir-110 iso8859-4 iso88594 iso_8859-4 l4 latin4",
        "iso8859-5": "csisolatincyrillic cyrillic iso-8859-5 iso-ir-144 iso8859-5 iso88595 iso_8859-5",
        "iso8859-6": "arabic asmo-708 csisolatinarabic ecma-114 iso-8859-6 iso-8859-6-e iso-8859-6-i iso8859-6 iso88596",
        "iso8859-7": "csisolatingreek ecma-118 elot_928 greek greek8 iso-8859-7 iso8859-7 iso88597 sun_eu_greek",
        "iso8859-8": "csisolatinhebrew hebrew iso-8859-8 iso-8859-8-e iso-8859-8-i iso8859-8 iso88598 logical visual",
        "iso8859-10": "csisolatin6 iso-8859-10 iso-ir-157 iso8859-10 iso885910 l6 latin6",
        "iso8859-13": "iso-8859-13 iso8859-13 iso885913",
        "iso8859-14": "iso-8859-14 iso8859-14 iso885914",
        "iso8859-15": "csisolatin9 iso-8859-15 iso8859-15 iso885915 iso_8859-15 l9 latin9",
        "iso8859-16": "iso-8859-16",
        "koi8-r": "cskoi8r koi koi8 koi8-r koi8_r",
        "koi8-u": "koi8-ru koi8-u",
        "mac_roman": "csmacintosh mac macintosh x-mac-roman",
        "mac_cyrillic": "x-mac-cyrillic x-mac-ukrainian",
        "cp874": "dos-874 iso-8859-11 iso8859-11 iso885911 tis-620 windows-874",
        "cp1250": "cp1250 windows-1250 x-cp1250",
        "cp1251": "cp1251 windows-1251 x-cp1251",
        "cp1252": "ansi_x3.4-1968 ascii cp1252 cp819 csisolatin1 ibm819 iso-8859-1 iso-ir-100 iso8859-1 iso88591 "
        "iso_8859-1 iso_8859-1:1987 l1 latin1 us-ascii windows-1252 x-cp1252",
        "cp1253": "cp1253 windows-1253 x-cp1253",
        "cp1254": "cp1254 csisolatin5 iso-8859-9 iso-ir-148 iso8859-9 iso88599 iso_8859-9 l5 latin5 windows-1254 x-cp1254",
        "cp1255": "cp1255 windows-1255 x-cp1255",
        "cp1256": "cp1256 windows-1256 x-cp1256",
        "cp1257": "cp1257 windows-1257 x-cp1257",
        "cp1258": "cp1258 windows-1258 x-cp1258",
        "gb18030": "chinese csgb2312 csiso58gb231280 gb2312 gb_2312 gb_2312-80 gbk iso-ir-58 x-gbk gb18030",
        "big5hkscs": "big5 big5-hkscs cn-big5 csbig5 x-x-big5",
        "euc_jp": "cseucpkdfmtjapanese euc-jp x-euc-jp",
        "iso2022_jp_ext": "csiso2022jp iso-2022-jp",
        "cp932": "csshiftjis ms932 ms_kanji shift-jis shift_jis sjis windows-31j x-sjis",
        "cp949": "cseuckr csksc56011987 euc-kr iso-ir-149 korean ks_c_5601-1987 ks_c_5601-1989 ksc5601 ksc_5601 windows-949",
    }.items()
    for label in labels.split()
}


def codec_of(label: str) -> str | None:
    """Python's name for a WHATWG label; None for one that is none, as UTF-7."""
    return _LABELS.get(label.strip().lower())


def text_of(body: bytes, headers: Mapping[str, str], known: str = "") -> str:
    """The body as text; what cannot be read becomes U+FFFD, and NULs go, as they do in a browser. Never raises.

    `known` is a label that somebody gave who knows the site, where its pages declare a wrong one.
    Shape: header names in lower case.
    """
    mark, codec = _marked(body)
    codec = codec or _told(headers) or _declared(body, _XML) or codec_of(known) or _declared(body, _META)
    codec = codec or _guessed(body)
    return body[mark:].decode(codec, "replace").replace("\0", "")


def _marked(body: bytes) -> tuple[int, str | None]:
    return next(((len(mark), codec) for mark, codec in _MARKS if body.startswith(mark)), (0, None))


def _told(headers: Mapping[str, str]) -> str | None:
    """The charset of the Content-Type."""
    found = _CHARSET.search(headers.get("content-type", "")[:500])
    return codec_of(found[1]) if found else None


def _declared(body: bytes, declaration: re.Pattern[bytes]) -> str | None:
    """What markup says of itself. It said so in ASCII, so it is not UTF-16 (WHATWG HTML, 13.2.3.2).

    JSON and bare text declare nothing: there such words are somebody's title.
    """
    head = body[:_HEAD]
    found = declaration.search(head) if head.lstrip().startswith(b"<") else None
    codec = codec_of(found[1].decode("ascii")) if found else None
    return "utf-8" if codec and codec.startswith("utf-16") else codec


def _guessed(body: bytes) -> str:
    """What undeclared bytes look like: UTF-16 by its NULs, ISO-2022-JP by its escapes, UTF-8 where it is valid."""
    head = body[:_HEAD]
    half = len(head) // 2
    if (
        half
        and max(head[1::2].count(0), head[::2].count(0)) > half // 3
        and head.count(0) < len(head) * 3 // 4
    ):
        return "utf-16-le" if head[1::2].count(0) > head[::2].count(0) else "utf-16-be"
    if _ISO_2022_JP.search(body):
        return "iso2022_jp_ext"
    try:
        body.decode("utf-8")
    except UnicodeDecodeError as error:
        if error.end < len(body) or error.reason != "unexpected end of data":
            return "cp1252"
    return "utf-8"
