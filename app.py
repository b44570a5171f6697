"""The page: recorded runs at once, live runs as soon as the model is there. The only file that imports gradio.

    python app.py --port 7860 --model assets/orthrus-mini --device cpu

The handler streams messages from `viz.live` to one gr.HTML; the player in it does the rest without asking the server.
"""

from __future__ import annotations

import argparse
import asyncio
import html
import logging
import os
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

os.environ.setdefault("GRADIO_ANALYTICS_ENABLED", "False")  # read when gradio is imported; the page calls nobody
import gradio as gr

from orthrus.config import EMBEDDED_MODEL, Settings, settings_from_environment
from orthrus.training.corpus import DOMAINS, domain_module
from viz import player
from viz.controls import ADVANCED, LIMIT, ChoiceField, NumberField, Wish, read
from viz.export import HEADLINE
from viz.gallery import Recording, recordings
from viz.live import Desk, News

TRACES = Path(__file__).parent / "assets" / "traces"
INTRO = (
    "A <b>diffusion view</b> of the model guesses a whole block in one look. Its own <b>AR view</b> checks all guesses "
    "in a second look and keeps exactly what it would have written token by token."
)
ABILITIES = (
    "This is a very small model, trained from scratch on a CPU. It does short word problems, equations, units, JSON, "
    "little programs and simple stories, is weak at copying and editing, and knows almost nothing about the world."
)


def make_desk(settings: Settings) -> Desk:
    """The desk behind the page; torch is imported only when it opens."""

    def load() -> Any:
        from orthrus.checkpoint import config_of, load_model
        from orthrus.modes import Modes
        from orthrus.probe import take_threads

        take_threads(settings.threads, settings.device, settings.dtype, config_of(settings.model))
        return Modes(load_model(settings.model, settings.device, settings.dtype, settings.mode), settings.mode)

    def ask(form: tuple[str, dict[str, Any]]) -> Wish:
        return read(*form, detail=1)

    def decode(modes: Any, wish: Wish, cancel: threading.Event) -> Iterator:
        from orthrus.lossless import run_both

        return run_both(modes.get(wish.mode), wish.prompt, wish.config, cancel)

    def describe(modes: Any) -> str:
        from orthrus.doctor import standing

        return standing(modes.loaded)

    return Desk(load, decode, ask, describe)


def shown(text: str, bad: bool = False) -> str:
    """A status as HTML: escaped, because a sentence may quote what a visitor typed."""
    return f'<p role="{"alert" if bad else "status"}">{html.escape(text)}</p>'


def outputs(news: News) -> tuple[Any, Any]:
    """News -> what the stage and the status show; gr.skip() leaves a component as it is."""
    status = gr.skip() if news.status is None else shown(news.status, news.failed)
    return gr.skip() if news.message is None else news.message, status


def stage(first: Recording | None) -> gr.HTML:
    """The player's place. A function, because a subclass of gr.HTML would make gradio write a file beside this one."""
    files = [player.STATIC / name for name in player.SCRIPTS]
    gr.set_static_paths([*files, player.plotly_file()])
    options = player.dumps({"followBody": True, "plotly": f"gradio_api/file={player.plotly_file()}"})
    settings = player.dumps(player.settings())
    on_load = f"""
      const player = OrthrusStage.mount(element.querySelector('.stage'), {settings}, {options});
      const take = () => {{ if (props.value) player.feed(JSON.parse(props.value)); }};
      watch('value', take);
      take();
      window.orthrusPlayer = player;
    """
    return gr.HTML(
        first.message if first else "",
        html_template='<div class="stage"></div>',  # constant: gradio leaves the player's nodes alone
        js_on_load=on_load,
        head="".join(f'<script src="gradio_api/file={path}?{path.stat().st_mtime_ns}"></script>' for path in files),
        apply_default_css=False,
        elem_id="stage",
    )


