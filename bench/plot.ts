import { scaleLinear, scaleLog } from 'd3-scale'
import { figure } from './report.ts'
import type { Result } from './scenario.ts'
import type { Row } from './stats.ts'

const WIDTH = 960
const MARGIN = 16
const NAME_WIDTH = 300
const GAP = 48
const ROW = 26
/** Title, head of the columns and axis of one table. */
const TABLE_HEAD = 56
const TABLE_FOOT = 34
const FOOT = 28
const TICKS = 4
const PANEL = (WIDTH - 2 * MARGIN - NAME_WIDTH - 2 * GAP) / 2
const RATES = { left: MARGIN + NAME_WIDTH, right: MARGIN + NAME_WIDTH + PANEL }
const TIMES = { left: RATES.right + 2 * GAP, right: WIDTH - MARGIN }
const STYLE = `text{font:12px system-ui,sans-serif;fill:#24292f}.title{font-weight:600;font-size:14px}
.small{font-size:10px;fill:#57606a}.grid{stroke:#d0d7de}.bare{fill:#9aa4b1}.ours{fill:#1a7f64}
.whisker{stroke:#24292f;stroke-width:1.5}.range{stroke:#1f6feb;stroke-width:4;stroke-linecap:round;opacity:.45}.dot{fill:#1f6feb}`

/** Each table as bars of events a second with their spread, and a line from the p50 to the p99 of the times. */
export function plot(results: readonly Result[], caption: string): string {
  let y = MARGIN
  const tables = results.map((result) => {
    const drawn = table(result, y)
    y += TABLE_HEAD + result.rows.length * ROW + TABLE_FOOT
    return drawn
  })
  const height = y + FOOT
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${WIDTH}" height="${height}" viewBox="0 0 ${WIDTH} ${height}">
<style>${STYLE}</style>
<rect width="100%" height="100%" fill="#fff"/>
${tables.join('\n')}
${text(caption, { x: MARGIN, y: height - 12, kind: 'small' })}
</svg>
`
}

function table({ title, rows }: Result, top: number): string {
  const begin = top + TABLE_HEAD
  const end = begin + rows.length * ROW
  const most = Math.max(...rows.map(({ perSecond, spread }) => perSecond * (1 + spread / 2)))
  const rate = scaleLinear([0, finite(most, 1)], [RATES.left, RATES.right]).nice(TICKS)
  const times = rows.flatMap(({ p50Ms, p99Ms }) => [p50Ms, p99Ms]).filter((ms) => ms > 0 && ms < Infinity)
  const range = times.length ? [Math.min(...times) * 0.9, Math.max(...times) * 1.1] : [1, 10]
  const time = scaleLog(range, [TIMES.left, TIMES.right]).nice()
  return [
    text(title, { x: MARGIN, y: top + 18, kind: 'title' }),
    text('events/s', { x: RATES.left, y: top + 42, kind: 'small' }),
    text('ms, p50 to p99', { x: TIMES.left, y: top + 42, kind: 'small' }),
    axis(rate.ticks(TICKS), rate, [begin, end]),
    axis(decades(time.domain()), time, [begin, end]),
    ...rows.map((row, at) => line(row, { y: begin + at * ROW, rate, time })),
  ].join('\n')
}

function line(
  row: Row,
  { y, rate, time }: { y: number; rate: (value: number) => number; time: (value: number) => number },
): string {
  const middle = y + ROW / 2
  const perSecond = finite(row.perSecond, 0)
  const half = (perSecond * finite(row.spread, 0)) / 2
  const end = rate(perSecond + half)
  const [p50, p99] = [row.p50Ms, row.p99Ms].map((ms) => (ms > 0 && ms < Infinity ? time(ms) : TIMES.left))
  return [
    text(row.name, { x: MARGIN, y: middle + 4 }),
    `<rect class="${/^(bare|generator)/.test(row.name) ? 'bare' : 'ours'}" x="${RATES.left}" y="${y + 5}" width="${px(rate(perSecond) - RATES.left)}" height="${ROW - 10}"/>`,
    `<path class="whisker" d="M${px(rate(perSecond - half))} ${middle}H${px(end)}"/>`,
    text(figure(row.perSecond), { x: end + 6, y: middle + 4, kind: 'small' }),
    `<path class="range" d="M${px(p50)} ${middle}H${px(p99)}"/>`,
    `<circle class="dot" cx="${px(p50)}" cy="${middle}" r="4"/><circle class="dot" cx="${px(p99)}" cy="${middle}" r="4"/>`,
  ].join('')
}

function axis(ticks: number[], scale: (value: number) => number, [top, bottom]: [number, number]): string {
  return ticks
    .map((tick) => {
      const x = px(scale(tick))
      const label = `<text class="small" text-anchor="middle" x="${x}" y="${bottom + 14}">${figure(tick)}</text>`
      return `<path class="grid" d="M${x} ${top}V${bottom}"/>${label}`
    })
    .join('')
}

/** A logarithmic scale has too many ticks to be labelled. */
function decades([from = 1, to = 10]: number[]): number[] {
  const powers: number[] = []
  for (let power = Math.round(Math.log10(from)); power <= Math.round(Math.log10(to)); power++)
    powers.push(10 ** power)
  return powers
}

function text(content: string, { x, y, kind = '' }: { x: number; y: number; kind?: string }): string {
  const escaped = content.replace(/[&<>]/g, (sign) => `&#${sign.charCodeAt(0)};`)
  return `<text class="${kind}" x="${px(x)}" y="${px(y)}">${escaped}</text>`
}

function px(value = 0): string {
  return String(Math.round(value * 10) / 10)
}

function finite(value: number, otherwise: number): number {
  return Number.isFinite(value) ? value : otherwise
}
