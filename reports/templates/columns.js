"use strict";
// Operations as typed arrays, from the columns that reports/columns.py packs.
const SHAPES = ["ok", "fail", "info", "open"];
const WITNESS = 4;
const WIDTH = 100000;

async function unpacked(text) {
  const bytes = Uint8Array.fromBase64?.(text) ?? Uint8Array.from(atob(text), (one) => one.charCodeAt(0));
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}

function columnReader(planes, ranks, length) {
  let at = 0, number = 0;
  return () => {
    const column = new Uint32Array(length);
    for (let rank = 0; rank < ranks[number]; rank += 1, at += length) {
      for (let i = 0; i < length; i += 1) column[i] |= planes[at + i] << (8 * rank);
    }
    number += 1;
    return column;
  };
}

function summed(column) {
  for (let i = 1; i < column.length; i += 1) column[i] += column[i - 1];
  return column;
}

function summedWithin(column, groups) {
  const before = new Uint32Array(groups.length ? 1 + Math.max(...new Set(groups)) : 0);
  for (let i = 0; i < column.length; i += 1) {
    column[i] = before[groups[i]] = column[i] + before[groups[i]];
  }
  return column;
}

// Places of moments that come in any order, on the axis that `knots` describe.
function placer(knots) {
  let index = 1;
  return (us) => {
    while (index > 1 && us < knots[index - 1][0]) index -= 1;
    while (index < knots.length - 1 && us > knots[index][0]) index += 1;
    const [fromUs, from] = knots[index - 1];
    const [toUs, to] = knots[index];
    return from + ((to - from) * Math.min(us - fromUs, toUs - fromUs)) / Math.max(1, toUs - fromUs);
  };
}

async function loadOperations(drawing) {
  const { count } = drawing;
  const read = columnReader(await unpacked(drawing.columns), drawing.ranks, count);
  const op = summed(read());
  const rise = read(), lasting = read(), process = read(), action = read();
  const shape = read(), track = read();
  const number = summedWithin(read(), process);
  const messages = read();
  const placed = drawing.placed ? [read(), read()] : null;
  const begun = new Float64Array(count), ended = new Float64Array(count);
  for (let i = 0, us = 0; i < count; i += 1) {
    us += rise[i];
    begun[i] = us;
    ended[i] = lasting[i] ? us + lasting[i] - 1 : drawing.end;
  }
  const lane = process.map((one) => drawing.processes[one][1]);
  return { count, op, begun, ended, lasting, process, action, shape, track, number, messages, lane, placed };
}

// Left and right ends of all operations: as laid out, with waits folded, or to scale.
function placesOf(operations, drawing, toScale) {
  if (operations.placed && !toScale) return operations.placed;
  const knots = toScale ? [[0, 0], [drawing.end, WIDTH]] : drawing.knots;
  return [operations.begun, operations.ended].map((moments) => moments.map(placer(knots)));
}

function momentOf(us) {
  return us < 1e6 ? `${(us / 1000).toFixed(1)} ms` : `${(us / 1e6).toFixed(3)} s`;
}

function labelOf(operations, drawing, i) {
  const action = drawing.actions[operations.action[i]];
  const incarnation = drawing.processes[operations.process[i]][0].split("#")[1] ?? "1";
  if (action === "open" && incarnation !== "1") return `open #${incarnation}`;
  if (!operations.number[i]) return action;
  const number = operations.number[i] - 1;
  const more = operations.messages[i] > 1 ? `–${number + operations.messages[i] - 1}` : "";
  return `${action} ${number}${more}`;
}

// The cells of a row of the table, in its order; `told` is the same in one line.
function wordsOf(operations, drawing, i) {
  const process = drawing.processes[operations.process[i]][0];
  const call = labelOf(operations, drawing, i);
  const outcome = SHAPES[operations.shape[i] % WITNESS];
  const begun = momentOf(operations.begun[i]);
  const ended = !operations.lasting[i] ? "open" : momentOf(operations.ended[i]);
  const told = `op ${operations.op[i]} ${process} ${call} -> ${outcome}, ${begun} to ${ended}`;
  return { op: operations.op[i], process, call, begun, ended, outcome, told };
}
