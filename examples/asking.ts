// Tools that ask the user: with a form, and with a web page for data that must not pass through the client. The same
// code serves both eras. Try it: have an assistant whose client supports elicitation book a table and pay the deposit.
import { randomUUID } from 'node:crypto'
import { EventEmitter, once } from 'node:events'
import Fastify from 'fastify'
import mcpPlugin, { closeOnSignal, McpServer, ToolError, Type } from 'fastify-mcp-mount'

// The form is created outside of the handler, so that it is compiled only once.
const Booking = Type.Object({
  guests: Type.Integer({ title: 'Guests', minimum: 1, maximum: 12 }),
  seating: Type.Unsafe<'inside' | 'outside'>({
    type: 'string',
    title: 'Where',
    enum: ['inside', 'outside'],
    default: 'inside'
  }),
  email: Type.Optional(Type.String({ title: 'Send a confirmation to', format: 'email' }))
})

// Maps the number of a table, which cannot be guessed, to whether its deposit is paid.
const tables = new Map<string, boolean>()
const payments = new EventEmitter()

function takeTable (): string {
  const table = randomUUID()
  tables.set(table, false)
  return table
}

const app = Fastify({ logger: true })
const restaurant = new McpServer({ name: 'Restaurant', version: '1.0.0' })

restaurant.registerTool('book_table', {
  description: 'Book a table for tonight; the user is asked for the details.'
}, async (_args, ctx) => {
  // In the modern era the handler runs again with the answer. `once` keeps it from taking a second table.
  const table = await ctx.once('table', takeTable)
  const answer = await ctx.elicit('Tonight at our place:', Booking)
  if (answer.action !== 'accept') {
    tables.delete(table)
    return 'Nothing was booked'
  }
  return `Booked table ${table} ${answer.content.seating} for ${answer.content.guests}. Now pay the deposit.`
})

restaurant.registerTool('pay_deposit', {
  description: 'Have the user pay the deposit of a table.',
  inputSchema: Type.Object({ table: Type.String() })
}, async ({ table }, ctx) => {
  if (!tables.has(table)) throw new ToolError('No such table is booked; call book_table first')
  const page = new URL(`/deposit/${table}`, app.mcp.get('Restaurant').url)
  const { action } = await ctx.elicitUrl('Please pay the deposit of 10 €.', page)
  if (action !== 'accept') return 'The deposit was not paid'
  // The user has agreed to open the page, and may have paid already or may still need a while.
  if (tables.get(table) !== true) await once(payments, table, { signal: ctx.signal })
  return 'The deposit is paid'
})

app.register(mcpPlugin, { server: restaurant })

// A real page would redirect to a payment service.
app.get<{ Params: { table: string } }>('/deposit/:table', async ({ params: { table } }, reply) => {
  if (!tables.has(table)) return reply.callNotFound()
  return reply
    .type('text/html; charset=utf-8')
    .send('<!doctype html><title>Deposit</title><form method="post"><button>Pay 10 €</button></form>')
})
app.addContentTypeParser('application/x-www-form-urlencoded', { parseAs: 'string' }, (_request, _body, done) => {
  done(null)
})
app.post<{ Params: { table: string } }>('/deposit/:table', async ({ params: { table } }, reply) => {
  if (!tables.has(table)) return reply.callNotFound()
  tables.set(table, true)
  payments.emit(table)
  return 'Paid. You may close this page.'
})

closeOnSignal(app)
await app.listen({ host: '127.0.0.1', port: Number(process.env.PORT ?? 8000) })
for (const { url } of app.mcp) console.log(`MCP endpoint ${url}`)
