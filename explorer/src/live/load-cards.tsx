// The cards above the list: calls, errors and latency of the last minute, and what is open now.
import type { ComponentChildren, JSX } from 'preact'
import { formatDuration, formatNumber } from '../parts/format.ts'
import { visible } from '../parts/text.tsx'
import { openNow, type OpenNow } from './feed.ts'
import { lastSecond, readMinute } from './series.ts'
import { ColumnChart, LineChart } from './sparkline.tsx'
import { shownMount } from './call-list.ts'

/** The cards. They show the mount that the list shows. */
export function LoadCards (): JSX.Element {
  const mount = shownMount.value === '' ? undefined : shownMount.value
  const { calls, errors, p50, p95, totals } = readMinute(lastSecond.value, mount)
  const now = calls.at(-1) ?? 0
  const peak = Math.max(0, ...calls.map((count) => count ?? 0))
  const share = totals.calls === 0 ? 0 : totals.errors / totals.calls * 100
  const [half, most] = [totals.p50, totals.p95].map((ms) => ms === undefined ? '–' : formatDuration(ms))
  return (
    <div class='load-cards'>
      <Card
        title='Calls' value={formatNumber(now)} unit='per second'
        note={`${formatNumber(totals.calls)} in the last minute, peak ${formatNumber(peak)}`}
      >
        <LineChart
          lines={[{ values: calls, tone: 'accent', isFilled: true }]}
          label={`Calls per second in the last minute: ${now} now, peak ${peak}`}
        />
      </Card>
      <Card
        title='Errors' value={formatNumber(totals.errors)} unit='per minute'
        note={`${share.toFixed(share > 0 && share < 10 ? 1 : 0)}% of the calls`}
      >
        <ColumnChart values={errors} label={`Errors per second in the last minute: ${totals.errors} in total`} />
      </Card>
      <Card title='Latency' value={half ?? ''} unit='median' note={`95% of the calls took ${most} or less`}>
        <LineChart
          lines={[{ values: p95, tone: 'soft' }, { values: p50, tone: 'accent', isFilled: true }]}
          label={`Latency in the last minute: the median is ${half}, and 95 percent took ${most} or less`}
        />
      </Card>
      <OpenCard />
    </div>
  )
}

interface CardProps {
  readonly title: string
  readonly value: string
  readonly unit: string
  readonly note: string
  readonly children: ComponentChildren
}

function Card ({ title, value, unit, note, children }: CardProps): JSX.Element {
  return (
    <section class='load-card' aria-label={title}>
      <h3>{title}</h3>
      <p class='load-value'><strong>{value}</strong> <span class='quiet'>{unit}</span></p>
      {children}
      <p class='quiet load-note'>{note}</p>
    </section>
  )
}

const GAUGES: ReadonlyArray<readonly [title: string, key: keyof OpenNow]> = [
  ['In flight', 'exchanges'], ['Sessions', 'sessions'], ['Streams', 'streams']
]

function OpenCard (): JSX.Element {
  return (
    <section class='load-card open-card' aria-label='Open now'>
      <div class='open-scroller' tabIndex={0} role='region' aria-label='Open now, by mount'>
        <table>
          <thead>
            <tr>
              <th scope='col'>Open now</th>
              {GAUGES.map(([title]) => <th key={title} scope='col'>{title}</th>)}
            </tr>
          </thead>
          <tbody>
            {Object.entries(openNow.value).map(([mount, open]) => <OpenRow key={mount} mount={mount} open={open} />)}
          </tbody>
        </table>
      </div>
    </section>
  )
}

function OpenRow ({ mount, open }: { mount: string, open: OpenNow }): JSX.Element {
  const isShown = shownMount.value === mount
  return (
    <tr>
      <th scope='row'>
        <button
          type='button' class='link' aria-pressed={isShown} title='Show this mount alone'
          onClick={() => { shownMount.value = isShown ? '' : mount }}
        >
          <bdi>{visible(mount)}</bdi>
        </button>
      </th>
      {GAUGES.map(([title, key]) => (
        <td key={title} class={open[key] > 0 ? 'some' : ''}>{formatNumber(open[key])}</td>
      ))}
    </tr>
  )
}
