// The options of a test client.
import type {
  ClientCapabilities, CreateMessageRequest, CreateMessageResult, ElicitRequest, ElicitResult, Implementation, Root
} from '@modelcontextprotocol/sdk/types.js'
import { MCP_ERR_INVALID_OPTION } from '../errors.ts'
import { func, isObject, kindOf, object, oneOf, text } from '../options/checks.ts'
import { resolve, type ResolvedOf, type TableOf } from '../options/table.ts'
import type { Era } from '../protocol/revisions.ts'
import type { ClientVersion } from './client-type.ts'

/** Options of {@link createTestClient}. */
export interface TestClientOptions<
  Version extends ClientVersion | undefined = ClientVersion | undefined,
  ClientEra extends Era | undefined = Era | undefined
> {
  /** The era that the client speaks. @default 'modern' if the client v2 is installed, else 'legacy' */
  readonly era?: ClientEra
  /** The official client to use. The modern era needs `'v2'`. @default 'v2' if it is installed, else 'v1' */
  readonly client?: Version
  /** The access token of the requests, sent as `Authorization: Bearer …`. @default none */
  readonly auth?: string
  /** Additional headers of every request, such as those that the mount's `authenticate` reads. @default none */
  readonly headers?: Readonly<Record<string, string>>
  /**
   * The origin of the web page in which the client runs, such as `https://app.example.com`. The CORS rules of browsers
   * then apply to requests and replies, and what a browser would block rejects with a {@link RefusedError}.
   * @default none: no browser
   */
  readonly origin?: string
  /** The `Host` of the requests. @default a host that the mount serves */
  readonly host?: string
  /** The parameters of the mount's path: `{ tenant: 'acme' }` for a prefix of `/:tenant`. @default none */
  readonly params?: Readonly<Record<string, string>>
  /** The client's name and version. @default { name: 'test', version: '1.0.0' } */
  readonly clientInfo?: Implementation
  /** Additional capabilities. `elicit`, `sample` and `listRoots` declare their own. @default none */
  readonly capabilities?: ClientCapabilities
  /**
   * Answers `ctx.elicit` and `ctx.elicitUrl` in place of a user. Without it, the client does not declare `elicitation`.
   */
  readonly elicit?: (params: ElicitRequest['params']) => ElicitResult | Promise<ElicitResult>
  /** Answers `ctx.sample` in place of a model. Without it, the client does not declare `sampling`. */
  readonly sample?: (params: CreateMessageRequest['params']) => CreateMessageResult | Promise<CreateMessageResult>
  /** Answers `ctx.listRoots`. Without it, the client does not declare `roots`. */
  readonly listRoots?: () => Root[] | Promise<Root[]>
}

const record = kindOf<Readonly<Record<string, string>>>('must be an object of strings',
  (value) => isObject(value) && Object.values(value).every((entry) => typeof entry === 'string'))
const origin = kindOf<string>("must be an origin as browsers send it, such as 'https://app.example.com'",
  (value) => typeof value === 'string' && /^(?:null|[a-z][a-z0-9+.-]*:\/\/[^\s/]+)$/.test(value))
const host = kindOf<string>("must be a host, such as 'api.example.com' or 'localhost:8000'",
  (value) => typeof value === 'string' && /^[^\s/?#@]+$/.test(value) && URL.canParse(`http://${value}`))

const TEST_CLIENT = {
  era: oneOf('modern', 'legacy'),
  client: oneOf('v1', 'v2'),
  auth: text(),
  headers: record({}),
  origin: origin(),
  host: host(),
  params: record({}),
  clientInfo: kindOf<Implementation>('must be an object', isObject)({ name: 'test', version: '1.0.0' }),
  capabilities: object<ClientCapabilities>(),
  elicit: func<NonNullable<TestClientOptions['elicit']>>(),
  sample: func<NonNullable<TestClientOptions['sample']>>(),
  listRoots: func<NonNullable<TestClientOptions['listRoots']>>()
} satisfies TableOf<TestClientOptions>

/** Options that have been checked and completed. */
export type ResolvedClientOptions = ResolvedOf<typeof TEST_CLIENT>

/** Checks and completes the options. @throws MCP_ERR_INVALID_OPTION */
export function resolveClientOptions (given: TestClientOptions): ResolvedClientOptions {
  const options = resolve(TEST_CLIENT, given)
  if (options.client === 'v1' && options.era === 'modern') {
    const problem = "contradicts 'era': the client v1 does not speak the modern era; leave one of them out"
    throw new MCP_ERR_INVALID_OPTION('client', problem)
  }
  if (options.auth !== undefined && new Headers(options.headers).has('authorization')) {
    const problem = "has 'authorization', the header that 'auth' sets; leave one of them out"
    throw new MCP_ERR_INVALID_OPTION('headers', problem)
  }
  return options
}

/** Returns the capabilities that the client declares. */
export function capabilitiesOf (
  { capabilities, elicit, sample, listRoots }: ResolvedClientOptions
): ClientCapabilities {
  return {
    ...(elicit && { elicitation: { form: {}, url: {} } }),
    ...(sample && { sampling: {} }),
    ...(listRoots && { roots: {} }),
    ...capabilities
  }
}
