/* What the views are given by Python, each in the module of its name, and what they make of it. For `tsc` only. */

declare namespace O {
  interface Choice {
    key: string;
    label: string;
    about?: string;
  }
  interface Colour extends Choice {
    hue: string | null;
    range: [number, number] | null;
  }
  interface Slider {
    key: string;
    label: string;
    from: number;
    to: number;
    step: number;
    value?: number;
    off?: number;
  }
  type Segment = [text: string, kind: string | null];

  /** The block view's state: a status letter per slot, the anchor first; the other columns begin behind it. */
  interface Block {
    anchor: number;
    ids: number[];
    status: string;
    q?: number[];
    p?: number[];
    ar?: number[];
    unjudged?: string;
    next?: [id: number, code: string] | null;
    kept?: number;
    committed?: number;
    branches?: [depth: number, id: number][];
    twigs?: string;
    /** Its guesses were looked up, not drafted. */
    found?: boolean;
  }
  interface BlockSpec extends Spec {
    rows: string[];
    found: { hint: string; rows: string[] };
    notes: Record<string, string>;
  }
  interface Slot {
    box: HTMLElement;
    guess: HTMLElement;
    own: HTMLElement;
    filled?: string;
  }

  /** The inspector's state; its numbers are columns by name, read through `at`. */
  interface Inspected {
    status: string;
    anchor: number;
    ids: number[];
    look: number;
    found?: boolean;
    own?: number[];
    u?: number[];
    refused?: string;
    unjudged?: string;
    q_top?: number[][];
    p_top?: number[][];
    [column: string]: any;
  }
  interface InspectorSpec extends Spec {
    heads: [string, string];
    sentences: Record<string, string>;
    numbers: Record<string, { label: string; about: string }>;
    near_tie: number;
    filters: FilterSpec;
    later: string;
    after_end: string;
  }
  interface FilterSpec {
    label: string;
    about: string;
    reset: string;
    mark: string;
    sliders: Slider[];
  }
  /** One alternative: shares in tenths of a percent; `beyond`: a row of its own behind the list. */
  interface Alternative {
    id: number;
    rank?: number;
    tenths?: number;
    beyond?: boolean;
    out?: boolean;
  }

  interface QuizSpec extends Spec {
    question: string;
    unsure: string;
    keys: string;
    rule: string;
    hints: Choice[];
    said: string;
    results: Record<string, string>;
    picture: string;
  }
  interface QuizBlock {
    n: number;
    cut?: [from: number, to: number];
    kept?: number;
    outcome?: string;
  }
  interface Answer {
    guess: number;
    truth: number;
    off: number;
    n: number;
  }

  interface TourSpec extends Spec {
    of: string;
    pause: string;
    play: string;
    hand_over: string;
    leave: string;
    ends: Record<"prompt" | "block" | "again", string>;
  }
  type TourActs = Record<"prompt" | "block" | "again" | "back" | "next" | "pause" | "leave", () => void>;
  /** One step of a lesson's file, its numbers filled in by viz/player/lessons.py; `cycle` counts from 1, 0 is none. */
  interface LessonStep {
    title: string;
    minutes: number;
    trace: string;
    phase: Phase;
    cycle: number;
    show: string[];
    caption: string;
    say: string;
    question: string;
    choices: string[];
    answer: string;
    reveal: Phase | "";
    hint: string;
    note: string;
  }
  interface Lesson {
    name: string;
    title: string;
    minutes: number;
    goal: string;
    before: string;
    needs: string;
    steps: LessonStep[];
  }
  interface LessonBeat extends Beat {
    step: number;
    asks?: boolean;
    tells?: boolean;
    covered?: boolean;
  }
  type LessonWords =
    "chapters" | "minutes" | "notes" | "say" | "ask" | "answer" | "why" | "next" | "goal" | "before" | "needs";
  type SheetTexts =
    "open" | "print" | "close" | "unfinished" | "title" | "key" | "name" | "prompt" | "lead" | "anchor" | "legend";
  interface SheetWords extends Record<SheetTexts, string> {
    questions: string[];
    answers: Record<"cut" | "all" | "ended" | "written" | "own" | "unjudged" | "none" | "passes", string>;
  }
  interface LessonSpec extends TourSpec, Record<LessonWords | "unread" | "missing", string> {
    class: Record<"title" | "about" | "present" | "open" | "teach" | "none" | "save", string>;
    sheet: SheetWords;
    presenter: Record<"blocked" | "code" | "uncoded" | "unplaced" | "keys", string>;
  }
  interface Beat {
    key: string;
    text: string;
    after?: string;
    show: string[];
    s: number;
    cycle: number | null;
  }

