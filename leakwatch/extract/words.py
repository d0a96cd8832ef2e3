"""What single words of a release name mean: tags, years, episodes, numbers, and how common the others are."""

from __future__ import annotations

import re
from collections.abc import Callable

import numpy as np

from leakwatch.extract.columns import Columns, Hashes, Ints
from leakwatch.extract.common_words import COMMON, RAREST

(
    TAG,
    WEAK_TAG,
    YEAR,
    EPISODE,
    NUMBER,
    SEASON,
    FUNCTION,
    ROMAN,
    ENDING,
    DOMAIN,
    SIZE,
    AKA,
    LANGUAGE,
    SITE,
    ORDINAL,
    COUNTER,
    HIGH,
    MEDIA,
    CHECKSUM,
    COUNTRY,
    MONTH,
) = (1 << bit for bit in range(21))
"""TAG ends a title wherever it stands; WEAK_TAG and LANGUAGE only beside other tags; SEASON is a word before
a number (season 2); FUNCTION words make a sentence; ENDING is a file's, DOMAIN a site's, SITE a www; SIZE is like 70b; ORDINAL the 第 before
a number, COUNTER what is behind one; MEDIA is the ending of a film, record, book, archive or disc image; CHECKSUM is like that in brackets at a name's end; COUNTRY tells two series of one title apart; MONTH is part of a date; HIGH a letter of another script than Latin."""
_COMMON_SHIFT = 21

