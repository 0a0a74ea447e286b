// The checks of session stores that prove how many sessions may be open, and which of them are displaced.
import assert from 'node:assert/strict'
import type { OpenOutcome, SessionLimits } from '../store/session-store.ts'
import { TEXTS } from './contract.ts'
import { RECORD, limitsOf, type SessionChecks } from './session-subject.ts'

/** @internal No more sessions are open than max. */
export function placeChecks (unit: number): SessionChecks {
  return {
    async 'no more sessions open than max, even if nodes open them concurrently' ({ stores: [a, b] }) {
      const ids = Array.from({ length: 100 }, (_, index) => `s${index}`)

      const opened = await Promise.all(
        ids.map((id, index) => (index % 2 === 0 ? a : b).open(id, RECORD, { max: 10, ttl: unit }))
      )

      assert.equal(opened.filter(({ kind }) => kind === 'opened').length, 10)
      assert.equal(opened.filter(({ kind }) => kind === 'full').length, 90)
      assert.equal(await a.count(), 10)
      const found = await Promise.all(ids.map((id) => b.load(id, unit)))
      assert.deepEqual(found.map((record) => record !== undefined), opened.map(({ kind }) => kind === 'opened'))
    },

    async 'a session that is deleted frees its place' ({ stores: [a, b] }) {
      const one = { max: 1, ttl: unit }
      await a.open('s1', RECORD, one)
      const full = await b.open('s2', RECORD, one)
      await b.delete('s1')

      assert.equal(full.kind, 'full')
      assert.equal((await a.open('s2', RECORD, one)).kind, 'opened')
      assert.equal(await b.count(), 1)
    },

    async 'a session that expires frees its place' ({ stores: [a, b], pass }) {
      const one = { max: 1, ttl: unit }
      await a.open('s1', RECORD, one)
      await pass(unit * 0.5)
      const full = await b.open('s2', RECORD, one)
      await pass(unit)

      assert.equal(full.kind, 'full')
      assert.equal((await b.open('s2', RECORD, one)).kind, 'opened')
      assert.equal(await a.count(), 1)
    }
  }
}

/** @internal A holder has no more sessions than its share. */
export function shareChecks (unit: number): SessionChecks {
  const limits = limitsOf(unit)

  return {
    async 'a holder gets no more sessions than its share, even if nodes open them concurrently' (
      { stores: [a, b] }
    ) {
      const share = { holder: 'ann', max: 5 }
      const ids = Array.from({ length: 50 }, (_, index) => `s${index}`)

      const opened = await Promise.all(
        ids.map((id, index) => (index % 2 === 0 ? a : b).open(id, RECORD, { ...limits, share }))
      )

      assert.equal(opened.filter(({ kind }) => kind === 'opened').length, 5)
      assert.equal(opened.filter(({ kind }) => kind === 'share').length, 45)
      assert.equal(await a.count(), 5)
      assert.equal((await a.open('bob', RECORD, { ...limits, share: { holder: 'bob', max: 5 } })).kind, 'opened')
      assert.equal((await b.open('nobody', RECORD, limits)).kind, 'opened')
    },

    async 'holders are distinguished by their exact names' ({ stores: [a, b] }) {
      const holders = [...TEXTS, 'ann', 'Ann', 'ann ', '']
      for (const [index, holder] of holders.entries()) {
        assert.equal((await a.open(`s${index}`, RECORD, { ...limits, share: { holder, max: 1 } })).kind, 'opened')
      }
      for (const holder of holders) {
        assert.equal((await b.open('more', RECORD, { ...limits, share: { holder, max: 1 } })).kind, 'share')
      }
    },

    async 'a session that is deleted or expires frees a place in the share of its holder' (
      { stores: [a, b], pass }
    ) {
      const shared = { ...limits, share: { holder: 'ann', max: 2 } }
      for (const id of ['s1', 's2']) await a.open(id, RECORD, shared)
      await b.delete('s1')
      const afterDelete = await b.open('s3', RECORD, shared)
      const full = await a.open('s4', RECORD, shared)
      await pass(unit * 1.2)

      assert.deepEqual([afterDelete.kind, full.kind], ['opened', 'share'])
      assert.equal((await a.open('s4', RECORD, shared)).kind, 'opened')
      assert.equal((await b.open('s5', RECORD, shared)).kind, 'opened')
      assert.equal((await b.open('s6', RECORD, shared)).kind, 'share')
    },

    async 'a session counts towards the share of its holder as long as it lives' ({ stores: [a, b], pass }) {
      const shared = { ...limits, share: { holder: 'ann', max: 2 } }
      for (const id of ['loaded', 'touched']) await a.open(id, RECORD, shared)
      for (let time = 0; time < 3; time++) {
        await pass(unit * 0.7)
        await b.load('loaded', unit)
        await b.touch(['touched'], unit)
      }

      assert.equal((await a.open('s', RECORD, shared)).kind, 'share')
      await pass(unit * 0.7)
      await a.load('loaded', unit)
      await pass(unit * 0.5)
      assert.equal((await b.open('s', RECORD, shared)).kind, 'opened')
      assert.equal((await b.open('t', RECORD, shared)).kind, 'share')
    }
  }
}

