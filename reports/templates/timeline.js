"use strict";
// A timeline that is looked at: zoom and pan by mouse, finger and keyboard, and from an operation
// to its row of the table and back.
class Timeline {
  constructor(figure) {
    this.figure = figure;
    this.stage = figure.querySelector(".stage");
    this.canvas = figure.querySelector("canvas");
    this.readout = figure.querySelector(".readout");
    this.drawing = JSON.parse(figure.querySelector(".drawing").textContent);
    this.chosen = -1;
    this.ready = this.load();
  }

  async load() {
    this.operations = await loadOperations(this.drawing);
    this.view = new View(this.drawing, this.operations);
    this.layout = layoutOf(this.drawing);
    this.proofs = [];
    for (let i = 0; i < this.operations.count; i += 1) {
      if (this.operations.shape[i] >= WITNESS) this.proofs.push(i);
    }
    this.stage.hidden = false;
    this.figure.querySelector(".controls").hidden = false;
    this.canvas.style.height = `${this.layout.height}px`;
    this.listen();
    this.fit();
  }

  // As wide as the canvas is, which is nothing while a part of the page is closed.
  fit() {
    const { width } = this.canvas.getBoundingClientRect();
    if (!width || width === this.width) return;
    const isFirst = this.width === undefined;
    const ratio = devicePixelRatio || 1;
    this.width = width;
    this.canvas.width = Math.round(width * ratio);
    this.canvas.height = Math.round(this.layout.height * ratio);
    this.pen = this.canvas.getContext("2d", { alpha: false });
    this.pen.setTransform(ratio, 0, 0, ratio, 0, 0);
    this.view.resize(width, width < 600 ? 70 : 90);
    if (isFirst) this.view.showLabels(this.proofs.length ? this.view.left[this.proofs[0]] : 0);
    this.view.clamp();
    this.paint();
    if (isFirst) performance.mark(`painted ${this.figure.id}`);
  }

  get scene() {
    return {
      drawing: this.drawing, operations: this.operations, layout: this.layout, view: this.view,
      left: this.view.left, right: this.view.right, names: this.view.names, width: this.width,
      palette: this.palette ??= paletteOf(this.figure), chosen: this.chosen,
    };
  }

  paint() { if (this.pen) draw(this.pen, this.scene); }

  soon() {
    this.frame ??= requestAnimationFrame(() => {
      this.frame = null;
      this.paint();
    });
  }

