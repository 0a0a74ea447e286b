// The checks of definitions that prove that clients, sessions and mounts do not affect each other.
import assert from 'node:assert/strict'
import type { ChangeEvent } from '../protocol/change.ts'
import { Method } from '../protocol/methods.ts'
import type { Wait } from './contract.ts'
import { ERAS, isRpcError, textOf } from './definition-stage.ts'
import type { DefinitionChecks } from './definition-subject.ts'

const CALLERS = ['ann', 'bob', 'eve'] as const

/** @internal Each client gets what belongs to its own calls and to its own session. */
export function clientChecks (wait: Wait): DefinitionChecks {
  return {
    async 'a call is aborted when its client disconnects' ({ wait: tool, waiting }, stage) {
      for (const era of ERAS) {
        const { call } = await stage.connect(await stage.mount(), era)
        const [stays, leaves] = [call(tool), call(tool)]
        await wait(() => waiting() === 2, `${era}: two calls run`)
        let isOver = false
        leaves.result.then(() => { isOver = true }, (error: unknown) => { isOver = isRpcError(error) })

        leaves.leave()
        await wait(() => isOver && waiting() === 1, `${era}: one of them has ended`)
        stays.leave()
        await wait(() => waiting() === 0, `${era}: the other one has ended, too`)
      }
    },

    async 'concurrent calls of several callers are kept apart' ({ whoami }, stage) {
      const mounts = [await stage.mount(), await stage.mount()]
      const places = mounts.flatMap((mount) => ERAS.flatMap((era) => CALLERS.map((name) => ({ mount, era, name }))))
      const clients = await Promise.all(places.map(({ mount, era, name }) => stage.connect(mount, era, name)))

      const calls = clients.flatMap(({ caller, call }) => [1, 2].map(() => ({ caller, asked: call(whoami) })))

      for (const { caller, asked } of calls) assert.equal(textOf(await asked.result), caller.principal)
    },

    async 'a notification goes to the client of its request, ahead of the result' ({ report }, stage) {
      const mount = await stage.mount()
      for (const era of ERAS) {
        const clients = await Promise.all(CALLERS.map((name) => stage.connect(mount, era, name)))

        const calls = clients.map(({ caller: { principal }, call }) => {
          return { principal, ...call(report, { progressToken: principal }) }
        })
        for (const { principal, result, sent } of calls) {
          await result
          const received = sent.map(({ method, params }) => [method, params.progressToken])
          assert.deepEqual(received, [[Method.Progress, principal]])
        }
      }
    },

    async 'a session that ends does not affect other sessions' ({ definition, whoami }, stage) {
      const mount = await stage.mount()
      const [ends, stays] = [await stage.connect(mount, 'legacy', 'ann'), await stage.connect(mount, 'legacy', 'bob')]

      for (const session of [ends.caller, ends.caller, {}]) await definition.ended?.(session)

      assert.equal(textOf(await stays.call(whoami).result), 'bob')
      assert.equal(textOf(await (await stage.connect(mount, 'legacy', 'eve')).call(whoami).result), 'eve')
    }
  }
}

/** @internal A definition serves several mounts, and reports changes to all of them. */
export function mountChecks (): DefinitionChecks {
  return {
    async 'a change reaches each listener until the listener is removed' ({ definition, change }, stage) {
      await stage.mount()
      const received: ChangeEvent[][] = [[], [], []]
      const [gone, ...stay] = received.map((events) => definition.onChange?.((event) => { events.push(event) }))
      change?.()
      const first = received.map((events) => events.length)
      gone?.()
      change?.()

      const expected = change === undefined ? [0, 0, 0] : [1, 1, 1]
      assert.deepEqual(first, expected)
      assert.deepEqual(received.map((events) => events.length), change === undefined ? expected : [1, 2, 2])
      for (const event of received.flat()) assert.deepEqual(event, { kind: 'tools' })
      for (const end of stay) end?.()
    },

    async 'a mount that closes does not affect other mounts' ({ whoami }, stage) {
      const [leaves, stays] = [await stage.mount(), await stage.mount()]
      const connected = await stage.connect(stays, 'legacy')
      await leaves.close()

      assert.equal(textOf(await connected.call(whoami).result), 'ann')
      for (const era of ERAS) assert.equal(textOf(await (await stage.connect(stays, era)).call(whoami).result), 'ann')
    }
  }
}
