"""Valid traces without a model, for tests only: a fixed text, drafts with seeded mistakes, made-up times."""

from __future__ import annotations

import random
from collections.abc import Iterator

from orthrus.events import (
    ArChunk,
    Done,
    Draft,
    Event,
    Host,
    Kv,
    Lossless,
    Message,
    Model,
    ModelShape,
    Params,
    Piece,
    Prefill,
    Prompt,
    RunStart,
    Stamper,
    Verdict,
    log_probs,
)
from orthrus.events.detokenize import Announcer, Vocabulary

TEXT = (
    "Tom has 3 bags with 12 apples each, so he has 3 × 12 = 36 apples. He gives 9 of them to Mia, and 36 − 9 = 27 are "
    "left. The café sells a slice of cake 🍰 for 2 € and <b>nothing</b> & more. So the answer is 27.\n"
)
MASK, EOS = 999, 998


def _vocabulary() -> tuple[Vocabulary, list[int]]:
    """A toy vocabulary and the text in it: words with their space; other characters byte by byte, as BPE may split."""
    parts: list[bytes] = []
    for word in TEXT.replace("\n", " \n").split(" "):
        word = word if word == "\n" or not parts else " " + word
        data = word.encode()
        parts += [data] if data.isascii() else [data[i : i + 2] for i in range(0, len(data), 2)]
    table = {part: 10 + i for i, part in enumerate(dict.fromkeys(parts))}
    vocabulary = Vocabulary({i: part for part, i in table.items()}, {EOS: "<|end|>", MASK: "<|mask|>"})
    return vocabulary, [table[part] for part in parts]


VOCABULARY, TEXT_IDS = _vocabulary()


class Clock:
    """Seconds that pass only when told to."""

    now = 0.0

    def __call__(self) -> float:
        return self.now

    def pass_ms(self, ms: float) -> float:
        self.now += ms / 1e3
        return ms


def events(
    seed: int = 0,
    tokens: int = 100,
    detail: int = 1,
    block: int = 32,
    n_alt: int = 4,
    sureness: float = 0.9,
    stop: str = "length",
    lanes: tuple[str, ...] = ("orthrus", "ar"),
    cancel_after: int | None = None,
    guesses: tuple[int, ...] = (),
) -> list[Event]:
    """A greedy run of `tokens` tokens; stop='eos' makes the last one EOS; cancel_after: cycles before a cancel;
    guesses: how many the cycles make, in turn, as in a paced run.
    """
    rng, clock = random.Random(seed), Clock()
    run = _Run(rng, clock, Stamper("synthetic", clock), Announcer(VOCABULARY), detail, block, n_alt, sureness)
    run.guesses = guesses
    truth = [TEXT_IDS[i % len(TEXT_IDS)] for i in range(tokens)]
    if stop == "eos":
        truth[-1] = EOS
    return list(run.all(truth, tokens if stop == "length" else tokens + 7, stop, lanes, cancel_after))


