// Several processes of `run` that share one port, by node:cluster.
import cluster, { type Worker } from 'node:cluster'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { doNothing } from '../do-nothing.ts'
import { onSignal } from './listening.ts'
import type { Terminal } from './terminal.ts'

// A worker that has served is replaced at once. A worker that failed to start is replaced after this many milliseconds.
const RESTART_DELAY = 1000

/**
 * Starts workers, which run this program again, and replaces those that die, until a signal ends all of them.
 * Resolves to the exit code: 1 if the first worker fails to start, for the others would fail alike.
 */
export async function runWorkers (
  count: number, env: { readonly [name: string]: string }, terminal: Pick<Terminal, 'process' | 'err'>
): Promise<number> {
  // All workers need one key, because each must be able to open the state that another one has sealed.
  const { MCP_STATE_KEY = randomBytes(32).toString('hex') } = terminal.process.env
  const fork = (): Worker => cluster.fork({ ...env, MCP_STATE_KEY })
  let isClosing = false
  let end = doNothing
  const ended = new Promise<void>((resolve) => { end = resolve })
  const endIfNoneIsLeft = (): void => { if (Object.keys({ ...cluster.workers }).length === 0) end() }
  onSignal(terminal, () => {
    isClosing = true
    for (const worker of Object.values({ ...cluster.workers })) worker?.process.kill('SIGTERM')
    // All may have died, and wait to be started again.
    endIfNoneIsLeft()
  })

  const first = fork()
  const started = once(first, 'listening').then(() => true)
  const failed = once(first, 'exit').then(() => false)
  if (!await Promise.race([started, failed])) return isClosing ? 0 : 1

  const serving = new Set([first.id])
  cluster.on('listening', ({ id }) => { serving.add(id) })
  cluster.on('exit', ({ id, process: { pid } }, code, signal) => {
    if (isClosing) return endIfNoneIsLeft()
    terminal.err(`Worker ${pid} has ended: ${signal ?? `exit code ${code}`}. Another one is started.`)
    setTimeout(() => { if (!isClosing) fork() }, serving.delete(id) ? 0 : RESTART_DELAY)
  })
  // A signal that comes while they are forked ends them, too, because they are in `cluster.workers` at once.
  for (let forked = 1; forked < count; forked++) fork()
  await ended
  return 0
}
