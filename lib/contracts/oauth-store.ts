// The contract of an OAuthStore.
import assert from 'node:assert/strict'
import type { OAuthStore } from '../oauth/store.ts'
import { createContracts, TEXTS, type Contract, type Subject, type TimedContractOptions } from './contract.ts'

/** An empty store of an authorization server under test. */
export interface OAuthStoreSubject extends Subject {
  /** The same store as two nodes see it. */
  readonly stores: readonly [OAuthStore, OAuthStore]
  /** Lets time pass: by a clock that was passed in, or by waiting. */
  pass (milliseconds: number): Promise<void> | void
}

type StoreChecks = Readonly<Record<string, (subject: OAuthStoreSubject) => Promise<void>>>

/**
 * Returns the checks of an `OAuthStore`.
 *
 * @param create Makes an empty store, for each check.
 * @param options The time unit of the checks.
 * @example for (const { name, run } of oauthStoreContract(createMyStores)) test(name, run)
 */
export function oauthStoreContract (
  create: () => Promise<OAuthStoreSubject> | OAuthStoreSubject, { unit = 10_000 }: TimedContractOptions = {}
): readonly Contract[] {
  return createContracts(create, { ...valueChecks(unit), ...expiryChecks(unit), ...raceChecks(unit) })
}

function valueChecks (unit: number): StoreChecks {
  return {
    async 'every node finds a value, and one that replaces it' ({ stores: [a, b] }) {
      await a.set('kind:a', 'one', unit)
      assert.equal(await b.get('kind:a'), 'one')
      await b.set('kind:a', 'two', unit)

      assert.equal(await a.get('kind:a'), 'two')
      assert.equal(await b.get('kind:unknown'), undefined)
      assert.equal(await b.take('kind:unknown'), undefined)
    },

    async 'keys are told apart by their exact text, and values are any text' ({ stores: [a, b] }) {
      for (const text of TEXTS) await a.set(`kind:${text}`, text, unit)
      for (const key of ['kind:ann', 'kind:Ann', 'other:ann']) await a.set(key, key, unit)

      for (const text of TEXTS) assert.equal(await b.get(`kind:${text}`), text)
      for (const key of ['kind:ann', 'kind:Ann', 'other:ann']) assert.equal(await b.take(key), key)
    }
  }
}

function expiryChecks (unit: number): StoreChecks {
  return {
    async 'a value expires, unless it is set again' ({ stores: [a, b], pass }) {
      await a.set('kind:set', 'one', unit)
      await a.set('kind:kept', 'one', unit)
      await a.add('kind:added', 'one', unit)
      await pass(unit * 0.6)
      await b.set('kind:kept', 'two', unit)
      await pass(unit * 0.6)

      assert.equal(await a.get('kind:set'), undefined)
      assert.equal(await a.get('kind:added'), undefined)
      assert.equal(await a.take('kind:set'), undefined)
      assert.equal(await a.get('kind:kept'), 'two')
    },

    async 'a key can be added again after its value has expired, or was taken' ({ stores: [a, b], pass }) {
      await a.add('kind:a', 'one', unit)
      assert.equal(await b.add('kind:a', 'two', unit), false)
      assert.equal(await b.take('kind:a'), 'one')
      assert.equal(await b.add('kind:a', 'three', unit), true)
      await pass(unit * 1.2)

      assert.equal(await a.add('kind:a', 'four', unit), true)
      assert.equal(await b.get('kind:a'), 'four')
    },

    async 'an addition that fails changes neither the value nor its expiry' ({ stores: [a, b], pass }) {
      await a.set('kind:a', 'one', unit)
      await pass(unit * 0.6)
      assert.equal(await b.add('kind:a', 'two', unit), false)
      assert.equal(await a.get('kind:a'), 'one')
      await pass(unit * 0.6)

      assert.equal(await a.get('kind:a'), undefined)
    }
  }
}

function raceChecks (unit: number): StoreChecks {
  return {
    async 'a store that counts has each change of all nodes, and forgets a number' ({ stores, pass }) {
      const count = async (index: number, key: string, change: number): Promise<number | undefined> =>
        await stores[index % 2 === 0 ? 0 : 1].count?.(key, change, unit)
      if (stores[0].count === undefined) return
      const sums = await Promise.all(Array.from({ length: 20 }, (_, index) => count(index, 'kind:a', 1)))

      assert.deepEqual(sums.map(Number).sort((a, b) => a - b), Array.from({ length: 20 }, (_, index) => index + 1))
      assert.equal(await count(0, 'kind:a', -1), 19)
      assert.equal(await count(1, 'kind:b', 1), 1)
      await pass(unit * 1.2)
      assert.equal(await count(0, 'kind:a', 1), 1)
    },

    async 'of several additions of a key at once, on all nodes, exactly one succeeds' ({ stores }) {
      const added = await Promise.all(
        Array.from({ length: 20 }, (_, index) => stores[index % 2 === 0 ? 0 : 1].add('kind:a', `${index}`, unit)))

      assert.equal(added.filter(Boolean).length, 1)
      assert.equal(await stores[0].get('kind:a'), `${added.indexOf(true)}`)
    },

    async 'of several takings of a value at once, on all nodes, one gets it' ({ stores }) {
      await stores[0].set('kind:a', 'one', unit)

      const taken = await Promise.all(
        Array.from({ length: 20 }, (_, index) => stores[index % 2 === 0 ? 0 : 1].take('kind:a')))

      assert.deepEqual(taken.filter((value) => value !== undefined), ['one'])
      assert.equal(await stores[1].get('kind:a'), undefined)
    }
  }
}
