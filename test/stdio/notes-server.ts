// A server on stdio, run by tests in a process of its own.
import { McpServer, Type, type RequestContext } from '../../lib/index.ts'
import { serveStdio } from '../../lib/stdio.ts'

const server = new McpServer({ name: 'Notes', version: '1.0.0' }, {
  instructions: 'Keeps notes.',
  lifespan: async () => {
    if (process.env['FAIL'] !== undefined) throw new Error('the database is away')
    console.error('lifespan entered')
    return { value: { prefix: 'Saved' }, close: () => { console.error('lifespan left') } }
  }
})

let goOn = (): void => {}

server.registerTool(
  'add_note',
  { inputSchema: Type.Object({ text: Type.String() }) },
  ({ text }, { lifespan }) => `${lifespan.prefix}: ${text}`
)

server.registerTool('chatter', {}, (_args: unknown, ctx: RequestContext<{ prefix: string }>) => {
  console.log('printed by a handler')
  process.stdout.write('written by a handler\n')
  return String(ctx.request)
})

server.registerTool('work', {}, async (_args: unknown, ctx: RequestContext<{ prefix: string }>) => {
  await ctx.reportProgress(1, 2, 'half')
  await new Promise<void>((resolve) => { goOn = resolve })
  return 'done'
})

server.registerTool('go_on', {}, () => { goOn(); return 'on' })

server.registerTool('greet', {}, async (_args: unknown, ctx: RequestContext<{ prefix: string }>) => {
  const answer = await ctx.elicit('Who are you?', Type.Object({ name: Type.String() }))
  return answer.action === 'accept' ? `Hello ${answer.content.name}` : 'Hello'
})

server.registerTool('wait', {}, async (_args: unknown, { signal }: RequestContext<{ prefix: string }>) => {
  console.error('waiting')
  await new Promise((resolve) => signal.addEventListener('abort', resolve))
  console.error('aborted')
  return 'too late'
})

server.registerTool('grow', {}, () => {
  server.registerTool(`grown_${process.hrtime.bigint()}`, {}, () => 'new')
  return 'grown'
})

const { close } = await serveStdio(server)
process.once('SIGTERM', close)
console.error('serving')
