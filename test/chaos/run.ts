// `npm run chaos`: nodes die and start, Redis hangs and starts anew, and at the end the books must balance.
// --seconds N, --clients N, --nodes N; --seed N has the same things go wrong in the same order.
import assert from 'node:assert/strict'
import { randomInt } from 'node:crypto'
import { parseArgs } from 'node:util'
import { startRoundRobin } from '../support/round-robin.ts'
import { Disturbances, startLastingRedis } from './disturbances.ts'
import { Fleet } from './fleet.ts'
import { Ledger } from './ledger.ts'
import { LegacyClient } from './legacy-client.ts'
import { ModernClient } from './modern-client.ts'
import { connectV1, connectV2Legacy, connectV2Modern, OfficialClient } from './official-client.ts'
import { createRandom, type Random } from './random.ts'
import { pause } from './wire.ts'

const { values } = parseArgs({
  options: {
    seconds: { type: 'string', default: '60' },
    clients: { type: 'string', default: '200' },
    nodes: { type: 'string', default: '4' },
    seed: { type: 'string', default: String(randomInt(2 ** 31)) }
  }
})
const seconds = toCount(values.seconds)
const clientCount = toCount(values.clients)
const nodeCount = toCount(values.nodes)
const seed = toCount(values.seed)

const KEY_PREFIX = 'chaos:'
const COMMAND_TIMEOUT = 1000
const NODE_TIMEOUT = 5000
const CLIENT_TIMEOUT = 20_000
const MAX_EVENTS = 10

type Client = LegacyClient | ModernClient | OfficialClient

const OFFICIAL = [connectV1, connectV2Legacy, connectV2Modern]

const ends: Array<() => unknown> = []
const ledger = new Ledger()
const random = createRandom(seed)
console.log(`chaos: ${nodeCount} nodes, ${clientCount} clients, ${seconds} s, --seed ${seed}`)

try {
  const redis = await startLastingRedis({ teardown: (end) => ends.unshift(end) })
  const balancer = await startRoundRobin([])
  ends.unshift(() => balancer.close())
  const fleet = new Fleet([redis.url, KEY_PREFIX, String(COMMAND_TIMEOUT), String(NODE_TIMEOUT)], balancer, (attempt) =>
    ledger.executed(attempt)
  )
  ends.unshift(() => fleet.close())
  await fleet.start(nodeCount)

  const clients = Array.from({ length: clientCount }, (_, index) => createClient(index, `${balancer.url}/mcp`))
  await Promise.all(clients.map((client) => client.open()))
  console.log('chaos: all clients are connected')

  const until = Date.now() + seconds * 1000
  await Promise.all([
    new Disturbances(fleet, redis, { random, nodes: nodeCount, tell: (what) => ledger.disturbed(what) }).run(
      until,
      checkKeys
    ),
    ...clients.map((client, index) => use(client, createRandom(seed + index + 1), until))
  ])
  await checkKeys()
  await Promise.all(clients.map((client) => client.close()))

  async function checkKeys (): Promise<void> {
    const keys = await redis.client.keys(`${KEY_PREFIX}*`)
    const lives = await Promise.all(keys.map((key) => redis.client.pttl(key)))
    for (const [index, key] of keys.entries()) if (lives[index] === -1) ledger.breach('expiry', key)
  }
} finally {
  for (const end of ends) await end()
}
console.log(ledger.report())
// The official v1 client goes on coming back after it was closed.
process.exit(ledger.isClean ? 0 : 1)

// Of ten clients four are legacy, three modern, and three official.
function createClient (index: number, url: string): Client {
  const name = `client-${index}`
  const connect = OFFICIAL[index % 10]
  if (connect !== undefined) return new OfficialClient(name, url, ledger, { connect, timeout: CLIENT_TIMEOUT })
  return index % 10 < 7 ? new LegacyClient(name, url, ledger) : new ModernClient(name, url, ledger)
}

async function use (client: Client, random: Random, until: number): Promise<void> {
  const actions: Array<() => Promise<void>> = [
    () => client.echo(),
    () => client.count(Math.ceil(random.between(0, MAX_EVENTS))),
    ...(client instanceof OfficialClient ? [] : [() => client.ask(), () => client.touch()])
  ]
  while (Date.now() < until) {
    await pause(random.between(0, 2000))
    await actions[Math.floor(random.between(0, actions.length))]?.()
  }
}

function toCount (text: string): number {
  const count = Number(text)
  assert(Number.isSafeInteger(count) && count >= 0, `${text} is no count`)
  return count
}