  listen() {
    const { stage, canvas } = this;
    stage.addEventListener("keydown", (event) => this.key(event));
    stage.addEventListener("wheel", (event) => this.wheel(event), { passive: false });
    new Gestures(canvas, this);
    for (const button of this.figure.querySelectorAll(".controls [data-does]")) {
      button.addEventListener("click", () => this.does(button.dataset.does, button));
    }
    this.figure.querySelector(".history").addEventListener("click", (event) => {
      const button = event.target.closest("button");
      if (button) this.choose(this.operations.op.indexOf(Number(button.textContent)), true);
    });
    new ResizeObserver(() => this.fit()).observe(canvas);
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => {
      this.palette = null;
      this.soon();
    });
  }

  does(what, button) {
    const middle = this.view.names + this.view.room / 2;
    if (what === "in") this.view.zoomAt(this.center ?? middle, 1.6);
    if (what === "out") this.view.zoomAt(this.center ?? middle, 1 / 1.6);
    if (what === "all") this.view.showAll();
    if (what === "proof") this.nextProof();
    if (what === "scale") {
      this.view.setScale(!this.view.toScale);
      this.view.showAll();
      button.setAttribute("aria-pressed", String(this.view.toScale));
    }
    this.soon();
  }

  // Zooming goes to what was chosen, if it is in sight.
  get center() {
    if (this.chosen < 0) return null;
    const x = this.view.x(this.view.left[this.chosen]);
    return x > this.view.names && x < this.width ? x : null;
  }

  nextProof() {
    const next = this.proofs.find((i) => i > this.chosen) ?? this.proofs[0];
    if (next !== undefined) this.choose(next, true);
  }

  wheel(event) {
    const zooms = event.ctrlKey || document.activeElement === this.stage;
    if (Math.abs(event.deltaX) > Math.abs(event.deltaY) || event.shiftKey) {
      this.view.pan(event.deltaX || event.deltaY);
    } else if (zooms) {
      this.view.zoomAt(event.offsetX, Math.exp(-event.deltaY / 300));
    } else return;
    event.preventDefault();
    this.soon();
  }

  key(event) {
    const last = this.operations.count - 1;
    const acts = {
      "+": () => this.does("in"), "=": () => this.does("in"), "-": () => this.does("out"),
      0: () => this.does("all"), n: () => this.nextProof(),
      ArrowRight: () => (event.shiftKey ? this.view.pan(80) : this.choose(Math.min(this.chosen + 1, last), false)),
      ArrowLeft: () => (event.shiftKey ? this.view.pan(-80) : this.choose(Math.max(this.chosen - 1, 0), false)),
      ArrowDown: () => this.otherLane(1), ArrowUp: () => this.otherLane(-1),
      Home: () => this.choose(0, false), End: () => this.choose(last, false),
      Enter: () => this.showRow(true),
    };
    const act = event.ctrlKey || event.metaKey || event.altKey ? null : acts[event.key];
    if (!act || last < 0) return;
    event.preventDefault();
    act();
    this.soon();
  }

  // In the next lane that has calls, the one that begins nearest to the one that is chosen.
  otherLane(step) {
    const { lane, begun, count } = this.operations;
    const from = Math.max(this.chosen, 0);
    for (let to = lane[from] + step; to >= 0 && to < this.layout.lanes.length; to += step) {
      let best = -1;
      for (let i = 0; i < count; i += 1) {
        const nearer = best < 0 || Math.abs(begun[i] - begun[from]) < Math.abs(begun[best] - begun[from]);
        if (lane[i] === to && nearer) best = i;
      }
      if (best >= 0) return this.choose(best, false);
    }
    return undefined;
  }

  choose(i, withRow) {
    if (i < 0) return;
    this.chosen = i;
    this.view.reveal(i);
    this.tell(i);
    if (withRow) this.showRow(false);
    this.soon();
  }

  // What stands under a point of the canvas: a call, or what disturbed a lane.
  under(x, y) {
    const { scene } = this;
    const number = this.layout.lanes.findIndex((lane) => y >= lane.y && y < lane.y + lane.height);
    if (number < 0 || x < this.view.names) return { i: -1, told: "" };
    let found = -1;
    for (let i = 0; i < this.operations.count; i += 1) {
      if (this.operations.lane[i] !== number) continue;
      const from = this.view.x(this.view.left[i]);
      if (from > x + 3) break;
      const box = boxOf(scene, i);
      if (x <= Math.max(box.x + box.w, box.x + 3) + 2 && y >= box.y - 1 && y <= box.y + BAR + 1) found = i;
    }
    const lane = this.layout.lanes[number];
    const mark = lane.marks.find(([us, place]) => Math.abs(this.view.moment(us, place) + 30 - x) < 32);
    const stretch = [...lane.bands, ...lane.shades].find((one) => {
      const [from, to] = this.view.stretch(one);
      return x >= from && x <= to;
    });
    return { i: found, told: mark?.at(-1) ?? stretch?.at(-1) ?? "" };
  }

  tell(i, otherwise = "") {
    if (i < 0) {
      if (otherwise) this.readout.textContent = otherwise;
      return;
    }
    const row = this.row(i);
    this.readout.textContent = row ? row.lastElementChild.textContent : wordsOf(this.operations, this.drawing, i).told;
  }

  row(i) { return document.getElementById(`${this.figure.id}-op-${this.operations.op[i]}`); }

  showRow(takesFocus) {
    if (this.chosen < 0) return;
    const row = this.row(this.chosen) ?? this.addRow(this.chosen);
    this.figure.querySelector("details").open = true;
    this.figure.querySelectorAll("tr.here").forEach((each) => each.classList.remove("here"));
    row.classList.add("here");
    row.scrollIntoView({ block: "nearest" });
    if (takesFocus) row.querySelector("button").focus();
  }

  // A row for an operation that was not near enough to the proof to have one.
  addRow(i) {
    const body = this.figure.querySelector(".history tbody");
    const words = wordsOf(this.operations, this.drawing, i);
    const row = document.getElementById("operation-row").content.firstElementChild.cloneNode(true);
    row.id = `${this.figure.id}-op-${words.op}`;
    row.querySelector("button").textContent = words.op;
    for (const cell of row.querySelectorAll("[data-word]")) cell.textContent = words[cell.dataset.word];
    const begun = this.operations.begun[i];
    const next = [...body.rows].find((one) => {
      const at = this.operations.op.indexOf(Number(one.querySelector("button").textContent));
      return this.operations.begun[at] > begun;
    });
    body.insertBefore(row, next ?? null);
    return row;
  }
}

