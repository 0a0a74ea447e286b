// An app that serves one of the definitions, with routes by which a test looks behind the scenes, from wherever it is.
import Fastify, { type FastifyInstance } from 'fastify'
import mcpPlugin, { createMemoryEventStore, type Cluster, type McpMountOptions } from '../../../lib/index.ts'
import { createGate, type Gate } from '../../support/stream.ts'
import { definitions, type DefinitionName } from './definitions.ts'

/** How an app serves a definition. JSON can carry it. */
export type TalkOptions = Pick<McpMountOptions, 'stateless' | 'retryInterval'> & {
  /** Keeps events for clients that come back, as a cluster always does. */
  readonly isResumable?: boolean
}

/** The changes that a test can make to a definition. */
export const ACTIONS = ['registerTool', 'removeTool', 'toolsChanged', 'promptsChanged', 'resourcesChanged'] as const

export type Action = typeof ACTIONS[number]

/** Creates an app. @param cluster The cluster that the app is a node of, if any. */
export function createTalkApp (
  name: DefinitionName, { isResumable = false, ...options }: TalkOptions = {}, cluster?: Cluster
): FastifyInstance {
  const notes: string[] = []
  const gates = new Map<string, Gate>()
  const gateOf = (gate: string): Gate => {
    const found = gates.get(gate) ?? createGate()
    gates.set(gate, found)
    return found
  }
  const server = definitions[name]({ note: (text) => { notes.push(text) }, pass: (gate) => gateOf(gate).promise })

  // After a request that was aborted, fetch opens a connection ahead of need, which no server takes for idle.
  const app = Fastify()
  app.register(mcpPlugin, {
    ...options,
    server,
    ...(cluster !== undefined && { cluster }),
    ...(cluster === undefined && isResumable && { eventStore: createMemoryEventStore() })
  })
  let later: { remove (): void } | undefined
  const act: Readonly<Record<Action, () => void>> = {
    registerTool: () => { later = server.registerTool('later', {}, () => 'a') },
    removeTool: () => { later?.remove() },
    toolsChanged: () => app.mcp.get(server.info.name).notify.toolsChanged(),
    promptsChanged: () => app.mcp.get(server.info.name).notify.promptsChanged(),
    resourcesChanged: () => app.mcp.get(server.info.name).notify.resourcesChanged()
  }

  app.get('/stage', async () => {
    const mount = app.mcp.get(server.info.name)
    return { notes, stats: mount.stats(), sessions: await mount.sessions.count() }
  })
  app.post<{ Params: { action: Action } }>('/stage/act/:action', async ({ params }) => { act[params.action]() })
  app.post<{ Params: { gate: string } }>('/stage/open/:gate', async ({ params }) => { gateOf(params.gate).open() })
  return app
}
