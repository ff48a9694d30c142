"""Answers that open an overlay, one of each mechanic, as `POST /v1/decide` gives them."""

from collections.abc import Mapping
from typing import Any, Final

GOODS: Final = (
    ("Whole milk, 1 gal", "grocery/milk/whole-milk", 289, 319),
    ("Sandwich cookies, double filling, family size", "grocery/cookies/sandwich-cookies", 349, 349),
    ("Bananas", "produce/tropical-fruit/bananas", 98, 99),
    ("Vanilla ice cream", "frozen/ice-cream/ice-cream-tubs", 499, 649),
)
RUSSIAN_GOODS: Final = (
    ("Молоко цельное, 1 л", "grocery/milk/whole-milk", 8990, 9990),
    ("Печенье с двойной начинкой, семейная упаковка", "grocery/cookies/sandwich-cookies", 14900, 14900),
    ("Бананы", "produce/tropical-fruit/bananas", 9900, 9900),
    ("Пломбир ванильный", "frozen/ice-cream/ice-cream-tubs", 24900, 31900),
)
TEXTS: Final[Mapping[str, Mapping[str, Any]]] = {
    "message": {"title": "Everything is still in your cart", "button": "To the cart", "link": "/shop/cart"},
    "idle": {
        "title": "Cannot find it?",
        "text": "Tell us its name or what it is for.",
        "link": "/shop/search",
    },
    "exit_intent": {
        "title": "We keep your cart (2)",
        "text": "Come back whenever you like, it will be as it is.",
        "goods": "Often taken along",
    },
    "add_to_cart": {
        "title": "In your cart",
        "button": "To the cart",
        "link": "/shop/cart",
        "goods": "Goes well with it",
    },
    "survey": {
        "title": "What do you cook most?",
        "question": "cooking",
        "answers": [
            {"id": "quick", "text": "Something quick"},
            {"id": "scratch", "text": "From scratch"},
            {"id": "none", "text": "I would rather not"},
        ],
        "thanks": "Thank you, that helps us.",
    },
    "lead_form": {
        "title": "Shall we write when it is back?",
        "text": "One message on the day it arrives, nothing else.",
        "action": "/shop/notify",
        "fields": [
            {"name": "name", "type": "text", "label": "Your name", "required": False},
            {"name": "email", "type": "email", "label": "E-mail", "required": True},
            {"name": "phone", "type": "tel", "label": "Phone", "required": False},
        ],
        "consent": "Write to me about this product. I can call it off at any time.",
        "button": "Write to me",
        "thanks": "We will write to you.",
    },
    "countdown": {
        "title": "Free delivery this evening",
        "text": "For orders above $20, until the last van leaves.",
        "over": "The last van has left. Delivery costs what it always does.",
        "button": "To the cart",
        "link": "/shop/cart",
    },
    "comparison": {"title": "Side by side", "text": "What differs has a dot."},
    "wheel": {
        "title": "What shall we cook today?",
        "text": "Turn the wheel for an idea. You can turn it once.",
        "spin": "Turn the wheel",
        "sectors": [
            {"id": "soup", "label": "Tomato soup", "title": "Tomato soup it is", "text": "Ready in 20 minutes."},
            {"id": "taco", "label": "Tacos", "title": "Tacos it is", "text": "Bring lime.", "link": "/shop/c/tacos"},
            {"id": "curry", "label": "Chickpea curry", "title": "Chickpea curry it is", "text": "Mild or hot."},
            {"id": "pizza", "label": "Home-made pizza", "title": "Pizza it is", "text": "Dough first."},
            {"id": "salad", "label": "Big summer salad", "title": "A salad it is", "text": "No oven needed."},
            {"id": "cake", "label": "Apple cake", "title": "Apple cake it is", "text": "Worth the wait."},
        ],
    },
}
WITH_GOODS: Final = ("exit_intent", "add_to_cart", "comparison")
MODAL: Final = ("exit_intent", "add_to_cart", "survey", "lead_form", "countdown", "comparison", "wheel")
IN_CORNER: Final = ("message", "idle")


def items_of(goods: tuple[tuple[str, str, int, int], ...] = GOODS, currency: str = "USD") -> list[dict[str, Any]]:
    """Goods as items of a placement."""
    return [
        {
            "id": str(100 + slot),
            "slot": slot,
            "card": {
                "title": title,
                "url": f"/shop/p/{100 + slot}",
                "image": f"/media/{category}.svg",
                "price": price,
                "regular_price": regular_price,
                "currency": currency,
                "category": category,
            },
            "bundle": None,
            "sponsored": "Advertisement" if slot == 1 else None,
            "reasons": [],
        }
        for slot, (title, category, price, regular_price) in enumerate(goods)
    ]


def overlay_answer(mechanic: str, *, ends_at_ms: int | None = None, **content: object) -> dict[str, Any]:
    """A placement's answer that opens this overlay, with some of its texts replaced."""
    live = {"countdown": {"ends_at_ms": ends_at_ms, "proof": "p"}, "wheel": {"outcome": "taco"}}
    return {
        "kind": "overlay",
        "campaign": "any",
        "variation": "default",
        "control": False,
        "mechanic": mechanic,
        "live": live.get(mechanic),
        "items": items_of() if mechanic in WITH_GOODS else [],
        "rows": [],
        "content": {**TEXTS[mechanic], **content},
        "fallback": None,
        "reasons": [],
    }