  interface CatchSpec extends Spec {
    waiting: string;
    picture: string;
    tabled: string;
    heads: string[];
    shaped: string;
    shapeHeads: string[];
  }
  /** Bars of [rows of a pass, multiple of a pass over one row]. */
  interface CostGroup {
    name: string;
    about: string;
    bars: [rows: number, multiple: number][];
  }
  interface CatchAnswer {
    equation: [value: string, label: string][];
    say: string[];
    groups: CostGroup[];
    table: string[][];
    memory: string;
    shapes: string[][];
  }

  interface AnatomySpec extends Spec {
    dims: string[];
    parts: Record<string, { tensor: string; shape: string[][]; passes: string[]; layer: boolean }>;
  }
  interface PartSize {
    shape: number[];
    each: number;
    all: number;
    tied: boolean;
  }
  type Pass = "draft" | "verify";
  interface LooksCycle {
    before: number[];
    block: number[];
    rows: number;
    drafter: string;
    parents: number[];
  }
  interface LooksRun {
    model: { id: string; revision: string };
    prompt: number;
    cycles: LooksCycle[];
  }
  interface LooksActs {
    point(slot: number): void;
    walk(event: KeyboardEvent, rows: number): void;
  }
  /** What the endpoint attention_shares answers, as docs/api.md describes it. */
  interface Shares {
    draft: number[][][] | null;
    verify: number[][][];
    heads: number;
    model: string;
    revision: string;
    engine: string;
  }
  interface LatticeSpec extends Spec {
    source: string;
    rows: number;
    beyond: string;
    legend: [mark: string, label: string][];
    bare: string;
    none: string;
  }
  interface LatticeCell {
    id: number;
    mark: string;
    tenths: number;
  }
  interface LatticeColumn {
    slot: number;
    status: string;
    cells: LatticeCell[];
    beyond: LatticeCell[];
  }
  interface WhatIfSpec extends Spec {
    source: string;
    end: string;
    slot: string;
    token: string;
    judge: string;
    before: string;
    after: string;
    kept: string;
    ended: string;
    asked: string;
    note: string;
    apart: string;
    sampled: string;
    off: Record<"file" | "prompt" | "draft" | "later" | "bytes", string>;
  }
  /** What the endpoint verify_block returns. */
  interface Judged {
    n_accept: number;
    n_draft: number;
    slots: { text: string | null; status: string }[];
    next: { text: string | null } | null;
    engine: string;
  }

  type Clock = "ms" | "passes";
  /** What the endpoint race_drafters returns; a lane that refused has its sentence alone. */
  interface DrafterRace {
    clock: Clock;
    prompt: string;
    recorded_at: string;
    tokens: number;
    result: string;
    same: string;
    lanes: DrafterLane[];
  }
  interface DrafterLane {
    draft: string;
    refused?: string;
    tokens: number;
    passes: number;
    rows: number;
    tokens_per_cycle: number | null;
    ms: number;
    identical: number;
    steps: { ms: number[]; passes: number[]; tokens: number[]; shape: string[] };
  }
  interface DrafterBox {
    from: number;
    to: number;
    shape: string;
    tokens: number;
  }
  /** The run on the stage: what a race on its prompt asks for. */
  interface DrafterStage {
    limit?: number;
    asked: any[];
  }
  interface DraftersSpec extends Spec {
    names: [draft: string, name: string, about: string][];
    shapes: Record<string, [name: string, sign: string]>;
    clocks: { key: Clock; label: string }[];
    recorded: DrafterRace | null;
    published: { caption: string; heads: Pairs; columns: Columns };
    off: Record<"file" | "prompt", string>;
    limit: string;
    run: string;
    stop: string;
    play: string;
    measuring: string;
    asked: string;
    stopped: string;
    of: string;
    counts: string;
    caption: string;
    same: string;
    other: string;
    key: string;
  }
  /** What the judge keeps: the exact rule, a guess among its first `least`, or of at least `least` percent. */
  interface JudgeRule {
    key: "exact" | "top2" | "top5" | "share";
    least: number;
  }
  /** A block by a rule: guesses kept, also by the exact rule, those let through, each slot's outcome. */
  interface Relaxed {
    exact: number;
    kept: number;
    let: number[];
    why: "cut" | "all" | "ended" | "unknown";
    how: ("own" | "let" | "cut" | "open" | "unknown")[];
  }
  interface RelaxSpec extends Spec {
    source: string;
    end: string;
    share: { from: number; to: number; step: number; value: number };
  }
  /** A toss of a block: chances of all guesses; of the judged ones the numbers, p and q; what was drawn from at the cut.
   * p, q, rest_p, mass: tenths of a percent.
   */
  interface Toss {
    accept: number[];
    u: number[];
    p?: number[];
    q?: number[];
    rest?: number[];
    rest_p?: number[];
    mass?: number;
  }
  interface CoinSpec extends Spec {
    source: string;
    example: string;
  }
  type Side = "A" | "B";
  type PairClock = Clock | "tokens";
  /** A run that is kept to be compared: what the race and the badges say of it. */
  interface Pin {
    name: string;
    title: string;
    race: RaceFacts;
    badges: Pick<Provenance, "prompt" | "details">;
  }
  /** A cycle on a clock: where it begins and ends, its tokens, those of them that were guesses. */
  interface CycleBox {
    from: number;
    to: number;
    n: number;
    kept: number;
  }
  /** A piece of a setting's value; whether the other run's value lacks it. */
  interface Piece {
    text: string;
    differs: boolean;
  }
  interface PairSpec extends Spec {
    first: string[];
    kept: string[];
    alike: string[];
    unsaid: string[];
  }
  interface Lane {
    text: string[];
    ms: number[];
    passes: number[];
    by: string[];
    cycle: number[];
  }
  interface RaceFacts {
    orthrus: Lane;
    ar: Lane;
    cycles: Record<"draft" | "verify" | "ms" | "passes" | "n", number[]>;
    run: {
      limit?: number;
      lanes?: string[];
      /** of Orthrus, once the run has ended: a draft pass that was not judged is among them */
      passes?: number;
      stopped?: string[];
      clock?: Clock;
      result?: string;
      why?: string;
      lost?: boolean;
    };
  }
  interface RaceSpec extends Spec {
    lanes: { key: "orthrus" | "ar"; name: string; about: string }[];
    clocks: { key: Clock; label: string }[];
    facts: RaceFacts;
  }
  interface Race {
    key(): Clock;
    pick(clock: Clock | null): void;
    lag(): number | null;
  }

