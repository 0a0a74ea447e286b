import { Redis } from 'ioredis'
import { expect, test } from 'tstyche'
import {
  clusterContract,
  eventStoreContract,
  notificationBusContract,
  sessionStoreContract,
  sharedEventStoreContract,
  type Contract
} from '../lib/contracts/index.ts'
import {
  type ClusterUnreachableError,
  createMemoryBus,
  createMemoryCluster,
  createMemoryEventStore,
  createMemorySessionStore
} from '../lib/index.ts'
import type {
  Cluster,
  ClusterNode,
  EventStore,
  NotificationBus,
  SessionChange,
  SessionRecord,
  SessionStore,
  SharedEventStore
} from '../lib/index.ts'
import { redisCluster, type RedisClusterOptions } from '../lib/redis/index.ts'

test('createMemoryCluster() and redisCluster() return a Cluster', () => {
  expect(createMemoryCluster()).type.toBe<Cluster>()
  expect(redisCluster({ url: 'redis://localhost:6379' })).type.toBe<Cluster>()
  expect(
    redisCluster({
      client: new Redis(),
      keyPrefix: 'app:',
      events: { maxLength: 100, maxBytes: 1024 },
      nodeTimeout: 5000
    })
  ).type.toBe<Cluster>()
})

test('redisCluster() refuses options of a wrong type', () => {
  expect<RedisClusterOptions>().type.not.toBeAssignableFrom<{ url: URL }>()
  expect<RedisClusterOptions>().type.not.toBeAssignableFrom<{ client: string }>()
  expect<RedisClusterOptions>().type.not.toBeAssignableFrom<{ url: string, events: { maxAge: '5m' } }>()
  expect<RedisClusterOptions>().type.not.toBeAssignableFrom<{ url: string, events: false }>()
})

test('a node has a session store, a shared event store and a bus', () => {
  const node = createMemoryCluster().join('notes', { onOutage () {}, onRecovery () {} })

  expect(node).type.toBe<ClusterNode>()
  expect(node.sessions).type.toBe<SessionStore>()
  expect(node.events).type.toBe<SharedEventStore>()
  expect(node.bus).type.toBe<NotificationBus>()
  expect<EventStore>().type.toBeAssignableFrom<SharedEventStore>()
  expect(createMemoryEventStore()).type.toBe<SharedEventStore>()
  expect(createMemorySessionStore()).type.toBe<SessionStore>()
  expect(createMemoryBus()).type.toBe<NotificationBus>()
  expect<Error>().type.toBeAssignableFrom<ClusterUnreachableError>()
})

test('a session store loads a record, and takes only the changes of its interface', () => {
  const sessions = createMemorySessionStore()

  expect(sessions.load('s', 1)).type.toBe<Promise<SessionRecord | undefined>>()
  expect(sessions.change).type.toBeCallableWith('s', { kind: 'unlisten', node: 'n' })
  expect(sessions.change).type.not.toBeCallableWith('s', { kind: 'unlisten' })
  expect<SessionChange>().type.not.toBeAssignableFrom<{ kind: 'logLevel', level: 'loud' }>()
})

test('contracts take a factory, synchronous or async', () => {
  const store = createMemorySessionStore()
  const bus = createMemoryBus()
  const pass = (): void => {}

  expect(sessionStoreContract(() => ({ stores: [store, store], pass }))).type.toBe<readonly Contract[]>()
  expect(sessionStoreContract(async () => ({ stores: [store, store], pass }), { unit: 100 })).type.toBe<
    readonly Contract[]
  >()
  expect(eventStoreContract(({ maxEvents, maxBytes, maxAge }) => {
    const limited = createMemoryEventStore({ maxEvents, maxBytes, maxAge })
    return { stores: [limited, limited], pass: async () => {} }
  })).type.toBe<readonly Contract[]>()
  expect(sharedEventStoreContract).type.not.toBeCallableWith(() => {
    const { append, read, forget } = createMemoryEventStore()
    return { stores: [{ append, read, forget }, { append, read, forget }], pass }
  })
  expect(notificationBusContract(() => ({ buses: [bus, bus] }), { patience: 100 })).type.toBe<readonly Contract[]>()
  expect(clusterContract(() => ({ clusters: [createMemoryCluster(), createMemoryCluster()], stop () {} }))).type.toBe<
    readonly Contract[]
  >()
  expect(sessionStoreContract).type.not.toBeCallableWith(() => ({ stores: [store], pass }))
})
