// Three node processes on one Redis, behind a balancer: as a cluster is run.
import { fork, type ChildProcess } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import type { Test } from 'tap'
import { LOADER } from '../../support/child.ts'
import { createPrefix, useRedis } from '../../support/redis-server.ts'
import { startRoundRobin } from '../../support/round-robin.ts'
import type { NodeRecipe, NodeReply, NodeTask } from './node.ts'
import { createStage, type SetUp } from './stage.ts'

const PROGRAM = fileURLToPath(new URL('node.ts', import.meta.url))

/** Starts three processes and a Redis, which end with a test; each of its subtests gets nodes of its own in them. */
export async function startProcesses (t: Test): Promise<SetUp> {
  const redis = await useRedis(t)
  const processes = [1, 2, 3].map(() => new NodeProcess())
  t.teardown(async () => { await Promise.all(processes.map((process) => process.stop())) })

  return async function setUpProcesses (t, name, options = {}) {
    const recipe = { name, options, url: redis.url, keyPrefix: createPrefix() }
    const nodes = await Promise.all(processes.map((process) => process.make(recipe)))
    const close = async (): Promise<void> => { await Promise.all(nodes.map((node) => node.close())) }
    t.teardown(close)
    const addresses = nodes.map(({ address }) => address)
    const balancer = await startRoundRobin(addresses)
    t.teardown(() => balancer.close())
    return createStage(balancer.url, addresses, options.stateless !== true, close)
  }
}

/** A process that creates nodes. */
class NodeProcess {
  readonly #child: ChildProcess = fork(PROGRAM, { execArgv: [...LOADER] })
  readonly #waiting = new Map<number, (reply: NodeReply) => void>()
  readonly #ended: Promise<void>
  #count = 0

  constructor () {
    this.#child.on('message', (reply: NodeReply) => { this.#settle(reply) })
    this.#ended = new Promise((resolve) => { this.#child.once('exit', () => resolve()) })
    this.#child.once('exit', () => {
      for (const id of this.#waiting.keys()) this.#settle({ id, failure: 'the process has ended' })
    })
  }

  async make (recipe: NodeRecipe): Promise<{ readonly address: string, close (): Promise<void> }> {
    const { id, address = '' } = await this.#order({ make: recipe })
    return { address, close: async () => { await this.#order({ close: id }) } }
  }

  async stop (): Promise<void> {
    if (this.#child.connected) this.#child.disconnect()
    await this.#ended
  }

  async #order (task: NodeTask): Promise<NodeReply> {
    const id = ++this.#count
    const replied = new Promise<NodeReply>((resolve) => { this.#waiting.set(id, resolve) })
    // Without a callback a closed channel would be an unhandled 'error' event, which ends the test process.
    this.#child.send({ ...task, id }, (error) => {
      if (error !== null) this.#settle({ id, failure: `the process cannot be reached: ${error.message}` })
    })
    const reply = await replied
    if (reply.failure !== undefined) throw new Error(reply.failure)
    return reply
  }

  #settle (reply: NodeReply): void {
    this.#waiting.get(reply.id)?.(reply)
    this.#waiting.delete(reply.id)
  }
}
