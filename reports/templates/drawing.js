"use strict";
// How a timeline looks: lanes with their calls, faults shaded, proofs marked, latency and rate.
const HEAD = 24, FOOT = 22, BAR = 22, GAP = 3, PAD = 5, FAULT_LANE = 30, STRIP = 64;
const FONT = "11.5px system-ui, 'DejaVu Sans', sans-serif";
const STRIPS_FROM = 20; // Calls: fewer are read one by one.

function paletteOf(element) {
  const style = getComputedStyle(element);
  const names = ["paper", "ground", "ink", "quiet", "line", "good", "good-soft", "bad", "bad-soft",
    "doubt", "doubt-soft", "fault", "fault-soft", "proof", "stated"];
  return Object.fromEntries(names.map((name) => [name, style.getPropertyValue(`--${name}`).trim()]));
}

function layoutOf(drawing) {
  let y = HEAD;
  const lanes = drawing.lanes.map((lane) => {
    const height = lane.fault ? FAULT_LANE : Math.max(lane.tracks, 1) * (BAR + GAP) - GAP + 2 * PAD;
    const placed = { ...lane, y, height };
    y += height;
    return placed;
  });
  const strips = drawing.count >= STRIPS_FROM ? y + FOOT : null;
  return { lanes, foot: y, strips, height: y + FOOT + (strips === null ? 0 : 2 * STRIP) };
}

function stylesOf(palette) {
  return [
    { fill: palette["good-soft"], line: palette.good, dash: [] },
    { fill: palette["bad-soft"], line: palette.bad, dash: [] },
    { fill: palette["doubt-soft"], line: palette.doubt, dash: [4, 3] },
    { fill: palette["doubt-soft"], line: palette.doubt, dash: [2, 3] },
  ];
}

// Narrow calls have no room for an edge: then the outcome is told by which part of the row is full.
const NARROW = [[0, 1], [0.55, 0.45], [0.28, 0.44], [0.28, 0.44]];
const NARROW_POINTS = 5;

// Calls of one row and outcome that touch each other on the screen are one rectangle.
class Runs {
  constructor() {
    this.open = new Map();
    this.done = [[], [], [], []];
  }

  add(row, shape, from, to, y) {
    const key = row * 4 + shape, run = this.open.get(key);
    if (run && from <= run.to + 1) {
      run.to = Math.max(run.to, to);
      return;
    }
    const next = { from, to, y };
    this.open.set(key, next);
    this.done[shape].push(next);
  }

  // What took effect first: the others are seldom, and lie upon it.
  draw(pen, styles) {
    this.done.forEach((runs, shape) => {
      const [start, share] = NARROW[shape];
      pen.fillStyle = styles[shape].line;
      for (const { from, to, y } of runs) pen.fillRect(from, y + BAR * start, Math.max(to - from, 1), BAR * share);
    });
  }
}

function drawWide(pen, box, shape, style, label) {
  pen.beginPath();
  pen.roundRect(box.x + 0.75, box.y + 0.75, box.w - 1.5, BAR - 1.5, shape === 1 ? 0 : 4);
  pen.fillStyle = style.fill;
  pen.fill();
  pen.save();
  pen.clip();
  if (shape === 1) {
    pen.strokeStyle = style.line;
    pen.globalAlpha = 0.35;
    pen.beginPath();
    for (let x = Math.max(box.x, 0) - BAR; x < Math.min(box.x + box.w, 6000); x += 7) {
      pen.moveTo(x, box.y + BAR);
      pen.lineTo(x + BAR, box.y);
    }
    pen.stroke();
    pen.globalAlpha = 1;
  }
  if (box.w > 18) {
    pen.fillStyle = style.line;
    pen.fillText(label, Math.max(box.x, box.edge) + 6, box.y + BAR / 2 + 0.5);
  }
  pen.restore();
  pen.strokeStyle = style.line;
  pen.setLineDash(style.dash);
  pen.lineWidth = 1.5;
  pen.beginPath();
  pen.roundRect(box.x + 0.75, box.y + 0.75, box.w - 1.5, BAR - 1.5, shape === 1 ? 0 : 4);
  pen.stroke();
  pen.setLineDash([]);
}

function drawOutline(pen, box, color, wide) {
  pen.strokeStyle = color;
  pen.lineWidth = wide ? 3 : 2.5;
  pen.beginPath();
  pen.roundRect(box.x - 2, box.y - 2, Math.max(box.w, 3) + 4, BAR + 4, 6);
  pen.stroke();
}

function drawBackground(pen, scene) {
  const { layout, palette, view, width } = scene;
  pen.fillStyle = palette.paper;
  pen.fillRect(0, 0, width, layout.height);
  for (const lane of layout.lanes) {
    for (const shade of lane.shades) {
      const [from, to] = view.stretch(shade);
      pen.fillStyle = palette["fault-soft"];
      pen.fillRect(from, lane.y, Math.max(to - from, 1), lane.height);
    }
    pen.fillStyle = palette.line;
    pen.fillRect(0, lane.y, width, 1);
  }
  pen.fillRect(0, layout.foot, width, 1);
  for (const [label, us, place] of scene.drawing.phases) {
    const x = view.moment(us, place);
    pen.fillStyle = palette.line;
    pen.fillRect(x, 0, 1, layout.foot);
    pen.fillStyle = palette.quiet;
    pen.fillText(label, x + 5, HEAD / 2);
  }
}

