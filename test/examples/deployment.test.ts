// What docs/deployment.md hands to its readers: an example of workers, a container, and settings for process managers.
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { cpSync, existsSync, readFileSync } from 'node:fs'
import type { IncomingMessage } from 'node:http'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import t, { type Test } from 'tap'
import { modern, modernCall } from '../support/app.ts'
import { clientKinds, v1, v2Modern, type Answer, type ClientKind, type OfficialClient } from '../support/clients.ts'
import { findPort } from '../support/free-port.ts'
import { noServer, startRedis } from '../support/redis-server.ts'
import { sendAlone, until } from '../support/stream.ts'
import { run, type Running } from '../support/child.ts'

// Processes take long to start on a busy machine.
t.setTimeout(180_000)

const root = fileURLToPath(new URL('../../', import.meta.url))
const container = join(root, 'examples/container')
const page = readFileSync(join(root, 'docs/deployment.md'), 'utf8')

// Milliseconds; what a mount waits for at the end by default.
const GRACE_PERIOD = 10_000

interface Workers { readonly running: Running, readonly url: string, readonly pids: readonly number[] }

async function startWorkers (t: Test, env: NodeJS.ProcessEnv = {}): Promise<Workers> {
  const running = await run(t, 'examples/workers.ts', {
    env: { PORT: '0', WORKERS: '2', ...env },
    until: { line: /^Worker \d+ serves /, times: 2 }
  })
  const served = running.lines.flatMap((line) => [...line.matchAll(/^Worker (\d+) serves (\S+)$/g)])
  const url = served[0]?.[2]
  if (url === undefined) throw new Error('the example printed no endpoint')
  return { running, url, pids: served.map(([, pid]) => Number(pid)) }
}

async function connect (t: Test, kind: ClientKind, url: string): Promise<OfficialClient> {
  const client = await kind.connect(url, kind.title, { elicit: () => ({ action: 'accept', content: { sides: 6 } }) })
  t.teardown(() => client.close())
  return client
}

function textOf ({ content }: Answer): string {
  const [block] = content as ReadonlyArray<{ readonly text: string }>
  return block?.text ?? ''
}

async function askWho (client: OfficialClient): Promise<number> {
  return Number(/^Process (\d+)$/.exec(textOf(await client.callTool('which_worker')))?.[1])
}

// The process at the other end of a connection may have died, of which its client hears when it sends the next request.
async function askWhoAgain (client: OfficialClient): Promise<number> {
  return await askWho(client).catch(() => askWho(client))
}

function isAlive (pid: number): boolean {
  try {
    return process.kill(pid, 0)
  } catch {
    return false
  }
}

t.test('workers serve clients of both eras without anything in common, and one that dies is replaced', async (t) => {
  const { running, url, pids } = await startWorkers(t)
  const clients = await Promise.all(clientKinds.map((kind) => connect(t, kind, url)))
  const [dying = 0, other = 0] = pids

  for (const client of clients) t.ok(pids.includes(await askWho(client)))
  t.equal(
    new Set(await Promise.all(clients.flatMap((client) => Array.from({ length: 4 }, () => askWho(client))))).size,
    2,
    'both workers answer'
  )
  await killWorker(running, dying)
  const answers = await Promise.all(clients.map(askWhoAgain))
  t.ok(answers.every((pid) => pid !== dying), 'clients go on')
  const replaced = await waitForStranger(url, pids)

  t.same(await running.stop('SIGTERM'), { code: 0, signal: null })
  t.same([dying, other, replaced].filter(isAlive), [])
})

// Until the first process knows of it, it hands connections to the dead process, which does not answer.
async function killWorker ({ lines }: Running, pid: number): Promise<void> {
  process.kill(pid, 'SIGKILL')
  await until(() => lines.includes(`Worker ${pid} has ended: SIGKILL`))
}

// A connection stays with its worker, so only a new connection can reach the worker that has just started.
async function waitForStranger (url: string, known: readonly number[]): Promise<number> {
  for (;;) {
    const sent = sendAlone(new URL(url).origin, modernCall('which_worker'))
    const [response] = await once(sent, 'response') as [IncomingMessage]
    const pid = Number(/Process (\d+)/.exec(await text(response))?.[1])
    if (!known.includes(pid)) return pid
  }
}

