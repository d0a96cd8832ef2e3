"""How languages tell a span of the past. To add one: its table here, and its examples in `tests/sources/test_ago.py`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Language:
    """How one language tells a span of the past: a word before or after it, its units, words for one and for about.

    `units` have every form that is written, `alone` those that mean one of them without a number; `days` are names of
    days, by their distance from today.
    """

    before: str = ""
    after: str = ""
    units: Mapping[str, str]
    one: str = ""
    alone: str = ""
    about: str = ""
    now: str = ""
    days: Mapping[int, str]


LANGUAGES: Mapping[str, Language] = {
    "en": Language(
        after="ago",
        units={
            "s": "s|secs?|seconds?",
            "min": "m|mins?|minutes?",
            "h": "h|hrs?|hours?",
            "d": "d|days?",
            "w": "w|wks?|weeks?",
            "mon": "mo|mos|mons?|months?",
            "y": "y|yrs?|years?",
        },
        one="an?|one",
        about="about|around|over|almost|nearly|more than|less than",
        now="now|just now|moments ago|a moment ago|a few seconds ago",
        days={0: "today", -1: "yesterday", 1: "tomorrow"},
    ),
    "de": Language(
        before="vor",
        units={
            "s": "sek|sekunden?",
            "min": "min|minuten?",
            "h": "std|stunden?",
            "d": "tage?n?",
            "w": "wochen?",
            "mon": "monate?n?",
            "y": "jahre?n?",
        },
        one="eine[mr]?",
        about="etwa|ca|circa|ungefähr|rund|fast|über|mehr als|weniger als",
        now="jetzt|gerade eben|soeben",
        days={0: "heute", -1: "gestern", -2: "vorgestern"},
    ),
    "es": Language(
        before="hace",
        units={
            "s": "seg|segundos?",
            "min": "min|minutos?",
            "h": "h|horas?",
            "d": "d[ií]as?",
            "w": "semanas?",
            "mon": "mes|meses",
            "y": "años?",
        },
        one="una?",
        about="alrededor de|cerca de|unos|unas|casi|más de|menos de",
        now="ahora|ahora mismo|hace un momento",
        days={0: "hoy", -1: "ayer", -2: "anteayer|antes de ayer"},
    ),
    "fr": Language(
        before="il y a",
        units={
            "s": "s|sec|secondes?",
            "min": "min|minutes?",
            "h": "h|heures?",
            "d": "j|jours?",
            "w": "semaines?",
            "mon": "mois",
            "y": "ans?|années?",
        },
        one="une?",
        about="environ|presque|plus d'|plus de|moins d'|moins de",
        now="maintenant|à l'instant",
        days={0: "aujourd'hui", -1: "hier", -2: "avant-hier"},
    ),
    "pt": Language(
        before="há",
        after="atrás",
        units={
            "s": "seg|segundos?",
            "min": "min|minutos?",
            "h": "h|horas?",
            "d": "dias?",
            "w": "semanas?",
            "mon": "mês|mes|meses",
            "y": "anos?",
        },
        one="uma?",
        about="cerca de|aproximadamente|quase|mais de|menos de",
        now="agora|agora mesmo",
        days={0: "hoje", -1: "ontem", -2: "anteontem"},
    ),
    "it": Language(
        after="fa",
        units={
            "s": "sec|second[oi]",
            "min": "min|minut[oi]",
            "h": "or[ae]",
            "d": "giorn[oi]",
            "w": "settiman[ae]",
            "mon": "mes[ei]",
            "y": "ann[oi]",
        },
        one="una?|un'",
        about="circa|quasi|più di|meno di",
        now="ora|adesso|proprio ora",
        days={0: "oggi", -1: "ieri", -2: "l'altro ieri"},
    ),
    "ru": Language(
        after="назад",
        units={
            "s": "сек|секунд[уы]?",
            "min": "мин|минут[уы]?",
            "h": "ч|час|часа|часов",
            "d": "дн|день|дня|дней",
            "w": "нед|недел[юиь]",
            "mon": "мес|месяц|месяца|месяцев",
            "y": "год|года|лет",
        },
        one="один|одну",
        alone="секунду|минуту|час|день|неделю|месяц|год",
        about="около|примерно|почти|более|менее",
        now="сейчас|только что",
        days={0: "сегодня", -1: "вчера", -2: "позавчера"},
    ),
    "zh": Language(
        after="前|之前|以前",
        units={
            "s": "秒|秒[钟鐘]",
            "min": "分[钟鐘]",
            "h": "小时|小時|个小时|個小時",
            "d": "天",
            "w": "周|週|个星期|個星期|星期",
            "mon": "个月|個月",
            "y": "年",
        },
        about="[大约約]+|近",
        now="刚刚|剛剛|刚才|剛才",
        days={0: "今天", -1: "昨天", -2: "前天"},
    ),
    "ja": Language(
        after="前",
        units={
            "s": "秒",
            "min": "分",
            "h": "時間",
            "d": "日",
            "w": "週間?",
            "mon": "[かヶヵカケ箇]月",
            "y": "年",
        },
        about="約|およそ",
        now="たった今|たったいま",
        days={0: "今日|本日", -1: "昨日", -2: "一昨日|おととい"},
    ),
    "ko": Language(
        after="전",
        units={"s": "초", "min": "분", "h": "시간", "d": "일", "w": "주|주일", "mon": "개월|달", "y": "년"},
        about="약",
        now="방금|방금 전",
        days={0: "오늘", -1: "어제", -2: "그저께"},
    ),
}
