// What the nodes under chaos serve. Every call carries a token, which its answer and all it sends on the way carry,
// too.
import { setTimeout as wait } from 'node:timers/promises'
import { McpServer, Type, type RequestContext } from '../../lib/index.ts'

/** Where a client says which of its requests this is: each it sends has one of its own. */
export const ATTEMPT_KEY = 'chaos.example/attempt'

const Token = Type.String()
const Agreement = Type.Object({ token: Token })
const PAUSE = 30

/**
 * Makes the server.
 * @param executed Told of each handler that runs, before it does anything, with what the client calls its request.
 */
export function createChaosServer (executed: (attempt: string) => Promise<void>): McpServer {
  const server = new McpServer(
    { name: 'Chaos', version: '1.0.0' },
    { requestState: { keys: ['0123456789abcdef0123456789abcdef'] } }
  )
  const begin = (ctx: RequestContext): Promise<void> => executed(String(ctx.meta?.[ATTEMPT_KEY]))

  server.registerTool('echo', { inputSchema: Type.Object({ token: Token }) }, async ({ token }, ctx) => {
    await begin(ctx)
    return token
  })
  server.registerTool(
    'count',
    { inputSchema: Type.Object({ token: Token, to: Type.Integer() }) },
    async ({ token, to }, ctx) => {
      await begin(ctx)
      for (let n = 1; n <= to; n++) {
        await ctx.reportProgress(n, to, token)
        await wait(PAUSE)
      }
      return token
    }
  )
  server.registerTool('ask', { inputSchema: Type.Object({ token: Token }) }, async ({ token }, ctx) => {
    await begin(ctx)
    const answer = await ctx.elicit(token, Agreement)
    return answer.action === 'accept' ? answer.content.token : answer.action
  })
  server.registerTool(
    'touch',
    { inputSchema: Type.Object({ token: Token, uri: Type.String() }) },
    async ({ token, uri }, ctx) => {
      await begin(ctx)
      ctx.notifyResourceUpdated(uri)
      return token
    }
  )
  server.registerResource('clock', 'chaos://clock', {}, () => String(Date.now()))
  return server
}
