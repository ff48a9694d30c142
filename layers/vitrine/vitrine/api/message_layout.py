"""The layout of a mail: HTML that mail programs show alike, and a twin of plain text that says the same.

Tables and inline styles, because many programs know nothing else; at most 600 pixels wide; colours that stay readable
where a program turns them for dark mode. Whatever comes in is text: the templates escape it.
"""

from functools import cache
from typing import Final

from jinja2 import Environment, Template

from vitrine.values import dataclass

RIGHT_TO_LEFT: Final = frozenset({"ar", "arc", "ckb", "dv", "fa", "he", "ps", "sd", "ug", "ur", "yi"})
FALLBACK: Final = "en"
LABELS: Final = {
    "en": {
        "why": "You get this letter because you agreed to news from {shop}.",
        "unsubscribe": "Unsubscribe",
        "was": "was {price}",
    },
    "ru": {
        "why": "Вы получили это письмо, потому что согласились получать новости от {shop}.",
        "unsubscribe": "Отписаться",
        "was": "было {price}",
    },
}
"""Words of the layout itself, by locale; English where a locale has none."""


@dataclass(frozen=True, slots=True)
class LaidGood:
    """One of the goods of a mail. `was` is its regular price where it costs less now, else empty."""

    title: str
    price: str
    was: str
    url: str
    picture: str


@dataclass(frozen=True, slots=True)
class Letter:
    """Everything that a mail shows, as text; what is empty is left out. `paragraphs` may have several lines each."""

    locale: str
    shop: str
    subject: str
    preheader: str
    title: str
    paragraphs: tuple[str, ...]
    button: str
    button_url: str
    goods_title: str
    goods: tuple[LaidGood, ...]
    postscript: tuple[str, ...]
    unsubscribe: str


def lay_out(letter: Letter) -> tuple[str, str]:
    """The HTML and the plain text of a mail."""
    labels = LABELS.get(letter.locale, LABELS[FALLBACK])
    why = labels["why"].format(shop=letter.shop)
    was = [labels["was"].format(price=good.was) if good.was else "" for good in letter.goods]
    direction = "rtl" if letter.locale in RIGHT_TO_LEFT else "ltr"
    told = {"letter": letter, "why": why, "was": was, "unsubscribe": labels["unsubscribe"], "direction": direction}
    return _page().render(told), _twin(letter, why, was, labels["unsubscribe"])


