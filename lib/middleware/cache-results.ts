// Caches the results of tools and the contents of resources.
import { MCP_ERR_INVALID_OPTION } from '../errors.ts'
import { duration, isObject, isText, kindOf, required, whole } from '../options/checks.ts'
import { resolve, type TableOf } from '../options/table.ts'
import type { ChangeEvent } from '../protocol/change.ts'
import { canonicalUri } from '../protocol/uri.ts'
import type { RequestContext } from '../server/call/request-context.ts'
import type { Hooks, Next } from '../server/hooks.ts'
import { cacheBy, createKeyOf, type Asked, type CacheBy } from './cache-key.ts'
import { MemoryCache, type CacheStore } from './cache-store.ts'
import { digest } from './caller.ts'
import { span, toMilliseconds, toolNames, type Span } from './options.ts'
import { ResultCache } from './result-cache.ts'

/** Options of {@link cacheResults}. */
export interface CacheOptions<Lifespan = unknown> {
  /** For how long a result is used. */
  readonly ttl: Span
  /** The tools whose results are cached: those that only read. @default none */
  readonly tools?: readonly string[]
  /** The URIs of the resources whose contents are cached; a `*` at the end stands for any rest. @default none */
  readonly resources?: readonly string[]
  /** Whose results are shared. @default 'principal' */
  readonly by?: CacheBy<Lifespan>
  /**
   * How many bytes of memory the results in this process may take; beyond it, those that have not been used for longest
   * are forgotten. With `store`, how many bytes the JSON of a result may have at most.
   * @default 67108864 (64 MiB); with `store`, 1048576 (1 MiB)
   */
  readonly maxBytes?: number
  /** Where results are kept, such as {@link redisCache}. @default this process */
  readonly store?: CacheStore
  /** The longest wait for the store, in milliseconds. After it, calls run as without a cache. @default 1000 */
  readonly timeout?: number
}

const uris = kindOf<readonly string[]>("must be an array of URIs, such as ['notes://all', 'notes://each/*']",
  (value) => Array.isArray(value) && value.length > 0 && value.every(isText))
const METHODS = ['get', 'set', 'drop']

const CACHE = {
  ttl: required(span()),
  tools: toolNames(),
  resources: uris(),
  by: cacheBy('principal'),
  maxBytes: whole(),
  store: kindOf<CacheStore>('must be a store with get, set and drop, such as redisCache({ client })',
    (value) => isObject(value) && METHODS.every((name) => typeof Object(value)[name] === 'function'))(),
  timeout: duration(1000)
} satisfies TableOf<CacheOptions<never>>

const TOOLS = 'tools'
const RESOURCES = 'resources'

/**
 * Caches results of tools and contents of resources. A caller gets one only if it may call the tool, or read the
 * resource: `scopes` and `visible` are asked each time. While a result is being made, equal requests wait for it.
 *
 * Results with `isError`, and those that depend on answers of the user, are not cached. When the list of tools changes,
 * all results of tools are dropped; when the list of resources changes, all contents are; and when a resource is
 * updated, its contents are. A result must depend on nothing but the arguments, the caller, and what `by` tells apart.
 *
 * @throws MCP_ERR_INVALID_OPTION
 * @example
 * server.use(cacheResults({ tools: ['find_note'], ttl: '1 minute' }))
 * server.use(cacheResults({ resources: ['weather://*'], ttl: '10 minutes', by: 'public' }))
 */
export function cacheResults<Lifespan = unknown> (options: CacheOptions<Lifespan>): Hooks<Lifespan> {
  const { ttl, tools, resources, by, maxBytes, store, timeout } = resolve(CACHE, options, 'cacheResults.')
  if (tools === undefined && resources === undefined) {
    throw new MCP_ERR_INVALID_OPTION('cacheResults.tools', "is missing: name what is cached in 'tools' or 'resources'")
  }
  const cache = new ResultCache({
    ttl: toMilliseconds(ttl),
    store: store ?? new MemoryCache(maxBytes ?? 64 * 1024 * 1024),
    maxLength: store === undefined ? Infinity : maxBytes ?? 1024 * 1024,
    timeout
  })
  const keyOf = createKeyOf(by, store !== undefined)
  const cached = new Set(tools)
  const isCachedUri = createUriMatcher(resources ?? [])

  function serve<Result extends object> (
    ctx: RequestContext, next: Next<Result>, asked: Asked, groups: readonly string[]
  ): Promise<Result> {
    const key = isAnswered(ctx) ? undefined : keyOf(ctx, asked)
    return key === undefined ? next() : cache.serve(ctx, { key, groups, run: next })
  }

  return {
    ...(tools !== undefined && {
      callTool (ctx, next) {
        const { name, arguments: args = {} } = ctx.params
        return cached.has(name) ? serve(ctx, next, { kind: 'tool', target: name, args }, [TOOLS]) : next()
      }
    }),
    ...(resources !== undefined && {
      readResource (ctx, next) {
        const { uri } = ctx.params
        if (!isCachedUri(uri)) return next()
        return serve(ctx, next, { kind: 'resource', target: uri }, [RESOURCES, groupOf(uri)])
      }
    }),
    onChange (event) {
      // A process that registers its tools when it starts drops nothing that others have made.
      if (!cache.isUsed && event.kind !== 'resource') return
      for (const group of groupsOf(event)) cache.drop(group)
    }
  }
}

function createUriMatcher (patterns: readonly string[]): (uri: string) => boolean {
  const exact = new Set(patterns.filter((pattern) => !pattern.endsWith('*')))
  const prefixes = patterns.filter((pattern) => pattern.endsWith('*')).map((pattern) => pattern.slice(0, -1))
  return (uri) => exact.has(uri) || prefixes.some((prefix) => uri.startsWith(prefix))
}

// A client that answers questions repeats its request with the answers, on which the result depends.
function isAnswered ({ params }: RequestContext): boolean {
  return params['requestState'] !== undefined || params['inputResponses'] !== undefined
}

function groupsOf (event: ChangeEvent): readonly string[] {
  switch (event.kind) {
    case 'tools': return [TOOLS]
    case 'resources': return [RESOURCES]
    case 'resource': return [groupOf(event.uri)]
    default: return []
  }
}

// All spellings of a URI have one group.
function groupOf (uri: string): string {
  return `resource ${digest(canonicalUri(uri) ?? uri)}`
}
