"use strict";
// Which part of the time axis a timeline shows: places to points of the screen, and back.
const MARGIN = 10;

class View {
  constructor(drawing, operations) {
    this.drawing = drawing;
    this.operations = operations;
    this.names = 90;
    this.room = 1;
    this.offset = 0;
    this.zoom = 1;
    this.setScale(false);
  }

  setScale(toScale) {
    this.toScale = toScale;
    [this.left, this.right] = placesOf(this.operations, this.drawing, toScale);
    this.knots = toScale ? [[0, 0], [this.drawing.end, WIDTH]]
      : this.operations.placed ? this.placedKnots() : this.drawing.knots;
  }

  // Moments whose places were laid out beforehand, in the order of both.
  placedKnots() {
    const { begun, ended, count } = this.operations;
    const knots = [[0, 0], [this.drawing.end, WIDTH]];
    for (let i = 0; i < count; i += 1) knots.push([begun[i], this.left[i]], [ended[i], this.right[i]]);
    for (const [, us, place] of this.drawing.phases) knots.push([us, place]);
    return knots.sort((one, other) => one[1] - other[1] || one[0] - other[0]);
  }

  get fit() { return this.room / WIDTH; }

  resize(width, names) {
    const share = this.zoom / this.fit;
    this.names = names;
    this.room = Math.max(50, width - names - MARGIN);
    this.zoom = this.fit * share;
  }

  x(place) { return this.names + (place - this.offset) * this.zoom; }

  place(x) { return this.offset + (x - this.names) / this.zoom; }

  moment(us, place) { return this.x(this.toScale ? (us * WIDTH) / this.drawing.end : place); }

  stretch([fromUs, toUs, from, to]) { return [this.moment(fromUs, from), this.moment(toUs, to)]; }

  us(x) {
    const place = this.place(x), { knots } = this;
    let low = 0, high = knots.length - 1;
    while (high - low > 1) {
      const middle = (low + high) >> 1;
      if (knots[middle][1] <= place) low = middle; else high = middle;
    }
    const [fromUs, from] = knots[low], [toUs, to] = knots[high];
    const share = to > from ? (place - from) / (to - from) : 0;
    return fromUs + (toUs - fromUs) * Math.min(1, Math.max(0, share));
  }

  ticks() {
    if (this.operations.placed && !this.toScale) {
      return this.drawing.ticks.map(([place, label]) => [this.x(place), label]);
    }
    const ticks = [];
    for (let x = this.names; x < this.names + this.room; x += 110) ticks.push([x, momentOf(this.us(x))]);
    return ticks;
  }

  clamp() {
    this.zoom = Math.min(Math.max(this.zoom, this.fit), this.fit * 1e6);
    this.offset = Math.min(Math.max(this.offset, 0), Math.max(0, WIDTH - this.room / this.zoom));
  }

  zoomAt(x, factor) {
    const place = this.place(x);
    this.zoom *= factor;
    this.zoom = Math.min(Math.max(this.zoom, this.fit), this.fit * 1e6);
    this.offset = place - (x - this.names) / this.zoom;
    this.clamp();
  }

  pan(points) {
    this.offset += points / this.zoom;
    this.clamp();
  }

  showAll() {
    this.zoom = this.fit;
    this.clamp();
  }

  // As wide as every label needs, with that place in the middle if not all of it is visible.
  showLabels(place) {
    this.zoom = this.operations.placed ? Math.max(this.fit, this.drawing.width / WIDTH) : this.fit;
    this.offset = place - this.room / this.zoom / 2;
    this.clamp();
  }

  reveal(i) {
    const from = this.x(this.left[i]), to = this.x(this.right[i]);
    if (to < this.names + 20 || from > this.names + this.room - 20) {
      this.offset = this.left[i] - this.room / this.zoom / 3;
      this.clamp();
    }
  }
}
