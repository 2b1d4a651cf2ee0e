"use strict";
// Latency of publishes and calls answered per second, on the time axis of the lanes above them.
function drawStrips(pen, scene) {
  const { palette, layout, view, width, names } = scene;
  const latency = layout.strips, rate = latency + STRIP;
  for (const lane of layout.lanes.filter((one) => one.bands.length)) {
    for (const band of lane.bands) {
      const [from, to] = view.stretch(band);
      pen.fillStyle = palette["fault-soft"];
      pen.fillRect(from, latency, Math.max(to - from, 1), 2 * STRIP);
    }
  }
  pen.fillStyle = palette.line;
  pen.fillRect(0, latency, width, 1);
  pen.fillRect(0, rate, width, 1);
  drawLatency(pen, scene, latency);
  drawRate(pen, scene, rate, Math.max(1, width - names));
}

function drawLatency(pen, scene, top) {
  const { operations, drawing, palette, view, width, names } = scene;
  const publish = drawing.actions.indexOf("publish");
  const colors = stylesOf(palette).map((style) => style.line);
  const longest = operations.longest ??= longestOf(operations, publish);
  const rise = (STRIP - 14) / Math.log(Math.max(longest, 1000) / 100);
  const drawn = new Uint8Array((Math.ceil(width) + 1) * STRIP * 4); // Points that have one already.
  for (let i = 0; i < operations.count; i += 1) {
    if (operations.action[i] !== publish || !operations.lasting[i]) continue;
    const x = Math.round(view.x(scene.right[i])) & ~1; // A point is 3 wide.
    if (x < names || x > width) continue;
    const up = Math.round(rise * Math.log(Math.max(operations.lasting[i], 100) / 100)) & ~1;
    const shape = operations.shape[i] % WITNESS, at = top + STRIP - 6 - up;
    const point = (x * STRIP + up) * 4 + shape;
    if (drawn[point]) continue;
    drawn[point] = 1;
    pen.fillStyle = colors[shape];
    if (shape === 0) pen.fillRect(x - 1, at - 1, 3, 3);
    else pen.fillRect(x - 3, at, 7, 2);
  }
  pen.fillStyle = palette.quiet;
  pen.fillText(momentOf(longest), names + 5, top + 10);
  pen.fillText("0.1 ms", names + 5, top + STRIP - 9);
}

function longestOf(operations, action) {
  let longest = 0;
  for (let i = 0; i < operations.count; i += 1) {
    if (operations.action[i] === action && operations.lasting[i]) {
      longest = Math.max(longest, operations.lasting[i]);
    }
  }
  return longest;
}

// Of each few points of the screen: calls answered in the time that they stand for.
function drawRate(pen, scene, top, room) {
  const { operations, palette, view, names } = scene;
  const step = 6, bins = new Float64Array(Math.ceil(room / step));
  for (let i = 0; i < operations.count; i += 1) {
    const bin = Math.floor((view.x(scene.right[i]) - names) / step);
    if (bin >= 0 && bin < bins.length && operations.lasting[i]) bins[bin] += 1;
  }
  bins.forEach((count, bin) => {
    const seconds = (view.us(names + (bin + 1) * step) - view.us(names + bin * step)) / 1e6;
    bins[bin] = seconds > 0 ? count / seconds : 0;
  });
  const most = Math.max(...bins, 1);
  pen.fillStyle = palette.stated;
  bins.forEach((value, bin) => {
    const height = ((STRIP - 18) * value) / most;
    if (value) pen.fillRect(names + bin * step, top + STRIP - 4 - height, step - 1, Math.max(height, 1));
  });
  pen.fillStyle = palette.quiet;
  pen.fillText(`${Math.round(most).toLocaleString("en")} / s`, names + 5, top + 10);
}
