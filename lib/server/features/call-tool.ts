// Serves `tools/call`.
import type { CallToolResult } from '@modelcontextprotocol/sdk/types.js'
import { CannotAskError, invalidParams, RefusedError, RpcError, ToolError } from '../../errors.ts'
import { shorten } from '../../protocol/bounds.ts'
import { ErrorCode } from '../../protocol/error-code.ts'
import { isWireObject } from '../../protocol/message.ts'
import { Method } from '../../protocol/methods.ts'
import { findParamHeaderMismatch } from '../../protocol/param-headers.ts'
import { InvalidArgumentsError, type Call } from '../call/call.ts'
import { TimeoutError } from '../call/deadlines.ts'
import { reportFailure, toError } from '../call/failure.ts'
import { InputRequiredError, type InputRequiredResult } from '../call/input-required.ts'
import type { TextResult } from '../call/result.ts'
import { isAdmitted } from '../lists/access.ts'
import type { Collection } from '../lists/collection.ts'
import type { Tool } from './tool.ts'
import { errorResult, fitToLegacy, toPlainResult, toStructuredResult } from './tool-result.ts'

/**
 * Serves `tools/call`.
 * @throws RpcError if the request names no tool or contradicts its headers, or if the handler threw one.
 */
export async function callTool (
  tools: Collection<Tool>, call: Call
): Promise<CallToolResult | TextResult | InputRequiredResult> {
  const finding = findAdmittedTool(tools, call)
  const tool = finding instanceof Promise ? await finding : finding

  try {
    // A copy, because the questions of a handler are bound to the arguments that came.
    const returned = await call.run(tool, { ...Object(call.message.params.arguments) })
    const making = tool.output === undefined ? toPlainResult(returned) : toStructuredResult(returned, tool.output)
    const result = making instanceof Promise ? await call.inTime(making, tool.timeout) : making
    return call.caller.era === 'modern' ? result : fitToLegacy(result)
  } catch (error) {
    return toFailure(error, tool.key, call)
  }
}

/**
 * Finds the tool that a call names, if the caller may call it.
 * @throws RpcError if the request names no tool that the caller sees, or contradicts its headers.
 */
export function findAdmittedTool (tools: Collection<Tool>, call: Call): Tool | Promise<Tool> {
  const { name, arguments: args = {} } = call.message.params
  if (typeof name !== 'string') throw invalidParams(`${Method.ToolsCall} needs 'name', a string`)
  if (!isWireObject(args)) throw invalidParams("'arguments' must be an object")
  const tool = tools.byKey.get(name)
  if (tool === undefined) throw unknownTool(name)
  if (tool.access !== undefined) return admitRestricted(tool, call)
  if (tool.paramHeaders.length > 0) refuseHeaderMismatch(tool, call)
  return tool
}

async function admitRestricted (tool: Tool, call: Call): Promise<Tool> {
  if (!await isAdmitted(tool, call)) throw unknownTool(tool.key)
  if (tool.paramHeaders.length > 0) refuseHeaderMismatch(tool, call)
  return tool
}

function unknownTool (name: string): RefusedError {
  return new RefusedError(ErrorCode.InvalidParams, `Unknown tool: ${shorten(name)}`)
}

// Runs after `isAdmitted`, because the answer shows that the tool exists.
function refuseHeaderMismatch ({ paramHeaders }: Tool, { caller, channel, message }: Call): void {
  if (caller.era === 'legacy' || channel.request === undefined) return
  const mismatch = findParamHeaderMismatch(paramHeaders, message.params.arguments, channel.request.headers)
  if (mismatch !== undefined) throw new RefusedError(ErrorCode.HeaderMismatch, `Header mismatch: ${mismatch}`)
}

// Returns the result for an error that a tool threw. @throws RpcError
function toFailure (error: unknown, name: string, call: Call): CallToolResult | Promise<InputRequiredResult> {
  call.failure = toError(error)
  if (error instanceof InvalidArgumentsError) return errorResult(`Invalid arguments for tool ${name}: ${error.message}`)
  if (error instanceof CannotAskError && call.caller.era === 'legacy') return errorResult(error.message)
  if (error instanceof RpcError) throw error
  if (error instanceof InputRequiredError) return call.askBack(error)
  if (error instanceof ToolError) return errorResult(error.message)
  const { channel: { log }, server: { exposeErrors } } = call
  if (error instanceof TimeoutError) {
    log.warn({ tool: name }, `tool ${name} ${error.message}`)
    return errorResult(`Tool ${name} ${error.message}`)
  }
  return errorResult(reportFailure(error, `executing tool ${name}`, { log, exposeErrors }))
}
