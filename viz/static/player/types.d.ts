/* What the player is given, and what its modules give each other. For `tsc` only: no page loads it. */

declare namespace O {
  type Player = import("./player.js").Player;
  type Tour = import("../views/tour.js").Tour;
  type Quiz = import("../views/quiz.js").Quiz;
  type Lecture = import("../views/lesson.js").Lecture;
  type Presenter = import("../views/presenter.js").Presenter;
  /** A tab below the stage: its name in an address, its label, its views in order. */
  interface Tab {
    key: string;
    label: string;
    views: string[];
  }
  type Phase = "prefill" | "draft" | "verify" | "commit" | "finish";
  type Cell = string | number | null | undefined;
  /** Cells of one kind as a rule, but for the pieces of a chart that are lists themselves. */
  type Column = any[];
  type Columns = Record<string, Column>;
  type Pairs = [head: string, column: string][];
  type Numbers = Record<string, number>;

  /** As in viz/patches.py. */
  type Change = [view: string, op: "set" | "merge" | "rows", key: string, value: any, at: number];
  /** Facts are true wherever the playhead is; a moment is a stop of the playhead. */
  type Frame = Facts | Moment;
  interface Facts {
    x: Change[];
  }
  interface Moment {
    p: Phase;
    c: number;
    ms: number;
    w: number;
    x: Change[];
  }
  /** A moment, and when it begins on the lanes' clock. */
  interface Stop extends Moment {
    t0: number;
  }
  interface Message {
    run: string;
    seq: number;
    live: boolean;
    autoplay?: boolean;
    end?: boolean;
    frames: Frame[];
    measuring?: Measured;
  }
  interface Measured {
    lane: string;
    tokens: number;
    text: string;
  }

  interface Status {
    name: string;
    glyph: string;
    label: string;
  }
  interface Spec {
    kind: string;
    title: string;
    hint: string;
    state?: object;
    facts?: object;
    table: Pairs;
  }
  interface Shell {
    page: string;
    headline: string;
    style: [begin: string, end: string];
  }
  /** A text, or its plural forms by CLDR category. */
  type Wording = string | Record<string, string>;
  interface Settings {
    language: string;
    messages: Record<string, Wording>;
    views: Record<string, Spec>;
    places: string[];
    tabs: Tab[];
    statuses: Record<string, Status>;
    legend: string[];
    lesson: LessonSpec;
    layout: object;
    shell?: Shell;
  }
  interface Options {
    followBody?: boolean;
    plotly: string;
    bundle: string;
    theme?: string;
    tour?: boolean;
  }

  interface Speed {
    /** Measured ms per ms on the screen; 0 if every phase takes `fixed` ms. */
    rate: number;
    fixed: number;
  }
  /** Where the playhead is, for those who draw. */
  interface Now {
    at: number;
    phase: Phase | "";
    cycle: number;
    playing: boolean;
    clock: number;
    share: number;
    wall: number;
    ended: boolean;
    slowly: boolean;
  }
  /** What draws a view; `calm`: at most three times a second, `later`: not in the frame that answers a hand, `always`:
   * also while its tab is closed, `aside`: what of it has a place of its own in a tab.
   */
  interface Part {
    always?: boolean;
    aside?: { name: string; box: HTMLElement };
    calm?: boolean;
    later?: boolean;
    drawn?: number;
    draw?(state: any, facts: any, now: Now): void;
    tick?(now: Now): void;
    theme?(): void;
    waits?(): boolean;
    opens?: [text: string, name: string, act: () => void];
    ready?(): boolean;
    keys?: KeyRow[];
    /** What of it stands in an address while its tab is open, and how it goes there. */
    address?(): Fields;
    land?(fields: Fields): void;
    /** The pinned runs, for a saved file. */
    pins?(): Promise<Pin[]>;
    levels?: { first: string; now(): string; pick(key: string): void };
  }
  /** Of an address, by name. */
  type Fields = Record<string, string | undefined>;
  /** A recorded run in the list: its name in an address, its file, what is told of it. */
  interface Recorded {
    name: string;
    title: string;
    kind: string;
    group: string;
    rate: string;
    facts: string;
    file: string;
  }
  /** What the served document tells its scripts. */
  interface Page {
    settings: Settings;
    options: { plotly: string; bundle: string };
    runs: Recorded[];
    lessons: (LessonName & { file: string })[];
    about: string;
  }
  interface LessonName {
    name: string;
    title: string;
    minutes: number;
  }
  /** Lessons and recorded runs, wherever the page has them from. */
  interface Library {
    lessons: LessonName[];
    address?: string;
    lesson(name: string): Promise<Lesson | null>;
    open(run: string): Promise<unknown>;
    /** Runs that can be pinned, by name. */
    runs: { name: string; title: string; rate?: string }[];
    pin(run: string): Promise<Pin | null>;
    /** The rows of an address's QR code; null if there is none. */
    code(address: string): Promise<string[] | null>;
    /** Everything that a lesson needs, for a saved file. */
    pack?(lesson: Lesson): Promise<Held>;
  }
  /** What a saved file holds besides its run. */
  interface Held {
    lesson: Lesson | null;
    tapes: Record<string, Message>;
    address: string;
    codes: Record<string, string[]>;
    pins?: Pin[];
  }
  type Gallery = import("../page/gallery.js").Gallery;
  /** As orthrus/server/class_moment.py checks it; a cycle is counted from 1, 0 for none. */
  interface ClassMoment {
    run: string;
    cycle: number;
    phase: Phase | "";
    tab: string;
    playing: boolean;
    hidden: boolean;
    speed: number;
  }
  /** What the server sends a screen of a class; counts as far as they are shown, pupils to the teacher. */
  interface ClassState {
    moment: ClassMoment | null;
    film: string;
    question: {
      number: number;
      n: number;
      cycle: number;
      open: boolean;
      shown: boolean;
      counts?: number[];
    } | null;
    teacher: boolean;
    pupils?: number;
  }
  interface KeyRow {
    shown?: string;
    what?: string;
    moves?: boolean;
    /** It acts while somebody presents, and goes before the others then. */
    presents?: boolean;
    acts: Record<string, (player: Player, help: HTMLDetailsElement) => unknown>;
  }
  /** What is pointed at in the block. */
  interface Pointed {
    slot: number;
    how: "over" | "leave" | "focus" | "choose" | "pin" | "auto";
  }
}

interface Window {
  OrthrusStage: object;
  orthrusPlayer?: O.Player;
  orthrusGallery?: import("../page/gallery.js").Gallery;
  Plotly?: O.Plotly;
  gradio_config?: any;
  orthrusTeaches?: string;
}
interface HTMLElementEventMap {
  "o-slot": CustomEvent<O.Pointed>;
}
interface DocumentEventMap {
  "o-ended": CustomEvent<{ live: boolean; stops: O.Stop[] }>;
}
