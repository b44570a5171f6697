"""The page: recorded runs at once, live runs when the model is there. The only file that imports gradio.

    python app.py --port 7860 --model assets/orthrus-mini --device cpu

One handler streams: a worker thread decodes and turns each event into frames for the player while the lane's clock
stands still; the handler hands them on in batches of 33 ms. The player in the browser does the rest by itself.
"""

from __future__ import annotations

import argparse
import html
import logging
import os
import queue
import threading
import time
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

os.environ.setdefault("GRADIO_ANALYTICS_ENABLED", "False")  # read when gradio is imported; the page calls nobody
import gradio as gr

from orthrus.config import EMBEDDED_MODEL, DecodeConfig, Settings, settings_from_environment
from orthrus.trace import Trace
from orthrus.training.corpus import DOMAINS, domain_module
from viz import player
from viz.export import HEADLINE
from viz.gallery import Recording, recordings

log = logging.getLogger("orthrus.app")
TRACES = Path(__file__).parent / "assets" / "traces"
FLUSH_S = 0.033  # one message to the browser per this time: below it they only pile up there
HEARTBEAT_S = 0.5  # gradio can close a handler only at a yield, so even a silent run yields
MAX_PROMPT = 4000  # characters
INTRO = (
    "A <b>diffusion view</b> of the model guesses a whole block in one look. Its own <b>AR view</b> checks all guesses "
    "in a second look and keeps exactly what it would have written by itself, one token at a time."
)
ABILITIES = (
    "This is a very small model, trained from scratch on a CPU. It does short word problems, equations, lists, units, "
    "JSON, little programs, copying and editing, and simple stories; it knows almost nothing about the world."
)


class Desk:
    """The one model and the one device: loads in the background, runs one request at a time."""

    def __init__(self, settings: Settings):
        self.settings, self.device = settings, threading.Lock()
        self.model: Any = None
        self.problem = ""
        self.ready = threading.Event()
        self.flags: dict[str, threading.Event] = {}  # per visitor: set to stop

    def load(self) -> None:
        """Load and warm up; a failure is kept as a sentence and the recordings go on playing."""
        try:
            from orthrus.checkpoint import load_model
            from orthrus.lossless import run_both

            s = self.settings
            self.model = load_model(s.model, device=s.device, dtype=s.dtype)
            with self.device:
                for _ in run_both(self.model, "Hello", DecodeConfig(max_new_tokens=12)):
                    pass  # the first passes pay for memory and code paths; no visitor's run should
        except Exception as error:
            log.exception("the model did not load")
            self.problem = f"There is no live model: {error}"
        self.ready.set()

    def flag(self, session: str) -> threading.Event:
        return self.flags.setdefault(session, threading.Event())

    def run(self, prompt: str, limit: int, cancel: threading.Event, out: queue.SimpleQueue) -> None:
        """Decode one prompt into `out`: ('status', text), ('frames', [json]), ('failed', text), then None."""
        try:
            if not self.ready.is_set():
                out.put(("status", "The model is still being loaded; the recordings play meanwhile."))
            while not self.ready.wait(0.1):
                if cancel.is_set():
                    return
            if self.model is None:
                raise ValueError(self.problem)
            while not self.device.acquire(timeout=0.1):
                if cancel.is_set():
                    return
            try:
                self._decode(prompt, limit, cancel, out)
            finally:
                self.device.release()
        except ValueError as error:
            out.put(("failed", sentence(str(error))))
        except Exception as error:
            log.exception("a run failed")
            out.put(("failed", f"The run failed ({type(error).__name__}). Please try again, or with fewer tokens."))
        finally:
            out.put(None)

    def _decode(self, prompt: str, limit: int, cancel: threading.Event, out: queue.SimpleQueue) -> None:
        from orthrus.lossless import run_both

        config = DecodeConfig(max_new_tokens=limit, detail=1)
        trace = Trace()
        for event in run_both(self.model, prompt, config, cancel):
            trace = trace.add(event)
            out.put(("frames", [player.dumps(frame) for frame in player.frames(event, trace)]))
            if event.type == "ar_chunk" and event.i0 == 0:
                out.put(("status", "Now the same prompt one token at a time, measured alone."))
        out.put(("status", closing(trace)))