_TAGS = frozenset(
    """480p 540p 576p 720p 1080p 1080i 1440p 2160p 4320p 4k 8k uhd hdr hdr10 hdr10plus sdr dovi 10bit 8bit 12bit hi10p hi10
    bluray blueray bdrip brrip bdremux bdmv bd25 bd50 remux webrip webdl web hdtv hdtvrip pdtv dsr dsrip hdrip hdcam hdts dvdrip
    dvd5 dvd9 dvdr dvdscr dvdscreener vhsrip tvrip satrip dtv dtvrip telesync telecine screener workprint r5 ppv ppvrip webhd webcap
    hddvd hdlight mhd microhd x264 x265 h264 h265 hevc avc xvid divx av1 vp9 vc1 mpeg2 aac aac2 ac3 eac3 dts dtshd dtsx truehd
    atmos flac mp3 ddp5 dd5 ddp2 dd2 ddp lossless lpcm 320kbps 24bit 16bit 44khz 96khz repack rerip readnfo nfofix dubbed subbed multisub
    multisubs hardsub hardsubs softsub vostfr vost subfrench truefrench vff vf2 codex fitgirl skidrow plaza cpy tenoke
    razor1911 nsw ps2 ps3 ps4 ps5 psp xbox360 gguf ggml gptq awq exl2 safetensors fp16 bf16 fp32 int8 int4 4bit q4 q5 q8 epub mobi
    azw3 cbr cbz mkv avi iso nfo torrent rarbg yify yts eztv ettv amzn dsnp hmax nf hulu atvp scam xxx
    hdtc predvd pdvd dlmux webmux bdmux dvdmux bdiso hfr fps
    leaked слив утечка веса 漏 泄 filtrado filtrada fuite""".split()
)
_WEAK = frozenset(
    """cam scr dvd bd rip brip limited internal proper extended uncut unrated remastered theatrical directors dc cut edition special
    criterion final complete full retail multi dual audio dubs dub sub subs subtitled subtitles batch vol volume disc disk cd1 cd2 cd
    ost lp ep single album discography bootleg vinyl cbr gog reloaded empress rune codec switch xbox pc win64 win32 x64 x86 mac
    macos linux android portable crack cracked keygen patch update build beta alpha demo dlc rom usa europe japan eur jpn ntsc pal
    mp4 pdf zip rar 7z tar gz exe apk txt srt wmv mov m4v ogg opus wav m4a aiff raw uncensored censored 3d imax hsbs sbs hybrid open
    lintegrale series complete 2cd 3cd 4cd 2dvd 3dvd dvdr9 fps doku docu documentary movies movie pack trois seasons
    matte convert real fix line season episode collection collector collectors coffret integrale integral miniseries boxset box set
    trilogy saga anthology duology quadrilogy director se ld dl stv vr vr180 sbs fansub fan mux rus ultimate untouched completa completo
    complet komplett ova ovas oav special specials bonus extras instruct chat base hf lora weights checkpoint merged quantized original leak
    ona onas pv ncop nced blu hd sd custom version""".split()
)
_LANGUAGES = frozenset(
    """english eng en french fre fra fr german ger deu de deutsch spanish spa esp es castellano latino italian ita it russian rus ru
    japanese jpn jp jap korean kor kr chinese chi chs cht cn portuguese por pt ptbr brazilian dublado legendado polish pol pl lektor
    dutch nl nld flemish swedish swe danish dan norwegian nor nordic finnish fin czech cz hungarian hun turkish tur tr greek arabic
    hindi hin tamil telugu malayalam bengali thai vietnamese ukrainian ukr vo vf italiano francais russe""".split()
)
_SEASONS = frozenset(
    """season seasons series saison saisons staffel temporada temporadas tem stagione sezon сезон сезоны серия серии episode episodes ep
    eps episodio episodios capitulo capitulos cap cour vol volume volumes""".split()
)
_MONTHS = frozenset(
    """jan feb mar apr may jun jul aug sep sept oct nov dec january february march april june july august september october november
    december""".split()
)
_COUNTRIES = frozenset("us uk au nz".split())
_FUNCTION = frozenset(
    """the a an of and or in on at to for by with from is was are were be been has have had do does did will would can could should
    i you he she it we they my your his her its our their me him us them this that these those what who which when where why how
    not no if so but as than then there here just about like some any all out up new get got im dont cant thats
    der die das ein eine und ist nicht ich mit von zu auf im den dem des le la les un une et est pas je de du des dans pour que qui
    el los las una y es no en del al por con para il lo gli di che non per sono и в не на я что с это как а но по из у за к
    を の は が に と で た""".split()
)
_ROMAN = frozenset("ii iii iv v vi vii viii ix x xi xii xiii xiv xv".split())
_ENDINGS = frozenset(
    """mkv mp4 avi wmv mov m4v ts m2ts mpg mpeg webm mp3 flac ogg wav m4a iso img bin cue nrg zip rar 7z tar gz xz bz2 zst exe msi dmg
    pkg apk ipa deb rpm pdf epub mobi azw3 cbr cbz djvu txt nfo srt sub idx ass jpg jpeg png gif svg html htm xml json yaml yml
    pth pt bin gguf ggml safetensors onnx ckpt pkl nes sfc smc gb gbc gba nds gen rom z64 n64 torrent tgz conf
    ttf woff""".split()
)
_COUNTERS = frozenset("季期话話集部巻卷")
_MEDIA = frozenset(
    """mkv mp4 avi wmv mov m4v m2ts mpg mpeg webm mp3 flac ogg m4a iso img cue nrg rar nfo epub mobi azw3 cbr cbz srt torrent gguf ggml
    safetensors pth ckpt nsp xci pkg cia""".split()
)
_DOMAINS = frozenset("com org net info to tv cc me io ws ru eu ro se site xyz club link top".split())
_YEAR = re.compile(r"(?:19[0-9]\d|20[0-4]\d)\Z")
_EPISODE = re.compile(
    r"s(?:\d{2,4}|\d(?=[ex]))(?:[ex]p?\d{1,4})*(?:v\d)?|(?:\d{1,2}|(?:19|20)\d\d)x(?:\d{1,3}|all)(?:x\d{1,3})*|e(?:p|pisode)?\d{1,4}(?:v\d)?|\d{1,4}v\d|s\d{1,4}[ed]\d{1,3}\w{0,3}"
    r"|0\d[a-d]|(?:ova|oad|ona|sp|ex|pv|ncop|nced)\d{1,2}[a-z]?"
    r"|t\d{1,2}e\d{1,3}|(?:saison|staffel|season|temporada|tem|cap|episodio|ep|op|ed|vol)\d{1,4}[a-z]?|\d{1,2}of\d{1,2}"
)
_TAG_SHAPE = re.compile(
    r"\d{3,4}[pi]\d{0,3}|q\d(?:k|km|ks|kl)?|iq\d\w*|\d{2,3}kbps|[xh]26[45]\w*|(?:web|blu|dvd|bd|br|hd|tv|sat|vhs)\w{0,6}rip(?:mux)?|dvdr\d{0,2}|"
    r"(?:dd|ddp|aac|dts|ac3)\d{1,2}|[2-9](?:cd|dvd)s?|\d{1,2}bits?|\d{2,3}fps|v\d{1,2}"
)
_WEAK_SHAPE = re.compile(r"s\d|\d{3,4}x\d{3,4}p?|\d{1,2}(?:st|nd|rd|th)|\d{1,2}(?:cd|dvd|disc)s?")
_NUMBER = re.compile(r"\d{1,4}\Z")
_HAN_NUMBERS = frozenset("一二三四五六七八九十")
_CHECKSUM = re.compile(r"[0-9a-f]{8}\Z")
_SIZE = re.compile(r"\d{1,4}[bmkt]\Z")