def _twin(letter: Letter, why: str, was: list[str], unsubscribe: str) -> str:
    goods = [
        f"{good.title}\n{good.price}{f' ({before})' if before else ''}\n{good.url}"
        for good, before in zip(letter.goods, was, strict=True)
    ]
    parts = [
        letter.title,
        *letter.paragraphs,
        f"{letter.button}: {letter.button_url}" if letter.button else "",
        letter.goods_title if goods else "",
        *goods,
        *letter.postscript,
        f"-- \n{letter.shop}\n{why}\n{unsubscribe}: {letter.unsubscribe}",
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


@cache
def _page() -> Template:
    """Compiled when the first mail is worded."""
    return Environment(autoescape=True, trim_blocks=True, lstrip_blocks=True).from_string(PAGE)


PAGE: Final = """\
<!DOCTYPE html>
<html lang="{{ letter.locale }}" dir="{{ direction }}" xmlns="http://www.w3.org/1999/xhtml">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="supported-color-schemes" content="light dark">
<meta name="format-detection" content="telephone=no, date=no, address=no, email=no">
<title>{{ letter.subject }}</title>
<style>
:root { color-scheme: light dark; supported-color-schemes: light dark; }
@media (prefers-color-scheme: dark) {
.back { background-color: #16181c !important; }
.sheet { background-color: #22252b !important; }
.ink { color: #f1f2f4 !important; }
.soft { color: #b4b9c2 !important; }
}
</style>
</head>
<body class="back" style="margin:0;padding:0;background-color:#f2f3f5;">
{% if letter.preheader %}
<div style="display:none;max-height:0;overflow:hidden;mso-hide:all;">{{ letter.preheader }}</div>
{% endif %}
<table role="presentation" class="back" width="100%" cellpadding="0" cellspacing="0" border="0" \
style="background-color:#f2f3f5;"><tr><td align="center" style="padding:16px 8px;">
<table role="presentation" class="sheet" width="600" cellpadding="0" cellspacing="0" border="0" \
style="width:100%;max-width:600px;background-color:#fdfdfd;border-radius:8px;">
<tr><td class="soft" style="padding:24px 24px 0;font:14px/20px Arial,Helvetica,sans-serif;color:#565d69;">\
{{ letter.shop }}</td></tr>
<tr><td style="padding:8px 24px 0;">
<h1 class="ink" style="margin:0;font:bold 24px/30px Arial,Helvetica,sans-serif;color:#1d2026;">{{ letter.title }}</h1>
</td></tr>
{% for paragraph in letter.paragraphs %}
<tr><td class="ink" style="padding:16px 24px 0;font:16px/24px Arial,Helvetica,sans-serif;color:#1d2026;">\
{% for line in paragraph.split("\\n") %}{{ line }}{% if not loop.last %}<br>{% endif %}{% endfor %}</td></tr>
{% endfor %}
{% if letter.button %}
<tr><td style="padding:24px 24px 0;">
<table role="presentation" cellpadding="0" cellspacing="0" border="0"><tr>
<td bgcolor="#1f5fbf" style="border-radius:6px;background-color:#1f5fbf;">
<a href="{{ letter.button_url }}" style="display:inline-block;padding:12px 24px;border:1px solid #1f5fbf;\
border-radius:6px;font:bold 16px/20px Arial,Helvetica,sans-serif;color:#ffffff;text-decoration:none;">\
{{ letter.button }}</a></td></tr></table>
</td></tr>
{% endif %}
{% if letter.goods %}
{% if letter.goods_title %}
<tr><td style="padding:28px 24px 0;">
<h2 class="ink" style="margin:0;font:bold 18px/24px Arial,Helvetica,sans-serif;color:#1d2026;">\
{{ letter.goods_title }}</h2></td></tr>
{% endif %}
<tr><td style="padding:8px 24px 0;">
<table role="presentation" width="100%" cellpadding="0" cellspacing="0" border="0">
{% for good in letter.goods %}
<tr>
<td width="96" valign="middle" style="padding:8px 0;">
<a href="{{ good.url }}"><img src="{{ good.picture }}" width="96" height="96" alt="{{ good.title }}" \
style="display:block;width:96px;height:96px;border:0;border-radius:6px;background-color:#f2f3f5;"></a></td>
<td valign="middle" style="padding:8px 0 8px 16px;font:16px/22px Arial,Helvetica,sans-serif;">
<a class="ink" href="{{ good.url }}" style="color:#1d2026;text-decoration:none;">{{ good.title }}</a><br>
<b class="ink" style="color:#1d2026;">{{ good.price }}</b>\
{% if was[loop.index0] %} <span class="soft" style="font-size:14px;color:#565d69;">{{ was[loop.index0] }}</span>\
{% endif %}</td>
</tr>
{% endfor %}
</table>
</td></tr>
{% endif %}
{% for paragraph in letter.postscript %}
<tr><td class="ink" style="padding:16px 24px 0;font:16px/24px Arial,Helvetica,sans-serif;color:#1d2026;">\
{% for line in paragraph.split("\\n") %}{{ line }}{% if not loop.last %}<br>{% endif %}{% endfor %}</td></tr>
{% endfor %}
<tr><td class="soft" style="padding:28px 24px 24px;font:13px/20px Arial,Helvetica,sans-serif;color:#565d69;">\
{{ why }}<br><a class="soft" href="{{ letter.unsubscribe }}" style="color:#565d69;">{{ unsubscribe }}</a></td></tr>
</table>
</td></tr></table>
</body>
</html>
"""
