"""A story told step by step: facts for the prompt (wording drawn) and lines of the answer (wording fixed)."""

from __future__ import annotations

import random
from typing import NamedTuple

from orthrus.corpus.base import names
from orthrus.corpus.chains import COMPARE, STARTS, Step
from orthrus.corpus.endings import CLOSINGS, LEFT, SUMS, TOGETHER
from orthrus.corpus.people import ME, Holder, person
from orthrus.corpus.reckoning import NUMBER_WORDS, added, pick, product, sentence, taken
from orthrus.corpus.themes import (
    BAGS,
    BILL,
    EGGS_NEEDED,
    EURO,
    GIFTS,
    GOODS,
    HALLS,
    KM,
    PLACES,
    SHARERS,
    TREATS,
    YEAR,
    Thing,
)
from orthrus.corpus.verbs import VERBS, conjugated


class Fact(NamedTuple):
    """One thing told: with a subject, `text` is what is said of it; without one, a whole sentence."""

    subject: Holder | None
    text: str
    op: str


SINGLE = {"pack": "pack", "sell": "sell_all", "change": "change", "boxes": "boxes", "cost": "cost", "later": "later"}


def counted(number: str, n: int, thing: Thing) -> str:
    """'1 apple', '5 apples'."""
    return f"{number} {thing.one if n == 1 else thing.many}"


