// Refuses a client of ioredis whose settings would make a cluster fail later.
import type { Redis } from 'ioredis'

type ClientOptions = Redis['options']

type Condition = (client: Redis, options: ClientOptions) => boolean

// The conditions under which a client cannot serve a cluster, and what the error says.
const PROBLEMS: ReadonlyArray<readonly [isSo: Condition, problem: string]> = [
  [({ isCluster }) => isCluster,
    'must be one connection, new Redis(…): the pub/sub of an ioredis Cluster does not report when it has missed ' +
    'messages'],
  [({ status }) => status === 'end', 'has been disconnected, and does not reconnect automatically'],
  [({ mode }, { monitor }) => mode !== 'normal' || monitor === true,
    'must be a connection for commands: one that subscribes or monitors cannot run them. Pass another client'],
  [(_client, { retryStrategy }) => !reconnects(retryStrategy),
    "must connect again after it has lost its connection: leave out 'retryStrategy', " +
    'or return a number of milliseconds from it'],
  [(_client, { role }) => role === 'slave',
    "must be connected to the primary: leave out { role: 'slave' }, as replicas take no writes"],
  [(_client, { readOnly }) => readOnly === true, "must be able to write: leave out 'readOnly'"],
  [(_client, { stringNumbers }) => stringNumbers === true, "must return numbers as numbers: leave out 'stringNumbers'"],
  // Later versions of ioredis can return replies in other forms.
  [(_client, { replyMapping = 'legacy' }) => replyMapping !== 'legacy',
    "must return replies as ioredis 5 does: leave out 'replyMapping'"],
  [(_client, { commandQueue }) => commandQueue === false, "must wait for replies: leave out 'commandQueue: false'"]
]

/** Returns the problem that keeps a client of ioredis from serving a cluster; undefined when there is none. */
export function findClientProblem (value: unknown): string | undefined {
  const { duplicate, evalsha, status, isCluster, options } = Object(value)
  const isClient = typeof duplicate === 'function' && typeof evalsha === 'function' && typeof status === 'string'
  if (!isClient && isCluster !== true) return "must be a client of ioredis, such as new Redis('redis://localhost:6379')"
  // Clients of all versions have the properties that the conditions read.
  return PROBLEMS.find(([isSo]) => isSo(value as Redis, Object(options) as ClientOptions))?.[1]
}

// Calls the strategy for the first attempt only: whether it gives up later cannot be known.
function reconnects (retryStrategy: ClientOptions['retryStrategy']): boolean {
  return typeof retryStrategy === 'function' && typeof retryStrategy(1) === 'number'
}
