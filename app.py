"""The page: recorded runs at once, live runs as soon as the model is there. The only file that imports gradio.

    python app.py --port 7860 --model assets/orthrus-mini --device cpu      (python app.py --help for all of it)

The handler streams messages from `orthrus.server.run_manager` to one gr.HTML; the player in it does the rest without
asking the server.
"""

from __future__ import annotations

import asyncio
import html
import logging
import signal
import threading
from collections.abc import Callable, Iterator
from importlib import import_module
from importlib.util import find_spec
from typing import Any

from orthrus.server import startup

if __name__ == "__main__":
    settings = startup.begin()  # before gradio is imported, which trusts the same variables and reports errors poorly
with startup.direct():
    from orthrus.server import (
        json_logging,  # zerogpu first: on ZeroGPU nothing may load torch before it
        zerogpu,
    )

    import gradio as gr  # isort: skip
    from gradio.i18n import I18nData  # isort: skip

from orthrus import checks
from orthrus.corpus import DOMAINS
from orthrus.server.classes import Classes
from orthrus.server.heap import bound_heap
from orthrus.server.run_manager import RunManager
from orthrus.server.security_headers import frame_origins, guarded
from orthrus.server.settings import Settings
from orthrus.server.updates import Update
from viz.language import ENGLISH, messages, say, speaking, spoken, translations
from viz.page.api import Endpoints, Visitor
from viz.page.contents import Files, prompts
from viz.page.document import amending
from viz.page.endpoint import endpoint
from viz.page.form import ADVANCED, LIMIT, ChoiceField, NumberField, read
from viz.page.live_run import LiveRuns
from viz.page.recordings import Recording, chips
from viz.page.server_words import translated
from viz.page.site import Site, language_of
from viz.player import frames

SPARE_THREADS = 40  # threads for everything but runs; a waiting run holds one server thread
NEXT = "return all[(all.indexOf(now) + 1) % all.length];"
ANY = "return all[Math.floor(Math.random() * all.length)];"
GUESS = "OrthrusStage.guess(element.querySelector('.guess'));"
RUNS = "orthrusGallery.mount(element.querySelector('.runs'), (name) => trigger('select', { name }));"
FEED = """
  const take = () => { if (props.value) orthrusPlayer.feed(JSON.parse(props.value)); };
  watch('value', take);
  take();
"""
TEACHES = "x-orthrus-class"  # of a teacher's own run: CODE TOKEN
log = logging.getLogger("app")
# the components' own words, which the framework chooses in the browser; viz/static/page/page.js tells it the language
tr = gr.I18n(**translations("page.", "form.", "runs.kind.", "live.", "server.loading"))


def shown(text: str, bad: bool = False) -> str:
    """A status sentence as HTML: escaped, because it may quote what a visitor typed."""
    return f'<p role="{"alert" if bad else "status"}">{html.escape(text)}</p>'


def outputs(update: Update) -> tuple[Any, Any]:
    """Update -> values of the stage and the status; gr.skip() leaves a component as it is."""
    status = gr.skip()
    if update.status is not None:
        status = shown(translated(update.status, update.code), update.failed)
    return gr.skip() if update.message is None else update.message, status


def place(name: str, on_load: str) -> gr.HTML:
    """A place of the browser's own, made by `on_load` from `element`; constant, so that gradio leaves its nodes alone.

    A function, because a subclass of gr.HTML would make gradio write a file beside this one.
    """
    return gr.HTML(
        "", html_template=f'<div class="{name}"></div>', js_on_load=on_load, apply_default_css=False, elem_id=name
    )


