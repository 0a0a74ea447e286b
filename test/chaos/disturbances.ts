// What goes wrong, one thing after the other.
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startRedis, type OwnRedisServer } from '../support/redis-server.ts'
import type { Fleet } from './fleet.ts'
import type { Random } from './random.ts'
import { pause } from './wire.ts'

const KINDS = ['kill a node', 'pause Redis', 'kill a node', 'restart Redis', 'stop a node'] as const

/** Ends programs that were started. */
export interface Owner { teardown (end: () => unknown): void }

/** Starts a Redis that forgets nothing that it has acknowledged, be it killed. */
export async function startLastingRedis (owner: Owner): Promise<OwnRedisServer> {
  const directory = await mkdtemp(join(tmpdir(), 'chaos-'))
  const server = await startRedis(owner, '--dir', directory, '--appendonly', 'yes', '--appendfsync', 'always')
  owner.teardown(() => rm(directory, { recursive: true, force: true }))
  return server
}

/** What goes wrong. */
export class Disturbances {
  readonly #fleet: Fleet
  readonly #redis: OwnRedisServer
  readonly #random: Random
  readonly #nodes: number
  readonly #tell: (what: string) => void

  /** @param tell Told of what happens, and when it is over. */
  constructor (
    fleet: Fleet,
    redis: OwnRedisServer,
    { random, nodes, tell }: { readonly random: Random, readonly nodes: number, readonly tell: (what: string) => void }
  ) {
    this.#fleet = fleet
    this.#redis = redis
    this.#random = random
    this.#nodes = nodes
    this.#tell = tell
  }

  /** Disturbs until a moment; then all is well again. @param between Done between one thing and the next. */
  async run (until: number, between: () => Promise<void>): Promise<void> {
    const starting: Array<Promise<void>> = []
    for (let turn = 0; Date.now() < until; turn++) {
      await pause(this.#random.between(500, 2500))
      const kind = KINDS[turn % KINDS.length] ?? KINDS[0]
      await this.#disturb(kind)
      if (kind.endsWith('a node')) starting.push(this.#replace())
      await between()
    }
    await Promise.all(starting)
  }

  async #disturb (kind: typeof KINDS[number]): Promise<void> {
    const { between } = this.#random
    this.#tell(kind)
    const which = Math.floor(between(0, this.#fleet.size))
    switch (kind) {
      case 'kill a node': return await this.#fleet.end(which, 'SIGKILL')
      case 'stop a node': return await this.#fleet.end(which, 'SIGTERM')
      case 'pause Redis':
        this.#redis.pause()
        await pause(between(200, 3000))
        this.#redis.resume()
        return this.#tell('Redis goes on')
      case 'restart Redis':
        await this.#redis.kill()
        await pause(between(0, 2000))
        await this.#redis.restart()
        return this.#tell('Redis has started')
    }
  }

  async #replace (): Promise<void> {
    await pause(this.#random.between(0, 2000))
    if (this.#fleet.size >= this.#nodes) return
    await this.#fleet.start(1)
    this.#tell('a node has started')
  }
}
