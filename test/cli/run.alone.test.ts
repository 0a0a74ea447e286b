import { join } from 'node:path'
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import t, { type Test } from 'tap'
import { runProgram } from '../../lib/cli/program.ts'
import { LOADER } from '../support/child.ts'
import { findPort } from '../support/free-port.ts'
import { noServer, startRedis } from '../support/redis-server.ts'
import { createTestTerminal } from './terminal.ts'

t.setTimeout(120_000)

const PROGRAM = fileURLToPath(new URL('../../lib/cli.ts', import.meta.url))

const SERVER = `import { McpServer } from 'fastify-mcp-mount'
export const mcp = new McpServer({ name: 'Notes', version: '1' }, {
  requestState: { keys: [process.env.MCP_STATE_KEY ?? 'a secret of 32 bytes or more, shared'] }
})
mcp.registerTool('which', {}, async () => JSON.stringify({ pid: process.pid, args: process.argv.slice(2) }))
`

interface Running {
  readonly child: ChildProcess
  readonly output: () => string
  /** Resolves when the output matches so many times. */
  waitFor (pattern: RegExp, times?: number): Promise<void>
  end (): Promise<number | null>
}

function run (t: Test, args: readonly string[], env: NodeJS.ProcessEnv = {}): Running {
  const file = join(t.testdir({ 'server.mjs': SERVER }), 'server.mjs')
  const child = spawn(process.execPath, [...LOADER, PROGRAM, 'run', file, ...args], { env: { ...process.env, ...env } })
  const closed = once(child, 'close')
  let text = ''
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (chunk: string) => { text += chunk; child.emit('output') })
  }
  const end = async (): Promise<number | null> => {
    child.kill('SIGTERM')
    const [code] = await closed as [number | null]
    return code
  }
  t.teardown(end)
  return {
    child,
    output: () => text,
    end,
    waitFor: (pattern, times = 1) => new Promise((resolve, reject) => {
      const look = (): void => { if (text.split(pattern).length > times) resolve() }
      child.on('output', look)
      child.once('close', () => { reject(new Error(text)) })
      look()
    })
  }
}

interface Which { readonly pid: number, readonly args: readonly string[] }

async function which (port: number): Promise<Which> {
  const test = createTestTerminal()
  await runProgram(['inspect', `http://127.0.0.1:${port}/mcp`, 'call', 'which'], test.terminal)
  return JSON.parse(test.out) as Which
}

async function post (port: number, message: object, headers: Record<string, string>): Promise<Response> {
  return await fetch(`http://127.0.0.1:${port}/mcp`, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      accept: 'application/json, text/event-stream',
      connection: 'close',
      ...headers
    },
    body: JSON.stringify({ jsonrpc: '2.0', id: 1, ...message })
  })
}

/** Opens a session. Resolves to the headers of its requests. */
async function openSession (port: number): Promise<Record<string, string>> {
  const params = { protocolVersion: '2025-11-25', capabilities: {}, clientInfo: { name: 'test', version: '1' } }
  const { headers } = await post(port, { method: 'initialize', params }, {})
  return { 'mcp-session-id': headers.get('mcp-session-id') ?? '', 'mcp-protocol-version': '2025-11-25' }
}

/** Resolves to the id of the process that has answered. */
async function callInSession (port: number, headers: Record<string, string>): Promise<number> {
  const response = await post(port, { method: 'tools/call', params: { name: 'which' } }, headers)
  const { result } = await response.json() as { readonly result: { readonly content: readonly { text: string }[] } }
  return (JSON.parse(result.content[0]?.text ?? '') as Which).pid
}

t.test('a file is served until SIGTERM, with the arguments after --', async (t) => {
  const { waitFor, output, end } = run(t, ['--port', '0', '--', '--database', 'notes.db', '--port'])
  await waitFor(/MCP server Notes listens at/)
  const [, port] = /listens at http:\/\/127\.0\.0\.1:(\d+)\/mcp/.exec(output()) ?? []

  t.same((await which(Number(port))).args, ['--database', 'notes.db', '--port'])
  t.equal(await end(), 0)
})

t.test('workers share a port, a dead one is replaced, and SIGTERM ends all', async (t) => {
  const port = await findPort()
  const { waitFor, end, output } = run(t, ['--port', String(port), '--workers', '2', '--stateless'])
  await waitFor(/MCP server Notes listens at/, 2)
  const { pid } = await which(port)

  process.kill(pid, 'SIGKILL')
  await waitFor(/MCP server Notes listens at/, 3)

  t.match(output(), `Worker ${pid} has ended: SIGKILL. Another one is started.\n`)
  t.not((await which(port)).pid, pid)
  t.equal(await end(), 0)
})

t.test('workers share the sessions of legacy clients in Redis', { skip: noServer }, async (t) => {
  const redis = await startRedis(t)
  const port = await findPort()
  const { waitFor, end } = run(t, ['--port', String(port), '--workers', '2'], { REDIS_URL: redis.url })
  await waitFor(/MCP server Notes listens at/, 2)

  const headers = await openSession(port)
  // Each request has a connection of its own, and node:cluster gives the workers connections in turn.
  const pids = [await callInSession(port, headers), await callInSession(port, headers)]

  t.equal(new Set(pids).size, 2)

  t.equal(await end(), 0)
})

t.test('if the first worker cannot start, the exit code is 1 and no others are started', async (t) => {
  const { child, output } = run(t, ['--port', '0', '--workers', '3'], { REDIS_URL: '' })

  const [code] = await once(child, 'close')

  t.equal(code, 1)
  t.equal(output().split('3 workers need sessions').length, 2)
})

t.test('a file that does not exist is reported at once', async (t) => {
  const test = createTestTerminal({ cwd: t.testdir() })

  t.equal(await runProgram(['run', 'server.js'], test.terminal), 1)
  t.equal(test.err, `There is no file ${join(t.testdirName, 'server.js')}.\n`)
})

t.test('the exit code is that of the process that serves the file', async (t) => {
  const cwd = t.testdir({ 'server.mjs': 'process.exit(7)' })
  const test = createTestTerminal({ cwd, env: { PATH: process.env['PATH'] ?? '' } })

  t.equal(await runProgram(['run', 'server.mjs'], test.terminal), 7)
})

t.test('a process that is killed makes the exit code 1', async (t) => {
  const cwd = t.testdir({ 'server.mjs': "process.kill(process.pid, 'SIGKILL')" })
  const test = createTestTerminal({ cwd, env: process.env as Record<string, string> })

  t.equal(await runProgram(['run', 'server.mjs', '--export', 'app', '--path', '/tools'], test.terminal), 1)
  t.equal(test.out, '')
})
