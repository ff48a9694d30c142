"""Drawn pictures: the data has none, so each category path has an SVG of its own.

An item's `image` is the path `/media/<category path>.svg`, and the picture is a pure function of that path: a page
asks once per category, a card stays small (a data URI of the same drawing would add 0.7 KB to each), and nothing has to
be stored or uploaded. The shape follows words of the path, the colours its digest.
"""

from hashlib import blake2b
from typing import Final

from vitrine.errors import InvalidRequest

MEDIA: Final = "/media/"
SUFFIX: Final = ".svg"

SHAPES: Final = {
    "bottle": '<path d="M43 18h14v14c8 6 10 10 10 18v32H33V50c0-8 2-12 10-18z"/><path class="l" d="M33 54h34v16H33z"/>',
    "carton": '<path d="M32 38l10-16h16l10 16v44H32z"/><path class="l" d="M32 38h36v8H32zM42 56h16v14H42z"/>',
    "can": '<path d="M34 26h32v50H34z"/><ellipse cx="50" cy="76" rx="16" ry="5"/>'
    '<ellipse class="l" cx="50" cy="26" rx="16" ry="5"/><path class="l" d="M34 42h32v18H34z"/>',
    "jar": '<path class="l" d="M36 20h28v10H36z"/><path d="M34 32h32q4 4 4 10v40H30V42q0-6 4-10z"/>',
    "bag": '<path d="M32 20h36l-3 8c6 20 6 34 3 54H32c-3-20-3-34 3-54z"/><circle class="l" cx="50" cy="56" r="11"/>',
    "box": '<path d="M30 22h40v60H30z"/><path class="l" d="M30 34h40v20H30z"/>',
    "cup": '<path d="M30 34h40l-6 48H36z"/><path class="l" d="M27 26h46v8H27z"/>',
    "cone": '<path class="l" d="M34 48h32L50 86z"/><circle cx="50" cy="36" r="18"/>',
    "bread": '<path d="M26 44q0-16 14-16h20q14 0 14 16l-5 4v28H31V48z"/>'
    '<path class="l" d="M40 40h4v26h-4zM48 40h4v26h-4zM56 40h4v26h-4z"/>',
    "fruit": '<circle cx="50" cy="56" r="25"/><path class="g" d="M50 32c0-10 6-14 14-14 0 9-5 14-14 14z"/>',
    "banana": '<path d="M26 26c4 30 22 44 52 42-6 18-58 18-60-36z"/><path class="g" d="M17 33l9-7-2-8-7 2z"/>',
    "root": '<path d="M50 32c20 6 29 18 26 32s-13 18-26 18-23-4-26-18 6-26 26-32z"/>'
    '<path class="g" d="M47 34c-8-6-10-12-7-20 5 3 8 7 9 12 1-5 5-9 10-11 2 9-1 15-8 19z"/>',
    "leaf": '<path d="M50 84C22 66 24 34 50 18c26 16 28 48 0 66z"/><path class="l" d="M48 30h4v56h-4z"/>',
    "meat": '<path d="M24 54c0-18 16-28 32-26s24 16 20 28-18 20-32 18-20-8-20-20z"/>'
    '<circle class="l" cx="58" cy="46" r="8"/>',
    "fish": '<path d="M22 50c14-20 36-20 48-4l12-10v30L70 56c-12 16-34 16-48-6z"/>'
    '<circle class="l" cx="36" cy="47" r="3"/>',
    "cheese": '<path d="M22 58l44-26 14 26v18H22z"/><circle class="l" cx="40" cy="66" r="5"/>'
    '<circle class="l" cx="60" cy="58" r="6"/>',
    "egg": '<path d="M50 22c14 0 22 20 22 34s-8 26-22 26-22-12-22-26 8-34 22-34z"/>',
    "roll": '<path d="M30 30h40v50H30z"/><ellipse class="l" cx="50" cy="30" rx="20" ry="8"/>'
    '<ellipse cx="50" cy="30" rx="6" ry="3"/>',
    "flower": '<path class="g" d="M48 54h4v34h-4z"/><circle cx="50" cy="26" r="12"/><circle cx="38" cy="42" r="12"/>'
    '<circle cx="62" cy="42" r="12"/><circle class="l" cx="50" cy="38" r="7"/>',
    "paw": '<circle cx="34" cy="42" r="8"/><circle cx="50" cy="34" r="8"/><circle cx="66" cy="42" r="8"/>'
    '<path d="M50 48c12 0 20 14 16 22s-12 4-16 4-12 4-16-4 4-22 16-22z"/>',
    "tag": '<path d="M24 48l26-26h24v24L48 74z"/><circle class="l" cx="64" cy="34" r="5"/>',
}
"""Silhouettes on a field of 100 x 100; class `l` is the lighter ink, `g` is green."""

