"""How a step of a story is worked out, and how a story may end: the sums, the questions, the last sentences."""

from __future__ import annotations

from collections.abc import Callable

from orthrus.corpus.reckoning import added, divided, halved, product, taken

# What is done with the numbers before and after: words, then the sum of the value so far and the story's number.
SUMS: dict[str, tuple[str, Callable[[int, int], str]]] = {
    "add": ("so we add", added),
    "sub": ("so we subtract", taken),
    "twice": ("so we multiply by 2", product),
    "half": ("so we divide by 2", lambda value, n: halved(value)),
    "share": ("so we divide", divided),
    "pack": ("so we divide", divided),
    "sell": ("so we multiply", product),
    "change": ("so we subtract", lambda value, n: taken(n, value)),
    "later": ("so we add", added),
    "more": ("so we add", added),
    "fewer": ("so we subtract", taken),
    "times": ("so we multiply", product),
    "halfof": ("so we divide by 2", lambda value, n: halved(value)),
    "together": ("so we add", lambda value, n: added(n, value)),
}
# When something has just been given, sold or eaten.
LEFT = (
    "how many {o} [do] {S} have left",
    "how many {o} are left",
    "how many {o} are left",
    "how many [do] {S} have left",
    "how many {o} does that leave {O}",
    "how many {o} remain",
)
# How a story ends on something other than what somebody has: the questions, the answer's last sentence.
CLOSINGS = {
    "share": (
        ("how many {o} does each {each} get", "how many {o} does every {each} get", "how many {o} for each {each}"),
        "So each {each} gets {count}.",
    ),
    "share_bill": (
        ("how much does each {each} pay", "how many euros does each {each} pay", "how much is it for each {each}"),
        "So each {each} pays {count}.",
    ),
    "change": (
        ("how much change [do] {P} get", "how much money [do] {P} get back", "how many euros [do] {P} get back"),
        "So {P} [get] {count} back.",
    ),
    "later": (
        (
            "how old will {S} be in {n} years",
            "how old is {S} after {n} more years",
            "what is the age of {S} in {n} years",
        ),
        "So {S} is {count} old then.",
    ),
}
TOGETHER = {
    "have": (
        "how many {o} do {S} have together",
        "how many {o} do {S} have in total",
        "how many {o} is that for {S} together",
    ),
    "money": (
        "how much money do {S} have together",
        "how many euros do {S} have together",
        "how much do {S} have in all",
    ),
    "trip": (
        "how many km have {S} gone together",
        "how far have {S} gone together",
        "how many km is that for {S} in all",
    ),
    "age": ("how old are {S} together", "what are the ages of {S} together", "how many years is that for {S} together"),
}
