// The contract of a ServerDefinition.
import assert from 'node:assert/strict'
import { RpcError } from '../errors.ts'
import type { ChangeEvent } from '../protocol/change.ts'
import { ErrorCode } from '../protocol/error-code.ts'
import type { WireObject } from '../protocol/message.ts'
import { Method } from '../protocol/methods.ts'
import { MODERN_REVISION } from '../protocol/revisions.ts'
import type { ServerDefinition } from '../server/definition.ts'
import { createContracts, createWait, type Contract, type ContractOptions, type Subject } from './contract.ts'
import { createStage, openingOf, type Asked, type Stage } from './definition-stage.ts'

/** A definition under test. It has three tools, none of which takes arguments. */
export interface DefinitionSubject extends Subject {
  /** The definition. */
  readonly definition: ServerDefinition
  /** The name of a tool that answers with the `clientId` of its caller's `auth`, as a text. */
  readonly whoami: string
  /** The name of a tool that sends its client a progress of 1, and then answers. */
  readonly report: string
  /** The name of a tool that answers only after its call was aborted. */
  readonly wait: string
  /** Returns the number of calls of the `wait` tool that are running. */
  waiting (): number
  /** Changes the list of tools for all clients; absent where each client has a server of its own. */
  change? (): void
}

const ERAS = ['modern', 'legacy'] as const
const CALLERS = ['ann', 'bob', 'eve'] as const

/** Requests with unknown names or invalid parameters. */
const UNSERVABLE: ReadonlyArray<readonly [method: string, params: WireObject]> = [
  [Method.ToolsCall, {}], [Method.ToolsCall, { name: 7 }], [Method.ToolsCall, { name: 'no such tool', arguments: {} }],
  [Method.ToolsList, { cursor: 7 }], [Method.ToolsList, { cursor: 'no such page' }],
  [Method.PromptsGet, { name: 'no such prompt' }], [Method.ResourcesRead, {}],
  [Method.ResourcesRead, { uri: 'none:1' }], [Method.CompletionComplete, { ref: 7 }]
]

/**
 * Returns the checks of a {@link ServerDefinition}.
 *
 * @param create Makes a definition, for each check.
 * @example for (const { name, run } of definitionContract(createMyDefinition)) test(name, run)
 */
export function definitionContract (
  create: () => Promise<DefinitionSubject> | DefinitionSubject, options: ContractOptions = {}
): readonly Contract[] {
  const wait = createWait(options)

  return createContracts(create, onStage({
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

    async 'a result is an object if the channel does not take JSON' ({ whoami }, stage) {
      for (const era of ERAS) {
        const { ask } = await stage.connect(await stage.mount(), era)

        const { result } = ask(Method.ToolsCall, { name: whoami, arguments: {} }, { takesJson: false })
        assert.equal(textOf(await result), 'ann')
      }
    },

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
          const heard = sent.map(({ method, params }) => [method, params.progressToken])
          assert.deepEqual(heard, [[Method.Progress, principal]])
        }
      }
    },

    async 'a change reaches each listener until the listener is removed' ({ definition, change }, stage) {
      await stage.mount()
      const heard: ChangeEvent[][] = [[], [], []]
      const [gone, ...stay] = heard.map((events) => definition.onChange?.((event) => { events.push(event) }))
      change?.()
      const first = heard.map((events) => events.length)
      gone?.()
      change?.()

      const expected = change === undefined ? [0, 0, 0] : [1, 1, 1]
      assert.deepEqual(first, expected)
      assert.deepEqual(heard.map((events) => events.length), change === undefined ? expected : [1, 2, 2])
      for (const event of heard.flat()) assert.deepEqual(event, { kind: 'tools' })
      for (const end of stay) end?.()
    },

    async 'a mount that closes does not affect other mounts' ({ whoami }, stage) {
      const [leaves, stays] = [await stage.mount(), await stage.mount()]
      const connected = await stage.connect(stays, 'legacy')
      await leaves.close()

      assert.equal(textOf(await connected.call(whoami).result), 'ann')
      for (const era of ERAS) assert.equal(textOf(await (await stage.connect(stays, era)).call(whoami).result), 'ann')
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
    },

    async 'a session that ends does not affect other sessions' ({ definition, whoami }, stage) {
      const mount = await stage.mount()
      const [ends, stays] = [await stage.connect(mount, 'legacy', 'ann'), await stage.connect(mount, 'legacy', 'bob')]

      for (const session of [ends.caller, ends.caller, {}]) await definition.ended?.(session)

      assert.equal(textOf(await stays.call(whoami).result), 'bob')
      assert.equal(textOf(await (await stage.connect(mount, 'legacy', 'eve')).call(whoami).result), 'eve')
    }
  }))
}

type Check = (subject: DefinitionSubject) => Promise<void>
type StagedCheck = (subject: DefinitionSubject, stage: Stage) => Promise<void>

// Each check gets its own stage, which is cleared afterwards.
function onStage (checks: Readonly<Record<string, StagedCheck>>): Readonly<Record<string, Check>> {
  const staged = (check: StagedCheck): Check => async (subject) => {
    const stage = await createStage(subject.definition)
    try {
      await check(subject, stage)
    } finally {
      await stage.end()
    }
  }
  return Object.fromEntries(Object.entries(checks).map(([name, check]) => [name, staged(check)]))
}

function isRpcError (error: unknown): error is RpcError {
  return error instanceof RpcError && Number.isInteger(error.code)
}

async function rejected ({ result }: Asked): Promise<RpcError> {
  const error = await result.then(() => undefined, (error: unknown) => error)
  assert.ok(isRpcError(error), `an RpcError, and not ${String(error)}`)
  return error
}

function textOf ({ content }: WireObject): unknown {
  return Array.isArray(content) ? Object(content[0]).text : undefined
}
