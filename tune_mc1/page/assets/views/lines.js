// The lines of parallel coordinates, one a trial. Those of trials that have ended are on a layer that
// stays: an update draws those that go on, and adds those that have ended since.

import { token } from "../dom.js";
import { rampColour } from "../ramp.js";

const BINS = 24; // colours; lines of one colour are one path
const CHUNK = 1500; // lines a frame, so that the page stays responsive
const LATE = 0.1; // share of a layer's lines that may lie in the order in which their trials ended
const GOING = new Set(["running", "paused"]); // states of trials whose lines are expected to change
const MANY = 400; // trials from which on lines are thinner

// Draws into a canvas; what is seen changes only when all lines are there.
//
// A scene has: key (a text that differs where all lines do), axes { at, x, y(cell) }, of which the
// last is the score's, rows by trial, bin(row, trial) of a trial's colour (null: no line), state (the
// place of that cell), kept (the number of trials in colour), width and height.
export function lineLayers(canvas) {
  let layer = { key: null, canvas: null, lines: new Map(), late: 0 };
  let front = null; // lines of trials that go on
  let job = 0;
  let busy = null; // key of the scene that is being drawn
  let next = null; // a scene of the same key that waits

  function draw(scene) {
    if (busy === scene.key) {
      next = scene;
      return;
    }
    cancelAnimationFrame(job);
    next = null;
    busy = scene.key;
    const { settled, fresh, going, stale } = compared(scene);
    const anew = stale || layer.late + fresh.length > 20 + LATE * layer.lines.size;
    const target = anew ? { key: scene.key, canvas: sized(null, scene), lines: new Map(), late: 0 } : layer;
    front = sized(front, scene);
    const parts = [...parted(anew ? settled : fresh, target.canvas), ...parted(going, front)];
    strokes(parts, 0, scene, () => {
      for (const line of anew ? settled : fresh) target.lines.set(line.trial, line);
      if (!anew) target.late += fresh.length;
      layer = target;
      show(scene);
      busy = null;
      if (next) draw(next);
    });
  }

  // Lines of trials that have ended, those of them that the layer lacks, those of trials that go on,
  // and whether the layer has any that are no longer so.
  function compared(scene) {
    const [settled, fresh, going] = [[], [], []];
    let stale = scene.key !== layer.key;
    let there = 0;
    for (const [trial, row] of scene.rows) {
      const bin = scene.bin(row, trial);
      if (bin === null) continue;
      const line = { trial, row, bin };
      const before = layer.lines.get(trial);
      if (GOING.has(row[scene.state])) {
        going.push(line);
        continue;
      }
      settled.push(line);
      if (before === undefined) fresh.push(line);
      else if (before.row === row || alike(before, line, scene.axes)) there += 1;
      else stale = true;
    }
    return { settled, fresh, going, stale: stale || there !== layer.lines.size };
  }

  function strokes(parts, from, scene, done) {
    let drawn = 0;
    let number = from;
    for (; number < parts.length && drawn < CHUNK; number++) {
      stroke(parts[number], scene);
      drawn += parts[number].lines.length;
    }
    if (number < parts.length) job = requestAnimationFrame(() => strokes(parts, number, scene, done));
    else done();
  }

  function show(scene) {
    sized(canvas, scene);
    const ctx = canvas.getContext("2d");
    ctx.setTransform(1, 0, 0, 1, 0, 0);
    ctx.drawImage(layer.canvas, 0, 0);
    ctx.drawImage(front, 0, 0);
  }

  return {
    draw,
    end: () => cancelAnimationFrame(job),
  };
}

// The key of a scene's look that is not its axes'.
export const look = (kept) => `${devicePixelRatio} ${token("--faint-line")} ${kept > MANY}`;

// The colour of a share of the axis of scores, from the worst, 0, to the best.
export const binOf = (share) => 1 + Math.min(BINS - 1, Math.floor(share * BINS));

// An empty canvas of a scene's size.
function sized(canvas, { width, height }) {
  const own = canvas ?? document.createElement("canvas");
  const [w, h] = [width, height].map((length) => Math.round(length * devicePixelRatio));
  const ctx = own.getContext("2d");
  if (own.width !== w || own.height !== h) Object.assign(own, { width: w, height: h });
  else {
    ctx.setTransform(1, 0, 0, 1, 0, 0);
    ctx.clearRect(0, 0, w, h);
  }
  ctx.setTransform(devicePixelRatio, 0, 0, devicePixelRatio, 0, 0);
  return own;
}

const alike = (a, b, axes) => a.bin === b.bin && axes.every(({ at }) => a.row[at] === b.row[at]);

// Lines by colour, the worst first, so that the best lie on top, in parts of one frame.
function parted(lines, canvas) {
  const bins = Array.from({ length: BINS + 1 }, () => []);
  for (const line of lines) bins[line.bin].push(line);
  const parts = [];
  bins.forEach((own, bin) => {
    for (let from = 0; from < own.length; from += CHUNK) parts.push({ canvas, bin, lines: own.slice(from, from + CHUNK) });
  });
  return parts;
}

function stroke({ canvas, bin, lines }, { axes, kept }) {
  const ctx = canvas.getContext("2d");
  ctx.beginPath();
  for (const { row } of lines) trace(ctx, row, axes);
  ctx.strokeStyle = bin === 0 ? token("--faint-line") : rampColour((bin - 0.5) / BINS);
  ctx.globalAlpha = bin === 0 ? 0.35 : kept > MANY ? 0.5 : 0.85;
  ctx.lineWidth = kept > MANY ? 0.8 : 1.2;
  ctx.stroke();
}

function trace(ctx, row, axes) {
  let before = null;
  let from = 0;
  for (const axis of axes) {
    const to = axis.y(row[axis.at]);
    if (to === null) {
      before = null;
      continue;
    }
    if (before === null) ctx.moveTo(axis.x, to);
    else {
      const middle = (before.x + axis.x) / 2;
      ctx.bezierCurveTo(middle, from, middle, to, axis.x, to);
    }
    before = axis;
    from = to;
  }
}