def closing(trace: Trace) -> str:
    """One sentence about a finished run."""
    metrics, done = trace.metrics(), trace.done
    if done is not None and done.stop == "cancel":
        return f"Stopped after {metrics.tokens} tokens. What is there can be stepped through."
    faster = f" {metrics.speedup:.2f}× the speed of plain decoding." if metrics.speedup else ""
    return f"{metrics.tokens} tokens in {metrics.passes} forward passes.{faster} Press play to watch it step by step."


def sentence(text: str) -> str:
    text = text.strip() or "That did not work"
    return text[0].upper() + text[1:] + ("" if text.endswith((".", "!", "?")) else ".")


def shown(text: str, bad: bool = False) -> str:
    """A status as HTML: escaped, because a sentence may quote what a visitor typed."""
    return f'<p role="{"alert" if bad else "status"}">{html.escape(text)}</p>'


def message(run: str, seq: int, frames: list[str], end: bool) -> str:
    """One message to the player; frames are JSON already."""
    return f'{{"run":"{run}","seq":{seq},"live":true,"end":{str(end).lower()},"frames":[{",".join(frames)}]}}'


def stream(desk: Desk, prompt: str, limit: int, cancel: threading.Event) -> Iterator[tuple[Any, Any]]:
    """(stage message, status) until the run ended; closing the generator stops the run."""
    out: queue.SimpleQueue = queue.SimpleQueue()
    threading.Thread(target=desk.run, args=(prompt, limit, cancel, out), daemon=True).start()
    run, seq, ended, quiet_since = uuid.uuid4().hex[:12], 0, False, time.monotonic()
    try:
        while not ended:
            frames, status, ended = drain(out)
            if frames or status or ended or time.monotonic() - quiet_since > HEARTBEAT_S:
                news = message(run, seq, frames, ended) if frames or seq else gr.skip()
                seq += bool(frames or seq)
                quiet_since = time.monotonic()
                yield news, status or gr.skip()
    finally:
        cancel.set()  # only a flag: this may run on the server's event loop


def drain(out: queue.SimpleQueue) -> tuple[list[str], str, bool]:
    """What arrives within one flush: frames, the last status as HTML, and whether the run is over."""
    frames: list[str] = []
    status, until = "", time.monotonic() + FLUSH_S
    while (left := until - time.monotonic()) > 0:
        try:
            item = out.get(timeout=left)
        except queue.Empty:
            break
        if item is None:
            return frames, status, True
        kind, value = item
        if kind == "frames":
            frames += value
        else:
            status = shown(value, bad=kind == "failed")
    return frames, status, False


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
        html_template='<div class="stage"></div>',
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


def build(settings: Settings, folder: Path = TRACES) -> tuple[gr.Blocks, Desk]:
    """The page and the desk behind it; the caller launches the one and starts `desk.load`."""
    desk, gallery = Desk(settings), list(recordings(folder))
    with gr.Blocks(title="Orthrus Live", fill_width=True) as page:
        gr.HTML(f"<h1>{HEADLINE}</h1><p>{INTRO}</p>", elem_id="head")
        with gr.Row(elem_id="page"):
            with gr.Column(elem_id="side"):
                cards = _cards(gallery)
                gr.HTML("<h2>Your own prompt</h2>")
                prompt = gr.Textbox(
                    domain_module(DOMAINS[0]).PRESETS[0],
                    label="Prompt",
                    show_label=False,
                    lines=3,
                    max_lines=8,
                    max_length=MAX_PROMPT,
                    elem_id="prompt",
                )
                presets(prompt)
                limit = gr.Slider(
                    8, 512, DecodeConfig().max_new_tokens, step=8, label="Most new tokens", elem_id="limit"
                )
                with gr.Row():
                    run = gr.Button("Run live", variant="primary", elem_id="run")
                    stop = gr.Button("Stop", elem_id="stop")
                status = gr.HTML(shown("A recorded run is playing."), elem_id="status", min_height=44)
                if Path(settings.model) == EMBEDDED_MODEL:
                    gr.HTML(ABILITIES, elem_classes="quiet")
            with gr.Column(elem_id="main"):
                view = stage(gallery[0] if gallery else None)
        for card, recording in zip(cards, gallery, strict=True):
            _on_card(card, recording, view, status)
        _wire(desk, prompt, limit, run, stop, view, status)
        page.unload(lambda request: desk.flags.pop(request.session_hash, threading.Event()).set())
    return page.queue(max_size=8), desk