class Story:
    """The state of a story while it is told."""

    def __init__(self, kind: str, rng: random.Random):
        self.kind, self.rng, self.value = kind, rng, 0
        self.facts: list[Fact] = []
        self.lines: list[str] = []
        self.happened: set[str] = set()
        self.question = ""
        self.ending = ""
        self.in_words = rng.random() < 0.12
        found = names(rng, 4)
        self.friend, self.others = found[3], [person(n) for n in found[1:3]]
        self.holder = person(found[0])
        if kind in ("place", "hall"):
            name, self.thing = pick(rng, PLACES if kind == "place" else HALLS)
            self.holder = Holder(f"the {name}", f"the {name}", "it", "it")
            self.others = [Holder(f"the {w} {name}", f"the {w} {name}", "it", "it") for w in ("other", "third")]
        elif kind in ("things", "recipe"):
            self.thing = pick(rng, GOODS if kind == "things" else EGGS_NEEDED)
        else:
            self.thing = {"money": EURO, "bill": BILL, "trip": KM, "age": YEAR}[kind]
        if kind not in ("place", "hall", "age") and rng.random() < 0.15:
            self.holder = ME
        self.payer = self.previous = self.holder  # `previous` is somebody else once a comparison was made
        if kind == "bill":
            self.holder = self.previous = Holder("the bill", "the bill", "it", "it", self.payer.plain)
        self.goods = pick(rng, GIFTS if kind == "money" else TREATS)
        self.sharer = pick(rng, SHARERS)

    def tell(self, step: Step) -> None:
        """Adds one step: what the prompt says of it, the question it leads to, the line that works it out."""
        answered, asked = self._words(step, False), self._words(step, True)
        happening = self._happening(step)
        plain = self.holder.plain
        if step.op == "have":
            self._say(step.op, pick(self.rng, [conjugated(t, plain) for t in self.thing.starts]), asked)
        elif step.op == "together":
            clause = self._state(self.holder, step.before)
            self._line(f"{self._state(self.previous, step.n)} and {clause}", step)
        else:
            if step.op != "later":  # the years that pass are told by the question
                self._say(step.op, pick(self.rng, VERBS[happening].prompts[plain]), asked)
            self._work(step, VERBS[happening].answer[plain].format_map(answered))
        self.value = step.after
        if step.op in COMPARE:
            self.previous, self.holder = self.holder, self.others.pop(0)
        elif step.op in ("sell", "pack"):
            self.thing = EURO if step.op == "sell" else BAGS
        self._conclude(step)

    def answer(self) -> str:
        """The whole worked answer."""
        return "\n".join((*self.lines, self.ending, f"The answer is {self.value}."))

    def _happening(self, step: Step) -> str:
        thing, op = self.thing, step.op
        if op in COMPARE:
            return f"{thing.compare}/{op}"
        if op in ("add", "sub", "twice", "half"):
            fitting = {"add": thing.gain, "sub": thing.lose, "twice": thing.twice, "half": thing.half}[op]
            if step.n > 8:  # nobody eats 30 apples
                fitting = [verb for verb in fitting if verb not in ("eat", "break")]
            chosen = pick(self.rng, [verb for verb in fitting if verb not in self.happened] or fitting)
            self.happened.add(chosen)
            return chosen
        return thing.share if op == "share" else SINGLE.get(op, op)

    def _words(self, step: Step, asking: bool) -> dict[str, object]:
        """What the templates of a verb may mention, for the prompt or for the answer."""
        n, m, thing, holder = step.n, step.m, self.thing, self.holder
        say = (lambda k: NUMBER_WORDS[k] if k <= 12 else str(k)) if asking and self.in_words else str
        number, other = say(n), say(m)
        euros = m if step.op in ("price", "cost") else n
        noun = thing.one if n == 1 else thing.many
        return {
            "S": holder.asked if asking else holder.name,
            "one": thing.one,
            "O": holder.them if asking else holder.name,
            "P": self.payer.asked if asking else self.payer.name,
            "than": holder.them if holder.plain else holder.asked,
            "F": self.others[0].asked if step.op in COMPARE else self.friend,
            "n": number,
            "note": n,
            "count": f"{number} {noun}",
            "more": f"{number} more {noun}",
            "o": thing.many,
            "o1": noun,
            "price": f"{say(euros)} euro" + "s" * (euros != 1),
            "boxes": f"{other} {thing.box[1]}",
            "box": thing.box[0],
            "goods": f"{number} {self.goods.many}",
            "weeks": f"{other} weeks",
            "hours": f"{other} hours",
            "people": self.sharer[1],
            "times": "twice" if n == 2 else f"{number} times",
            "m": say(step.before),
            "k": other,
            "eggs": f"{say(n * step.before)} {thing.many}",
        }

    def _say(self, op: str, template: str, words: dict[str, object]) -> None:
        if template.startswith("{S} "):
            self.facts.append(Fact(self.holder, template[4:].format_map(words), op))
        else:
            where = f"{'on' if 'on' in self.thing.gain else 'in'} {words['S']}, " if self._unclear(op) else ""
            self.facts.append(Fact(None, where + template.format_map(words), op))

    def _unclear(self, op: str) -> bool:
        """Whether it must be said where something happens: two places have been spoken of."""
        return self.previous is not self.holder and op not in COMPARE and self.kind in ("place", "hall")

    def _state(self, holder: Holder, value: int) -> str:
        """'Mia has 24 apples'."""
        predicate = conjugated(self.thing.state, holder.plain)
        return f"{holder.name} {predicate.format(count=counted(str(value), value, self.thing))}"

    def _line(self, text: str, step: Step) -> None:
        words, worked = SUMS[step.op]
        lead = "Now" if self.lines else "First,"
        self.lines.append(f"{lead} {text}, {words}: {worked(step.before, step.n)}.")

    def _work(self, step: Step, clause: str) -> None:
        """The line or lines that compute `step`; `clause` says what happens."""
        name, plain, thing = self.holder.name, self.holder.plain, self.thing
        lead = "Now" if self.lines else "First,"
        if step.op == "recipe":
            self.lines += [
                f"First, {step.before} people need {step.n * step.before} {thing.many}, so for one person we divide: "
                f"{step.n * step.before} / {step.before} = {step.n}.",
                f"Now {name} {conjugated('[cook]', plain)} for {step.m} people, "
                f"so we multiply: {step.n} * {step.m} = {step.after}.",
            ]
        elif step.op in STARTS:
            sum_ = product(step.m, step.n) if step.op == "rows" else product(step.n, step.m)
            self.lines.append(f"First, {'' if step.op == 'price' else name + ' '}{clause}, so we multiply: {sum_}.")
        elif step.op in ("boxes", "cost"):
            many = step.n * step.m
            sum_ = product(step.m, step.n) if step.op == "boxes" else product(step.n, step.m)
            verb, do, work = ("[get] these", "add", added) if step.op == "boxes" else ("[pay]", "subtract", taken)
            self.lines += [
                f"{lead} {name} {clause}, so we multiply: {sum_}.",
                f"Now {self._state(self.holder, step.before)} and {conjugated(verb, plain)} "
                f"{counted(str(many), many, thing)}, so we {do}: {work(step.before, many)}.",
            ]
        else:
            self._line(f"{self._state(self.holder, step.before)} and {clause}", step)

    def _may_be_left(self, step: Step) -> bool:
        fewer = step.op in ("sub", "half", "cost") and self.kind not in ("bill", "recipe", "place", "hall")
        return fewer and self.rng.random() < 0.6

    def _conclude(self, step: Step) -> None:
        """The question and the last sentence, should the story end here."""
        thing, holder, each = self.thing, self.holder, self.sharer[0]
        fill = {
            "o": thing.many,
            "S": holder.asked,
            "one": thing.one,
            "O": holder.them,
            "P": self.payer.asked,
            "n": step.n,
            "each": each,
        }
        if step.op in ("share", "change", "later"):
            key = "share_bill" if thing is BILL and step.op == "share" else step.op
            templates, ending = CLOSINGS[key]
            asks = [conjugated(a, holder.plain) for a in templates]
            fill["count"] = counted(str(step.after), step.after, thing)
            self.ending = sentence(
                conjugated(ending, holder.plain).format_map({**fill, "S": holder.name, "P": self.payer.name})
            )
        elif step.op == "together":
            pair = f"{holder.asked} and I" if self.previous.plain else f"{self.previous.asked} and {holder.asked}"
            asks = list(TOGETHER[thing.compare])
            fill["S"] = pair
            both = Holder(f"{self.previous.name} and {holder.name}", "", "", "", True)
            self.ending = f"So {self._state(both, step.after)} together."
        else:
            asks = [conjugated(a, holder.plain) for a in (LEFT if self._may_be_left(step) else thing.asks)]
            if self.previous is not self.holder:  # somebody else has some too, so say whose are asked for
                asks = [a for a in asks if "{S}" in a or "{O}" in a]
            self.ending = f"So {self._state(holder, step.after)}{'' if step.op in COMPARE else ' in the end'}."
        self.question = pick(self.rng, asks).format_map(fill)
