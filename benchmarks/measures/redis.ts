// Starts a Redis for a measurement, and counts the commands that it receives.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { connect, createServer, type Socket } from 'node:net'
import { addressOf } from './servers/address.ts'

/** A Redis that keeps nothing on disk. */
export interface MeasuredRedis {
  readonly url: string
  /** Counts the commands that clients send while work is done. */
  countCommands (work: () => Promise<void>): Promise<number>
  stop (): Promise<void>
}

const MARK = 'a mark'

/** Starts a Redis. @throws Error where it is not installed. */
export async function startRedis (): Promise<MeasuredRedis> {
  const port = await findPort()
  const child = spawn(
    'redis-server',
    ['--port', String(port), '--bind', '127.0.0.1', '--save', '', '--appendonly', 'no'],
    { stdio: ['ignore', 'pipe', 'inherit'] }
  )
  const failed = once(child, 'exit').then(() => { throw new Error('redis-server has ended') })
  failed.catch(() => {})
  await Promise.race([failed, until(child.stdout, 'Ready to accept connections')])
  child.stdout.resume()

  return {
    url: `redis://127.0.0.1:${port}`,
    countCommands: (work) => countCommands(port, work),
    async stop () {
      const ended = once(child, 'exit')
      child.kill('SIGKILL')
      await ended
    }
  }
}

// Redis reports each command to a monitor. Commands of scripts, which take no round trip, are reported with the name
// lua.
async function countCommands (port: number, work: () => Promise<void>): Promise<number> {
  const [monitor, marker] = [connect(port, '127.0.0.1'), connect(port, '127.0.0.1')]
  try {
    monitor.write('MONITOR\r\n')
    await until(monitor, '+OK')
    let seen = ''
    monitor.on('data', (data) => { seen += String(data) })
    await work()
    marker.write(`ECHO "${MARK}"\r\n`)
    while (!seen.includes(MARK)) await once(monitor, 'data')
    return seen.slice(0, seen.indexOf(MARK)).split('\n').slice(0, -1).filter((line) => !line.includes(' lua] ')).length
  } finally {
    monitor.destroy()
    marker.destroy()
  }
}

function until (stream: Socket | NodeJS.ReadableStream, text: string): Promise<void> {
  return new Promise((resolve) => {
    let seen = ''
    stream.on('data', function hear (data) {
      seen += String(data)
      if (!seen.includes(text)) return
      stream.off('data', hear)
      resolve()
    })
  })
}

async function findPort (): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = addressOf(server)
  server.close()
  await once(server, 'close')
  return port
}
