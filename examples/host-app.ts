// An MCP server added to an existing app. They share the app's data. The app's hooks run for the endpoint, too, but its
// error handler, parsers and routes are not affected. Try it: curl http://127.0.0.1:8000/books
import Fastify, { type FastifyError } from 'fastify'
import mcpPlugin, { closeOnSignal, McpServer, ToolError, Type } from 'fastify-mcp-mount'

const Book = Type.Object({ isbn: Type.String(), title: Type.String(), copies: Type.Integer({ minimum: 0 }) })

const shelf = new Map<string, (typeof Book)['static']>([
  ['9780140449136', { isbn: '9780140449136', title: 'The Odyssey', copies: 2 }]
])

// The existing app.
const app = Fastify({ logger: true })

app.addHook('onRequest', async (_request, reply) => { reply.header('x-served-by', 'library') })
app.setErrorHandler<FastifyError>(async (error, request, reply) => {
  const { statusCode = 500, message } = error
  if (statusCode >= 500) request.log.error(error)
  return reply.code(statusCode).send({ problem: statusCode < 500 ? message : 'The library is closed' })
})

app.get('/books', async () => [...shelf.values()])
app.put<{ Body: typeof Book['static'] }>('/books', { schema: { body: Book } }, async ({ body }, reply) => {
  shelf.set(body.isbn, body)
  return reply.code(204).send()
})
app.get('/broken', async () => { throw new Error('the roof is gone') })

// The MCP server.
const library = new McpServer({ name: 'Library', version: '1.0.0' })

library.registerTool('find_books', {
  description: 'Find books by a part of their title.',
  inputSchema: Type.Object({ title: Type.String() }),
  outputSchema: Type.Object({ books: Type.Array(Book) }),
  annotations: { readOnlyHint: true }
}, ({ title }) => {
  const part = title.toLowerCase()
  return { books: [...shelf.values()].filter((book) => book.title.toLowerCase().includes(part)) }
})

library.registerTool('lend_book', {
  description: 'Lend a copy of a book.',
  inputSchema: Type.Object({ isbn: Type.String() })
}, ({ isbn }) => {
  const book = shelf.get(isbn)
  if (book === undefined) throw new ToolError(`No book has the ISBN ${isbn}; find_books tells those that there are`)
  if (book.copies === 0) throw new ToolError(`All copies of ${book.title} are lent`)
  shelf.set(isbn, { ...book, copies: book.copies - 1 })
  return `Lent ${book.title}`
})

app.register(mcpPlugin, { server: library })

closeOnSignal(app)
await app.listen({ host: '127.0.0.1', port: Number(process.env.PORT ?? 8000) })
for (const { url } of app.mcp) console.log(`MCP endpoint ${url}`)