def presets(prompt: gr.Textbox, gallery: list[Recording]) -> None:
    """One chip per domain, easy text first; a click puts the domain's next prompt into the box, in the browser."""
    texts = prompts()
    rules = ""
    with gr.Row(elem_classes="chips"):
        for kind, _, share in chips(gallery, texts):
            pick = f"(now) => {{ const all = {frames.dumps(list(texts[kind]))}; {NEXT} }}"
            chip = gr.Button(tr(f"runs.kind.{kind}"), size="sm", elem_classes="preset", elem_id=f"preset-{kind}")
            chip.click(None, prompt, prompt, js=pick)
            rules += f"#preset-{kind}{{--bar:{100 * (share or 0):.0f}%}}"
        every = frames.dumps([text for each in texts.values() for text in each])
        surprise = gr.Button(tr("page.surprise"), size="sm", elem_classes="preset", elem_id="preset-any")
        surprise.click(None, prompt, prompt, js=f"(now) => {{ const all = {every}.filter((t) => t !== now); {ANY} }}")
    about = tr("page.chips") if gallery else ""
    gr.HTML(f"<style>{rules}</style><p>{about}</p>", elem_classes="quiet bars")


def control(field: NumberField | ChoiceField) -> gr.Textbox | gr.Radio:
    """A field's component. It has no limits of its own, so a bad value gets the same message as on the command line.

    Numbers use a text box: a browser's number field drops the comma of 0,7 and runs with 7.
    """
    look = {"label": tr(f"form.{field.name}.label"), "info": tr(f"form.{field.name}.about")}
    look["elem_id"] = f"field-{field.name}"
    if isinstance(field, ChoiceField):
        return gr.Radio(list(field.choices), value=field.value, min_width=240, **look)
    value = "" if field.value is None else f"{field.value:g}"
    empty = value or tr(f"form.{field.name}.without")
    return gr.Textbox(value, max_lines=1, placeholder=empty, min_width=112, **look)


def fields(engine: str) -> dict[str, gr.Textbox | gr.Radio]:
    """The form's components by name: one visible, the others in an accordion."""
    controls = {LIMIT.name: control(LIMIT)}
    with gr.Accordion(tr("page.advanced"), open=False, elem_id="advanced"), gr.Row():
        controls |= {field.name: control(field) for field in ADVANCED}
    controls["engine"].value = "torch" if engine == "torch" else "auto"
    return controls


def build(settings: Settings, site: Site, tools: bool) -> gr.Blocks:
    """The page; the caller launches it."""
    manager, backend, classes, contents = site
    live = LiveRuns(manager, lambda form: read(*form, limits=settings.limits, detail=1))
    first = prompts()[DOMAINS[0]][0]
    hello = tr("live.recorded" if contents.gallery else "live.none")
    with gr.Blocks(title="Orthrus Live", fill_width=True) as page:
        with gr.Column(elem_id="side"):
            gr.HTML(f"<h2>{tr('page.your-prompt')}</h2>", elem_classes="name")
            prompt = gr.Textbox(
                first, label=tr("page.prompt"), show_label=False, lines=5, max_lines=5, elem_id="prompt"
            )
            with gr.Row(elem_id="go"):
                run = gr.Button(tr("page.run"), variant="primary", elem_id="run")
                stop = gr.Button(tr("page.stop"), elem_id="stop")
            status = gr.HTML(f'<p role="status">{hello}</p>', elem_id="status", min_height=44)
            presets(prompt, contents.gallery)
            runs = place("runs", RUNS)
            entered = fields(settings.engine)
            entered[LIMIT.name].value = str(min(LIMIT.value, settings.limits.new_tokens))
            place("guess", GUESS)
            about = gr.HTML(f'<p role="status">{tr("server.loading")}</p>', elem_id="about", elem_classes="quiet")
            gr.HTML(f"<p>{tr('page.kept' if settings.records else 'page.private')}</p>", elem_classes="quiet")
        view = place("feed", FEED)
        on_pick(live, runs, contents.files, status)
        on_run(live, classes, [run.click, prompt.submit], stop, prompt, entered, [view, status], tools)
        on_load(manager, page, about)
        on_link(page, status, {"prompt": prompt, **entered})
        add_endpoints(Endpoints(manager, backend.verify, backend.attention, contents.files))
    info = page.get_api_info
    page.get_api_info = lambda *how, **more: english(info(*how, **more))  # the API speaks English
    page.validate_inputs = enough  # gradio's own check would log the whole request, prompt and all
    return page.queue(default_concurrency_limit=None)  # there is a queue of our own: orthrus/server/queue.py


