// A database that a model can query: read-only queries, limited in time and rows, and a resource that describes the
// tables. Without DATABASE_URL it is an embedded one with some cities. Try it: ask an assistant for the largest.
import { PGlite } from '@electric-sql/pglite'
import Fastify from 'fastify'
import mcpPlugin, { closeOnSignal, McpServer, ToolError, Type, type Entered } from 'fastify-mcp-mount'
import pg from 'pg'

// The role in the URL should only be allowed to read what the model may see. It is the last line of defence.
const { DATABASE_URL, TIMEOUT_MS = '5000' } = process.env
const MAX_ROWS = 100
const timeoutMs = Number(TIMEOUT_MS)

type Row = Record<string, unknown>

interface Database { read (sql: string, values?: readonly unknown[]): Promise<Row[]> }

function openPool (connectionString: string): Entered<Database> {
  const pool = new pg.Pool({
    connectionString,
    max: 5,
    connectionTimeoutMillis: timeoutMs,
    statement_timeout: timeoutMs,
    query_timeout: 2 * timeoutMs
  })
  pool.on('error', (error) => { app.log.error(error, 'an idle connection broke') })

  async function read (sql: string, values: readonly unknown[] = []): Promise<Row[]> {
    const client = await pool.connect()
    try {
      await client.query('BEGIN READ ONLY')
      const { rows } = await client.query<Row>(sql, [...values])
      await client.query('ROLLBACK')
      // A query can leave changed settings and locks behind.
      await client.query('DISCARD ALL')
      client.release()
      return rows
    } catch (error) {
      // The connection may be in any state, so it is not reused.
      client.release(true)
      throw error
    }
  }
  return { value: { read }, close: () => pool.end() }
}

// For trying this without a database server. It runs in this thread, so no timeout can end a query.
async function openEmbedded (): Promise<Entered<Database>> {
  const db = await PGlite.create()
  await db.exec(`CREATE TABLE city (name text PRIMARY KEY, country text NOT NULL, people int NOT NULL);
    INSERT INTO city VALUES ('Lagos', 'Nigeria', 15400000), ('Lima', 'Peru', 10100000), ('Lisbon', 'Portugal', 548000)`)

  function read (sql: string, values: readonly unknown[] = []): Promise<Row[]> {
    return db.transaction(async (transaction) => {
      await transaction.query('SET TRANSACTION READ ONLY')
      const { rows } = await transaction.query<Row>(sql, [...values])
      await transaction.rollback()
      return rows
    })
  }
  return { value: { read }, close: () => db.close() }
}

const database = new McpServer({ name: 'Database', version: '1.0.0' }, {
  instructions: 'Read db://config before you query.',
  lifespan: async () => DATABASE_URL === undefined ? await openEmbedded() : openPool(DATABASE_URL)
})

database.registerTool('query', {
  description: 'Run a SELECT, WITH or VALUES query of PostgreSQL.',
  inputSchema: Type.Object({ sql: Type.String({ minLength: 1, maxLength: 10_000 }) }),
  outputSchema: Type.Object({
    rows: Type.Array(Type.Record(Type.String(), Type.Unknown())),
    isComplete: Type.Boolean()
  }),
  annotations: { readOnlyHint: true, openWorldHint: false }
}, async ({ sql }, { lifespan: { read } }) => {
  // A subquery cannot be any other statement, and with a parameter (the extended protocol) there can be only one.
  const query = `SELECT * FROM (${sql.replace(/;\s*$/, '')}\n) AS asked LIMIT $1`
  const rows = await read(query, [MAX_ROWS + 1]).catch((error: unknown) => {
    // The model receives the database's errors. Other errors are logged.
    throw error instanceof Error && 'severity' in error
      ? new ToolError(`The database refused: ${error.message}`)
      : error
  })
  return { rows: rows.slice(0, MAX_ROWS), isComplete: rows.length <= MAX_ROWS }
})

database.registerResource('config', 'db://config', {
  description: 'What database this is, what it holds, and what queries may be',
  mimeType: 'application/json'
}, async (_uri, { lifespan: { read } }) => {
  const [about] = await read('SELECT version() AS version, current_database() AS database, current_user AS role')
  const columns = await read(`
    SELECT table_schema AS schema, table_name AS table, column_name AS column, data_type AS type
    FROM information_schema.columns WHERE table_schema NOT IN ('pg_catalog', 'information_schema')
    ORDER BY 1, 2, ordinal_position`)
  return JSON.stringify({ ...about, maxRows: MAX_ROWS, timeoutMs, columns })
})

// Creating a database takes seconds, and may exceed Fastify's default of ten on a busy machine.
const app = Fastify({ logger: true, pluginTimeout: 60_000 })
app.register(mcpPlugin, { server: database })

closeOnSignal(app)
await app.listen({ host: '127.0.0.1', port: Number(process.env.PORT ?? 8000) })
for (const { url } of app.mcp) console.log(`MCP endpoint ${url}`)
