// A definition made of definitions: lists are joined, and each request is served by the member that it is for.
import type { RequestMessage } from '../protocol/message.ts'
import { Method } from '../protocol/methods.ts'
import type { Incoming, Outcome } from '../server/call/incoming.ts'
import type { BodyLimitOf, Entered, ServerDefinition } from '../server/definition.ts'
import { resultOf } from '../server/call/result.ts'
import { joinContents, type Contents } from '../server/contents.ts'
import { createListService } from './joined-list.ts'
import { joinFilters, joinIntroductions } from './joined-results.ts'
import { isNotOffered } from './not-offered.ts'

/** One definition of a composition. */
export interface Member {
  readonly definition: ServerDefinition
  /** Whether a request names a tool, a prompt or a resource of this member. */
  owns (message: RequestMessage): boolean
}

const FIELDS: ReadonlyMap<string, string> = new Map([
  [Method.ToolsList, 'tools'], [Method.PromptsList, 'prompts'],
  [Method.ResourcesList, 'resources'], [Method.ResourceTemplatesList, 'resourceTemplates']
])

// Every member answers these, and the answers are joined.
const JOINED: ReadonlyMap<string, (results: readonly object[]) => object> = new Map([
  [Method.Initialize, joinIntroductions], [Method.ServerDiscover, joinIntroductions],
  [Method.SubscriptionsListen, joinFilters], [Method.LoggingSetLevel, ([first = {}]) => first]
])

/**
 * Composes definitions to one. It has the identity and the lifespan of the main one, which gets each request that no
 * other member owns.
 */
export function compose (main: ServerDefinition, ...others: readonly Member[]): ServerDefinition {
  const members: readonly Member[] = [{ definition: main, owns: () => false }, ...others]
  const definitions = members.map(({ definition }) => definition)
  const serveList = createListService(members)
  const states = definitions.flatMap(({ sharesState }) => sharesState ?? [])

  return {
    ...(main.info !== undefined && { info: main.info }),
    ...(states.length > 0 && { sharesState: states.every((isShared) => isShared) }),
    async serve (incoming) {
      const { message } = incoming
      const field = FIELDS.get(message.method)
      if (field !== undefined) return await serveList(incoming, field)
      const join = JOINED.get(message.method)
      if (join !== undefined) return join(await serveByAll(definitions, incoming))
      const owner = others.find((member) => member.owns(message))
      return owner === undefined ? await serveByFirst(definitions, incoming) : await owner.definition.serve(incoming)
    },
    enter: (app) => enterAll(definitions, (definition) => definition.enter?.(app)),
    onChange: (listener) => endAll(definitions.map((one) => one.onChange?.(listener))),
    limitBodies: () => joinBodyLimits(definitions),
    contents: () => contentsOf(definitions),
    changed (event) { for (const one of definitions) one.changed?.(event) },
    onWarning: (listener) => endAll(definitions.map((one) => one.onWarning?.(listener))),
    notified (incoming) { for (const one of definitions) one.notified?.(incoming) },
    async ended (session) { await Promise.all(definitions.map((one) => one.ended?.(session))) }
  }
}

async function serveByFirst (definitions: readonly ServerDefinition[], incoming: Incoming): Promise<Outcome> {
  let refusal: unknown
  for (const definition of definitions) {
    try {
      return await definition.serve(incoming)
    } catch (error) {
      if (!isNotOffered(error)) throw error
      refusal ??= error
    }
  }
  throw refusal
}

// In turn, because a session that the first one refuses must not begin for the others.
async function serveByAll (definitions: readonly ServerDefinition[], incoming: Incoming): Promise<readonly object[]> {
  const results: object[] = []
  let refusal: unknown
  for (const definition of definitions) {
    try {
      results.push(resultOf(await definition.serve(incoming)))
    } catch (error) {
      if (!isNotOffered(error)) throw error
      refusal ??= error
    }
  }
  if (results.length === 0) throw refusal
  return results
}

async function enterAll (
  definitions: readonly ServerDefinition[],
  enter: (definition: ServerDefinition) => Promise<Entered<unknown>> | undefined
): Promise<Entered<unknown>> {
  const entered: Array<Entered<unknown> | undefined> = []
  const close = async (): Promise<void> => {
    for (const one of entered.splice(0).reverse()) await one?.close?.()
  }
  try {
    for (const definition of definitions) entered.push(await enter(definition))
  } catch (error) {
    await close()
    throw error
  }
  return { value: entered[0]?.value, close }
}

function joinBodyLimits (definitions: readonly ServerDefinition[]): BodyLimitOf | undefined {
  const limits = definitions.flatMap((one) => one.limitBodies?.() ?? [])
  if (limits.length === 0) return undefined
  return (tool) => limits.map((limitOf) => limitOf(tool)).find((limit) => limit !== undefined)
}

// What one member offers is unknown if it does not tell.
function contentsOf (definitions: readonly ServerDefinition[]): Contents | undefined {
  const all = definitions.flatMap((one) => one.contents?.() ?? [])
  return all.length === 0 ? undefined : joinContents(all)
}

function endAll (ends: ReadonlyArray<(() => void) | undefined>): () => void {
  return () => { for (const end of ends) end?.() }
}
