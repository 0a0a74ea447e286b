import t from 'tap'
import { drawCharts, fillPage } from '../../benchmarks/publish.ts'
import { RESULTS } from './results.ts'

const PAGE =
  'Before\n<!-- results -->\nold\n<!-- end of results -->\nBetween\n<!-- choices -->\n<!-- end of choices -->\nAfter\n'

t.test('tables are written between their markers, and nothing else is touched', async (t) => {
  const page = fillPage(PAGE, RESULTS)

  t.equal(page, `Before
<!-- results -->
Measured on 4 cores of Some CPU with Node.js v20.19.0, 2026-11-20, 2026-11-21.

### modern tools/call

| contender | requests/s | CPU µs/request | p99 ms at half load | ratio to bare Fastify route | ratio to SDK | targets |
| --- | ---: | ---: | ---: | ---: | ---: | ---: |
| bare Fastify route | 20,123 | 40.0 |  |  |  |  |
| fastify-mcp-mount | 18,000 | 44.0 | 1.23 | 0.89 / 0.91 | 11.6 | >= 0.85 of bare Fastify route: holds; >= 12 of SDK: missed |
| SDK | failed: it died at once \\| again |  |  |  |  |  |
<!-- end of results -->
Between
<!-- choices -->
| contender | requests/s | CPU µs/request |
| --- | ---: | ---: |
| bare Fastify route | 20,123 | 40.0 |
<!-- end of choices -->
After
`)
  t.equal(fillPage(page, RESULTS), page)
})

t.test('a page without the markers is refused', async (t) => {
  t.throws(() => fillPage('<!-- results -->', RESULTS), { message: "the page has no '<!-- end of results -->'" })
})

t.test('bars are as long as their figures, ours stand out, and what failed has none', async (t) => {
  const { throughput = '', cpu = '' } = drawCharts(RESULTS)

  const bars = [...throughput.matchAll(/<rect class="(\w+)" x="230" y="\d+" width="(\d+)"/g)].map(([, name, width]) => [
    name,
    Number(width)
  ])
  t.same(bars, [['bar', 450], ['ours', 403]])
  t.same([...throughput.matchAll(/<text[^>]*>([^<]*)</g)].map(([, text]) => text), [
    'Requests per second: longer is better',
    'modern tools/call',
    'bare Fastify route',
    '20,123',
    'fastify-mcp-mount',
    '18,000'
  ])
  t.match(throughput, /prefers-color-scheme: dark/)
  t.match(cpu, />44\.0</)
})
