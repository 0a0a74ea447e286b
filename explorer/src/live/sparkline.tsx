// Small charts of the last minute, drawn as SVG.
import type { JSX } from 'preact'

const WIDTH = 240
const HEIGHT = 48
// Space at the edges, where strokes would be cut.
const EDGE = 4

type Values = ReadonlyArray<number | undefined>

/** One line of a chart. */
export interface Line {
  readonly values: Values
  readonly tone: 'accent' | 'bad' | 'soft'
  readonly isFilled?: boolean
}

/** Lines over each other, on one scale. @param label What a screen reader says. */
export function LineChart ({ lines, label }: { lines: readonly Line[], label: string }): JSX.Element {
  const top = Math.max(1, ...lines.flatMap(({ values }) => values.map((value) => value ?? 0)))
  return (
    <svg class='chart' viewBox={`0 0 ${WIDTH} ${HEIGHT}`} preserveAspectRatio='none' role='img' aria-label={label}>
      <path class='base' d={`M0 ${HEIGHT - EDGE}H${WIDTH}`} />
      {lines.map(({ values, tone, isFilled = false }) => {
        const points = place(values, top)
        const line = linePath(points)
        const [first, last] = [points[0], points.at(-1)]
        return (
          <g key={tone} class={tone}>
            {isFilled && first !== undefined && last !== undefined && (
              <path class='area' d={`${line}L${last[0]} ${HEIGHT - EDGE}L${first[0]} ${HEIGHT - EDGE}Z`} />
            )}
            <path class='line' d={line} />
            {last !== undefined && <path class='tip' d={`M${last[0]} ${last[1]}h0`} />}
          </g>
        )
      })}
    </svg>
  )
}

/** A column for each second. @param label What a screen reader says. */
export function ColumnChart ({ values, label }: { values: Values, label: string }): JSX.Element {
  const top = Math.max(1, ...values.map((value) => value ?? 0))
  const columns = place(values, top).filter(([, y]) => y < HEIGHT - EDGE)
  return (
    <svg class='chart' viewBox={`0 0 ${WIDTH} ${HEIGHT}`} preserveAspectRatio='none' role='img' aria-label={label}>
      <path class='base' d={`M0 ${HEIGHT - EDGE}H${WIDTH}`} />
      <g class='bad'><path class='column' d={columns.map(([x, y]) => `M${x} ${HEIGHT - EDGE}V${y}`).join('')} /></g>
    </svg>
  )
}

type Point = readonly [x: number, y: number]

function place (values: Values, top: number): readonly Point[] {
  const step = (WIDTH - 2 * EDGE) / (values.length - 1)
  return values.flatMap((value, index) => {
    if (value === undefined) return []
    const y = HEIGHT - EDGE - value / top * (HEIGHT - 2 * EDGE)
    return [[round(EDGE + index * step), round(y)] as const]
  })
}

function round (value: number): number {
  return Math.round(value * 10) / 10
}

function linePath (points: readonly Point[]): string {
  return points.map(([x, y], index) => `${index === 0 ? 'M' : 'L'}${x} ${y}`).join('')
}
