import { EventEmitter } from 'node:events'
import { PassThrough, Writable } from 'node:stream'
import t from 'tap'
import { cleanAllButColours, cleanFaults, cleanOutput } from '../../lib/cli/foreign-output.ts'
import { createTestTerminal } from './terminal.ts'

const EVIL = 'a\u001b[2Jb\u001b]0;title\u0007c\u009b31md\re\u202ef'

t.test('colours are the only control sequences that are kept in forwarded output', async (t) => {
  t.equal(cleanAllButColours(`\u001b[1;31mred\u001b[0m ${EVIL}`), '\u001b[1;31mred\u001b[0m abcdef')
})

t.test('a control sequence that arrives in two chunks is recognised', async (t) => {
  const test = createTestTerminal()
  const [stdout, stderr] = [new PassThrough(), new PassThrough()]
  test.terminal.forward({ stdout, stderr })
  test.terminal.forward({ stdout: null, stderr: null })

  for (const chunk of ['\u001b', '[3', '1mred', '\u001b[', '2J', Buffer.from([0xc2]), Buffer.from([0x9b]), 'x\n']) {
    stdout.write(chunk)
  }
  stderr.write('late\u0007\n')
  await test.waitFor(/late/)

  t.equal(test.out, '\u001b[31mredx\n')
  t.equal(test.err, 'late\n')
})

t.test('control sequences are removed from the output of libraries, text or bytes', async (t) => {
  const written: string[] = []
  const stream = new Writable({ write (chunk, _encoding, done) { written.push(String(chunk)); done() } })
  cleanOutput(stream)

  stream.write(EVIL)
  stream.write(Buffer.from(EVIL))
  await new Promise((resolve) => stream.write(EVIL, 'utf8', resolve))

  t.same(written, ['abcdef', 'abcdef', 'abcdef'])
})

t.test('warnings and uncaught errors are printed without control sequences', async (t) => {
  const printed: string[] = []
  const codes: unknown[] = []
  const process = Object.assign(new EventEmitter(), { exit: (code: unknown) => { codes.push(code) } })
  process.on('warning', () => { throw new Error('replaced') })
  // The cast is needed, because `exit` is declared to never return.
  cleanFaults(process as unknown as NodeJS.Process, (text) => { printed.push(text) })

  process.emit('warning', Object.assign(new Error(EVIL), { name: 'Warning' }))
  process.emit('uncaughtException', EVIL)
  process.emit('uncaughtException', Object.assign(new Error(EVIL), { stack: `Error: ${EVIL}\n    at x` }))

  t.same(printed, ['Warning: abcdef', 'abcdef', 'Error: abcdef\n    at x'])
  t.same(codes, [1, 1])
})

t.test('warnings are not printed if Node.js was told not to', async (t) => {
  const process = new EventEmitter()
  cleanFaults(process as unknown as NodeJS.Process, () => { t.fail('nothing is printed') })

  t.equal(process.emit('warning', new Error('deprecated')), false)
})
