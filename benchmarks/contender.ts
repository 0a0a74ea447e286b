// Starts and stops the process of one contender, for the process that puts load on it.
import { fork, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import type { ServerName } from './servers/index.ts'
import type { Serving } from './servers/serving.ts'
import type { WorkloadName } from './workloads.ts'

// Milliseconds in which a process must start or answer.
const TIMEOUT = 30_000

/** A server in a process of its own. */
export class Contender {
  readonly serving: Serving
  readonly #process: ChildProcess
  readonly #nextMessage: () => Promise<unknown>

  private constructor (process: ChildProcess, nextMessage: () => Promise<unknown>, serving: Serving) {
    this.#process = process
    this.#nextMessage = nextMessage
    this.serving = serving
  }

  /** Starts a process that serves a workload. */
  static async start (name: ServerName, workload: WorkloadName): Promise<Contender> {
    const process = fork(fileURLToPath(new URL('servers/serve.js', import.meta.url)), [name, workload], {
      stdio: ['ignore', 'ignore', 'pipe', 'ipc']
    })
    const nextMessage = createReader(process)
    // serve.ts sends this first.
    return new Contender(process, nextMessage, await nextMessage() as Serving)
  }

  /** The CPU time that the process has used, in microseconds. */
  async readCpu (): Promise<number> {
    if (!this.#process.connected) throw new Error('its process has died')
    const answer = this.#nextMessage()
    this.#process.send('cpu')
    return Number(await answer)
  }

  /** Ends the process. */
  async stop (): Promise<void> {
    if (this.#process.exitCode !== null || this.#process.signalCode !== null) return
    const exited = once(this.#process, 'exit')
    this.#process.kill('SIGKILL')
    await exited
  }
}

// The output of a process is printed only if the process dies.
function createReader (process: ChildProcess): () => Promise<unknown> {
  let written = ''
  process.stderr?.setEncoding('utf8').on('data', (text: string) => { written = `${written}${text}`.slice(-1000) })

  return async function nextMessage () {
    const listening = new AbortController()
    const signal = AbortSignal.any([listening.signal, AbortSignal.timeout(TIMEOUT)])
    const died = once(process, 'close', { signal }).then(([code]) => {
      throw new Error(`its process has died (exit code ${code}): ${written}`)
    })
    try {
      const [message] = await Promise.race([once(process, 'message', { signal }), died])
      return message
    } finally {
      died.catch(() => {})
      listening.abort()
    }
  }
}