// Pointers on the canvas: one drags, two pinch, one that stays where it was chooses.
class Gestures {
  constructor(canvas, timeline) {
    this.timeline = timeline;
    this.points = new Map();
    canvas.addEventListener("pointerdown", (event) => this.down(event, canvas));
    canvas.addEventListener("pointermove", (event) => this.move(event));
    canvas.addEventListener("pointerup", (event) => this.up(event));
    canvas.addEventListener("pointercancel", (event) => this.points.delete(event.pointerId));
    canvas.addEventListener("dblclick", (event) => {
      timeline.view.zoomAt(event.offsetX, 2.5);
      timeline.soon();
    });
  }

  down(event, canvas) {
    canvas.setPointerCapture(event.pointerId);
    this.points.set(event.pointerId, event.offsetX);
    this.moved = this.points.size > 1;
    this.from = event.offsetX;
  }

  move(event) {
    const { timeline } = this;
    const before = this.points.get(event.pointerId);
    if (before === undefined) {
      const { i, told } = timeline.under(event.offsetX, event.offsetY);
      timeline.canvas.style.cursor = i >= 0 ? "pointer" : "grab";
      timeline.tell(i, told);
      return;
    }
    if (Math.abs(event.offsetX - this.from) > 4) this.moved = true;
    const others = [...this.points].filter(([id]) => id !== event.pointerId);
    if (others.length) {
      const [, other] = others[0];
      const factor = Math.abs(event.offsetX - other) / Math.max(1, Math.abs(before - other));
      timeline.view.zoomAt((event.offsetX + other) / 2, factor);
    } else if (this.moved) {
      timeline.view.pan(before - event.offsetX);
    }
    this.points.set(event.pointerId, event.offsetX);
    timeline.soon();
  }

  up(event) {
    this.points.delete(event.pointerId);
    if (this.moved) return;
    const { i, told } = this.timeline.under(event.offsetX, event.offsetY);
    if (i >= 0) this.timeline.choose(i, true);
    else this.timeline.tell(i, told);
  }
}

// After the first sight of the page: what is open, then what can be opened.
const timelines = new Map();
function timelineOf(figure) {
  if (!timelines.has(figure)) timelines.set(figure, new Timeline(figure));
  return timelines.get(figure);
}
requestAnimationFrame(() => setTimeout(async () => {
  const figures = [...document.querySelectorAll(".timeline")];
  const isOpen = (figure) => figure.checkVisibility?.() ?? true;
  for (const figure of figures.filter(isOpen)) await timelineOf(figure).ready;
  for (const figure of figures) await timelineOf(figure).ready;
}));

// On paper everything is open.
addEventListener("beforeprint", () => {
  for (const details of document.querySelectorAll("details.more")) details.open = true;
  for (const timeline of timelines.values()) if (timeline.view) timeline.fit();
});