  interface TextSpec extends Spec {
    colours: Colour[];
    ghosts: Record<"refused" | "discarded", string>;
    state: TextState;
  }
  interface TextState {
    tokens: Tokens;
    cycles: { ms: number[]; ghosts: number[][] };
  }
  interface Tokens {
    text: string[];
    by: string[];
    cycle: number[];
    q: (number | null)[];
    p: (number | null)[];
    H: (number | null)[];
    gap: (number | null)[];
    [column: string]: Column;
  }

  interface ProvenanceSpec extends Spec {
    state: Pick<Provenance, "lossless">;
  }
  interface Provenance {
    source: { text?: string; tone?: string };
    lossless: { tone: string; text: string; about: string };
    prompt: string;
    details: Record<string, string>;
  }
  interface Check {
    tone: "good" | "warn" | "bad" | "quiet" | "none";
    badge: string;
    say: string[];
    texts?: PartedTexts;
    lists?: TopList[];
  }
  interface PartedTexts {
    cut: boolean;
    shared: string;
    tails: [name: string, tail: string, more: boolean][];
  }
  interface TopList {
    name: string;
    gap?: string;
    rows: [id: number, logit: number][];
  }

  /** Texts of a chart's description may be '$column' or '@colour'. */
  interface Variant {
    label: string;
    data: any[];
    table: Pairs;
    layout?: any;
    cursor?: "clock" | "cycle";
    compare?: { x: string; y: string; mode: string };
  }
  interface ChartSpec extends Spec {
    variants: Variant[];
    seek?: string;
    zoom?: boolean;
    extra?: { kind: "simulate" | "compare" };
    ruler?: Ruler;
  }
  interface Ruler {
    from: string;
    sizes: string[];
    text: string;
    first: string;
  }
  interface Values {
    columns: Columns;
    ranges?: Record<string, number[]>;
    note?: string;
    name?: string;
    alone?: { token: number; run?: number } | null;
    [more: string]: any;
  }
  interface Picture {
    columns: Columns;
    ranges?: Record<string, number[]>;
    note: string;
    data: any[];
    table: Pairs;
    mark: string;
  }
  /** What a chart may have besides: a box of its own, and a say in what is drawn. */
  interface Extra {
    box: HTMLElement;
    apply(picture: Picture, values: Values, variant: Variant): Picture;
  }
  interface SimulateSpec extends Record<"label" | "reset" | "mark" | "say" | "whole" | "unknown", string> {
    sliders: Slider[];
  }
  interface CompareSpec extends Record<"keep" | "about" | "drop", string> {
    looks: Look[];
    marks: string[];
    opacity: number;
  }
  interface Look {
    line: { color: string; dash?: string };
    marker: object;
  }
  interface KeptRun {
    id: string;
    name: string;
    note: string;
    columns: Columns;
  }
  /** A place on a chart's axis in px; null where it is out of sight. */
  type Place = [left: number, width: number] | null;

  /** Plotly as far as it is used; no types of its own come with its one file. */
  interface Plotly {
    react(chart: Chart, data: any[], layout: any, config: object): Promise<unknown>;
    toImage(figure: object, how: object): Promise<string>;
    Plots: { resize(chart: Chart): void };
  }
  interface Chart extends HTMLElement {
    data?: any[];
    layout?: any;
    _fullLayout?: any;
    on(name: string, act: (event: any) => void): void;
  }
}
