// `inspect`: lists what an endpoint offers, and uses it from the terminal.
import { text } from 'node:stream/consumers'
import { isLogLevel } from '../protocol/log-level.ts'
import { Method } from '../protocol/methods.ts'
import type { Era } from '../protocol/revisions.ts'
import { parseWhole, UsageError, type Command, type CommandLine } from './command.ts'
import { openEndpoint, type Endpoint, type EndpointOptions } from './endpoint.ts'
import { parseArguments } from './inspect-arguments.ts'
import {
  formatContents, formatList, formatMessages, formatServer, formatToolResult, LIST_NAMES, type ListName
} from './inspect-output.ts'
import type { Item, Result } from './lists.ts'
import { explain, observeReplies, type Observed } from './refusal.ts'
import { cleanJson, cleanLine } from './clean.ts'
import { type Terminal } from './terminal.ts'

/** Lists and uses what an endpoint offers. */
export const inspect: Command = {
  name: 'inspect',
  summary: 'List and use what an MCP endpoint offers.',
  usage: '<url> [what] [options]',
  options: {
    arg: {
      value: 'name=value',
      multiple: true,
      help: "One argument of 'call' or 'prompt'. A value is JSON where the tool does not want a string."
    },
    era: {
      value: 'modern|legacy',
      help: 'Speak this era of the protocol only. Default: the newest that both sides know.'
    },
    header: { value: 'Name: value', multiple: true, help: 'A header for each request.' },
    token: {
      value: 'token',
      help: 'A bearer token. Default: the environment variable MCP_TOKEN, which other users of the machine cannot see.'
    },
    timeout: { value: 'ms', help: 'Milliseconds that a request may take. Default: 60000.' },
    'log-level': {
      value: 'level',
      help: 'The least severe log message to show: debug, info, notice, warning, error, … Default: info.'
    },
    json: { help: 'Print results as JSON.' }
  },
  notes: `What
  (nothing)                  all that the server offers
  tools, resources, prompts  one of the lists, with the arguments
  call <tool> [json]         call a tool; - reads the JSON from standard input
  read <uri>                 read a resource
  prompt <name> [json]       get a prompt

Results go to standard output; progress and log messages to standard error.
A tool that answers with an error makes the exit code 1.

  fastify-mcp-mount inspect http://127.0.0.1:8000/mcp
  fastify-mcp-mount inspect http://127.0.0.1:8000/mcp call add '{"a":1,"b":2}'
  fastify-mcp-mount inspect http://127.0.0.1:8000/mcp call add --arg a=1 --arg b=2`,
  run: runInspect
}

/** Asks an endpoint and prints the answer. Resolves to the exit code. */
type Inquiry = (endpoint: Endpoint, terminal: Terminal, asJson: boolean) => Promise<number>

async function runInspect (line: CommandLine, terminal: Terminal): Promise<number> {
  const inquiry = resolveInquiry(line, line.positionals[3] === '-' ? await text(terminal.process.stdin) : undefined)
  const observed: Observed = {}
  const options = resolveOptions(line, terminal, observeReplies(observed))
  const asked = { url: options.url, hasToken: options.headers.has('authorization'), timeout: options.timeout }
  try {
    return await useEndpoint(options, (endpoint) => inquiry(endpoint, terminal, line.has('json')))
  } catch (error) {
    throw explain(error, observed, asked)
  }
}

async function useEndpoint (
  options: Parameters<typeof openEndpoint>[0], use: (endpoint: Endpoint) => Promise<number>
): Promise<number> {
  const endpoint = await openEndpoint(options)
  try {
    return await use(endpoint)
  } finally {
    await endpoint.close()
  }
}

// The JSON of `-` is that of standard input.
function resolveInquiry (line: CommandLine, input: string | undefined): Inquiry {
  const [, what, subject, json, ...rest] = line.positionals
  const unwanted = what === undefined || Object.hasOwn(LIST_NAMES, what) ? subject : what === 'read' ? json : rest[0]
  if (unwanted !== undefined) throw new UsageError(`'${unwanted}' is one argument too many`)
  const name = (kind: string): string => {
    if (subject === undefined) throw new UsageError(`'${what}' needs ${kind}`)
    return subject
  }
  const given = { json: input ?? json, pairs: line.all('arg') }
  switch (what) {
    case undefined: return showAll
    case 'tools': case 'resources': case 'prompts': return (...to) => showList(what, ...to)
    case 'call': return callTool(name('the name of a tool'), given)
    case 'read': return readResource(name('the URI of a resource'))
    case 'prompt': return getPrompt(name('the name of a prompt'), given)
    default:
      throw new UsageError(`'${what}' cannot be inspected; there are tools, resources, prompts, call, read, prompt`)
  }
}