/** @internal A new session displaces the oldest unused one. */
export function displacementChecks (unit: number): SessionChecks {
  return {
    async 'a new session displaces the oldest unused one, and never a used one' (
      { stores: [a, b], pass }
    ) {
      const displacing = { max: 3, ttl: unit, displaces: true }
      const opened: OpenOutcome[] = []
      for (const id of ['used', 'old', 'new', 'x', 'y', 'z']) {
        opened.push(await (id === 'old' ? b : a).open(id, RECORD, displacing))
        if (id === 'used') await b.change('used', { kind: 'use' })
        await pass(unit * 0.01)
      }
      for (const id of ['y', 'z']) await a.change(id, { kind: 'use' })

      assert.deepEqual(opened.map(({ kind, displaced }) => [kind, displaced]), [
        ['opened', undefined],
        ['opened', undefined],
        ['opened', undefined],
        ['opened', 'old'],
        ['opened', 'new'],
        ['opened', 'x']
      ])
      assert.equal((await b.open('late', RECORD, displacing)).kind, 'full')
      assert.equal(await a.count(), 3)
      for (const id of ['old', 'new', 'x', 'late']) assert.equal(await b.load(id, unit), undefined)
      for (const id of ['used', 'y', 'z']) assert.deepEqual(await b.load(id, unit), RECORD)
    },

    async 'concurrent displacement never exceeds max' ({ stores: [a, b] }) {
      const displacing = { max: 5, ttl: unit, displaces: true }
      const ids = Array.from({ length: 50 }, (_, index) => `s${index}`)

      const opened = await Promise.all(ids.map((id, index) => (index % 2 === 0 ? a : b).open(id, RECORD, displacing)))

      const displaced = opened.flatMap((outcome) => outcome.displaced ?? [])
      assert.ok(opened.every(({ kind }) => kind === 'opened'))
      assert.equal(displaced.length, 45)
      assert.equal(new Set(displaced).size, 45)
      assert.equal(await b.count(), 5)
    }
  }
}

/** @internal Displacement has limits: who takes part, and the share of the holder. */
export function displacementLimitChecks (unit: number): SessionChecks {
  return {
    async 'a session without displaces neither displaces another nor is displaced' ({ stores: [a, b], pass }) {
      const [plain, displacing] = [{ max: 1, ttl: unit }, { max: 1, ttl: unit, displaces: true }]
      await a.open('plain', RECORD, plain)
      const makesNone = await b.open('s', RECORD, displacing)
      await a.delete('plain')
      await a.open('displaced', RECORD, displacing)
      const findsNone = await b.open('s', RECORD, plain)
      await pass(unit * 1.2)
      const afterwards = await b.open('s', RECORD, displacing)

      assert.deepEqual([makesNone.kind, findsNone.kind], ['full', 'full'])
      assert.deepEqual([afterwards.kind, afterwards.displaced], ['opened', undefined])
    },

    async 'the share is checked before displacement, and a displaced session no longer counts towards it' (
      { stores: [a, b], pass }
    ) {
      const limitsOf = (holder: string): SessionLimits => ({
        max: 2,
        ttl: unit,
        share: { holder, max: 1 },
        displaces: true
      })
      await a.open('ann', RECORD, limitsOf('ann'))
      await pass(unit * 0.01)
      await a.open('bob', RECORD, limitsOf('bob'))

      const over = await b.open('ann2', RECORD, limitsOf('ann'))
      const stays = await b.readState('bob')
      const makesRoom = await b.open('eve', RECORD, limitsOf('eve'))

      assert.equal(over.kind, 'share')
      assert.notEqual(stays, undefined)
      assert.deepEqual([makesRoom.kind, makesRoom.displaced], ['opened', 'ann'])
      assert.deepEqual(await a.open('ann3', RECORD, limitsOf('ann')), { kind: 'opened', displaced: 'bob' })
    }
  }
}
