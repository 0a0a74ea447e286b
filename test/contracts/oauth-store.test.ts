import { setImmediate as nextTurn } from 'node:timers/promises'
import t from 'tap'
import { oauthStoreContract, type OAuthStoreSubject } from '../../lib/contracts/index.ts'
import { memoryStore, type OAuthStore } from '../../lib/oauth/store.ts'
import { createCounts } from '../../lib/oauth/window-limit.ts'
import { proveFaults } from './faults.ts'

/** Each fault, as a function that returns the faulty members of a correct store. */
const FAULTS: Readonly<Record<string, (store: OAuthStore) => Partial<OAuthStore>>> = {
  'a value cannot be replaced': (store) => ({ set: async (...args) => { await store.add(...args) } }),
  'keys are compared without case': (store) => ({
    get: (key) => store.get(key.toLowerCase()),
    set: (key, ...args) => store.set(key.toLowerCase(), ...args),
    take: (key) => store.take(key.toLowerCase())
  }),
  'nothing expires': (store) => ({ set: (key, value) => store.set(key, value, 1e12) }),
  'an added key never expires': (store) => ({ add: (key, value) => store.add(key, value, 1e12) }),
  'an addition that fails extends the life of the value': (store) => ({
    async add (key, value, ttl) {
      const isAdded = await store.add(key, value, ttl)
      if (!isAdded) await store.set(key, String(await store.get(key)), ttl)
      return isAdded
    }
  }),
  'adding takes two steps': (store) => ({
    async add (key, value, ttl) {
      if (await store.get(key) !== undefined) return false
      await nextTurn()
      await store.set(key, value, ttl)
      return true
    }
  }),
  'taking takes two steps': (store) => ({
    async take (key) {
      const value = await store.get(key)
      await nextTurn()
      await store.take(key)
      return value
    }
  }),
  'a change is lost': (store) => {
    let last = 0
    return {
      async count (key, change, ttl) {
        await store.count?.(key, change, ttl)
        const sum = last + change
        await nextTurn()
        last = sum
        return sum
      }
    }
  },
  'a number never expires': (store) => ({
    count: async (key, change) => await store.count?.(key, change, 1e12) ?? 0
  })
}

function createSubject (fault: string | undefined): OAuthStoreSubject {
  const clock = { now: 0 }
  const store = { ...memoryStore({}, () => clock.now), count: createCounts(() => clock.now) }
  const faulty = { ...store, ...(fault !== undefined && FAULTS[fault]?.(store)) }
  return { stores: [faulty, faulty], pass: (milliseconds) => { clock.now += milliseconds } }
}

t.test('each check of the contract of OAuth stores fails for a store with the fault that it looks for', async (t) => {
  await proveFaults(t, {
    'a value cannot be replaced': [
      'every node finds a value, and one that replaces it', 'a value expires, unless it is set again'
    ],
    'keys are compared without case': ['keys are told apart by their exact text, and values are any text'],
    'nothing expires': ['a value expires, unless it is set again'],
    'an added key never expires': ['a key can be added again after its value has expired, or was taken'],
    'an addition that fails extends the life of the value': [
      'an addition that fails changes neither the value nor its expiry'
    ],
    'adding takes two steps': ['of several additions of a key at once, on all nodes, exactly one succeeds'],
    'taking takes two steps': ['of several takings of a value at once, on all nodes, one gets it'],
    'a change is lost': ['a store that counts has each change of all nodes, and forgets a number'],
    'a number never expires': ['a store that counts has each change of all nodes, and forgets a number']
  }, (fault) => oauthStoreContract(() => createSubject(fault)))
})
