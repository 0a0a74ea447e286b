// The caller: login, profile and addresses. Models must not see passwords, so the login is no tool.
import type { PGlite } from '@electric-sql/pglite'
import { Type } from 'fastify-mcp-mount'
import { callerOf, Conflict, NotFound, signedIn as onRequest } from '../access.ts'
import { isPassword } from '../database.ts'
import type { Routes } from '../typed.ts'

const Address = Type.Object({ street: Type.String({ minLength: 1 }), city: Type.String({ minLength: 1 }) })

const account: Routes = async (app) => {
  const db = app.getDecorator<PGlite>('db')
  const mcp = true

  app.post('/login', {
    schema: { body: Type.Object({ email: Type.String(), password: Type.String() }) },
    config: { rateLimit: { max: 20, timeWindow: '1 minute' } }
  }, async ({ body: { email, password } }, reply) => {
    const { rows: [person] } = await db.query<{ role: 'customer' | 'staff', salt: Uint8Array, hash: Uint8Array }>(
      'SELECT role, salt, hash FROM person WHERE email = $1', [email])
    if (person === undefined || !await isPassword(password, person)) {
      return reply.code(401).send({ message: 'Wrong email or password' })
    }
    return { token: app.jwt.sign({ sub: email, role: person.role }) }
  })

  app.get('/me', {
    schema: { tags: ['account'], summary: 'Show who I am' },
    config: { mcp },
    onRequest
  }, async ({ user }) => {
    const { sub } = callerOf(user)
    const { rows: [person] } = await db.query('SELECT email, name, role FROM person WHERE email = $1', [sub])
    return person
  })

  app.get('/addresses', {
    schema: { tags: ['account'], summary: 'List my addresses' },
    config: { mcp },
    onRequest
  }, async ({ user }) => {
    const { sub } = callerOf(user)
    const { rows } = await db.query('SELECT id, street, city FROM address WHERE email = $1 ORDER BY id', [sub])
    return rows
  })

  app.post('/addresses', {
    schema: { tags: ['account'], summary: 'Add an address of mine', body: Address },
    config: { mcp },
    onRequest
  }, async ({ user, body: { street, city } }, reply) => {
    const { rows: [{ count } = { count: 0 }] } = await db.query<{ count: number }>(
      'SELECT count(*)::int AS count FROM address WHERE email = $1', [callerOf(user).sub])
    if (count >= 10) throw new Conflict('You have ten addresses; remove one first')
    const { rows: [added] } = await db.query(
      'INSERT INTO address (email, street, city) VALUES ($1, $2, $3) RETURNING id',
      [callerOf(user).sub, street, city])
    return reply.code(201).send(added)
  })

  app.delete('/addresses/:id', {
    schema: { tags: ['account'], summary: 'Remove an address of mine', params: Type.Object({ id: Type.Integer() }) },
    config: { mcp },
    onRequest
  }, async ({ user, params: { id } }, reply) => {
    const { sub } = callerOf(user)
    const { affectedRows } = await db.query('DELETE FROM address WHERE id = $1 AND email = $2', [id, sub])
    if (affectedRows === 0) throw new NotFound(`You have no address ${id}`)
    return reply.code(204).send()
  })
}

export default account
