import t from 'tap'
import Fastify from 'fastify'
import { divertStdout, writesToStdout } from '../../lib/stdio/stdout.ts'

t.test('output to stdout goes to stderr until it is restored', async (t) => {
  const before = Object.getOwnPropertyDescriptor(process.stdout, 'write')
  const { write } = process.stderr
  const written: unknown[] = []
  process.stderr.write = (chunk: unknown) => { written.push(chunk); return true }
  const restore = divertStdout()

  process.stdout.write('written')
  console.log('printed')
  restore()
  process.stderr.write = write

  t.same(written, ['written', 'printed\n'])
  t.same(Object.getOwnPropertyDescriptor(process.stdout, 'write'), before)
})

t.test('a stdout.write that was replaced meanwhile is kept', async (t) => {
  const { write } = process.stdout
  t.teardown(() => { process.stdout.write = write })
  const other = (): boolean => true

  const restore = divertStdout()
  process.stdout.write = other
  restore()

  t.equal(process.stdout.write, other)
})

t.test('a stdout.write that was replaced before is restored', async (t) => {
  const { write } = process.stdout
  t.teardown(() => { process.stdout.write = write })
  const earlier = (): boolean => true
  process.stdout.write = earlier

  divertStdout()()

  t.equal(process.stdout.write, earlier)
})

t.test('a logger that writes to the file descriptor of stdout is recognised', async (t) => {
  t.equal(writesToStdout(Fastify({ logger: true }).log), true)
  t.equal(writesToStdout(Fastify({ logger: true }).log.child({ a: 1 })), true)
  t.equal(writesToStdout(Fastify({ logger: { stream: process.stderr } }).log), false)
  t.equal(
    writesToStdout(Fastify({ logger: { stream: process.stdout } }).log),
    false,
    'what goes by process.stdout is diverted'
  )
  t.equal(writesToStdout(Fastify().log), false)
})