def _flag_table() -> dict[str, int]:
    """The flags of every word that is listed."""
    listed = (
        (_TAGS, TAG),
        (_WEAK, WEAK_TAG),
        (_LANGUAGES, LANGUAGE),
        (_SEASONS, SEASON),
        (_FUNCTION, FUNCTION),
        (_ENDINGS, ENDING),
        (_DOMAINS, DOMAIN),
        (_COUNTERS, COUNTER),
        (_MEDIA, MEDIA),
        (_HAN_NUMBERS, NUMBER),
        (_ROMAN, ROMAN),
        (_COUNTRIES, COUNTRY),
        (_MONTHS, MONTH),
        (("aka",), AKA),
        (("www", "ww"), SITE),
        (("第",), ORDINAL),
    )
    table: dict[str, int] = {}
    for words, flag in listed:
        for word in words:
            table[word] = table.get(word, 0) | flag
    return table


_FLAGS = _flag_table()


def meaning(word: str) -> int:
    """The flags of one folded word, and above them how common it is."""
    flags = _FLAGS.get(word, 0) | HIGH * (ord(word[0]) > 0x24F)
    if not word.isalpha():
        flags |= _shape(word)
    elif word.endswith(("rip", "ripmux")) and _TAG_SHAPE.fullmatch(word):
        flags |= TAG
    return flags | rarity(word) << _COMMON_SHIFT


def _shape(word: str) -> int:
    """The flags of a word that has a figure in it."""
    flags = 0
    if _TAG_SHAPE.fullmatch(word):
        flags |= TAG
    if _CHECKSUM.match(word):
        flags |= CHECKSUM
    if _WEAK_SHAPE.fullmatch(word):
        flags |= WEAK_TAG
    if _EPISODE.fullmatch(word):
        flags |= EPISODE
    if _NUMBER.match(word):
        flags |= NUMBER | YEAR * (_YEAR.match(word) is not None)
    elif _SIZE.match(word):
        flags |= SIZE
    return flags


def rarity(word: str) -> int:
    """How many bits one word says: how rare it is in ordinary posts; a letter of a large script says more.

    Unknown words are rare, but a short one says no more than its letters: 4.7 bits each, 3.3 for digits.
    """
    if word.isascii() and word.isalpha():
        return min(COMMON.get(word, RAREST), round(4.7 * len(word)))
    digits = sum(map(str.isdigit, word))
    wide = 0 if word.isascii() else sum(ord(char) > 0x2E7F for char in word)
    spelled = round(4.7 * (len(word) - digits - wide) + 3.3 * digits + 7 * wide)
    return min(COMMON.get(word, RAREST if not wide else 40), spelled, 60)


def rarities(meanings: Ints) -> Ints:
    """How rare the words are, from their meanings."""
    return meanings >> _COMMON_SHIFT


class Meanings:
    """The meanings of all words of a batch. Words met before are found by their hash, without looking at them."""

    def __init__(self, told: Callable[[str], int] = meaning, bits: int = 18) -> None:
        self._told, self._mask = told, np.uint64((1 << bits) - 1)
        self._known = np.zeros(1 << bits, np.uint64)
        self._meanings = np.zeros(1 << bits, np.int32)

    def of(self, columns: Columns) -> Ints:
        """One meaning a word. Two words of the same 64-bit hash would share one; nothing is decided by it alone."""
        hashes: Hashes = columns.plain_hashes(columns.word_at, columns.word_end)
        slots = (hashes & self._mask).astype(np.int64)
        out = self._meanings[slots].astype(np.int64)
        new = np.flatnonzero(self._known[slots] != hashes)
        if len(new):
            _, first, which = np.unique(hashes[new], return_index=True, return_inverse=True)
            at = new[first]
            ends = zip(columns.word_at[at].tolist(), columns.word_end[at].tolist(), strict=True)
            told = np.array([self._told(columns.letters[begin:end]) for begin, end in ends], np.int64)
            out[new] = told[which]
            self._known[slots[at]], self._meanings[slots[at]] = hashes[at], told
        return out
