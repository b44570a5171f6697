"""What the stories of `math` are about: things, places, money, ways, ages, and the verbs that fit each."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Thing:
    """What is counted, and the verbs that make sense with it."""

    one: str
    many: str
    gain: tuple[str, ...]
    lose: tuple[str, ...] = ()
    twice: tuple[str, ...] = ("double",)
    half: tuple[str, ...] = ("give_half",)
    share: str = "share"
    compare: str = "have"
    box: tuple[str, str] = ("box", "boxes")
    state: str = "[have] {count}"
    starts: tuple[str, ...] = ("{S} [have] {count}", "{S} [start] with {count}", "{S} [own] {count}")
    asks: tuple[str, ...] = (
        "how many {o} [do] {S} have now",
        "how many {o} [do] {S} have in the end",
        "how many {o} [do] {S} have",
        "how many {o} does that make for {O}",
        "how many {o} [do] {S} have at the end",
        "how many {o} [do] {S} have altogether",
    )


def things(words: str, gain: str, lose: str = "", **more) -> tuple[Thing, ...]:
    """One `Thing` per word; a plural that is not just an added s is written after a slash."""
    pairs = (word.replace("_", " ").split("/") for word in words.split())
    return tuple(
        Thing(p[0], p[-1] if len(p) > 1 else p[0] + "s", tuple(gain.split()), tuple(lose.split()), **more)
        for p in pairs
    )


SHOP = {"half": ("give_half", "sell_half")}
SNACK = {"half": ("give_half", "eat_half", "sell_half")}
GOODS = (
    *things("apple pear plum lemon orange peach/peaches cherry/cherries", "buy pick get", "give eat sell", **SNACK),
    *things("cookie muffin cupcake pancake pretzel", "bake buy get", "give eat sell", **SNACK),
    *things(
        "candy/candies chocolate sandwich/sandwiches nut",
        "buy get",
        "give eat",
        half=("give_half", "eat_half"),
    ),
    *things("marble card coin bead", "win find get buy", "give lose"),
    *things("sticker stamp shell stone", "collect find get", "give lose"),
    *things("pencil pen crayon notebook book balloon", "buy get", "give lose"),
    *things("flower rose tulip", "pick buy get", "give sell", **SHOP),
    *things("egg", "collect buy get", "break use sell", **SHOP),
    *things("candle cup plate", "buy get", "break sell", **SHOP),
    *things("toy_car puzzle ball", "buy get", "give sell lose"),
)
BAGS = Thing(
    "bag",
    "bags",
    ("pack_more", "get"),
    ("give", "sell"),
    asks=("how many {o} [do] {S} have now", "how many {o} [do] {S} have", "how many {o} is that"),
)
EURO = Thing(
    "euro",
    "euros",
    ("earn", "get", "find"),
    ("spend", "give", "lend"),
    ("earn_double",),
    ("spend_half",),
    "share_money",
    "money",
    starts=("{S} [have] {count}", "{S} [start] with {count}", "in a piggy bank {S} [have] {count}"),
    asks=(
        "how many euros [do] {S} have now",
        "how much money [do] {S} have now",
        "how much money [do] {S} have in the end",
        "how many euros [do] {S} have in the end",
    ),
)
BILL = Thing(
    "euro",
    "euros",
    ("add_item", "add_bag"),
    ("coupon", "discount"),
    half=("sale",),
    share="share_bill",
    state="is {count}",
    asks=("how much [do] {P} pay", "how many euros [do] {P} pay", "what is the bill", "how high is the bill"),
)
KM = Thing(
    "km",
    "km",
    ("go_on",),
    twice=("way_back",),
    compare="trip",
    state="[have] gone {count}",
    starts=("{S} [go] {count}", "{S} [ride] {count} by bike", "{S} [walk] {count}"),
    asks=(
        "how many km is that in all",
        "how many km [have] {S} gone",
        "how far [have] {S} gone in all",
        "how many km [have] {S} gone in the end",
    ),
)
YEAR = Thing(
    "year",
    "years",
    (),
    compare="age",
    state="[be] {count} old",
    starts=("{S} [be] {count} old", "{S} [be] {n}"),
    asks=("how old [be] {S}", "how old [be] {S} now", "what is the age of {S}"),
)
EGGS_NEEDED = things(
    "egg potato/potatoes tomato/tomatoes carrot apple",
    "need_salad need_pie",
    "have_some",
    state="[need] {count}",
    asks=("how many {o} [do] {S} need", "how many {o} [do] {S} need in the end", "how many {o} must {S} get"),
)

PLACE_STARTS: tuple[str, ...] = ("{S} has {count}", "there are {count} in {S}", "in {S} there are {count}")
PLACE_ASKS: tuple[str, ...] = (
    "how many {o} does {S} have now",
    "how many {o} are there now",
    "how many {o} are there in {S} now",
    "how many {o} does {S} have in the end",
)


def _place(name: str, words: str, verbs: str, **more) -> tuple[str, Thing]:
    gain, lose, twice, half = verbs.split()
    starts, asks = PLACE_STARTS, PLACE_ASKS
    if gain == "on":  # passengers are on a bus, not in it
        starts, asks = (
            tuple(t.replace(" in {S}", " on {S}").replace("in {S} there", "on {S} there") for t in kind)
            for kind in (starts, asks)
        )
        asks = (*asks, "how many {o} are on {S} now", "how many {o} are on {S}")
    return name, things(words, gain, lose, twice=(twice,), half=(half,), starts=starts, asks=asks, **more)[0]


RIDE, VISIT, STORE = (
    "on off on_double off_half",
    "arrive leave come_double leave_half",
    "brought taken bring_double taken_half",
)
PLACES = (
    *[_place("bus", "passenger", RIDE)] * 2,  # what most people ask about
    _place("bus", "passenger", RIDE),
    _place("train", "passenger", RIDE),
    _place("ship", "passenger", RIDE),
    _place("tram", "passenger", RIDE),
    _place("museum", "visitor", VISIT),
    _place("hotel", "guest", VISIT),
    _place("cinema", "guest", VISIT),
    _place("school", "child/children", VISIT),
    _place("park", "bird", VISIT),
    _place("pond", "duck", VISIT),
    _place("car park", "car", VISIT),
    _place("harbor", "boat", VISIT),
    _place("library", "book", STORE),
    _place("bakery", "roll", STORE),
    _place("shop", "lamp", STORE),
    _place("farm", "sheep/sheep", STORE),
    _place("garage", "tire", STORE),
)
HALLS = tuple(
    _place(name, words, STORE, box=box)
    for name, words, box in (
        ("hall", "chair", ("row", "rows")),
        ("theater", "seat", ("row", "rows")),
        ("garden", "tree", ("row", "rows")),
        ("library", "book", ("shelf", "shelves")),
        ("classroom", "chair", ("row", "rows")),
        ("bakery", "roll", ("tray", "trays")),
    )
)
GIFTS = things("pen notebook book ball cup plant puzzle cap", "buy")
TREATS = things("pen notebook ticket sandwich/sandwiches cake kite lamp scarf/scarves mug cinema_ticket", "buy")
SHARERS = tuple(
    zip(
        "friend child person cousin neighbor player".split(),
        "friends children people cousins neighbors players".split(),
        strict=True,
    )
)
