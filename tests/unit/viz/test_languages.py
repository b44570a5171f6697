"""The page's languages: no string is left in code, no key is missing, fields agree, numbers and plurals are right.

To add a string: put "area.what" into viz/messages/en/AREA.json (and, if you can, into the other languages') and say it:
`say("area.what", field=...)` from viz/language.py, `say("area.what", { field })` from viz/static/player/messages.js.
"""

import ast
import json
import re
import threading

import pytest

from orthrus.config import EMBEDDED_MODEL
from orthrus.trace import Trace
from orthrus.trace.files import SUFFIX
from tests import synthetic
from viz import language
from viz.format import grouped, milliseconds, number, percent, times
from viz.language import LANGUAGES, say, speaking, spoken
from viz.player import frames, messages, modules
from viz.views.words import counted

ROOT = language.FOLDER.parents[1]
OTHERS = [each for each in LANGUAGES if each != language.ENGLISH]
COMPLETE: tuple[str, ...] = ("de", "es", "nl", "zh")  # languages that lack nothing
FOLDERS = [ROOT / "viz" / name for name in ("views", "page", "player")]
PYTHON = sorted(path.relative_to(ROOT).as_posix() for folder in FOLDERS for path in folder.glob("*.py"))
PYTHON += ["viz/format.py", "viz/theme.py", "app.py"]
MODULES = sorted(path.relative_to(modules.STATIC).as_posix() for path in modules.STATIC.rglob("*.js"))
# what looks like prose and is none: names of keys, methods, headers, events, types; words for developers
NAMES = set(
    "Enter Escape Home End ArrowLeft ArrowRight ArrowUp ArrowDown Arrow PageUp PageDown Space Backspace Tab "
    "Content-Type Orthrus AR Plotly KV POST GET AbortError Infinity NaN Shift Control Alt Meta UTF-8 Accept".split()
)
SENTENCE = re.compile(r"[A-Za-z’'`)»,.:;]{2,} \(?[a-zA-Z]{1,}")
CAPITAL = re.compile(r"^[A-Z][a-z]{2,}[.…:]?$")


CODE = re.compile(r"=>|^return |@media|\);|/plain; version=|, sans-serif")
NO_PROSE = {  # words for developers, code
    '(() => {\n"use strict";\nconst modules = {};\n',
    "/* the stage begins */",
    "/* the stage ends */",
    "public, max-age=31536000, immutable",
    "prompt model max_new_tokens temperature seed top_k top_p block_size draft coupling engine",
    "clipboard-write; fullscreen",
    "quiet bars",
    "Orthrus Live",
    " is not in the page",
    "), torch ",  # between the facts of a line of provenance
    "written text",  # the name of an argument
}


def prose(text: str) -> bool:
    """Whether a constant reads like something that is shown: words in a row, or one word with a capital."""
    if text in NO_PROSE or CODE.search(text) or re.fullmatch(r"\([a-z-]+: [a-z]+\)", text):
        return False
    text = re.sub(r"<[^>]*>?|[\w-]+=\"|\">?", "", text).strip()
    return text not in NAMES and bool(SENTENCE.search(text) or CAPITAL.match(text))


def keys_of(value) -> list[str]:
    """The keys that a first argument of `say` or `has` may be: one, several of a choice, or a beginning."""
    if isinstance(value, ast.IfExp):
        return keys_of(value.body) + keys_of(value.orelse)
    if isinstance(value, ast.JoinedStr) and value.values and isinstance(value.values[0], ast.Constant):
        return [value.values[0].value]
    return [value.value] if isinstance(value, ast.Constant) and isinstance(value.value, str) else []


class Reader(ast.NodeVisitor):
    """Collects a module's keys and what in it looks like prose."""

    def __init__(self, text: str):
        self.keys, self.prose, self.unread = set(), [], []
        self.visit(ast.parse(text))

    def visit_body(self, node):
        if ast.get_docstring(node, clean=False) is not None:
            node.body = node.body[1:]
        self.generic_visit(node)

    visit_Module = visit_ClassDef = visit_FunctionDef = visit_body

    def visit_Raise(self, node):  # an error has a code; its sentence is English, for every caller
        for part in ast.walk(node):
            if isinstance(part, ast.Call):
                self.key(part)

    def visit_Assert(self, node):
        self.visit(node.test)

    def visit_AnnAssign(self, node):
        if node.value:
            self.visit(node.value)

    def visit_arg(self, node):
        pass

    def visit_Call(self, node):
        name = getattr(node.func, "attr", getattr(node.func, "id", ""))
        if self.key(node):
            for part in [*node.args[1:], *node.keywords]:
                self.visit(part)
        elif isinstance(node.func, ast.Attribute) and getattr(node.func.value, "id", "") == "log":
            return
        elif name not in ("compile", "getattr", "isinstance", "TypeVar"):
            self.generic_visit(node)

    def key(self, node) -> bool:
        if getattr(node.func, "id", "") not in ("say", "has", "tr", "by_prefix"):
            return False
        if found := keys_of(node.args[0]):
            self.keys |= set(found)
            return True
        self.unread.append(ast.unparse(node))
        return True

    def visit_Constant(self, node):
        if isinstance(node.value, str) and prose(node.value):
            self.prose.append(node.value)


