// Serves `prompts/get`.
import type { GetPromptResult, PromptMessage } from '@modelcontextprotocol/sdk/types.js'
import { invalidParams, RefusedError } from '../../errors.ts'
import { shorten } from '../../protocol/bounds.ts'
import { ErrorCode } from '../../protocol/error-code.ts'
import { resolveToJson } from '../../protocol/encode.ts'
import { isWireObject } from '../../protocol/message.ts'
import { Method } from '../../protocol/methods.ts'
import { InvalidArgumentsError, type Call } from '../call/call.ts'
import { isContentBlock, textBlock } from '../call/content.ts'
import type { InputRequiredResult } from '../call/input-required.ts'
import { isAdmitted } from '../lists/access.ts'
import type { Collection } from '../lists/collection.ts'
import type { Prompt } from './prompt.ts'

/**
 * Serves `prompts/get`.
 * @throws RpcError if the request names no prompt, its arguments are invalid, or the handler fails.
 */
export async function getPrompt (
  prompts: Collection<Prompt>, call: Call
): Promise<GetPromptResult | InputRequiredResult> {
  const { name, arguments: args = {} } = call.message.params
  if (typeof name !== 'string') throw invalidParams(`${Method.PromptsGet} needs 'name', a string`)
  if (!isWireObject(args) || !Object.values(args).every((value) => typeof value === 'string')) {
    throw invalidParams("'arguments' must be an object whose values are strings")
  }
  const prompt = prompts.byKey.get(name)
  if (prompt === undefined || (prompt.access !== undefined && !await isAdmitted(prompt, call))) {
    throw new RefusedError(ErrorCode.InvalidParams, `Unknown prompt: ${shorten(name)}`)
  }

  try {
    // A copy, because the questions of a handler are bound to the arguments that came.
    const returned = await call.run(prompt, { ...args })
    return toPromptResult(returned, prompt.config.description)
  } catch (error) {
    if (error instanceof InvalidArgumentsError) {
      const problem = `Invalid arguments for prompt ${name}: ${error.message}`
      throw new RefusedError(ErrorCode.InvalidParams, problem, undefined, { cause: error })
    }
    return await call.askBack(call.explain(error, `rendering prompt ${name}`))
  }
}

function toPromptResult (returned: unknown, description: string | undefined): GetPromptResult {
  if (isWireObject(returned) && Array.isArray(returned.messages) && returned.messages.every(isPromptMessage)) {
    return { ...returned, messages: returned.messages }
  }
  const messages = (Array.isArray(returned) ? returned : [returned]).map((item: unknown) => {
    if (typeof item === 'string') return { role: 'user' as const, content: textBlock(item) }
    const value = resolveToJson(item)
    if (isPromptMessage(value)) return value
    throw new TypeError('a prompt must return a string, a message { role, content }, ' +
      "an array of messages, or a result with 'messages'")
  })
  return { ...(description !== undefined && { description }), messages }
}

function isPromptMessage (value: unknown): value is PromptMessage {
  return isWireObject(value) && (value.role === 'user' || value.role === 'assistant') && isContentBlock(value.content)
}
