// A list of which only the rows in sight are drawn, so that thousands cost no more than a screen of them.
import { useLayoutEffect, useMemo, useRef, useState } from 'preact/hooks'
import type { ComponentChildren, JSX } from 'preact'
import { followScroll } from './follow-scroll.ts'

interface WindowedRowsProps<Row> {
  readonly rows: readonly Row[]
  keyOf (row: Row): string
  /** The height of a row in rem. */
  heightOf (row: Row): number
  /** Draws a row. @param isFirst Whether it is the first one that is drawn. */
  render (row: Row, isFirst: boolean): ComponentChildren
  /** The index of the row that is scrolled into sight; -1 for none. */
  readonly revealed: number
}

/** Which rows are drawn. */
interface Range { readonly from: number, readonly to: number }

// How many rem are drawn above and below what is in sight.
const MARGIN = 25
// Rows are added in steps of this many, so that not every scroll event draws the list.
const STEP = 10

/** The rows of a list within a `<nav>`, which scrolls. */
export function WindowedRows<Row> ({ rows, keyOf, heightOf, render, revealed }: WindowedRowsProps<Row>): JSX.Element {
  const list = useRef<HTMLUListElement>(null)
  const [range, setRange] = useState<Range>({ from: 0, to: STEP * 3 })
  const edges = useMemo(() => listEdges(rows.map(heightOf)), [rows])

  useLayoutEffect(() => {
    const scroller = list.current?.closest('nav')
    if (list.current === null || scroller == null) return
    const { current } = list
    return followScroll(scroller, () => {
      setRange((known) => keepIfEqual(known, findRange(current, scroller, edges)))
    })
  }, [edges])
  useLayoutEffect(() => {
    const scroller = list.current?.closest('nav')
    if (list.current !== null && scroller != null && revealed >= 0) reveal(list.current, scroller, edges, revealed)
  }, [edges, revealed])

  const { from, to } = range
  const edgeAt = (index: number): number => edges[Math.min(index, rows.length)] ?? 0
  const above = edgeAt(from)
  const below = edgeAt(rows.length) - edgeAt(to)
  return (
    <ul ref={list} style={{ paddingTop: `${above}rem`, paddingBottom: `${below}rem` }}>
      {rows.slice(from, to).map((row, index) => (
        <li
          key={keyOf(row)} style={{ height: `${heightOf(row)}rem` }}
          aria-posinset={from + index + 1} aria-setsize={rows.length}
        >
          {render(row, index === 0)}
        </li>
      ))}
    </ul>
  )
}

// Where each row begins, and where the last one ends.
function listEdges (heights: readonly number[]): readonly number[] {
  const edges = [0]
  let sum = 0
  for (const height of heights) edges.push(sum += height)
  return edges
}

function remOf (element: Element): number {
  return parseFloat(getComputedStyle(element.ownerDocument.documentElement).fontSize)
}

// How far the beginning of the list is below the upper edge of what is in sight.
function offsetOf (list: Element, scroller: Element): number {
  return list.getBoundingClientRect().top - scroller.getBoundingClientRect().top
}

function findRange (list: Element, scroller: Element, edges: readonly number[]): Range {
  const rem = remOf(list)
  const top = -offsetOf(list, scroller) / rem - MARGIN
  const bottom = top + scroller.clientHeight / rem + 2 * MARGIN
  const from = edges.findIndex((_edge, index) => (edges[index + 1] ?? Infinity) > top)
  const to = edges.findIndex((edge) => edge >= bottom)
  return { from: floor(from), to: to === -1 ? edges.length : floor(to) + STEP }
}

function floor (index: number): number {
  return Math.max(index - index % STEP, 0)
}

function keepIfEqual (known: Range, found: Range): Range {
  return known.from === found.from && known.to === found.to ? known : found
}

// `scrollIntoView` needs the row, which is drawn once it is in sight.
function reveal (list: Element, scroller: Element, edges: readonly number[], index: number): void {
  const rem = remOf(list)
  const head = parseFloat(getComputedStyle(scroller).scrollPaddingTop) || 0
  const top = offsetOf(list, scroller) + (edges[index] ?? 0) * rem
  const bottom = offsetOf(list, scroller) + (edges[index + 1] ?? 0) * rem
  if (top < head) scroller.scrollTop += top - head
  else if (bottom > scroller.clientHeight) scroller.scrollTop += bottom - scroller.clientHeight
}
