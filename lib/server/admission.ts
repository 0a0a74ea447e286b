// Whether a caller may use what its request names, for middlewares that answer in place of the method.
import { Method } from '../protocol/methods.ts'
import type { Call } from './call/call.ts'
import { findAdmittedTool } from './features/call-tool.ts'
import { findAdmittedResource } from './features/read-resource.ts'
import type { Tool } from './features/tool.ts'
import type { ServerParts } from './parts.ts'

/** Makes sure that the caller may call the tool, or read the resource, that its request names. @throws RpcError */
export async function admit ({ tools, resources }: ServerParts, call: Call): Promise<void> {
  const { method, params: { uri } } = call.message
  if (method === Method.ToolsCall) await findAdmittedTool(tools, call)
  else await findAdmittedResource(resources, String(uri), call)
}

/** Returns the tool with a name for any caller; undefined if there is none. */
export function findTool ({ tools }: ServerParts, name: unknown): Tool | undefined {
  return typeof name === 'string' ? tools.byKey.get(name) : undefined
}