LITERAL = re.compile(
    r"""//[^\n]*|/\*.*?\*/"""
    r"""|(?P<text>"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*'|`(?:[^`\\]|\\.)*`)"""
    r"""|(?<=[(,=:?!&|{};\n])\s*/(?:[^/\\\n\[]|\\.|\[(?:[^\]\\\n]|\\.)*\])+/[a-z]*""",
    re.DOTALL,
)
CALL = re.compile(r"(?<![\w.])say\((?![^()]*\) \{)")
SELECTOR = re.compile(r"[#.\[{]|:\w|^[a-z-]+: |(^| )o-|px")
SAYING = (*messages.INLINE, "player/messages.js")  # have a `say` of their own
CLASSES = re.compile(r"[a-z][\w-]*( [a-z]+-[\w-]*| [a-z]+)*")
COMMON = re.compile(r"(^| )(the|a|of|is|in|to|and|this|not|no)( |$)|[a-z]\.( |$)|\. [A-Z]")


def prose_of_module(name: str) -> list[str]:
    """What looks like prose in a JavaScript module, without lists of classes, selectors and styles."""
    texts = [(match["text"] or "")[1:-1] for match in LITERAL.finditer(modules.read(name))]
    shown = [text for text in texts if prose(text)]
    return [text for text in shown if COMMON.search(text) or not (CLASSES.fullmatch(text) or SELECTOR.search(text))]


OPTIONAL = ("runs.title.",)  # said only if they are there


def fits(key: str, names) -> bool:
    return any(key == each or (each[-1:] in ".-" and key.startswith(each)) for each in names)


@pytest.fixture(scope="module")
def said() -> set[str]:
    """Every key, or beginning of keys, that code names."""
    found = {*messages.keys(), "error.", "server."}  # these are found by what the server says
    for path in PYTHON:
        found |= Reader((ROOT / path).read_text(encoding="utf-8")).keys
    return found


@pytest.mark.parametrize("path", PYTHON)
def test_no_string_is_left_in_python(path):
    found = Reader((ROOT / path).read_text(encoding="utf-8"))
    assert not found.unread, "the first argument of say is a literal, or a literal beginning"
    assert not found.prose


@pytest.mark.parametrize("name", MODULES)
def test_no_string_is_left_in_the_player(name):
    text = modules.read(name)
    said = len(CALL.findall(text)) if "messages.js" in text or name in SAYING else 0
    assert said == len(messages.SAID.findall(text)), "the first argument of say is a literal"
    assert not prose_of_module(name)


def test_every_key_that_is_said_is_there_and_every_key_is_said(said):
    english = language.own(language.ENGLISH)
    assert [each for each in said - {*OPTIONAL} if not any(fits(key, [each]) for key in english)] == []
    assert [key for key in english if not fits(key, said)] == []


@pytest.mark.parametrize("spoken_language", LANGUAGES)
def test_each_recorded_run_has_a_title_and_each_title_a_run(spoken_language):
    recorded = {path.name.removesuffix(SUFFIX) for path in (EMBEDDED_MODEL.parent / "traces").rglob(f"*{SUFFIX}")}
    keys = language.own(spoken_language)
    assert {key.removeprefix("runs.title.") for key in keys if key.startswith("runs.title.")} == recorded


@pytest.mark.parametrize("spoken_language", LANGUAGES)
def test_the_files_of_a_language(spoken_language):
    """Each file holds its own area's keys, no key twice, nothing that English lacks, the same fields, whole plurals."""
    english = language.own(language.ENGLISH)
    for path in (language.FOLDER / spoken_language).glob("*.json"):
        pairs = json.loads(path.read_text(encoding="utf-8"), object_pairs_hook=list)
        names = [key for key, _ in pairs]
        assert len(set(names)) == len(names), f"{path.name} has a key twice"
        assert [key for key in names if key.split(".")[0] != path.stem] == []
        for key, message in pairs:
            assert key in english, f"{path.name} has {key}, which English lacks"
            forms = [message] if isinstance(message, str) else [text for _, text in message]
            assert all(isinstance(text, str) and text for text in forms), key
            if not isinstance(message, str):
                assert {category for category, _ in message} == categories(spoken_language), key
            assert fields(forms) == fields(every_form(english[key])), key


