"""The player's modules: a strict form that makes one script of them, an order, and addresses."""

import re

import pytest

from viz.page import player_files
from viz.player import modules


@pytest.fixture
def written(tmp_path, monkeypatch):
    """written(**modules): a static folder with these modules instead of our own; `main` is the entry."""
    monkeypatch.setattr(modules, "STATIC", tmp_path)
    caches = (modules.ordered, modules.bundle, modules.version)

    def write(**texts: str) -> None:
        for name, text in texts.items():
            (tmp_path / f"{name}.js").write_text(text, encoding="utf-8")
        for each in caches:
            each.cache_clear()

    yield write
    for each in caches:
        each.cache_clear()


def test_every_module_belongs_to_the_player_and_comes_behind_what_it_imports():
    found = modules.ordered()
    scripts = {path.relative_to(modules.STATIC).as_posix() for path in modules.STATIC.rglob("*.js")}
    assert set(found) == scripts - {"page/page.js"}, "page.js stands inline in the document"
    assert found[-1] == modules.ENTRY and len(set(found)) == len(found)
    for i, name in enumerate(found):
        assert {other for _, other in modules.imports(name)} <= set(found[:i]), name


def test_the_modules_keep_to_the_form_that_makes_one_script():
    text = modules.bundle()
    for name in modules.ordered():
        assert text.count(f'modules["{name}"] = (() => {{') == 1
    assert not re.search(r"^\s*(import|export)\b", text, re.MULTILINE) and "</script" not in text.lower()


def test_one_script_is_made_of_modules_in_their_order(written):
    written(
        main='/* Entry. */\nimport {\n  one,\n  two,\n} from "./a.js";\n\nwindow.sum = one + two();\n',
        a="export const one = 1;\nexport function two() {\n  return 2;\n}\nexport class Three {}\nconst own = 4;\n",
    )
    assert modules.ordered() == ("a.js", "main.js")
    text = modules.bundle()
    assert "return { one, two, Three };" in text and 'const {\n  one,\n  two,\n} = modules["a.js"];' in text
    assert text.index("const one = 1;") < text.index("window.sum") and "own" not in text.split("return {")[1]


@pytest.mark.parametrize(
    "line",
    [
        'import * as a from "./a.js";',
        'import a from "./a.js";',
        'import { one as two } from "./a.js";',
        'import "./a.js";',
        'import { one } from "lib";',
        '  import { one } from "./a.js";',
        'const a = await import("./a.js");',
        "const here = import.meta.url;",
        'export * from "./a.js";',
        "export { one };",
        "export default one;",
        "export let one = 1;",
        "export const { one } = two;",
        'const text = "</script>";',
    ],
)
def test_what_leaves_the_strict_form_is_refused(written, line):
    written(main=f"/* Entry. */\n{line}\n", a="export const one = 1;\n")
    with pytest.raises(ValueError, match=r"main\.js cannot be a part of one script"):
        modules.bundle()


def test_modules_that_import_each_other_are_refused(written):
    written(
        main='import { a } from "./a.js";\n',
        a='import { b } from "./b.js";\nexport const a = 1;\n',
        b='import { a } from "./a.js";\nexport const b = 1;\n',
    )
    with pytest.raises(ValueError, match=r"main\.js > a\.js > b\.js > a\.js"):
        modules.bundle()


def test_the_document_asks_for_the_player_as_one_file():
    (asked,) = re.findall(r'src="([^"]+)"', player_files.head())
    assert asked == player_files.address(player_files.BUNDLE)
    assert asked.startswith(f"gradio_api/player/{modules.version()}/")


def test_a_change_of_any_module_is_another_address(written):
    written(main='import { a } from "./a.js";\nwindow.a = a;\n', a="export const a = 1;\n")
    before = player_files.address("a.js")
    written(a="export const a = 2;\n")
    assert player_files.address("a.js") != before