t.test('a question that one worker asked is answered to another one, because they have a secret in common', async (t) => {
  const { running, url } = await startWorkers(t)
  const client = await connect(t, v2Modern, url)
  const rolls = await Promise.all(Array.from({ length: 8 }, () => client.callTool('roll')))

  for (const roll of rolls) t.match(textOf(roll), /^Rolled [1-6] of 6 in process \d+$/)
  t.same(await running.stop('SIGINT'), { code: 0, signal: null })
})

t.test('with Redis the workers share sessions, which outlive the worker that opened them', { skip: noServer }, async (t) => {
  const { url: REDIS_URL } = await startRedis(t)
  const { running, url, pids } = await startWorkers(t, { REDIS_URL })
  const client = await connect(t, v1, url)
  const { sessionId } = client

  t.equal(new Set(await Promise.all(Array.from({ length: 8 }, () => askWho(client)))).size, 2, 'both workers answer')
  t.match(textOf(await client.callTool('roll')), /^Rolled [1-6] of 6/)
  const [first = 0, second = 0] = pids
  await killWorker(running, first)
  t.equal(await askWhoAgain(client), second)
  const replaced = await waitForStranger(url, pids)
  await killWorker(running, second)
  t.equal(await askWhoAgain(client), replaced)
  t.equal(client.sessionId, sessionId)
  t.same(await running.stop('SIGTERM'), { code: 0, signal: null })
})

type Instruction = readonly [name: string, rest: string]

function readDockerfile (): Instruction[] {
  const text = readFileSync(join(container, 'Dockerfile'), 'utf8').replaceAll('\\\n', ' ')
  return text.split('\n').flatMap((line) => {
    const [, name, rest] = /^([A-Z]+) (.+)$/.exec(line) ?? []
    return name === undefined || rest === undefined ? [] : [[name, rest] as const]
  })
}

function lastOf (instructions: readonly Instruction[], name: string): string {
  const found = instructions.findLast(([other]) => other === name)?.[1]
  if (found === undefined) throw new Error(`the Dockerfile has no ${name}`)
  return found
}

// Of an instruction in exec form, which needs no shell.
function commandOf (instruction: string): string[] {
  return JSON.parse(instruction.slice(instruction.indexOf('[')))
}

function settingsOf (instructions: readonly Instruction[]): Record<string, string> {
  return Object.fromEntries(lastOf(instructions, 'ENV').split(' ').map((pair) => pair.split('=') as [string, string]))
}

function copiedFiles (instructions: readonly Instruction[]): string[] {
  return instructions
    .filter(([name, rest]) => name === 'COPY' && !rest.startsWith('--from'))
    .flatMap(([, rest]) => rest.split(' ').slice(0, -1))
}

t.test('the image is made of files that there are and that .dockerignore lets in, and nobody in it is root', async (t) => {
  const instructions = readDockerfile()
  const ignored = readFileSync(join(container, '.dockerignore'), 'utf8').split('\n')
  const files = copiedFiles(instructions)

  t.same(files, ['package.json', 'package-lock.json', 'package.json', 'server.ts'])
  // `npm install` writes the lock file.
  t.same(files.filter((file) => !existsSync(join(container, file))), ['package-lock.json'])
  t.same(
    files.filter((file) => !ignored.includes(`!${file}`) && !ignored.includes(`!*${file.slice(file.indexOf('.'))}`)),
    []
  )
  t.equal(ignored.find((line) => !line.startsWith('#')), '*')
  t.equal(lastOf(instructions, 'USER'), 'node')
  t.equal(instructions.filter(([name]) => name === 'FROM').length, 2)
})

