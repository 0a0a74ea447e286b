// What the page has to know about each mount before it connects to it.
import type { FastifyRequest } from 'fastify'
import { listParamNames } from '../http/guard/path-params.ts'
import type { Mount } from '../mount.ts'
import { findMounted } from '../registry.ts'
import type { DescribedAuth, DescribedMount } from './description.ts'

/** Describes the mounts of an app for a page. */
export function describeMounts (mounts: Iterable<Mount>, request: FastifyRequest): readonly DescribedMount[] {
  // The page is served with a slash at its end: each segment of its path is one step up.
  const [path = ''] = request.url.split('?', 1)
  const up = '../'.repeat(path.split('/').length - 2)
  return [...mounts].map((mount) => describeMount(mount, up, request))
}

function describeMount (mount: Mount, up: string, request: FastifyRequest): DescribedMount {
  const { parts: { options, definition } } = findMounted(mount)
  const known = request.params as Readonly<Record<string, string | undefined>>
  const params = listParamNames(mount.path).filter((name) => name !== '*')
  const filled = params.reduce((path, name) => {
    const value = known[name]
    return value === undefined ? path : path.replace(new RegExp(`:${name}(?=/|$)`), encodeURIComponent(value))
  }, mount.path)
  return {
    name: mount.name,
    path: mount.path,
    url: up + filled.slice(1),
    publicUrl: mount.url,
    params: params.filter((name) => known[name] === undefined),
    eras: options.legacy ? ['modern', 'legacy'] : ['modern'],
    hasSessions: options.legacy && !options.stateless,
    hasStreams: !options.jsonResponse,
    bodyLimit: options.bodyLimit,
    auth: describeAuth(options.auth),
    ...(definition.info !== undefined && { info: definition.info })
  }
}

function describeAuth (auth: ReturnType<typeof findMounted>['parts']['options']['auth']): DescribedAuth {
  if (auth === undefined) return { kind: 'none' }
  if (!('verify' in auth)) return { kind: 'app' }
  return { kind: 'oauth', scopes: auth.scopesSupported ?? auth.requiredScopes }
}