function resolveOptions (
  line: CommandLine, { err, dim, process: { env } }: Terminal, fetch: EndpointOptions['fetch']
): EndpointOptions {
  const logLevel = line.get('log-level') ?? 'info'
  if (!isLogLevel(logLevel)) {
    const levels = 'debug, info, notice, warning, error, critical, alert or emergency'
    throw new UsageError(`--log-level is '${logLevel}', and must be ${levels}`)
  }
  return {
    url: parseUrl(line.positionals[0]),
    era: parseEra(line.get('era')),
    headers: parseHeaders(line, env),
    timeout: parseWhole(line, 'timeout', { otherwise: '60000', from: 1, to: 2 ** 31 - 1 }),
    logLevel,
    fetch,
    onProgress: ({ progress, total, message }) => {
      err(dim(cleanLine(`progress ${progress}${total === undefined ? '' : `/${total}`} ${message ?? ''}`)))
    },
    onLog: ({ level, logger, data }) => {
      const text = typeof data === 'string' ? data : JSON.stringify(data)
      err(dim(cleanLine(`${level}${logger === undefined ? '' : ` ${logger}`}: ${text}`)))
    }
  }
}

function parseUrl (text: string | undefined): URL {
  if (text === undefined) {
    throw new UsageError('inspect needs the URL of an endpoint, such as http://127.0.0.1:8000/mcp')
  }
  const url = URL.canParse(text) ? new URL(text) : undefined
  if (url?.protocol !== 'http:' && url?.protocol !== 'https:') {
    throw new UsageError(`'${text}' is not an http:// or https:// URL, such as http://127.0.0.1:8000/mcp`)
  }
  return url
}

function parseEra (era: string | undefined): Era | undefined {
  if (era === undefined || era === 'modern' || era === 'legacy') return era
  throw new UsageError(`--era is '${era}', and must be modern or legacy`)
}

function parseHeaders (line: CommandLine, env: Terminal['process']['env']): Headers {
  const headers = new Headers()
  for (const header of line.all('header')) {
    const [, name = '', value = ''] = /^([^:]+):(.*)$/.exec(header) ?? []
    setHeader(headers, name, value, `--header '${header}' must be 'Name: value'`)
  }
  const isAuthorized = headers.has('authorization')
  if (isAuthorized && line.get('token') !== undefined) {
    throw new UsageError("--token and --header both set 'Authorization'; leave one of them out")
  }
  const token = line.get('token') ?? (isAuthorized ? undefined : env.MCP_TOKEN)
  if (token !== undefined) {
    setHeader(headers, 'authorization', `Bearer ${token}`, 'the token has characters that a header must not contain')
  }
  return headers
}

function setHeader (headers: Headers, name: string, value: string, problem: string): void {
  try {
    headers.append(name, value)
  } catch {
    throw new UsageError(problem)
  }
}

const showAll: Inquiry = async function (endpoint, terminal, asJson) {
  const lists: { [list: string]: readonly Item[] } = {}
  const texts = formatServer(endpoint, terminal)
  for (const name of Object.keys(LIST_NAMES) as ListName[]) {
    for (const { capability, method, list, title } of LIST_NAMES[name]) {
      if (endpoint.capabilities[capability] === undefined) continue
      lists[list] = await endpoint.list(method)
      texts.push(...formatList(title, lists[list], terminal))
    }
  }
  const { era, protocolVersion, serverInfo, instructions, capabilities } = endpoint
  const all = { era, protocolVersion, serverInfo, instructions, capabilities, ...lists }
  terminal.out(asJson ? cleanJson(all) : texts.join('\n').trimEnd())
  return 0
}

async function showList (name: ListName, endpoint: Endpoint, terminal: Terminal, asJson: boolean): Promise<number> {
  const lists: { [list: string]: readonly Item[] } = {}
  const texts: string[] = []
  for (const { capability, method, list, title } of LIST_NAMES[name]) {
    lists[list] = endpoint.capabilities[capability] === undefined ? [] : await endpoint.list(method)
    texts.push(...formatList(title, lists[list], terminal, 'with arguments'))
  }
  terminal.out(asJson ? cleanJson(lists) : texts.join('\n').trimEnd() || `The server offers no ${name}.`)
  return 0
}

interface Given { readonly json: string | undefined, readonly pairs: readonly string[] }

function callTool (name: string, { json, pairs }: Given): Inquiry {
  // Parsed once without the schema, so that malformed arguments are reported before the endpoint is asked.
  parseArguments(json, pairs, {})
  return async function (endpoint, terminal, asJson) {
    const tools = pairs.length === 0 ? [] : await endpoint.list(Method.ToolsList)
    const tool = tools.find((listed) => listed.name === name)
    const result = await endpoint.callTool(name, parseArguments(json, pairs, propertiesOf(tool)))
    terminal.out(asJson ? cleanJson(result) : formatToolResult(result))
    return result.isError === true ? 1 : 0
  }
}

function propertiesOf (tool: Item | undefined): Result {
  return (tool?.inputSchema as { readonly properties?: Result } | undefined)?.properties ?? {}
}

function readResource (uri: string): Inquiry {
  return async function (endpoint, terminal, asJson) {
    const result = await endpoint.ask(Method.ResourcesRead, { uri })
    terminal.out(asJson ? cleanJson(result) : formatContents(result))
    return 0
  }
}

function getPrompt (name: string, { json, pairs }: Given): Inquiry {
  const args = parseArguments(json, pairs, 'strings')
  return async function (endpoint, terminal, asJson) {
    const result = await endpoint.ask(Method.PromptsGet, { name, arguments: args })
    terminal.out(asJson ? cleanJson(result) : formatMessages(result, terminal))
    return 0
  }
}