t.test('what the container runs serves, is healthy until it is told to end, and ends', async (t) => {
  const instructions = readDockerfile()
  const directory = t.testdir()
  for (const file of copiedFiles(instructions)) {
    if (existsSync(join(container, file))) cpSync(join(container, file), join(directory, file))
  }
  const [program, file = '', ...rest] = commandOf(lastOf(instructions, 'CMD'))
  const [checker, ...check] = commandOf(lastOf(instructions, 'HEALTHCHECK'))
  const env = { ...settingsOf(instructions), PORT: String(await findPort()) }
  const checkHealth = async (): Promise<unknown> =>
    (await once(spawn(process.execPath, check, { env, stdio: 'ignore' }), 'exit'))[0]

  const running = await run(t, file, { cwd: directory, env, until: { line: /listens at/, times: 1 } })
  const client = await connect(t, v2Modern, `http://localhost:${env.PORT}/mcp`)

  t.same([program, checker, rest], ['node', 'node', []])
  t.ok(
    running.lines.some((line) => line.includes(`http://0.0.0.0:${env.PORT}`) || line.includes('listening at')),
    'it listens beyond its own loopback'
  )
  t.equal(textOf(await client.callTool('add_note', { text: 'Buy milk' })), 'Saved: Buy milk')
  t.equal(await checkHealth(), 0)
  t.same(await running.stop('SIGTERM'), { code: 0, signal: null })
  t.equal(await checkHealth(), 1)
})

function blockOf (language: string): string {
  const [, block] = new RegExp(`^\`\`\`${language}\n([\\s\\S]*?)^\`\`\``, 'm').exec(page) ?? []
  if (block === undefined) throw new Error(`the page has no block of ${language}`)
  return block
}

t.test('the page prints the files of the container as they are', async (t) => {
  for (const [language, file] of [['dockerfile', 'Dockerfile'], ['text', '.dockerignore']] as const) {
    t.equal(blockOf(language), readFileSync(join(container, file), 'utf8'))
  }
})

t.test('the process managers of the page wait longer than a mount does', async (t) => {
  const unit = Object.fromEntries(
    blockOf('ini')
      .split('\n')
      .filter((line) => line.includes('='))
      .map((line) => line.split(/=(.*)/).slice(0, 2) as [string, string])
  )
  const module = { exports: {} as { apps?: ReadonlyArray<Record<string, unknown>> } }
  // eslint-disable-next-line no-new-func -- it is the page's own code
  new Function('module', blockOf('js'))(module)
  const [app] = module.exports.apps ?? []

  t.ok(Number(unit['TimeoutStopSec']) * 1000 > GRACE_PERIOD)
  t.equal(unit['KillSignal'] ?? 'SIGTERM', 'SIGTERM')
  t.ok(Number(app?.['kill_timeout']) > GRACE_PERIOD)
})

t.test('a node that drains by the lines of the page serves, closes its connections, and ends', async (t) => {
  const lines = /^```ts\n((?:(?!```)[\s\S])*drain: 2000[\s\S]*?)^```/m.exec(page)?.[1] ?? ''
  const directory = t.testdir({ 'node.ts': lines })
  const running = await run(t, join(directory, 'node.ts'), {
    cwd: directory, env: { PORT: '0' }, until: { line: /listening at/, times: 1 }
  })
  const origin = /http:[^"]+/.exec(running.lines.join('\n'))?.[0] ?? ''
  const ask = async (): Promise<Response> => {
    const { headers, payload } = modern('server/discover')
    return await fetch(`${origin}/mcp`, { method: 'POST', headers: { ...headers }, body: payload })
  }
  const isReady = async (): Promise<boolean> => (await fetch(`${origin}/health/ready`)).ok

  const before = await ask()
  const ended = running.stop('SIGTERM')
  while (await isReady());
  const after = await ask()

  t.match([before.status, before.headers.get('connection')], [200, 'keep-alive'])
  t.match([after.status, after.headers.get('connection')], [200, 'close'])
  t.same(await ended, { code: 0, signal: null })
  t.notOk(running.lines.some((line) => /"level":50/.test(line)))
})

const noSystemd =
  spawnSync('systemd-analyze', ['--version'], { stdio: 'ignore' }).error === undefined
    ? false
    : 'not installed: systemd'

t.test('systemd finds no fault with the unit', { skip: noSystemd }, async (t) => {
  // It looks for the program, which is not the same one everywhere.
  const unit = blockOf('ini').replace(/^ExecStart=\S+/m, `ExecStart=${process.execPath}`)
  const directory = t.testdir({ 'notes.service': unit })
  const { stderr } = spawnSync('systemd-analyze', ['verify', '--man=no', join(directory, 'notes.service')], {
    encoding: 'utf8'
  })

  t.same(stderr.split('\n').filter((line) => line.includes('notes.service')), [])
})
