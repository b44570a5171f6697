"""Word problems as people tell them: "Tom had 5 apples and bought 3 more. How many does he have now?\""""

from __future__ import annotations

import re

from orthrus.corpus.material import words

_IRREGULAR = dict(
    pair.split("/")
    for pair in words(
        "has/had have/had is/was are/were buys/bought buy/bought gets/got get/got finds/found find/found wins/won "
        "win/won "
        "gives/gave give/gave loses/lost lose/lost eats/ate eat/ate sells/sold sell/sold breaks/broke break/broke "
        "spends/spent spend/spent pays/paid pay/paid lends/lent lend/lent splits/split puts/put goes/went go/went "
        "rides/rode ride/rode takes/took take/took makes/made make/made comes/came come/came costs/cost does/did "
        "do/did "
        "brings/brought bring/brought leave/left drops/dropped drop/dropped hand/handed"
    )
)
_REGULAR = words(
    "start own receive pick bake collect pack earn work use borrow double share fill save travel need arrive board add "
    "hand owe pass walk cook"
)
_PAST = _IRREGULAR | {form: verb.removesuffix("e") + "ed" for verb in _REGULAR for form in (verb, verb + "s")}
_VERB = re.compile(rf"\b({'|'.join(sorted(_PAST, key=len, reverse=True))})\b")
_ASKS = re.compile(r"\b(how|what|does|do|must|will)\b|\?$", re.IGNORECASE)


def told(prompt: str) -> str:
    """`prompt` with what happened in the past tense; sentences that ask stay as they are."""
    parts = re.split(r"(?<=[.?!:]) ", prompt)
    return " ".join(part if _ASKS.search(part) else _VERB.sub(lambda verb: _PAST[verb[0]], part) for part in parts)
