"""Where a session came from, as one of a few classes: what the shop's own links say first, then the referrer.

The tables are short on purpose: they name what most shops see, and everything else is honestly `other`.
"""

from collections.abc import Mapping
from typing import Final
from urllib.parse import urlsplit

from vitrine.types import Traffic

REFERRERS: Final = ("direct", "search", "social", "email", "messenger", "ads", "internal", "other")

MEDIA: Final[Mapping[str, str]] = {
    **dict.fromkeys(
        ("cpc", "ppc", "cpm", "cpa", "cpv", "paid", "paidsearch", "paidsocial", "display", "banner"), "ads"
    ),
    **dict.fromkeys(("retargeting", "remarketing", "ads"), "ads"),
    **dict.fromkeys(("email", "mail", "newsletter"), "email"),
    **dict.fromkeys(("social", "smm", "socialnetwork", "socialmedia"), "social"),
    **dict.fromkeys(("messenger", "chat", "telegram", "whatsapp", "viber"), "messenger"),
    **dict.fromkeys(("organic", "search"), "search"),
}
"""Class of a UTM medium, written without hyphens, underscores and spaces."""

HOSTS: Final[Mapping[str, str]] = {
    **dict.fromkeys(("mail.google.com", "mail.yahoo.com", "mail.yandex.ru", "e.mail.ru", "outlook.live.com"), "email"),
    **dict.fromkeys(("outlook.office.com", "com.google.android.gm"), "email"),
    **dict.fromkeys(("t.co", "x.com", "vk.com", "vk.ru", "ok.ru", "lnkd.in", "pin.it", "youtu.be"), "social"),
    **dict.fromkeys(("t.me", "wa.me", "org.telegram.messenger", "com.whatsapp", "com.viber.voip"), "messenger"),
    **dict.fromkeys(("ya.ru", "search.brave.com", "com.google.android.googlequicksearchbox"), "search"),
    **dict.fromkeys(("doubleclick.net", "googleadservices.com", "googlesyndication.com"), "ads"),
}
"""Class of a host and all below it; packages of Android apps are hosts here, too."""

NAMES: Final[Mapping[str, str]] = {
    **dict.fromkeys(("google", "bing", "yandex", "yahoo", "duckduckgo", "baidu", "ecosia", "qwant", "naver"), "search"),
    **dict.fromkeys(("facebook", "instagram", "twitter", "tiktok", "pinterest", "linkedin", "reddit"), "social"),
    **dict.fromkeys(("youtube", "vkontakte", "vk", "threads"), "social"),
    **dict.fromkeys(("telegram", "whatsapp", "viber", "messenger", "signal", "wechat"), "messenger"),
    **dict.fromkeys(("newsletter", "email", "mailchimp", "gmail"), "email"),
}
"""Class of a site whose name is the last label before its top-level domain, or of a UTM source."""


def referrer_class(referrer: str | None, traffic: Traffic, own_hosts: frozenset[str]) -> str | None:
    """One of REFERRERS, None when the page did not say; an empty referrer says that there was none: `direct`.

    The UTM parameters belong to the whole session and win; a referrer of a later page is the shop itself.
    """
    medium = (traffic.medium or "").lower().translate({ord(letter): None for letter in "-_ "})
    marked = MEDIA.get(medium) or _of_host((traffic.source or "").lower())
    if marked is not None:
        return marked
    if referrer is None:
        return "other" if traffic.medium or traffic.source else None
    return _of_referrer(referrer, own_hosts)


def _of_referrer(referrer: str, own_hosts: frozenset[str]) -> str:
    if not referrer:
        return "direct"
    if referrer.startswith("/"):
        return "internal"
    try:
        host = urlsplit(referrer).hostname
    except ValueError:  # such as brackets that hold no address
        return "other"
    if not host:
        return "other"
    return "internal" if host in own_hosts else _of_host(host) or "other"


def _of_host(host: str) -> str | None:
    """Class of a host, or of a bare name such as a UTM source; None for one that is in no table."""
    labels = host.split(".")
    for at in range(len(labels)):
        known = HOSTS.get(".".join(labels[at:]))
        if known is not None:
            return known
    return NAMES.get(_name(labels))


def _name(labels: list[str]) -> str:
    """The label that a site is known by: `google` of www.google.com, of google.co.uk and of google alone."""
    if len(labels) >= 3 and len(labels[-1]) == 2 and len(labels[-2]) <= 3 and labels[-3] != "www":
        return labels[-3]
    return labels[-2] if len(labels) >= 2 else labels[0]