function drawFaults(pen, scene) {
  const { layout, palette, view } = scene;
  for (const lane of layout.lanes) {
    for (const band of lane.bands) {
      const [from, to] = view.stretch(band);
      const y = lane.y + PAD;
      pen.fillStyle = palette["fault-soft"];
      pen.fillRect(from, y, Math.max(to - from, 2), BAR - 2);
      pen.strokeStyle = palette.fault;
      pen.lineWidth = 1;
      pen.strokeRect(from + 0.5, y + 0.5, Math.max(to - from - 1, 1), BAR - 3);
      drawClipped(pen, band[4], from, to, y + BAR / 2, palette.fault, scene.names);
    }
    for (const [us, place, label] of lane.marks) {
      const x = view.moment(us, place);
      pen.fillStyle = palette.fault;
      pen.fillRect(x, lane.y, 2.5, lane.height);
      pen.fillText(label, x + 6, lane.y + PAD + BAR / 2);
    }
  }
}

function drawClipped(pen, text, from, to, y, color, edge) {
  if (to - Math.max(from, edge) < 20) return;
  pen.save();
  pen.beginPath();
  pen.rect(from, y - BAR, to - from - 3, 2 * BAR);
  pen.clip();
  pen.fillStyle = color;
  pen.fillText(text, Math.max(from, edge) + 6, y);
  pen.restore();
}

function boxOf(scene, i) {
  const lane = scene.layout.lanes[scene.operations.lane[i]];
  const x = scene.view.x(scene.left[i]);
  return {
    x, w: scene.view.x(scene.right[i]) - x, edge: scene.names,
    y: lane.y + PAD + scene.operations.track[i] * (BAR + GAP),
  };
}

function drawCalls(pen, scene) {
  const { operations, view, width } = scene;
  const styles = stylesOf(scene.palette);
  const runs = new Runs(), proofs = [], wide = [];
  for (let i = 0; i < operations.count; i += 1) {
    const x = view.x(scene.left[i]);
    if (x > width) break;
    const to = view.x(scene.right[i]);
    if (to < scene.names) continue;
    const shape = operations.shape[i] % WITNESS;
    if (operations.shape[i] >= WITNESS) proofs.push(i);
    if (to - x < NARROW_POINTS) {
      const lane = operations.lane[i], track = operations.track[i];
      runs.add(lane * 64 + track, shape, Math.round(x), Math.round(to), scene.layout.lanes[lane].y + PAD + track * (BAR + GAP));
    } else wide.push(i);
  }
  runs.draw(pen, styles);
  for (const i of wide) {
    const shape = operations.shape[i] % WITNESS;
    drawWide(pen, boxOf(scene, i), shape, styles[shape], labelOf(operations, scene.drawing, i));
  }
  for (const i of proofs) drawProof(pen, scene, boxOf(scene, i));
  if (scene.chosen >= 0) drawOutline(pen, boxOf(scene, scene.chosen), scene.palette.stated, true);
}

function drawProof(pen, scene, box) {
  drawOutline(pen, box, scene.palette.proof, false);
  const x = Math.max(box.x + Math.max(box.w, 1) / 2, scene.names + 6);
  pen.fillStyle = scene.palette.proof;
  pen.beginPath();
  pen.moveTo(x - 6, HEAD - 10);
  pen.lineTo(x + 6, HEAD - 10);
  pen.lineTo(x, HEAD - 1);
  pen.fill();
}

function drawTicks(pen, scene) {
  const { palette, layout, view, width } = scene;
  let free = scene.names;
  for (const [x, label] of view.ticks()) {
    if (x < free || x > width - 20) continue;
    pen.fillStyle = palette.quiet;
    pen.fillRect(x, layout.foot, 1, 6);
    pen.fillText(label, x + 4, layout.foot + FOOT / 2 + 1);
    free = x + pen.measureText(label).width + 16;
  }
}

function drawNames(pen, scene) {
  const { palette, layout, names } = scene;
  pen.fillStyle = palette.paper;
  pen.fillRect(0, 0, names, layout.height);
  pen.fillStyle = palette.line;
  pen.fillRect(names - 1, 0, 1, layout.height);
  const rows = layout.lanes.map((lane) => [lane.name, lane.y, lane.fault]);
  if (layout.strips !== null) rows.push(["latency", layout.strips, false], ["per second", layout.strips + STRIP, false]);
  for (const [name, y, isFault] of rows) {
    pen.fillStyle = palette.line;
    pen.fillRect(0, y, names, 1);
    drawClipped(pen, name, 0, names, y + PAD + BAR / 2, isFault ? palette.fault : palette.ink, 0);
  }
}

function draw(pen, scene) {
  pen.font = FONT;
  pen.textBaseline = "middle";
  drawBackground(pen, scene);
  drawFaults(pen, scene);
  drawCalls(pen, scene);
  drawTicks(pen, scene);
  if (scene.layout.strips !== null) drawStrips(pen, scene);
  drawNames(pen, scene);
}
