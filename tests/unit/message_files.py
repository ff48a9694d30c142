"""Messages for the small store of store_folders, to be spoilt."""

from pathlib import Path
from typing import Final

from tests.unit.store_folders import change, write, write_store

OUTREACH: Final = """\
quiet: {from: "22:00", until: "08:30"}
window: 12h
gather: 30m
caps:
  - {messages: 3, per: 7d}
  - {messages: 1, per: 2d, channel: sms}
per_minute: 60
paused: [webhook]
sender: {mail: news@shop.example.com, name: The Shop, sms: SHOP}
link: https://shop.example.com/
"""

MESSAGES: Final = """\
messages:
  cart-left:
    trigger: {kind: abandoned_cart, after: 45m}
    audience: heat
    when: {cart.value: {$gte: 1000}}
    priority: 800
    useful: 1d
    cap: {messages: 2, per: 2w}
    variables:
      name: {from: message.name, default: {en: there, ru: друг}}
      n: {from: message.goods_n, default: 0}
    steps:
      - channels: [mail, push]
        goods: 3
        placement: home.recs
        content:
          mail:
            subject: {en: "{{ name }}, your cart", ru: "{{ name }}, ваша корзина"}
            title: {en: Your cart, ru: Ваша корзина}
            text: {en: "It has {{ n }} goods.", ru: "В ней товаров: {{ n }}."}
            button: {text: {en: Go, ru: Перейти}, path: /cart}
          push:
            title: {en: Cart, ru: Корзина}
            text: {en: It waits, ru: Ждёт}
      - after: 1d
        channels: [sms]
        content:
          sms:
            text: {en: "Your cart:", ru: "Корзина:"}
            path: /cart
            segments: 2
      - after: 2d
        channels: [webhook]
        content:
          webhook: {template: cart, language: {en: en_US, ru: ru_RU}, parameters: ["{{ name }}", 3]}
  hot-day:
    trigger: {kind: weather, at: "11:00"}
    when: {weather.temperature_c: {$gte: 27}}
    steps:
      - channels: [web_push]
        content:
          push:
            title: {en: Hot, ru: Жарко}
            text: {en: Ice, ru: Лёд}
            path: /ice
"""

NAME: Final = "messages/all.yaml"


def write_messages(folder: Path) -> Path:
    """The small store with messages."""
    write_store(folder)
    write(folder, "outreach.yaml", OUTREACH)
    write(folder, NAME, MESSAGES)
    return folder


def with_trigger(folder: Path, trigger: str) -> int:
    """Another trigger for cart-left; its line."""
    return change(folder, NAME, "{kind: abandoned_cart, after: 45m}", trigger)