def enough(function: Any, values: list) -> None:
    """Refuse an API request with too few values, without echoing them, or with an unknown choice."""
    if len(values) < (needed := len(function.inputs)):
        raise failure("too-few-values", f"This takes {needed} values, the request has {len(values)}.")
    for component, value in zip(function.inputs, values, strict=False):
        if isinstance(component, gr.Radio) and value not in (None, *(name for _, name in component.choices)):
            choices = ", ".join(name for _, name in component.choices)
            raise failure("unknown-choice", f"{english(component.label)}: {checks.say(value)} is not one of {choices}.")


def english(value: Any) -> Any:
    """Components' words in English instead of their keys, anywhere in a value."""
    if isinstance(value, dict):
        return {name: english(each) for name, each in value.items()}
    if isinstance(value, list):
        return [english(each) for each in value]
    return messages(ENGLISH)[value.key] if isinstance(value, I18nData) else value


def failure(code: str, sentence: str) -> gr.Error:
    """An API error: the sentence as its message, the code as its title."""
    return gr.Error(sentence, title=code, print_exception=False)


def on_pick(live: LiveRuns, runs: gr.HTML, files: Files, status: gr.HTML) -> None:
    """The browser shows the recorded run that a visitor has picked; a live run of theirs ends."""

    def show(picked: gr.EventData, request: gr.Request) -> str:
        live.forget(request.session_hash)
        found = files.get(getattr(picked, "name", ""))
        with speaking(language_of(request)):
            return shown(say("live.picked", title=found[0].title) if found else say("live.unknown"))

    runs.select(show, None, status, queue=False, api_visibility="private", show_progress="hidden")


def on_load(manager: RunManager, page: gr.Blocks, about: gr.HTML) -> None:
    """Show the model's status once it is loaded."""

    async def tell(request: gr.Request) -> str:
        while (words := manager.about()) is None:
            await asyncio.sleep(0.5)
        with speaking(language_of(request)):
            return shown(translated(words))

    page.load(tell, None, about, show_progress="hidden", concurrency_limit=None, api_visibility="private")


def on_link(page: gr.Blocks, status: gr.HTML, form: dict[str, Any]) -> None:
    """A link that repeats a request fills the form when the page opens; nothing runs before a click."""
    names, choices = (
        list(form),
        {name: [value for _, value in field.choices] for name, field in form.items() if isinstance(field, gr.Radio)},
    )
    fill = f"(...now) => OrthrusStage.asked(now, {frames.dumps(names)}, {frames.dumps(choices)})"
    both = [status, *form.values()]
    page.load(None, both, both, js=fill)


def on_run(
    live: LiveRuns,
    classes: Classes,
    triggers: list,
    stop: gr.Button,
    prompt: gr.Textbox,
    entered: dict,
    targets: list,
    tools: bool,
) -> None:
    """Run and Stop. Stop sets a flag and does not cancel the handler, so that a stopped run still sends its end.

    If endpoints are MCP tools, the page's own handler is not one: its messages are for the player.
    """
    status, seen = targets[1], "undocumented" if tools else "public"

    def enter(request: gr.Request) -> str:
        live.enter(request.session_hash)
        with speaking(language_of(request)):
            return shown(say("live.asked"))

    def go(prompt: str, request: gr.Request, **entered: Any) -> Iterator[tuple[Any, Any]]:
        keep = classes.keeper(request.headers.get(TEACHES, ""))
        updates = live.run(request.session_hash, (prompt, entered), address_of(request), keep)
        yield from spoken(language_of(request), (outputs(update) for update in updates))

    def halt(request: gr.Request) -> str:
        with speaking(language_of(request)):
            return shown(say("live.stopping") if live.stop(request.session_hash) else say("live.idle"))

    form = {"prompt": prompt, **entered}
    names, plain = frames.dumps(list(form)), frames.dumps([each.value for each in form.values()])
    look = f"""(...now) => {{
      OrthrusStage.request({names}, now, {plain});
      window.orthrusPlayer?.hold(); // the film would disturb what is measured now
    }}"""
    gr.on(triggers, None, list(form.values()), js=look)
    begun = gr.on(triggers, enter, None, status, queue=False, api_visibility="private")
    begun.then(
        go, prompt, targets, inputs_kwargs=entered, api_name="decode_view", api_visibility=seen, show_progress="hidden"
    )
    stop.click(halt, None, status, queue=False, api_visibility="private")