def presets(prompt: gr.Textbox) -> None:
    """One chip a domain; each click puts the domain's next prompt into the box, in the browser."""
    with gr.Row(elem_classes="chips"):
        for domain in DOMAINS:
            texts = player.dumps(list(domain_module(domain).PRESETS))
            pick = f"(now) => {{ const all = {texts}; return all[(all.indexOf(now) + 1) % all.length]; }}"
            gr.Button(domain, size="sm", elem_classes="preset").click(None, prompt, prompt, js=pick)


def cards(name: str, gallery: list[Recording]) -> list[gr.Button]:
    if not gallery:
        return []
    gr.HTML(f"<h2>{name}</h2>", elem_classes="name")
    with gr.Row(elem_classes="cards"):
        return [gr.Button(f"{each.title}\n{each.facts}", size="sm", elem_classes="card") for each in gallery]


def control(field: NumberField | ChoiceField) -> gr.Number | gr.Textbox | gr.Radio:
    """A field's component. No limits of its own: a bad value gets the sentence that the command line has, too."""
    look = {"label": field.label, "info": field.about, "elem_id": f"field-{field.name}"}
    if isinstance(field, ChoiceField):
        return gr.Radio(list(field.choices), value=field.value, min_width=240, **look)
    look |= {"placeholder": field.empty, "min_width": 100}
    if field.value is None:  # a gr.Number that starts empty shows 0
        return gr.Textbox("", max_lines=1, **look)
    return gr.Number(field.value, step=field.step, **look)


def fields(mode: str) -> dict[str, gr.Number | gr.Textbox | gr.Radio]:
    """The form's components by name: one in sight, the others folded away."""
    made = {LIMIT.name: control(LIMIT)}
    with gr.Accordion("Advanced", open=False, elem_id="advanced"), gr.Row():
        made |= {field.name: control(field) for field in ADVANCED}
    made["mode"].value = mode
    return made


def build(settings: Settings, folder: Path = TRACES) -> tuple[gr.Blocks, Desk]:
    """The page and the desk behind it; the caller launches the one and opens the other."""
    desk, gallery, learning = make_desk(settings), list(recordings(folder)), list(recordings(folder / "learning"))
    first = domain_module(DOMAINS[0]).PRESETS[0]
    hello = "A recorded run is playing." if gallery else "There is no recorded run; write a prompt."
    with gr.Blocks(title="Orthrus Live", fill_width=True) as page:
        gr.HTML(f"<h1>{HEADLINE}</h1><p>{INTRO}</p>", elem_id="head")
        with gr.Row(elem_id="page"):
            with gr.Column(elem_id="side"):
                buttons = cards("Recorded runs", gallery)
                gr.HTML('<a href="#prompt">Try your own prompt ↓</a>', elem_id="more")  # where the controls come last
                gr.HTML("<h2>Your own prompt</h2>", elem_classes="name")
                prompt = gr.Textbox(first, label="Prompt", show_label=False, lines=3, max_lines=8, elem_id="prompt")
                presets(prompt)
                entered = fields(settings.mode)
                with gr.Row():
                    run = gr.Button("Run live", variant="primary", elem_id="run")
                    stop = gr.Button("Stop", elem_id="stop")
                status = gr.HTML(shown(hello), elem_id="status", min_height=44)
                about = gr.HTML(elem_id="about", elem_classes="quiet")
                if Path(settings.model) == EMBEDDED_MODEL:
                    gr.HTML(ABILITIES, elem_classes="quiet")
                buttons += cards("Learning to draft", learning)
            with gr.Column(elem_id="main"):
                view = stage(gallery[0] if gallery else None)
        for card, recording in zip(buttons, [*gallery, *learning], strict=True):
            on_card(desk, card, recording, [view, status])
        on_run(desk, [run.click, prompt.submit], stop, prompt, entered, [view, status])
        on_load(desk, page, about)
    return page.queue(max_size=8), desk


