// The node processes: started, killed, and known to the balancer.
import { fork, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import type { RoundRobin } from '../support/round-robin.ts'
import type { NodeReport } from './node.ts'

const PROGRAM = fileURLToPath(new URL('node.ts', import.meta.url))

/** The nodes that serve. */
export class Fleet {
  readonly #args: readonly string[]
  readonly #balancer: RoundRobin
  readonly #executed: (attempt: string) => void
  readonly #nodes = new Map<ChildProcess, string>()

  /** @param args The order for a node. @param executed Called for each handler that runs. */
  constructor (args: readonly string[], balancer: RoundRobin, executed: (attempt: string) => void) {
    this.#args = args
    this.#balancer = balancer
    this.#executed = executed
  }

  /** How many serve. */
  get size (): number { return this.#nodes.size }

  /** Starts nodes; settles when all of them serve. */
  async start (count: number): Promise<void> {
    await Promise.all(Array.from({ length: count }, () => this.#start()))
  }

  /** Ends a node, and waits until it has. @param which The how-manieth. @param signal What it is ended by. */
  async end (which: number, signal: 'SIGKILL' | 'SIGTERM'): Promise<void> {
    const node = [...this.#nodes.keys()][which]
    if (node === undefined) return
    const ended = once(node, 'exit')
    // The balancer does not know only of a node that dies.
    if (signal === 'SIGTERM') this.#forget(node)
    node.kill(signal)
    await ended
  }

  /** Ends all. */
  async close (): Promise<void> {
    while (this.size > 0) await this.end(0, 'SIGTERM')
  }

  async #start (): Promise<void> {
    const node = fork(PROGRAM, this.#args, { execArgv: ['--import', 'tsx'] })
    const address = await new Promise<string>((resolve, reject) => {
      node.on('message', (report: NodeReport) => {
        if ('listening' in report) resolve(report.listening)
        else this.#executed(report.executed)
      })
      node.once('exit', (code, signal) => {
        this.#forget(node)
        reject(new Error(`a node has ended: ${String(code ?? signal)}`))
      })
    })
    this.#nodes.set(node, address)
    this.#balancer.use([...this.#nodes.values()])
  }

  #forget (node: ChildProcess): void {
    this.#nodes.delete(node)
    this.#balancer.use([...this.#nodes.values()])
  }
}