def add_endpoints(api: Endpoints) -> None:
    """The named API: one endpoint and one MCP tool per method of Endpoints."""

    def visitor(request: gr.Request) -> Visitor:
        return Visitor(request.session_hash or address_of(request), address_of(request))

    def add(method: Callable, **how: Any) -> None:
        function = endpoint(method, gr.Request, visitor, failure, language_of)
        gr.api(function, api_name=method.__name__, **how)

    for method in (api.decode_events, api.lossless_check, api.race_drafters, api.verify_block, api.attention_shares):
        add(method, concurrency_limit=None)
    for method in (api.list_recordings, api.explain_cycle):
        add(method, queue=False)


def address_of(request: gr.Request) -> str:
    return request.client.host if request.client else ""


def offers_tools(wanted: bool | None) -> bool:
    """Whether the endpoints are also MCP tools: the setting, else if gradio's mcp extra is installed and works."""
    if wanted is not None:
        return wanted
    if find_spec("mcp") is None:
        return False
    try:
        with startup.direct():
            import_module("gradio.mcp")
    except ImportError as error:
        log.warning("the endpoints are no MCP tools: gradio's mcp extra does not work (%s)", error)
        return False
    return True


def launch(page: gr.Blocks, settings: Settings, site: Site, tools: bool) -> None:
    """Serve, without waiting. Raises OSError if the address is taken after all."""
    framed, amended = frame_origins(settings.framed_by), amending(site.contents.described)
    fonts = {"font": ["system-ui", "sans-serif"], "font_mono": ["ui-monospace", "monospace"]}
    with startup.direct():
        page.launch(
            server_name=startup.for_url(settings.host),
            server_port=settings.port,
            root_path=settings.root_path,
            theme=gr.themes.Soft(primary_hue="slate", neutral_hue="slate", radius_size="lg", **fonts),
            run_history=False,
            share=False,
            ssr_mode=False,  # rendered by a Node server in front, the document would lack our headers and our script
            i18n=tr,
            footer_links=["api", "settings"],
            max_threads=settings.limits.waiting + SPARE_THREADS,
            app_kwargs={"routes": site.routes(), "middleware": guarded(framed, amended, tools, settings.root_path)},
            mcp_server=tools,
            prevent_thread_lock=True,
        )


def main(settings: Settings) -> None:
    """Serve until a signal to stop; then let the current runs end first."""
    bound_heap()  # before there are threads
    json_logging.start()
    tools = offers_tools(settings.mcp)
    site = Site.of(settings)
    page, manager = build(settings, site, tools), site.manager
    ending = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: ending.set())
    if zerogpu.is_zerogpu():  # the weights must be loaded before the page is served, so that a forked worker has them
        manager.open()
    try:
        launch(page, settings, site, tools)
    except OSError as error:
        startup.fail(startup.refusal(error, settings.host, settings.port))
    if not zerogpu.is_zerogpu():  # after the launch, during which no proxy is known: a download may need one
        threading.Thread(target=manager.open, daemon=True).start()
    ending.wait()
    site.classes.end_all()
    manager.drain(settings.limits.drain_seconds)
    page.close()


if __name__ == "__main__":
    main(settings)
