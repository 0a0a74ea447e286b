// Tools: how they are registered, listed and called.
import type { CallToolResult, Icon, ToolAnnotations } from '@modelcontextprotocol/sdk/types.js'
import { shorten } from '../../protocol/bounds.ts'
import { ErrorCode } from '../../protocol/error-code.ts'
import { isWireObject } from '../../protocol/message.ts'
import { collectParamHeaders, findParamHeaderMismatch, type ParamHeader } from '../../protocol/param-headers.ts'
import type { Era } from '../../protocol/revisions.ts'
import { findToolNameProblem } from '../../protocol/tool-name.ts'
import {
  CannotAskError, invalidParams, MCP_ERR_INVALID_DEFINITION, MCP_ERR_INVALID_SCHEMA, RefusedError, RpcError, ToolError
} from '../../errors.ts'
import { duration, kind, object, string } from '../../options/checks.ts'
import type { TableOf } from '../../options/table.ts'
import { ACCESS, isAdmitted, resolveAccess, type AccessConfig } from '../lists/access.ts'
import { InvalidArgumentsError, TimeoutError, type Call } from '../call/call.ts'
import type { Collection, Entry, Handle } from '../lists/collection.ts'
import { checkConfig, icons } from './config-check.ts'
import { reportFailure } from '../call/failure.ts'
import { InputRequiredError, type InputRequired, type InputRequiredResult } from '../call/input-required.ts'
import { checkNumbers } from '../schema/json-validator.ts'
import { toLegacyOutput } from '../schema/listed-schema.ts'
import type { RequestContext } from '../call/request-context.ts'
import { compileArguments } from '../schema/optional-defaults.ts'
import { PatternCheck } from '../schema/pattern-check.ts'
import { compileSchema, type AnySchema, type CompiledSchema, type InferInput } from '../schema/schema.ts'
import type { JsonSchema } from '../schema/validation.ts'
import type { TextResult } from '../call/result.ts'
import {
  errorResult, fitToLegacy, toPlainResult, toStructuredResult, type LiteralKeeper, type ToolReturn
} from './tool-result.ts'

/** What a tool is, apart from its name and handler. */
export interface ToolConfig<
  Input extends AnySchema | undefined = undefined, Output extends AnySchema | undefined = undefined, Lifespan = unknown
> extends AccessConfig<Lifespan> {
  /** A name for people. */
  readonly title?: string
  /** What the tool does, for the model. */
  readonly description?: string
  /** The arguments: TypeBox, a Standard Schema or JSON Schema, of type object at its root. @default any object */
  readonly inputSchema?: Input
  /** The result's `structuredContent`: TypeBox, a Standard Schema or JSON Schema. Results are validated by it. */
  readonly outputSchema?: Output
  /** Hints on the tool's behaviour. */
  readonly annotations?: ToolAnnotations
  /** Pictures for people, in several sizes. */
  readonly icons?: readonly Icon[]
  /** Milliseconds after which a call ends with an error and `ctx.signal` is aborted; 0 waits for ever. @default the server's `timeout` */
  readonly timeout?: number
  /** What clients are told besides, as it is. */
  readonly _meta?: { readonly [key: string]: unknown }
}

/** Answers the calls of one tool. */
export type ToolHandler<Input, Output, Lifespan> = (
  args: InferInput<Input>, ctx: RequestContext<Lifespan>
) => ToolReturn<Output> | InputRequired | LiteralKeeper | Promise<ToolReturn<Output> | InputRequired | LiteralKeeper>

/** What can be changed of a registered tool. */
export type ToolChanges = ToolConfig<AnySchema, AnySchema> & {
  /** What runs from now on. */
  readonly handler?: AnyHandler
}

/** Changes a registered tool. */
export type ToolHandle = Handle<ToolChanges>

/** A tool as lists show it. */
export interface ListedTool extends Omit<ToolConfig, 'inputSchema' | 'outputSchema' | 'timeout' | keyof AccessConfig> {
  readonly name: string
  readonly inputSchema: JsonSchema
  readonly outputSchema?: JsonSchema
}

// The types of a handler's arguments and result are checked where it is registered; from there on they are the schemas' concern.
type AnyHandler = (args: never, ctx: never) => unknown

/** A registered tool. */
export interface Tool extends Entry {
  readonly config: ToolConfig<AnySchema, AnySchema>
  readonly handler: AnyHandler
  /** Checks the arguments of a call. */
  readonly check: CompiledSchema['validate']
  /** Milliseconds that a call may take; undefined where the server says it. */
  readonly timeout: number | undefined
  readonly output: CompiledSchema | undefined
  readonly paramHeaders: readonly ParamHeader[]
  readonly listed: { readonly [era in Era]: ListedTool }
}

const ANY_OBJECT: JsonSchema = Object.freeze({ type: 'object', properties: Object.freeze({}) })

// Compiling a schema checks it.
const schema = kind<AnySchema>(() => undefined)

const TOOL = {
  title: string(),
  description: string(),
  inputSchema: schema(),
  outputSchema: schema(),
  annotations: object<ToolAnnotations>(),
  icons: icons(),
  timeout: duration(),
  _meta: object<{ readonly [key: string]: unknown }>(),
  ...ACCESS
} satisfies TableOf<ToolConfig<AnySchema, AnySchema, never>>

