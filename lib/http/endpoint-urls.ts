// The URLs of a path with and without a slash at the end, because clients send both.
import type { FastifyInstance } from 'fastify'

/** Lists the URLs of routes that answer at a path with and without a trailing slash. */
export function listUrls (scope: FastifyInstance, path: string): readonly string[] {
  const bare = path.replace(/\/+$/, '')
  // Fastify serves both if the path is '/' below a prefix, or if the app ignores trailing slashes.
  if (bare === '') return ['/']
  const { ignoreTrailingSlash, routerOptions } = scope.initialConfig
  return ignoreTrailingSlash === true || routerOptions?.ignoreTrailingSlash === true ? [bare] : [bare, `${bare}/`]
}
