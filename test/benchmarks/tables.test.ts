import t from 'tap'
import { formatFigure, toMarkdown, toTable, toText } from '../../benchmarks/tables.ts'
import { ROWS } from './results.ts'

t.test('a table has a column for each figure and each contender that is compared with', async (t) => {
  t.same(toTable(ROWS), [
    [
      'contender',
      'requests/s',
      'CPU µs/request',
      'p99 ms at half load',
      'ratio to bare Fastify route',
      'ratio to SDK',
      'targets'
    ],
    ['bare Fastify route', '20,123', '40.0', '', '', '', ''],
    [
      'fastify-mcp-mount',
      '18,000',
      '44.0',
      '1.23',
      '0.89 / 0.91',
      '11.6',
      '>= 0.85 of bare Fastify route: holds; >= 12 of SDK: missed'
    ],
    ['SDK', 'failed: it died at once | again', '', '', '', '', '']
  ])
  t.same(toTable(ROWS.slice(0, 1)), [
    ['contender', 'requests/s', 'CPU µs/request'],
    ['bare Fastify route', '20,123', '40.0']
  ])
})

t.test('a failure is shown even where nothing has a figure', async (t) => {
  t.same(toTable([{ contender: 'all', figures: {}, ratios: [], failure: 'no port' }]), [
    ['contender', 'figures'],
    ['all', 'failed: no port']
  ])
})

t.test('a figure has as many digits as tell something', async (t) => {
  t.same([1234567, 100, 99.95, 0.034, 0, undefined, NaN].map(formatFigure), [
    '1,234,567',
    '100',
    '100.0',
    '0.03',
    '0.00',
    '',
    ''
  ])
})

t.test('the console gets columns, Markdown a table', async (t) => {
  const table = [['name', 'figure'], ['a|b', '1'], ['longest', '']]

  t.equal(toText(table), 'name     figure\na|b           1\nlongest')
  t.equal(toMarkdown(table), '| name | figure |\n| --- | ---: |\n| a\\|b | 1 |\n| longest |  |')
})
