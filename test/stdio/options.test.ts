import Fastify from 'fastify'
import t from 'tap'
import { serveStdio, type StdioOptions } from '../../lib/stdio.ts'
import { resolveStdioOptions } from '../../lib/stdio/options.ts'
import { createServer } from '../support/app.ts'
import { openPipe } from './pipe.ts'

const WRONG: ReadonlyArray<readonly [options: object, message: string]> = [
  [{ app: {} }, "option 'app' must be a Fastify app"],
  [
    { app: Fastify({ logger: true }) },
    "option 'app' logs to stdout, which carries messages; create it with Fastify({ logger: { stream: " +
      'process.stderr } })'
  ],
  [{ auth: { token: '' } }, "option 'auth' is not an AuthInfo: it needs 'clientId', a string that is not empty"],
  [{ input: 'stdin' }, "option 'input' must be a readable stream, such as process.stdin"],
  [{ output: {} }, "option 'output' must be a writable stream, such as process.stdout"],
  [{ legacy: 1 }, "option 'legacy' must be true or false"],
  [{ bodyLimit: 0 }, "option 'bodyLimit' must be a whole number above 0"],
  [
    { closeGracePeriod: -1 },
    "option 'closeGracePeriod' must be a whole number of milliseconds from 0 (none) to 2147483647"
  ],
  [
    { prefix: '/a' },
    "option 'prefix' does not exist; the options are app, auth, input, output, legacy, bodyLimit, maxDepth, " +
      'maxValues, maxBatch, maxStreams, maxBuffered, closeGracePeriod'
  ]
]

t.test('wrong options are refused by name', async (t) => {
  for (const [options, message] of WRONG) {
    // The wrong type is what the test is about.
    await t.rejects(serveStdio(createServer(), options as StdioOptions), { code: 'MCP_ERR_INVALID_OPTION', message })
  }
})

t.test('stdin and stdout are the defaults', async (t) => {
  const { input, output, closeGracePeriod } = resolveStdioOptions({})

  t.equal(input, process.stdin)
  t.equal(output, process.stdout)
  t.equal(closeGracePeriod, 1000)
})

t.test('a server that cannot be mounted is refused', async (t) => {
  await t.rejects(serveStdio(undefined as unknown as ReturnType<typeof createServer>), {
    code: 'MCP_ERR_INVALID_SERVER',
    message: /is missing/
  })
})

t.test('one output carries one server at a time', async (t) => {
  const { connection, output, input } = await openPipe(t)

  await t.rejects(serveStdio(createServer(), { input, output }), {
    code: 'MCP_ERR_INVALID_OPTION',
    message: "option 'output' is in use: another server is already served on it"
  })
  await connection.close()
  const again = await serveStdio(createServer(), { app: Fastify(), input, output })

  await again.close()
})