def on_card(desk: Desk, card: gr.Button, recording: Recording, targets: list) -> None:
    """A card swaps the run that is shown; the model is not needed for it."""

    def show(request: gr.Request) -> tuple[str, str]:
        desk.stop(request.session_hash)
        # a new run id each time, so that the same card starts again
        again = recording.message.replace(recording.name, f"{recording.name}/{time.time_ns()}", 1)
        return again, shown(f"Recorded run: {recording.title}.")

    card.click(show, None, targets, queue=False, api_visibility="private")


def on_load(desk: Desk, page: gr.Blocks, about: gr.HTML) -> None:
    """Once the model is there: what may be said of it on this machine."""

    async def tell() -> str:
        while (words := desk.about()) is None:
            await asyncio.sleep(0.5)
        return shown(words)

    page.load(tell, None, about, show_progress="hidden", concurrency_limit=None, api_visibility="private")


def on_run(desk: Desk, triggers: list, stop: gr.Button, prompt: gr.Textbox, entered: dict, targets: list) -> None:
    """Run and Stop. Stop sets a flag and does not cancel the handler, so that a stopped run still sends its end."""
    status = targets[1]

    def enter(request: gr.Request) -> str:
        desk.enter(request.session_hash)
        return shown("Waiting for the device.")

    def go(prompt: str, request: gr.Request, **entered: Any) -> Iterator[tuple[Any, Any]]:
        for news in desk.run(request.session_hash, (prompt, entered)):
            yield outputs(news)

    def halt(request: gr.Request) -> str:
        return shown("Stopping after this pass." if desk.stop(request.session_hash) else "Nothing is running.")

    waiting = {"show_progress": "full", "show_progress_on": [status]}  # the place in the queue shows there
    device = {"concurrency_id": "device", "concurrency_limit": 1}
    look = "() => { if (innerWidth < 1000) document.querySelector('#stage').scrollIntoView({block: 'start'}); }"
    gr.on(triggers, None, js=look)
    begun = gr.on(triggers, enter, None, status, queue=False, api_visibility="private")
    begun.then(go, prompt, targets, inputs_kwargs=entered, api_name="decode_view", **waiting, **device)
    stop.click(halt, None, status, queue=False, api_visibility="private")


def arguments(settings: Settings) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Orthrus Live: watch a dual-view model decode.")
    parser.add_argument("--host", default=settings.host)
    parser.add_argument("--port", type=int, default=settings.port)
    parser.add_argument("--model", default=settings.model, help="checkpoint folder or hub id")
    parser.add_argument("--device", default=settings.device, help="auto, cpu or cuda")
    parser.add_argument("--dtype", default=settings.dtype, help="auto, float32, bfloat16 or float16")
    parser.add_argument("--mode", default=settings.mode, help="auto, fast or exact")
    parser.add_argument("--threads", type=int, default=settings.threads, help="CPU threads (default: the quickest)")
    parser.add_argument("--traces", type=Path, default=TRACES, help="folder of recorded runs")
    return parser.parse_args()


def main() -> None:
    logging.basicConfig(level=logging.INFO)
    args = arguments(settings_from_environment())
    settings = Settings(args.model, args.device, args.dtype, args.mode, args.host, args.port, args.threads)
    page, desk = build(settings, args.traces)
    threading.Thread(target=desk.open, daemon=True).start()
    css = player.stylesheet() + (player.STATIC / "page.css").read_text(encoding="utf-8")
    fonts = {"font": ["system-ui", "sans-serif"], "font_mono": ["ui-monospace", "monospace"]}
    page.launch(
        server_name=args.host,
        server_port=args.port,
        theme=gr.themes.Soft(primary_hue="slate", neutral_hue="slate", radius_size="lg", **fonts),
        head=f"<style>{css}</style>",  # launch(css=...) rewrites the rules and loses @container
        run_history=False,
        ssr_mode=False,
        footer_links=["api", "settings"],
    )


if __name__ == "__main__":
    main()
