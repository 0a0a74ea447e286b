// Starts a Redis for tests on a free port. Where redis-server is not installed, they use the one at REDIS_URL.
import { spawn, spawnSync, type ChildProcess } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { Redis } from 'ioredis'
import type { Test } from 'tap'

const PROGRAM = ['redis-server', 'valkey-server']
  .find((program) => spawnSync(program, ['--version'], { stdio: 'ignore' }).error === undefined)
const isDemanded = process.env['CI'] === 'true'

/** The reason why tests that stop and start their Redis are skipped, or false. Nothing is skipped where CI=true. */
export const noServer = PROGRAM !== undefined || isDemanded
  ? false
  : 'not installed: redis-server (apt-get install redis-server)'

/** The reason why tests that need a Redis are skipped, or false. */
export const noRedis = noServer !== false && process.env['REDIS_URL'] === undefined
  ? `${noServer}, and there is no REDIS_URL`
  : false

/** A Redis that is there. */
export interface RedisServer {
  readonly url: string
  /** A client that only looks. */
  readonly client: Redis
}

/** A Redis that goes and comes back. */
export interface OwnRedisServer extends RedisServer {
  /** Kills it, with all that it has stored. */
  kill (): Promise<void>
  /** Starts it again, empty. */
  restart (): Promise<void>
  /** Stops the process, which stays connected and does not answer. */
  pause (): void
  resume (): void
}

/** Returns a prefix for the keys of one test. */
export function createPrefix (): string {
  return `test-${randomUUID()}:`
}

/** Returns a Redis for tests that do not stop it. */
export async function useRedis (t: Test): Promise<RedisServer> {
  const url = process.env['REDIS_URL']
  if (PROGRAM !== undefined || url === undefined) return await startRedis(t)
  return { url, client: await connect(t, url) }
}

/** Starts a Redis that keeps nothing on disk. */
export async function startRedis (t: Pick<Test, 'teardown'>, ...args: readonly string[]): Promise<OwnRedisServer> {
  const [first, port] = await runOnFreePort(args)
  let child = first
  const url = `redis://127.0.0.1:${port}`
  // A process that is paused takes no notice of SIGTERM.
  t.teardown(() => { child.kill('SIGKILL') })
  const client = await connect(t, url)

  return {
    url,
    client,
    async kill () {
      const ended = once(child, 'exit')
      child.kill('SIGKILL')
      await ended
    },
    async restart () { child = await run(port, args) },
    pause () { child.kill('SIGSTOP') },
    resume () { child.kill('SIGCONT') }
  }
}

async function connect (t: Pick<Test, 'teardown'>, url: string): Promise<Redis> {
  const client = new Redis(url, { maxRetriesPerRequest: null, retryStrategy: () => 50 })
  client.on('error', () => {})
  t.teardown(() => client.disconnect())
  await client.ping()
  return client
}

// The system gives these ports to nobody by itself, and no other test process uses them, so that a port is still free
// when its Redis is restarted.
const PORTS = 20
const FIRST_PORT = 20_000 + process.pid % 600 * PORTS
let starts = 0

async function runOnFreePort (args: readonly string[]): Promise<readonly [ChildProcess, port: number]> {
  for (let attempt = 1; ; attempt++) {
    const port = FIRST_PORT + starts++ % PORTS
    try {
      return [await run(port, args), port]
    } catch (error) {
      if (attempt === PORTS) throw error
    }
  }
}

async function run (port: number, args: readonly string[]): Promise<ChildProcess> {
  const child = spawn(PROGRAM ?? 'redis-server', [
    '--port', `${port}`, '--bind', '127.0.0.1', '--save', '', '--appendonly', 'no', ...args
  ])
  let output = ''
  await new Promise<void>((resolve, reject) => {
    child.stdout.on('data', (chunk) => {
      output += String(chunk)
      if (output.includes('Ready to accept connections')) resolve()
    })
    child.on('error', reject)
    child.on('exit', () => reject(new Error(`the Redis has ended: ${output}`)))
  })
  return child
}
