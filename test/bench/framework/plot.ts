import type { Axis, Plot, PlotLine } from './bench.js';
import { numberText } from './figures-text.js';

const WIDTH = 720;
const HEIGHT = 400;
const FRAME = { left: 80, right: 24, top: 48, bottom: 96 } as const;
/** Told apart by those who can't tell red from green, and on light and dark grounds. */
const COLOURS = ['#0072b2', '#d55e00', '#009e73', '#cc79a7', '#e69f00', '#56b4e9'] as const;
const INK = '#57606a';

/** Where values of an axis stand on the paper, and its marks. */
interface Scale {
  readonly marks: readonly number[];
  at(value: number): number;
}

/** A plot as SVG: axes with marks, a line with points and an entry in the legend for each series. Throws where a line has no points. */
export function plotSvg({ title, x, y, lines }: Plot): string {
  const points = lines.flatMap((line) => line.points);
  if (lines.some((line) => line.points.length === 0)) throw new Error(`a line of '${title}' has no points`);
  const xs = scale(
    x,
    points.map(([value]) => value),
    [FRAME.left, WIDTH - FRAME.right],
  );
  const ys = scale(
    y,
    points.map(([, value]) => value),
    [HEIGHT - FRAME.bottom, FRAME.top],
  );
  const parts = [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" font-family="sans-serif" font-size="12" fill="${INK}">`,
    `<title>${escaped(title)}</title>`,
    `<rect width="${WIDTH}" height="${HEIGHT}" fill="#ffffff"/>`,
    text({ x: WIDTH / 2, y: 24, anchor: 'middle', size: 15 }, title),
    ...xs.marks.map((mark) => gridX(xs.at(mark), mark)),
    ...ys.marks.map((mark) => gridY(ys.at(mark), mark)),
    text({ x: (FRAME.left + WIDTH - FRAME.right) / 2, y: HEIGHT - FRAME.bottom + 40, anchor: 'middle' }, axisText(x)),
    `<text transform="translate(18 ${(FRAME.top + HEIGHT - FRAME.bottom) / 2}) rotate(-90)" text-anchor="middle">${escaped(axisText(y))}</text>`,
    ...lines.map((line, index) => drawn(line, index, { xs, ys })),
    ...legend(lines),
    '</svg>',
  ];
  return `${parts.join('\n')}\n`;
}

function axisText({ label, scale: kind }: Axis): string {
  return kind === 'log' ? `${label} (logarithmic)` : label;
}

function scale(axis: Axis, values: readonly number[], [from, to]: readonly [number, number]): Scale {
  const least = Math.min(...values);
  const greatest = Math.max(...values);
  if (axis.scale === 'log') {
    if (least <= 0) throw new Error(`a logarithmic axis can't show ${least}`);
    const low = Math.floor(Math.log10(least));
    const high = Math.max(low + 1, Math.ceil(Math.log10(greatest)));
    const marks = Array.from({ length: high - low + 1 }, (_, step) => 10 ** (low + step));
    return { marks, at: (value) => from + ((to - from) * (Math.log10(value) - low)) / (high - low) };
  }
  const step = niceStep(Math.max(greatest, 0) - Math.min(least, 0) || 1);
  const low = Math.min(0, Math.floor(least / step) * step);
  const high = Math.max(low + step, Math.ceil(greatest / step) * step);
  const marks = Array.from({ length: Math.round((high - low) / step) + 1 }, (_, index) => low + index * step);
  return { marks, at: (value) => from + ((to - from) * (value - low)) / (high - low) };
}

/** A step of 1, 2 or 5 times a power of ten that cuts the span into five parts or so. */
function niceStep(span: number): number {
  const rough = span / 5;
  const power = 10 ** Math.floor(Math.log10(rough));
  return ([1, 2, 5].find((factor) => factor * power >= rough) ?? 10) * power;
}

function gridX(at: number, mark: number): string {
  const line = `<path d="M${at.toFixed(1)} ${FRAME.top}V${HEIGHT - FRAME.bottom}" stroke="#d0d7de"/>`;
  return line + text({ x: at, y: HEIGHT - FRAME.bottom + 18, anchor: 'middle' }, numberText(mark));
}

function gridY(at: number, mark: number): string {
  const line = `<path d="M${FRAME.left} ${at.toFixed(1)}H${WIDTH - FRAME.right}" stroke="#d0d7de"/>`;
  return line + text({ x: FRAME.left - 8, y: at + 4, anchor: 'end' }, numberText(mark));
}

function drawn({ points }: PlotLine, index: number, { xs, ys }: { xs: Scale; ys: Scale }): string {
  const colour = colourOf(index);
  const places = points.map(([x, y]) => [xs.at(x).toFixed(1), ys.at(y).toFixed(1)] as const);
  const path = places.map(([x, y], at) => `${at === 0 ? 'M' : 'L'}${x} ${y}`).join('');
  // Many points are a line; few deserve a mark each.
  const marked = places.length > 60 ? [] : places;
  const dots = marked.map(([x, y]) => `<circle cx="${x}" cy="${y}" r="3.5" fill="${colour}"/>`);
  return `<path d="${path}" fill="none" stroke="${colour}" stroke-width="2"/>${dots.join('')}`;
}

function legend(lines: readonly PlotLine[]): string[] {
  const width = (WIDTH - FRAME.left - FRAME.right) / Math.min(lines.length, 3);
  return lines.map(({ label }, index) => {
    const x = FRAME.left + (index % 3) * width;
    const y = HEIGHT - 36 + Math.floor(index / 3) * 20;
    const swatch = `<path d="M${x.toFixed(0)} ${y - 4}h18" stroke="${colourOf(index)}" stroke-width="3"/>`;
    return swatch + text({ x: x + 24, y, anchor: 'start' }, label);
  });
}

function colourOf(index: number): string {
  return COLOURS[index % COLOURS.length] as string;
}

function text(place: { x: number; y: number; anchor: string; size?: number }, content: string): string {
  const size = place.size === undefined ? '' : ` font-size="${place.size}"`;
  return `<text x="${place.x.toFixed(1)}" y="${place.y.toFixed(1)}" text-anchor="${place.anchor}"${size}>${escaped(content)}</text>`;
}

function escaped(content: string): string {
  return content.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}
