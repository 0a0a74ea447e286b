// The examples of servers with data: of a database, of a service, of a directory.
import { readFileSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import Fastify from 'fastify'
import pg from 'pg'
import t, { type Test } from 'tap'
import { failureOf, v1, v2Modern, type OfficialClient } from '../support/clients.ts'
import { connect, textOf, withExample } from './example.ts'
import { noPostgres, startPostgres } from './postgres-server.ts'

// A database is made in seconds; a busy machine may need longer.
t.setTimeout(300_000)

async function query (client: OfficialClient, sql: string): Promise<unknown> {
  const answer = await client.callTool('query', { sql })
  return answer['isError'] === true ? textOf(answer) : answer['structuredContent']
}

async function testQueries (t: Test, client: OfficialClient): Promise<void> {
  t.same(await query(client, 'SELECT name, people FROM city ORDER BY people DESC LIMIT 1;'), {
    rows: [{ name: 'Lagos', people: 15400000 }],
    isComplete: true
  })
  t.same(
    await query(
      client,
      'WITH big AS (SELECT * FROM city WHERE people > 1000000) SELECT count(*)::int AS n FROM big -- more than one'
    ),
    { rows: [{ n: 2 }], isComplete: true }
  )
  const many = (await query(client, 'SELECT n FROM generate_series(1, 1000) AS n')) as {
    rows: object[]
    isComplete: boolean
  }
  t.same([many.rows.length, many.rows.at(-1), many.isComplete], [100, { n: 100 }, false])

  for (const [sql, refusal] of [
    ['DELETE FROM city RETURNING *', /syntax error/],
    ['WITH gone AS (DELETE FROM city RETURNING *) SELECT * FROM gone', /data-modifying statement/],
    ['SELECT 1) AS asked; DELETE FROM city; SELECT * FROM (SELECT 1', /multiple commands/],
    ['SELECT 1) AS asked; COMMIT; SELECT (1', /multiple commands/],
    ['SELECT * FROM generate_series(1, 1000)) AS asked --', /syntax error/],
    ["SELECT set_config('transaction_read_only', 'off', true)", /read-write mode/],
    ['SELECT missing FROM city', /column "missing" does not exist/]
  ] as const) t.match(await query(client, sql), refusal, sql)

  // What it may still do does not outlive it.
  t.match(await query(client, "SELECT set_config('search_path', 'nowhere', false) AS path"), {
    rows: [{ path: 'nowhere' }]
  })
  await query(client, 'SELECT lo_create(4242)')
  t.match(
    await query(
      client,
      'SELECT count(*)::int AS n, (SELECT count(*)::int FROM pg_largeobject_metadata) AS objects FROM city'
    ),
    { rows: [{ n: 3, objects: 0 }] }
  )
}

async function testConfig (t: Test, client: OfficialClient): Promise<void> {
  const {
    contents: [config]
  } = (await client.readResource('db://config')) as { contents: Array<{ text: string; mimeType: string }> }
  const { version, maxRows, columns } = JSON.parse(config?.text ?? '')

  t.equal(config?.mimeType, 'application/json')
  t.match(version, /^PostgreSQL \d+/)
  t.equal(maxRows, 100)
  t.same(
    columns,
    [
      ['name', 'text'],
      ['country', 'text'],
      ['people', 'integer']
    ].map(([column, type]) => ({ schema: 'public', table: 'city', column, type }))
  )
}

t.test('postgres: a model reads what there is, and changes nothing, in the embedded database', async (t) => {
  await withExample(t, 'postgres', { env: { DATABASE_URL: undefined } }, async ({ url }) => {
    for (const kind of [v1, v2Modern]) await testQueries(t, await connect(t, kind, url))
    await testConfig(t, await connect(t, v2Modern, url))
  })
})

t.test('postgres: and in one of a server, where a query ends in time and leaves no lock behind', { skip: noPostgres }, async (t) => {
  const databaseUrl = await startPostgres(t)
  const beside = new pg.Client(databaseUrl)
  await beside.connect()
  await beside.query(`CREATE TABLE city (name text PRIMARY KEY, country text NOT NULL, people int NOT NULL);
    INSERT INTO city VALUES ('Lagos', 'Nigeria', 15400000), ('Lima', 'Peru', 10100000), ('Lisbon', 'Portugal', 548000);
    CREATE FUNCTION clear() RETURNS int LANGUAGE sql AS 'DELETE FROM city RETURNING 1'`)

  await withExample(t, 'postgres', { env: { DATABASE_URL: databaseUrl, TIMEOUT_MS: '1000' } }, async ({ url }) => {
    const client = await connect(t, v2Modern, url)
    await testQueries(t, client)
    await testConfig(t, client)
    t.match(await query(client, 'SELECT clear()'), /cannot execute DELETE in a read-only transaction/)
    t.match(await query(client, 'SELECT pg_sleep(600)'), /statement timeout/)
    t.match(await query(client, 'SELECT pg_advisory_lock(7)'), { isComplete: true })
    t.match((await beside.query('SELECT pg_try_advisory_lock(7) AS free')).rows, [{ free: true }])

    // Connections that break are replaced.
    await beside.query(
      'SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid() AND datname = ' +
        'current_database()'
    )
    const answers = [await query(client, 'SELECT 1 AS n'), await query(client, 'SELECT 1 AS n')]
    t.same(answers.at(-1), { rows: [{ n: 1 }], isComplete: true })
  })
  t.match(
    (
      await beside.query(
        'SELECT count(*)::int AS n FROM pg_stat_activity WHERE datname = current_database() AND backend_type = ' +
          "'client backend'"
      )
    ).rows,
    [{ n: 1 }],
    'the pool has ended'
  )
  await beside.end()
})

t.test('weather: what the service says becomes a value that fits the schema', async (t) => {
  const service = Fastify({ forceCloseConnections: true })
  t.teardown(() => service.close())
  let current: object | undefined = {
    time: 1_767_225_600,
    weather_code: 81,
    temperature_2m: 14.2,
    relative_humidity_2m: 78,
    wind_speed_10m: 21.6,
    wind_direction_10m: 240
  }
  const asked: unknown[] = []
  service.get('/v1/forecast', async ({ query }, reply) => {
    asked.push(query)
    return current === undefined ? reply.code(502).send() : { current }
  })
  const origin = await service.listen({ port: 0, host: '127.0.0.1' })

  await withExample(t, 'weather', { env: { FORECAST_URL: `${origin}/v1/forecast` } }, async ({ url }) => {
    for (const kind of [v1, v2Modern]) {
      const client = await connect(t, kind, url)
      // The clients check results against the schemas of tools that they have listed.
      const [tool] = await client.listTools()
      const answer = await client.callTool('get_weather', { latitude: 38.72, longitude: -9.14 })
      const weather = {
        time: '2026-01-01T00:00:00.000Z',
        conditions: 'rain',
        temperature: 14.2,
        humidity: 78,
        wind: { speed: 21.6, from: 240 }
      }

      t.match(tool, {
        name: 'get_weather',
        outputSchema: { type: 'object', required: ['time', 'conditions', 'temperature', 'humidity', 'wind'] }
      })
      t.same(answer['structuredContent'], weather)
      t.same(JSON.parse(textOf(answer) ?? ''), weather, 'and the same as text')
      t.match(await client.callTool('get_weather', { latitude: 91, longitude: 0 }), {
        isError: true,
        content: [{ text: /latitude/ }]
      })
    }
    t.match(asked, [{ latitude: '38.72', longitude: '-9.14', timeformat: 'unixtime' }, {}])

    const client = await connect(t, v2Modern, url)
    current = { ...current, relative_humidity_2m: 178 }
    t.match(
      await client.callTool('get_weather', { latitude: 0, longitude: 0 }),
      { isError: true, content: [{ text: /^Error executing tool get_weather/ }] },
      'what does not fit is not sent'
    )
    current = undefined
    t.match(await client.callTool('get_weather', { latitude: 0, longitude: 0 }), {
      isError: true,
      content: [{ text: 'The weather service answered 502; try again later' }]
    })
  })
})

t.test('files: what is below the directory is listed, completed and read, and nothing else', async (t) => {
  const png = Buffer.from('89504e470d0a1a0a', 'hex')
  const base = t.testdir({
    'secret.txt': 'secret',
    dir: {
      'read me.md': '# Hello',
      'big.txt': 'x'.repeat(1024 * 1024 + 1),
      '.env': 'KEY=1',
      '.git': { config: 'x' },
      images: { 'dot.png': png, 'ü.csv': 'a,b' }
    },
    'dir-2': { 'a.txt': 'beside' }
  })
  symlinkSync('../secret.txt', join(base, 'dir/out.txt'))
  symlinkSync('../dir-2', join(base, 'dir/beside'))
  symlinkSync('images/dot.png', join(base, 'dir/in.png'))

  await withExample(t, 'files', { env: { DIR: join(base, 'dir') } }, async ({ url }) => {
    for (const kind of [v1, v2Modern]) {
      const client = await connect(t, kind, url)
      const read = async (uri: string): Promise<unknown> => (await client.readResource(uri))['contents']

      t.match(await client.listResources(), [
        { uri: 'dir:///big.txt', name: 'big.txt', mimeType: 'text/plain' },
        { uri: 'dir:///images/dot.png', name: 'images/dot.png', mimeType: 'image/png' },
        { uri: 'dir:///images/%C3%BC.csv', name: 'images/ü.csv', mimeType: 'text/csv' },
        { uri: 'dir:///read%20me.md', name: 'read me.md', mimeType: 'text/markdown' }
      ])
      t.match(
        await client.complete({ type: 'ref/resource', uri: 'dir:///{+path}' }, { name: 'path', value: 'images/' }),
        { completion: { values: ['images/dot.png', 'images/ü.csv'] } }
      )
      t.match(await read('dir:///read%20me.md'), [
        { uri: 'dir:///read%20me.md', mimeType: 'text/markdown', text: '# Hello' }
      ])
      t.match(await read('dir:///images/%C3%BC.csv'), [{ text: 'a,b' }])
      for (const name of ['images/dot.png', 'in.png']) {
        t.match(await read(`dir:///${name}`), [{ mimeType: 'image/png', blob: png.toString('base64') }])
      }
      for (const path of [
        'missing.txt',
        '../secret.txt',
        '%2e%2e/secret.txt',
        '%252e%252e/secret.txt',
        'images/../../secret.txt',
        'images%2f..%2f..%2fsecret.txt',
        '..%5csecret.txt',
        '/etc/passwd', '%2fetc%2fpasswd', 'a%00.txt', '.env', '.git/config', 'out.txt', 'beside/a.txt', 'images', '.'
      ]) t.match(await failureOf(client.readResource(`dir:///${path}`)), { message: 'Resource not found' }, path)
      t.match(await failureOf(client.readResource('dir:///big.txt')), {
        message: 'The file has more than 1048576 bytes'
      })
    }
  })
  t.equal(readFileSync(join(base, 'secret.txt'), 'utf8'), 'secret')
})