def _cards(gallery: list[Recording]) -> list[gr.Button]:
    if not gallery:
        return []
    gr.HTML("<h2>Recorded runs</h2>")
    with gr.Row(elem_classes="cards"):
        return [gr.Button(f"{each.title}\n{each.facts}", size="sm", elem_classes="card") for each in gallery]


def _on_card(card: gr.Button, recording: Recording, view: gr.HTML, status: gr.HTML) -> None:
    note = shown(f"Recorded run: {recording.title}.")
    # a new run id each time, so that the same card starts again
    card.click(
        lambda: (recording.message.replace(recording.name, f"{recording.name}/{time.time_ns()}", 1), note),
        None,
        [view, status],
        queue=False,
        api_visibility="private",
    )


def _wire(desk: Desk, prompt, limit, run, stop, view, status) -> None:
    def prepare(request: gr.Request) -> str:
        desk.flags[request.session_hash] = threading.Event()
        return shown("Waiting for the device.")

    def go(text: str, most: float, request: gr.Request) -> Iterator[tuple[Any, Any]]:
        yield from stream(desk, text, int(most), desk.flag(request.session_hash))

    def halt(request: gr.Request) -> str:
        desk.flag(request.session_hash).set()
        return shown("Stopping after this pass.")

    gr.on([run.click, prompt.submit], prepare, None, status, queue=False, api_visibility="private").then(
        go,
        [prompt, limit],
        [view, status],
        show_progress="full",
        show_progress_on=[status],
        concurrency_id="device",
        concurrency_limit=1,
        api_name="decode_view",
    )
    stop.click(halt, None, status, queue=False, api_visibility="private")


def arguments(settings: Settings) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Orthrus Live: watch a dual-view model decode.")
    parser.add_argument("--host", default=settings.host)
    parser.add_argument("--port", type=int, default=settings.port)
    parser.add_argument("--model", default=settings.model, help="checkpoint folder or hub id")
    parser.add_argument("--device", default=settings.device, help="auto, cpu or cuda")
    parser.add_argument("--dtype", default=settings.dtype, help="auto, float32, bfloat16 or float16")
    parser.add_argument("--traces", type=Path, default=TRACES, help="folder of recorded runs")
    return parser.parse_args()


def main() -> None:
    logging.basicConfig(level=logging.INFO)
    args = arguments(settings_from_environment())
    settings = Settings(model=args.model, device=args.device, dtype=args.dtype, host=args.host, port=args.port)
    page, desk = build(settings, args.traces)
    threading.Thread(target=desk.load, daemon=True).start()
    fonts = {"font": ["system-ui", "sans-serif"], "font_mono": ["ui-monospace", "monospace"]}
    page.launch(
        server_name=args.host,
        server_port=args.port,
        theme=gr.themes.Soft(primary_hue="slate", neutral_hue="slate", radius_size="lg", **fonts),
        css=player.stylesheet() + (player.STATIC / "page.css").read_text(encoding="utf-8"),
        run_history=False,
        ssr_mode=False,
        footer_links=["api", "settings"],
    )


if __name__ == "__main__":
    main()
