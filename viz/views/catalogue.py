"""The views of the page, in reading order. A new view is a module here with NAME, skeleton() and patch()."""

from __future__ import annotations

from types import ModuleType
from typing import Any, NamedTuple

from orthrus.errors import OrthrusError
from orthrus.trace import Trace
from viz.language import say
from viz.patches import apply
from viz.views import (
    anatomy,
    block,
    cache_memory,
    cache_rows,
    captions,
    catch,
    coin,
    download,
    drafters,
    ghosts,
    inspector,
    lattice,
    logit_gaps,
    looks,
    lossless_check,
    pair,
    provenance,
    quiz,
    race,
    relax,
    scoreboard,
    staircase,
    statistics,
    text,
    timeline,
    tokens_over_time,
    tour,
    whatif,
    words,
)

VIEWS: dict[str, ModuleType] = {
    view.NAME: view
    for view in (
        words,
        provenance,
        tour,
        race,
        captions,
        quiz,
        block,
        inspector,
        lattice,
        whatif,
        relax,
        coin,
        text,
        scoreboard,
        drafters,
        pair,
        catch,
        lossless_check,
        staircase,
        timeline,
        statistics,
        ghosts,
        logit_gaps,
        tokens_over_time,
        cache_rows,
        cache_memory,
        looks,
        anatomy,
        download,
    )
}
# the views that keys 1 to 9 jump to
PLACES = ("race", "ribbon", "inspector", "output", "neartie", "cache", "staircase", "timeline", "statistics")


class Tab(NamedTuple):
    """A tab below the stage: its name in an address, its views in order; its label is a message tabs.KEY."""

    key: str
    views: tuple[str, ...]


# what is not in a tab stands on the stage; `axis` is the race's, `links` is the address of what is on show,
# `class` the lessons
TABS = (
    Tab("inspect", ("inspector",)),
    Tab("whatif", ("whatif", "lattice")),
    Tab("judge", ("relax", "coin")),
    Tab("text", ("output",)),
    Tab("pair", ("pair",)),
    Tab("measure", ("axis", "board")),
    Tab("drafters", ("drafters",)),
    Tab("time", ("timeline",)),
    Tab("catch", ("catch",)),
    Tab("staircase", ("staircase",)),
    Tab("statistics", ("statistics", "curve")),
    Tab("early", ("early",)),
    Tab("cache", ("cache", "memory")),
    Tab("looks", ("looks",)),
    Tab("anatomy", ("anatomy",)),
    Tab("lossless", ("neartie", "gaps")),
    Tab("class", ("class",)),
    Tab("take", ("links", "record")),
)


def tabs() -> list[dict[str, Any]]:
    """The tabs as the player takes them."""
    return [{**tab._asdict(), "label": say(f"tabs.{tab.key}")} for tab in TABS]


def skeletons() -> dict[str, dict[str, Any]]:
    """Every view's skeleton, by name."""
    return {name: view.skeleton() for name, view in VIEWS.items()}


def state(name: str, trace: Trace) -> dict[str, Any]:
    """One view of a whole trace: its skeleton's state and facts with every patch applied in order."""
    if name not in VIEWS:
        raise OrthrusError("unknown-choice", f"there is no view {name!r}; there are {', '.join(VIEWS)}")
    skeleton = VIEWS[name].skeleton()
    drawn = {"state": skeleton.get("state", {}), "facts": skeleton.get("facts", {})}
    partial = Trace()
    for event in trace.events:
        partial = partial.add(event)
        for change in VIEWS[name].patch(event, partial):
            apply(drawn["state" if change.phase else "facts"], change)
    return drawn