/** Checks and compiles a tool. @throws MCP_ERR_INVALID_DEFINITION, MCP_ERR_INVALID_SCHEMA */
export function createTool (
  name: string, config: ToolConfig<AnySchema, AnySchema>, handler: AnyHandler, patterns = new PatternCheck()
): Tool {
  const label = `tool '${name}'`
  const problem = findToolNameProblem(name)
  if (problem !== undefined) throw new MCP_ERR_INVALID_DEFINITION(label, problem)
  checkConfig(label, config, TOOL)
  if (typeof handler !== 'function') throw new MCP_ERR_INVALID_DEFINITION(label, 'needs a handler: a function')

  const { inputSchema, outputSchema } = config
  const [inputPlace, outputPlace] = [`inputSchema of ${label}`, `outputSchema of ${label}`]
  const input = inputSchema === undefined ? undefined : compileArguments(inputSchema, inputPlace, patterns.createRegExp)
  const output = outputSchema === undefined ? undefined : compileSchema(outputSchema, 'output', outputPlace, patterns.createRegExp)
  if (input !== undefined && input.json.type !== 'object') {
    throw new MCP_ERR_INVALID_SCHEMA(inputPlace, "must describe an object: its root needs type 'object'")
  }
  const found = collectParamHeaders(input?.json ?? ANY_OBJECT)
  if ('problem' in found) throw new MCP_ERR_INVALID_SCHEMA(inputPlace, `is invalid: ${found.problem}`)

  const listed = listTool(name, config, input?.json ?? ANY_OBJECT, output?.json)
  return {
    key: name,
    label,
    enabled: true,
    warnings: [
      ...patterns.listWarnings(inputSchema, input?.json, inputPlace),
      ...patterns.listWarnings(outputSchema, output?.json, outputPlace)
    ],
    access: resolveAccess(config),
    config,
    handler,
    check: input?.validate ?? checkNumbers,
    timeout: config.timeout,
    output,
    paramHeaders: found.headers,
    listed: { modern: listed, legacy: fitListedTool(listed) }
  }
}

/** The tool that takes the place of another one. @throws as {@link createTool} */
export function updateTool (
  tool: Tool, { handler = tool.handler, ...changes }: ToolChanges, patterns?: PatternCheck
): Tool {
  return createTool(tool.key, { ...tool.config, ...changes }, handler, patterns)
}

function listTool (
  name: string, config: ToolConfig<AnySchema, AnySchema>, inputSchema: JsonSchema, outputSchema: JsonSchema | undefined
): ListedTool {
  const { title, description, annotations, icons, _meta } = config
  return {
    name,
    ...(title !== undefined && { title }),
    ...(description !== undefined && { description }),
    inputSchema,
    ...(outputSchema !== undefined && { outputSchema }),
    ...(annotations !== undefined && { annotations }),
    ...(icons !== undefined && { icons }),
    ...(_meta !== undefined && { _meta })
  }
}

// Clients of legacy revisions refuse the whole list over an outputSchema that is no object.
function fitListedTool (listed: ListedTool): ListedTool {
  const { outputSchema, ...rest } = listed
  if (outputSchema === undefined) return listed
  return outputSchema.type === 'object' ? { ...listed, outputSchema: toLegacyOutput(outputSchema) } : rest
}

/**
 * Serves `tools/call`.
 * @throws RpcError when the request names no tool, contradicts its headers, or the tool threw one.
 */
export async function callTool (tools: Collection<Tool>, call: Call): Promise<CallToolResult | TextResult | InputRequiredResult> {
  const { name, arguments: args = {} } = call.message.params
  if (typeof name !== 'string') throw invalidParams("tools/call needs 'name', a string")
  if (!isWireObject(args)) throw invalidParams("'arguments' must be an object")
  const tool = tools.get(name)
  if (tool === undefined || (tool.access !== undefined && !await isAdmitted(tool, call))) {
    throw new RefusedError(ErrorCode.InvalidParams, `Unknown tool: ${shorten(name)}`)
  }
  if (tool.paramHeaders.length > 0) refuseHeaderMismatch(tool, call)

  try {
    // A copy, because the questions of a handler are bound to the arguments that came.
    const returned = await call.run(tool, { ...args })
    const making = tool.output === undefined ? toPlainResult(returned) : toStructuredResult(returned, tool.output)
    const result = making instanceof Promise ? await call.inTime(making, tool.timeout) : making
    return call.caller.era === 'modern' ? result : fitToLegacy(result)
  } catch (error) {
    return toFailure(error, name, call)
  }
}

// Only after the caller was admitted: nobody else must know that there is such a tool.
function refuseHeaderMismatch ({ paramHeaders }: Tool, { caller, channel, message }: Call): void {
  if (caller.era === 'legacy' || channel.request === undefined) return
  const mismatch = findParamHeaderMismatch(paramHeaders, message.params.arguments, channel.request.headers)
  if (mismatch !== undefined) throw new RefusedError(ErrorCode.HeaderMismatch, `Header mismatch: ${mismatch}`)
}

// Returns what becomes of what a tool threw. @throws RpcError
function toFailure (error: unknown, name: string, call: Call): CallToolResult | Promise<InputRequiredResult> {
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
  return errorResult(reportFailure(log, error, `executing tool ${name}`, exposeErrors))
}
