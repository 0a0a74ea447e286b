import Fastify, { type FastifyRequest } from 'fastify'
import { describe, expect, test } from 'tstyche'
import mcpPlugin, {
  McpServer, type ExposableRoute, type ExposeOptions, type RequestContext, type RouteMountOptions, type RouteToolConfig
} from '../lib/index.ts'

const app = Fastify()
const server = new McpServer({ name: 'Shop', version: '1.0.0' })

describe('routes that are tools', () => {
  test('are exposed beside a server, or with a name and a version alone', () => {
    expect(app.register).type.toBeCallableWith(mcpPlugin, { server, expose: true })
    expect(app.register).type.toBeCallableWith(mcpPlugin, { server, expose: { include: 'safe' as const } })
    expect(app.register).type.toBeCallableWith(mcpPlugin, { expose: { name: 'Shop', version: '1.0.0' } })
    expect(app.register).type.not.toBeCallableWith(mcpPlugin, { expose: true })
    expect(app.register).type.not.toBeCallableWith(mcpPlugin, { expose: { name: 'Shop' } })
    expect<RouteMountOptions>().type.toBeAssignableFrom<{ expose: { name: string, version: string }, prefix: string }>()
  })

  test('are configured by config.mcp', () => {
    expect(app.get).type.toBeCallableWith('/a', { config: { mcp: true } }, async () => 1)
    expect(app.get).type.toBeCallableWith('/a', { config: { mcp: { name: 'a', scopes: ['b'] } } }, async () => 1)
    expect<RouteToolConfig>().type.toBeAssignableFrom<{ mount: string[], input: 'grouped', headers: string[] }>()
    expect<RouteToolConfig>().type.not.toBeAssignableFrom<{ input: 'nested' }>()
    expect<RouteToolConfig>().type.not.toBeAssignableFrom<{ annotations: string }>()
  })

  test('are chosen by a function that sees the route', () => {
    expect<ExposeOptions>().type.toBeAssignableFrom<{ include: (route: ExposableRoute) => boolean }>()
    expect<ExposeOptions>().type.toBeAssignableFrom<{ include: () => { name: string } }>()
    expect<ExposeOptions>().type.not.toBeAssignableFrom<{ include: () => string }>()
    expect<ExposeOptions>().type.not.toBeAssignableFrom<{ include: 'all' }>()
  })

  test('find the context of their call', () => {
    expect<FastifyRequest['mcp']>().type.toBe<RequestContext | undefined>()
  })
})