def categories(spoken_language: str) -> set[str]:
    from babel import Locale

    rule = Locale.parse(language.tag(spoken_language), sep="-").plural_form
    return {"other", *(each for each in rule.tags if each != "many")}


def every_form(message) -> list[str]:
    return [message] if isinstance(message, str) else list(message.values())


def fields(forms: list[str]) -> set[str]:
    return {name for text in forms for name in language.FIELD.findall(text)}


@pytest.mark.parametrize("other", OTHERS)
def test_what_a_language_lacks(other):
    missing = [key for key in language.own(language.ENGLISH) if key not in language.own(other)]
    if other in COMPLETE:
        assert missing == []
    else:
        assert missing, f"{LANGUAGES[other]} is complete: it belongs into COMPLETE"


def test_numbers_are_written_as_the_language_writes_them_and_rounded_the_same():
    written = {
        "en": ["1.5", "2.35×", "1,234 ms", "12.3 s", "90 %"],
        "nl": ["1,5", "2,35×"],
        "de": ["1,5", "2,35×"],
        "es": ["1,5", "2,35×"],
        "zh": ["1.5", "2.35×"],
    }
    for spoken_language, wanted in written.items():
        with speaking(spoken_language):
            found = [number(1.45 + 0.05), times(2.345), milliseconds(1234.4), milliseconds(12_300), percent(0.9)]
        assert found[: len(wanted)] == wanted, spoken_language
    grouping = {"en": "12,345,678", "nl": "12.345.678", "de": "12.345.678", "es": "12.345.678", "zh": "12,345,678"}
    for spoken_language, wanted in grouping.items():
        with speaking(spoken_language):
            assert grouped(12_345_678) == wanted


def test_a_count_chooses_its_plural_and_a_missing_message_is_english(monkeypatch):
    assert [counted(n, "guess") for n in (0, 1, 2)] == ["0 guesses", "1 guess", "2 guesses"]
    own = {"nl": {"count.guess": {"one": "{n} gok", "other": "{n} gokken"}}}
    english = language.own("en")
    monkeypatch.setattr(language, "messages", lambda spoken_language: {**english, **own.get(spoken_language, {})})
    with speaking("nl"):
        assert [counted(n, "guess") for n in (0, 1, 2)] == ["0 gokken", "1 gok", "2 gokken"]
        assert say("captions.title") == english["captions.title"]
    assert counted(2, "guess") == "2 guesses"


@pytest.mark.parametrize(
    ("query", "accepted", "wanted"),
    [
        ("lang=nl", "de", "nl"),
        ("lang=zh-TW", "", "zh"),
        ("lang=xx", "de-AT,de;q=0.9,en;q=0.8", "de"),
        ("", "fr, es;q=0.5, en;q=0.4", "es"),
        ("", "en;q=0.1, nl;q=0.7", "nl"),
        ("", "nl;q=0, fr", "en"),
        ("", "nl;q=oops,*", "en"),
        ("lang=%00&lang=", "", "en"),
    ],
)
def test_the_address_chooses_the_language_then_the_browser(query, accepted, wanted):
    assert language.chosen(query, accepted) == wanted


def test_each_step_of_what_is_spoken_is_in_its_language_whoever_asks_for_it():
    def items():
        while True:
            yield language.current()

    said = spoken("de", items())
    found = [next(said)]
    thread = threading.Thread(target=lambda: found.append(next(said)))
    thread.start()
    thread.join()
    assert found == ["de", "de"] and language.current() == "en"
    said.close()
    with speaking("klingon"):
        assert language.current() == "en"


def test_a_run_is_drawn_in_the_language_and_the_models_text_stays(monkeypatch):
    trace = Trace.of(synthetic.events(tokens=60))
    english = language.own("en")
    turned = {key: text[::-1] for key, text in english.items() if key.startswith("captions.") and "{" not in str(text)}
    monkeypatch.setattr(language, "messages", lambda now: {**english, **(turned if now == "nl" else {})})
    plain = frames.tape(trace)
    with speaking("nl"):
        other = frames.tape(trace)
    assert len(other) == len(plain) and other != plain and plain == frames.tape(trace)
    words = [[change for frame in tape for change in frame["x"] if change[0] == "words"] for tape in (plain, other)]
    assert words[0] == words[1] and words[0]


def test_the_page_brings_the_messages_of_its_own_language_and_no_others():
    with speaking("nl"):
        drawing = frames.drawing()
    assert drawing["language"] == "nl" and set(drawing["messages"]) == set(messages.said())
    assert "captions.word" in drawing["messages"] and "captions.prefill.plain" not in drawing["messages"]