WORDS: Final = (
    ("cone", "ice-cream frozen-novelties ice-pop"),
    ("paw", "cat-food dog-food dog-biscuit dog-treat cat-treat pet cat-litter bird-seed"),
    ("egg", "eggs"),
    ("cheese", "cheese"),
    ("cup", "yogurt coffee tea cocoa pudding dip cup sour-cream cottage"),
    ("roll", "tissue towel napkin foil wrap diaper wipe"),
    ("jar", "baby sauce condiment pickle jam jelly olive spice salsa peanut-butter mayonnaise honey vitamin"),
    ("can", "soup canned beer ale tuna infant-formula shelf-stable energy can-pack"),
    ("carton", "milk juice cream-and carton broth"),
    (
        "bottle",
        "drink water wine liquor spirit oil detergent shampoo soap hair dressing bleach syrup cleaning cleaner lotion",
    ),
    ("fish", "seafood fish shrimp salmon"),
    ("bread", "bread bakery bun rolls bagel donut cake pie pastry sweet-goods dough"),
    ("meat", "meat beef pork chicken turkey sausage bacon hot-dog lamb ham"),
    ("bag", "snack chip candy cookie cracker nut popcorn pretzel flour sugar rice"),
    ("root", "onion potato carrot beet radish yam"),
    ("leaf", "salad lettuce vegetable herb spinach broccoli cabbage celery pepper mushroom corn"),
    ("flower", "flower garden rose bouquet plant"),
    ("banana", "banana"),
    ("fruit", "fruit apple citrus berries grape banana melon tomato pear produce"),
    ("box", "frozen cereal pasta dinner mix pizza cold-and-flu analgesic butter margarine"),
)
"""Shape and the words of a path that call for it; the first line that fits, looked for from the leaf upwards."""

PLURALS: Final = ("", "s", "es")

HUES: Final = {
    "bread": (22, 20),
    "cheese": (40, 12),
    "cone": (330, 70),
    "egg": (24, 18),
    "fish": (185, 35),
    "flower": (290, 80),
    "banana": (48, 1),
    "fruit": (340, 80),
    "leaf": (80, 60),
    "meat": (348, 24),
    "root": (24, 20),
}
"""First hue and width of the range, in degrees, of what nobody would believe in any colour."""

NATURAL: Final = "60% 48%"
PRINTED: Final = "45% 45%"
"""Saturation and lightness of what has a hue of its own, and of packages."""

TINTS: Final = (
    (4, "strawberries strawberry raspberries cherries cherry tomato watermelon ketchup salsa pasta-sauce"),
    (26, "orange clementine tangerine carrot yam peach nectarine mango cantaloupe pumpkin squash"),
    (24, "coffee chocolate cocoa peanut-butter nut"),
    (48, "lemon pineapple pear corn grapefruit"),
    (90, "lime avocado kiwi zucchini honeydew granny-smith grapes-white"),
    (208, "milk water yogurt"),
    (230, "blueberries blackberries"),
    (290, "grape plum onion eggplant beet"),
)
"""Hue, and the words of a path that have it; looked for as those of WORDS are."""


def picture_path(category: str) -> str:
    """Path under which the shop serves the picture of a category path."""
    return f"{MEDIA}{category}{SUFFIX}"


def draw_picture(path: str) -> bytes:
    """The SVG of a picture path, at most 1 KB; the same bytes for the same path.

    Raises:
        InvalidRequest: the path is not one of `picture_path`.
    """
    category = path.removeprefix(MEDIA).removesuffix(SUFFIX)
    if picture_path(category) != path or not 0 < len(category) <= 200 or not _is_unicode(category):
        raise InvalidRequest("not a picture", "path")
    shape = shape_of(category)
    hue, ink = hue_of(category, shape), NATURAL if shape in HUES else PRINTED
    return (
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 100 100">'
        f"<style>path,circle,ellipse{{fill:hsl({hue} {ink})}}"
        f".l{{fill:hsl({hue} 60% 80%)}}.g{{fill:hsl(110 35% 42%)}}</style>"
        f'<rect width="100" height="100" rx="8" fill="hsl({hue} 40% 94%)"/>{SHAPES[shape]}</svg>'
    ).encode()


def shape_of(category: str) -> str:
    """Name of the silhouette for a category path: what its most specific level suggests, else a price tag."""
    for level in reversed(category.split("/")):
        for shape, words in WORDS:
            if _has_word(level, words):
                return shape
    return "tag"


def hue_of(category: str, shape: str) -> int:
    """Hue in degrees: that of what it is, or is made of, else one that its shape may have, by chance."""
    for level in reversed(category.split("/")):
        for hue, words in TINTS:
            if _has_word(level, words):
                return hue
    first, width = HUES.get(shape, (0, 360))
    return (first + int.from_bytes(blake2b(category.encode(), digest_size=2).digest(), "little") % width) % 360


def _has_word(level: str, words: str) -> bool:
    """Whether a level of a path has one of the words whole: there is no oil in toilet tissue, no ham in a hamburger."""
    return any(f"-{word}{ending}-" in f"-{level}-" for word in words.split() for ending in PLURALS)


def _is_unicode(text: str) -> bool:
    """Whether it has no lone surrogates: a path can hold them, and they have no bytes."""
    return not any("\ud800" <= letter <= "\udfff" for letter in text)
