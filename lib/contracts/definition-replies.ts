// The checks of definitions that prove how requests are answered and refused.
import assert from 'node:assert/strict'
import { ErrorCode } from '../protocol/error-code.ts'
import type { WireObject } from '../protocol/message.ts'
import { Method } from '../protocol/methods.ts'
import { MODERN_REVISION } from '../protocol/revisions.ts'
import { ERAS, isRpcError, openingOf, rejected, textOf } from './definition-stage.ts'
import type { DefinitionChecks } from './definition-subject.ts'

/** Requests with unknown names or invalid parameters. */
const UNSERVABLE: ReadonlyArray<readonly [method: string, params: WireObject]> = [
  [Method.ToolsCall, {}], [Method.ToolsCall, { name: 7 }], [Method.ToolsCall, { name: 'no such tool', arguments: {} }],
  [Method.ToolsList, { cursor: 7 }], [Method.ToolsList, { cursor: 'no such page' }],
  [Method.PromptsGet, { name: 'no such prompt' }], [Method.ResourcesRead, {}],
  [Method.ResourcesRead, { uri: 'none:1' }], [Method.CompletionComplete, { ref: 7 }]
]

/** @internal Requests of both eras get complete results. */
export function answerChecks (): DefinitionChecks {
  return {
    async 'a client of each era learns what the server is and can do' ({ definition: { info } }, stage) {
      const mount = await stage.mount()
      const modern = await stage.connect(mount, 'modern')
      const { caller, ask } = await stage.connect(mount, 'legacy')

      const discovered = await modern.ask(Method.ServerDiscover).result
      assert.ok(Array.isArray(discovered.supportedVersions) && discovered.supportedVersions.includes(MODERN_REVISION))
      assert.equal(typeof discovered.capabilities, 'object')
      const opened = await ask(Method.Initialize, openingOf(caller)).result
      assert.equal(opened.protocolVersion, caller.protocolVersion)
      assert.equal(typeof opened.capabilities, 'object')
      const { name, version } = Object(opened.serverInfo) as WireObject
      const expected = info === undefined ? [String(name), String(version)] : [info.name, info.version]
      assert.deepEqual([name, version], expected)
    },

    async 'tools are listed and called in both eras' ({ whoami }, stage) {
      for (const era of ERAS) {
        const { ask, call } = await stage.connect(await stage.mount(), era)

        const { tools } = await ask(Method.ToolsList).result
        assert.ok(Array.isArray(tools) && tools.some(({ name }) => name === whoami), `${era}: ${whoami} is listed`)
        assert.equal(textOf(await call(whoami).result), 'ann')
      }
    },

    async 'the results of modern clients say that they are complete' ({ whoami }, stage) {
      const { ask, call } = await stage.connect(await stage.mount(), 'modern')

      for (const { result } of [ask(Method.ServerDiscover), ask(Method.ToolsList), call(whoami)]) {
        assert.equal((await result).resultType, 'complete')
      }
    },

    async 'a result is an object if the channel does not take JSON' ({ whoami }, stage) {
      for (const era of ERAS) {
        const { ask } = await stage.connect(await stage.mount(), era)

        const { result } = ask(Method.ToolsCall, { name: whoami, arguments: {} }, { takesJson: false })
        assert.equal(textOf(await result), 'ann')
      }
    }
  }
}

/** @internal A request that cannot be served is refused with an RpcError; a notification never is. */
export function refusalChecks (): DefinitionChecks {
  return {
    async 'a method that the server does not have in an era is refused with -32601' (_subject, stage) {
      const mount = await stage.mount()
      const [modern, legacy] = [await stage.connect(mount, 'modern'), await stage.connect(mount, 'legacy')]

      for (const method of ['no/such', Method.Initialize, Method.Ping, Method.SubscriptionsListen]) {
        assert.equal((await rejected(modern.ask(method))).code, ErrorCode.MethodNotFound, `modern ${method}`)
      }
      for (const method of ['no/such', Method.ServerDiscover]) {
        assert.equal((await rejected(legacy.ask(method))).code, ErrorCode.MethodNotFound, `legacy ${method}`)
      }
    },

    async 'a request that cannot be served gets a result or an RpcError' ({ whoami }, stage) {
      for (const era of ERAS) {
        const { ask, call } = await stage.connect(await stage.mount(), era)

        for (const [method, params] of UNSERVABLE) {
          const error = await ask(method, params).result.then(() => undefined, (error: unknown) => error)
          const what = `${era} ${method} ${JSON.stringify(params)}`
          assert.ok(error === undefined || isRpcError(error), `${what}: ${String(error)}`)
        }
        assert.equal(textOf(await call(whoami).result), 'ann')
      }
    },

    async 'any notification is accepted' ({ whoami }, stage) {
      const mount = await stage.mount()
      for (const era of ERAS) {
        const { notify, call } = await stage.connect(mount, era)

        for (const method of [Method.Initialized, Method.Progress, 'notifications/roots/list_changed', 'no/such']) {
          assert.doesNotThrow(() => notify(method))
        }
        assert.equal(textOf(await call(whoami).result), 'ann')
      }
    }
  }
}