class _Run:
    def __init__(self, rng, clock, stamp, announcer, detail, block, n_alt, sureness):
        self.rng, self.clock, self.stamp, self.announcer = rng, clock, stamp, announcer
        self.detail, self.block, self.n_alt, self.sureness = detail, block, n_alt, sureness
        self.instr, self.guesses = 0.0, ()

    def all(self, truth, limit, stop, lanes, cancel_after) -> Iterator[Event]:
        yield self.start(limit, lanes)
        yield from self.pieces([*TEXT_IDS[:5], *truth[:1]])
        prefill_ms = self.clock.pass_ms(21.5)
        alternatives = self.tops(1, truth[:1])[0]
        yield from self.pieces(alternatives[0])
        yield self.stamp(
            Prefill, ms=prefill_ms, first_id=truth[0], p_gap=3.25, kv_len=5, **self.top(alternatives, "p", entropy=0.4)
        )
        done, cycle, spent, drafts = 1, 0, 0.0, 0
        while done < len(truth) and (cancel_after is None or cycle < cancel_after):
            draft, verdict = yield from self.cycle(cycle, truth, done, limit, 21.5 + spent)
            spent += draft.t_draft_ms + verdict.t_verify_ms + verdict.t_judge_ms + verdict.t_host_gap_ms
            done, cycle, drafts = done + verdict.n_commit, cycle + 1, drafts + (draft.n_draft > 0)
        cancelled = done < len(truth)
        if "ar" in lanes and not cancelled:
            yield from self.ar_lane(truth)
        yield self.stamp(
            Done,
            stop="cancel" if cancelled else stop,
            n_tokens=done,
            cycles=cycle,
            passes_draft=drafts,
            passes_verify=cycle,
            t_prefill=prefill_ms,
            t_decode=round(spent, 3),
            t_instr=self.instr,
            text_sha256=VOCABULARY.sha256(truth[:done]),
        )

    def start(self, limit, lanes) -> Event:
        params = {"mode": "greedy", "coupling": None, "temperature": 0.0, "top_k": None, "top_p": None, "seed": None}
        config = {"layers": 2, "heads": 4, "kv_heads": 2, "head_dim": 16, "vocab": 1000, "mask_id": MASK}
        return self.stamp(
            RunStart,
            source="live",
            model=Model(id="toy", revision="0", dtype="float32", attn_impl="none", mode="fast", trained_frac=0.16),
            host=Host(device="test bench", kind="cpu", threads=1, torch="0", transformers="0", app="0"),
            config=ModelShape(block=self.block, eos_ids=(EOS,), **config),
            params=Params(max_new_tokens=limit, thinking=False, detail=self.detail, n_alt=self.n_alt, **params),
            prompt=Prompt(
                messages=(Message(role="user", content="How many apples are left?"),), ids=tuple(TEXT_IDS[:5])
            ),
            kv_bytes_per_token=512,
            lanes=lanes,
            recorded_at="2026-01-02T03:04:05Z",
        )

    def pieces(self, ids) -> Iterator[Event]:
        if items := self.announcer.new(ids):
            yield self.stamp(Piece, items=items)

    def cycle(self, cycle, truth, done, limit, t_start) -> Iterator[Event]:
        n = min(self.block, limit - done) - 1
        n = min(n, self.guesses[cycle % len(self.guesses)]) if self.guesses else n
        future = (truth[done:] + [TEXT_IDS[0]] * n)[:n]
        guesses = [i if self.rng.random() < self.sureness else self.other(i) for i in future]
        run = next((k for k in range(n) if guesses[k] != future[k]), n)
        ar_ids = (truth[done:] + [TEXT_IDS[0]] * (n + 1))[: n + 1]
        ar_ids[run + 1 :] = [self.rng.choice(TEXT_IDS) for _ in ar_ids[run + 1 :]]
        eos = guesses[:run].index(EOS) if EOS in guesses[:run] else None
        kept = run if eos is None else eos + 1
        next_id = None if eos is not None else ar_ids[run]
        q_top, p_top = self.tops(n, guesses), self.tops(n + 1, ar_ids)
        yield from self.pieces([*guesses, *ar_ids, *(i for ids, _ in q_top + p_top for i in ids)])
        draft = self.stamp(
            Draft,
            detail=self.detail,
            cycle=cycle,
            pos0=5 + done - 1,
            anchor_id=truth[done - 1],
            block=n + 1,
            n_draft=n,
            draft_ids=guesses,
            t_start_ms=round(t_start, 3),
            t_draft_ms=self.clock.pass_ms(6.25 if n else 0.0),
            **self.draft_detail(n, q_top),
        )
        yield draft
        self.instr += self.clock.pass_ms(0.5)
        verdict = self.stamp(
            Verdict,
            detail=self.detail,
            cycle=cycle,
            ar_ids=ar_ids,
            n_accept=run,
            n_commit=kept + (next_id is not None),
            next_id=next_id,
            next_kind="none" if next_id is None else "bonus" if run == n else "correction",
            stop=self.stop(next_id, eos, done + kept + 1, limit),
            t_verify_ms=self.clock.pass_ms(7.5),
            t_judge_ms=self.clock.pass_ms(0.25),
            t_instr_ms=0.5,
            t_host_gap_ms=self.clock.pass_ms(0.125),
            kv=Kv(before=5 + done - 1, written=self.block, kept=1 + kept, cropped=self.block - 1 - kept),
            **self.verdict_detail(n, p_top),
        )
        yield verdict
        return draft, verdict

    @staticmethod
    def stop(next_id, eos, total, limit) -> str | None:
        if eos is not None or next_id == EOS:
            return "eos"
        return "length" if total >= limit else None

    def other(self, index) -> int:
        return self.rng.choice([i for i in TEXT_IDS if i != index])

    def tops(self, rows, first) -> list[tuple[list[int], list[float]]]:
        """Per row the kept alternatives, the chosen id first, and falling log-probs."""
        found = []
        for row in range(rows):
            ids = list(dict.fromkeys([first[row], *self.rng.sample(sorted(set(TEXT_IDS)), self.n_alt)]))[: self.n_alt]
            found.append((ids, sorted((-self.rng.random() * 6 for _ in ids), reverse=True)))
        return found

    def top(self, top, name, entropy) -> dict:
        if self.detail < 1:
            return {}
        return {f"{name}_H": entropy, f"{name}_top_ids": top[0], f"{name}_top_lp": log_probs(top[1])}

    def draft_detail(self, n, tops) -> dict:
        more = {}
        if self.detail >= 0:
            more["q_lp"] = log_probs([lp[0] for _, lp in tops])
        if self.detail >= 1:
            more["q_H"] = [round(0.1 * k, 3) for k in range(n)]
            more |= {"q_top_ids": [i for i, _ in tops], "q_top_lp": log_probs([lp for _, lp in tops])}
        return more

    def verdict_detail(self, n, tops) -> dict:
        more = {}
        if self.detail >= 0:
            chosen = log_probs([lp[0] for _, lp in tops])
            more = {"p_lp_draft": chosen[:n], "p_lp_ar": chosen, "p_gap": [round(0.3 * k, 3) for k in range(n + 1)]}
        if self.detail >= 1:
            more |= {"p_H": [0.5] * (n + 1), "rank_p_of_draft": [0] * n, "rank_q_of_ar": [-1] * n, "overlap": [0.8] * n}
            more |= {"p_top_ids": [i for i, _ in tops], "p_top_lp": log_probs([lp for _, lp in tops])}
        return more

    def ar_lane(self, truth) -> Iterator[Event]:
        yield from self.pieces(truth)
        at, ms = 0, 21.0
        self.clock.pass_ms(ms)
        for i0 in range(0, len(truth), 8):
            ids = truth[i0 : i0 + 8]
            times = []
            for k in range(len(ids)):
                ms += self.clock.pass_ms(4.0) if i0 + k else 0.0
                times.append(round(ms, 3))
            yield self.stamp(ArChunk, i0=i0, ids=ids, t_ms=times, gap=[2.5] * len(ids))
            at += len(ids)
        same = {"n_compared": at, "identical": at, "rows_compared": 0, "rows_equal": 0, "first_div": None}
        none = {"block_top3": (), "single_top3": (), "gap_block": None, "gap_single": None}
        yield self.stamp(Lossless, verdict="identical", **same, **none)
