"""Whether forty or sixty-four hex digits are an infohash: the words around them decide.

They are a git commit, a checksum, a key's fingerprint or somebody's token far more often. Words that name nothing
but torrents (`infohash`, `btih`, `magnet`) are strong; `hash` alone is weak and gives way to any sign of the others.
"""

from __future__ import annotations

import re

_STRONG = re.compile(
    r"info[\s_-]?hash(?:es)?|btih|btmh|magnet|(?<![a-z])torrents?(?![a-z])|\bv[12] hash|инфохеш|инфо-хеш|хеш раздачи"
    r"|торрент|магнет|раздач|種子|种子|磁力|磁链|磁鏈|特征码|特徵碼|トレント|マグネット|토렌트|마그넷|تورنت|टोरेंट|ทอร์เรนต์",
    re.IGNORECASE,
)
_WEAK = re.compile(r"\bhash(?:es)?\b|\bbt\b|bittorrent|\bih\b|хеш|хэш|ハッシュ|哈希|해시", re.IGNORECASE)
_AGAINST = re.compile(
    r"commit|коммит|提交|コミット|커밋|\bgit\b|github|gitlab|bitbucket|codeberg|gitea|sourcehut|\bsvn\b|\bhg\b|mercurial"
    r"|\bsha[-_ ]?\d*\b|sha\d*sums?|\bmd5|\bripemd|blake[23]|\bcrc|\btree\b|\bblob\b|\brev(?:ision|s)?\b|ревизи"
    r"|check[\s-]?sum|контрольн|校验|校驗|チェックサム|체크섬|prüfsumme|somme de contr|suma de (?:verif|comprob)|soma de verif"
    r"|\bdigest|merge[sd]?\b|cherry|revert|bisect|submodule|subproject|\bparents?\b|\bindex\b|\bhead\b|\bref(?:s|/|=)"
    r"|\bfixe[sd]\b|\bbranch|\bupstream\b|\bpatch|\bdiff\b|\bdocker|\bimage\b|\bpackage|\bintegrity\b|\block\b|\bnix|\brelease"
    r"|fingerprint|отпечат|指纹|指紋|thumbprint|\b[pg]pg\b|\bkey\b|\bkeys\b|\btoken\b|\bsecret|passw|парол|密码|パスワード|\budid\b"
    r"|\buuid\b|\bsession|\bcookie|\betag\b|\bcert|\bserial\b|\btxid\b|\btx\b|transaction|\bblock\b|bitcoin|ethereum|wallet|\bnonce\b"
    r"|\bsalt\b|\bhmac\b|\bsignature|virustotal|malware|\bioc\b|\bsample\b|\bbuild\b|\bsnapshot\b|\bchangeset\b|\bvcs",
    re.IGNORECASE,
)
_NOTHING_ELSE = re.compile(
    r"info[\s_-]?hash|btih|btmh|magnet|инфо-?хеш|магнет|磁力|磁链|磁鏈|マグネット|마그넷", re.IGNORECASE
)
_FUNCTION = re.compile(
    r"\bsha[-_ ]?\d|\bmd5|check[\s-]?sum|контрольн|校验|校驗|チェックサム|prüfsumme|somme de contr",
    re.IGNORECASE,
)
_ATTACHED = re.compile(r"[@~^%]$|\.\.$|sha\d*[-:=]$|[?&](?:rev|ref|sha|commit|id|h)=$", re.IGNORECASE)
_LABEL = re.compile(r"(?:info[\s_-]?hash|btih|magnet)[\s\"':=/]{0,4}$", re.IGNORECASE)
_NAMES_V2 = re.compile(r"btmh|\bv2\b|1220$", re.IGNORECASE)
_AFTER = re.compile(
    r"\.torrent\b|\W{0,3}\(?(?:torrent|btih|info[\s_-]?hash)\b|\s(?:in|into|to) (?:your|the|a|any) (?:bit)?torrent\b",
    re.IGNORECASE,
)
_FILE_OF_A_LIST = re.compile(r"(?:  | \*)\S")
_RANGE = re.compile(r"%|\.\.|[~^]\d?|:[\w./-]+\.\w")
_OTHER_DIGITS = re.compile(r"(?<![0-9A-Za-z])[0-9a-fA-F]{32,68}(?![0-9A-Za-z])")
_SEEN, _CONTEXT = 400, 80


def reads_as_infohash(text: str, start: int, end: int) -> bool:
    """Judge the hex digits `text[start:end]`.

    Outcomes: `…torrent` right behind them: yes, unless something speaks against it before.
              attached to a commit's or checksum's notation (`@`, `..`, `sha256:`, two spaces and a name): no.
              a strong word before, nearer than any against: yes (64 digits need `v2` or `btmh`, too).
              a weak word before, and nothing against in sight: yes.
              else: no.
    """
    if len(set(text[start:end].lower())) < 6:
        return False
    return speaks_of_infohash(
        text[max(0, start - _SEEN) : start], text[end : end + _CONTEXT], is_long=end - start > 40
    )


def speaks_of_infohash(before: str, after: str, *, is_long: bool) -> bool:
    """Judge by what stands before and after the digits alone."""
    if _ATTACHED.search(before[-12:]) or _RANGE.match(after):
        return False
    if _LABEL.search(before[-24:]) and not is_long:
        return True
    before = _OTHER_DIGITS.sub("", before.rpartition("\n\n")[2])[-_CONTEXT:]
    after = after.partition("\n")[0][:30]
    strong = max((found.end() for found in _STRONG.finditer(before)), default=-1)
    if (is_long and not _NAMES_V2.search(before)) or _FILE_OF_A_LIST.match(after):
        return False
    if strong >= 0:
        line = before.rpartition("\n")[2]
        is_sum = _FUNCTION.search(line) and not _NOTHING_ELSE.search(before)
        return not is_sum and not _AGAINST.search(before, strong)
    if not (_AFTER.match(after) or _WEAK.search(before)):
        return False
    return not _AGAINST.search(before) and (bool(_AFTER.match(after)) or not _AGAINST.search(after))
