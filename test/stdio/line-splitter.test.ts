import fc from 'fast-check'
import t from 'tap'
import { LineSplitter } from '../../lib/stdio/line-splitter.ts'

function split (chunks: readonly Buffer[], maxLength = 100): Array<string | undefined> {
  const lines: Array<string | undefined> = []
  const splitter = new LineSplitter(maxLength, (line) => lines.push(line?.toString()))
  for (const chunk of chunks) splitter.push(chunk)
  splitter.end()
  return lines
}

t.test('lines come out whole, wherever the chunks are cut', async () => {
  fc.assert(
    fc.property(
      fc.array(fc.string({ unit: 'grapheme' }).filter((line) => !line.includes('\n'))),
      fc.array(fc.nat(60)),
      (lines, sizes) => {
        const bytes = Buffer.from(lines.map((line) => `${line}\n`).join(''))
        const chunks: Buffer[] = []
        let at = 0
        for (const size of sizes) chunks.push(bytes.subarray(at, (at += size)))
        chunks.push(bytes.subarray(at))
        return JSON.stringify(split(chunks, 10_000)) === JSON.stringify(lines)
      }
    )
  )
})

t.test('the last line needs no newline', async (t) => {
  t.same(split([Buffer.from('one\ntw'), Buffer.from('o')]), ['one', 'two'])
  t.same(split([]), [])
})

t.test('a line that is too long is reported as undefined, and its neighbours are unchanged', async (t) => {
  const long = Buffer.alloc(101, 'x')

  t.same(split([Buffer.from('a\n'), long, long, Buffer.from('\nb\n')]), ['a', undefined, 'b'])
  t.same(split([long]), [undefined])
  t.same(split([Buffer.alloc(100, 'x')]), ['x'.repeat(100)])
})
