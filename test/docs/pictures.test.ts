import { readFileSync } from 'node:fs'
import t from 'tap'
import { drawDev, PICTURE } from './pictures/dev.ts'
import { drawTerminal } from './pictures/terminal.ts'

// Runs the program, and a client for each call.
t.setTimeout(120_000)

t.test('the picture of dev shows what dev prints; npm run docs:pictures draws it anew', async (t) => {
  t.same(textsOf(await drawDev()), textsOf(readFileSync(PICTURE, 'utf8')))
})

t.test('styles and columns are kept, and markup is escaped', async (t) => {
  const picture = drawTerminal('Terminal', 'run', ['a  \u001b[1mb\u001b[22m <c>', '', '\u001b[2mend\u001b[22m'])

  t.same(textsOf(picture), [
    'prompt 16.0 48 $', 'bold 31.6 48 run',
    ' 16.0 67 a', 'bold 39.4 67 b', ' 55.0 67 &lt;c&gt;',
    'dim 16.0 105 end'
  ])
})

// Style, place and text of each piece. Durations differ each time, and so does the column where they begin.
function textsOf (picture: string): string[] {
  return [...picture.matchAll(/<text(?: class="(\w+)")? x="([\d.]+)" y="(\d+)"[^>]*>([^<]*)</g)]
    .map(([, style = '', x, y, text = '']) => /^\d+ ms$/.test(text) ? `${style} ${y} N ms` : `${style} ${x} ${y} ${text}`)
}
