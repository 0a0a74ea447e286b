// Orders. Customers see their own, the staff sees all.
import type { PGlite } from '@electric-sql/pglite'
import { Type } from 'fastify-mcp-mount'
import { callerOf, Conflict, NotFound, signedIn, staffOnly, type Caller } from '../access.ts'
import { OrderId, type Order } from '../schemas.ts'
import type { Routes } from '../typed.ts'

type OrderRow = typeof Order.static

const ORDER = { $ref: 'Order#' }
const SELECT = `
  SELECT id, email, state, note, sum(quantity * price)::int AS total,
    json_agg(json_build_object('sku', sku, 'quantity', quantity, 'price', price) ORDER BY sku) AS lines
  FROM purchase JOIN line ON purchase = id`
const { CARRIER_URL = 'http://127.0.0.1:9/parcels' } = process.env

const orders: Routes = async (app) => {
  const db = app.getDecorator<PGlite>('db')
  const mcp = true

  async function find (id: number, { sub, role }: Caller): Promise<OrderRow> {
    const { rows: [order] } = await db.query<OrderRow>(
      `${SELECT} WHERE id = $1 AND (email = $2 OR $3) GROUP BY id`, [id, sub, role === 'staff'])
    if (order === undefined) throw new NotFound(`There is no order ${id}`)
    return order
  }

  async function settle (order: OrderRow, state: OrderRow['state']): Promise<OrderRow> {
    if (order.state !== 'paid') throw new Conflict(`Order ${order.id} is ${order.state} already`)
    await db.transaction(async (transaction) => {
      await transaction.query('UPDATE purchase SET state = $2 WHERE id = $1', [order.id, state])
      await transaction.query(
        'UPDATE product SET stock = stock + quantity FROM line WHERE product.sku = line.sku AND purchase = $1',
        [order.id])
    })
    return { ...order, state }
  }

  app.get('/orders', {
    schema: {
      tags: ['orders'],
      operationId: 'listOrders',
      summary: 'List orders',
      description: 'List my orders, the newest first. For the next page, pass next as before.',
      querystring: Type.Object({
        limit: Type.Integer({ minimum: 1, maximum: 50, default: 10 }),
        before: Type.Optional(Type.Integer({ description: 'The next of the page before' }))
      }),
      response: { 200: Type.Object({ orders: Type.Array(Type.Unsafe(ORDER)), next: Type.Optional(Type.Integer()) }) }
    },
    config: { mcp },
    onRequest: signedIn
  }, async ({ query: { limit, before = 2 ** 31 - 1 }, user }) => {
    const { sub, role } = callerOf(user)
    const { rows } = await db.query<OrderRow>(
      `${SELECT} WHERE id < $1 AND (email = $2 OR $3) GROUP BY id ORDER BY id DESC LIMIT $4`,
      [before, sub, role === 'staff', limit + 1])
    const page = rows.slice(0, limit)
    return { orders: page, ...(rows.length > limit && { next: page.at(-1)?.id }) }
  })

  app.get('/orders/:id', {
    schema: { tags: ['orders'], summary: 'Show one order', params: OrderId, response: { 200: ORDER } },
    config: { mcp },
    onRequest: signedIn
  }, ({ params: { id }, user }) => find(id, callerOf(user)))

  app.post('/orders', {
    schema: {
      tags: ['orders'],
      operationId: 'createOrder',
      summary: 'Order products',
      body: Type.Object({
        lines: Type.Array(
          Type.Object({ sku: Type.String(), quantity: Type.Integer({ minimum: 1, maximum: 100 }) }),
          { minItems: 1, maxItems: 20 }
        ),
        note: Type.Optional(Type.String({ maxLength: 500 }))
      }),
      response: { 201: ORDER }
    },
    config: { mcp },
    onRequest: signedIn
  }, async ({ body: { lines, note = null }, user }, reply) => {
    const id = await db.transaction(async (transaction) => {
      const { rows: [{ id } = { id: 0 }] } = await transaction.query<{ id: number }>(
        'INSERT INTO purchase (email, note) VALUES ($1, $2) RETURNING id', [callerOf(user).sub, note])
      for (const { sku, quantity } of lines) {
        const { rows: [product] } = await transaction.query<{ price: number }>(
          'UPDATE product SET stock = stock - $2 WHERE sku = $1 AND stock >= $2 RETURNING price', [sku, quantity])
        if (product === undefined) throw new Conflict(`There are no ${quantity} pieces of '${sku}' in stock`)
        await transaction.query('INSERT INTO line VALUES ($1, $2, $3, $4)', [id, sku, quantity, product.price])
      }
      return id
    })
    return reply.code(201).send(await find(id, callerOf(user)))
  })

  app.post('/orders/:id/cancel', {
    schema: {
      tags: ['orders'],
      operationId: 'cancelOrder',
      summary: 'Cancel an order',
      params: OrderId,
      response: { 200: ORDER }
    },
    config: { mcp },
    onRequest: signedIn
  }, async ({ params: { id }, user }) => settle(await find(id, callerOf(user)), 'cancelled'))

  app.post('/orders/:id/refund', {
    schema: {
      tags: ['orders'],
      operationId: 'refundOrder',
      summary: 'Refund an order',
      params: OrderId,
      response: { 200: ORDER }
    },
    // Only the staff's clients list this tool, and their user confirms each call.
    config: { mcp: { scopes: ['staff'], confirm: 'Refund order {id}?', annotations: { destructiveHint: true } } },
    onRequest: staffOnly
  }, async ({ params: { id }, user }) => settle(await find(id, callerOf(user)), 'refunded'))

  app.get('/orders/:id/invoice', {
    schema: { tags: ['orders'], summary: 'The invoice of an order', params: OrderId },
    config: { mcp: { resource: 'invoice://{id}' } },
    onRequest: signedIn
  }, async ({ params: { id }, user }, reply) => {
    const { email, total, lines } = await find(id, callerOf(user))
    const items = lines.map(({ sku, quantity, price }) => `${quantity} x ${sku}  ${inEuros(quantity * price)}`)
    const text = [`Invoice ${id} for ${email}`, ...items, `Total  ${inEuros(total)}`].join('\n')
    return reply.type('text/plain').send(text)
  })

  app.get('/orders/:id/tracking', {
    schema: {
      tags: ['orders'],
      operationId: 'trackOrder',
      summary: 'Say where the parcel of an order is',
      params: OrderId
    },
    config: { mcp },
    onRequest: signedIn
  }, async ({ params: { id }, user }) => {
    await find(id, callerOf(user))
    const response = await fetch(`${CARRIER_URL}/${id}`)
    if (!response.ok) throw new Error(`${CARRIER_URL}/${id} replied ${response.status}: ${await response.text()}`)
    return await response.json()
  })
}

function inEuros (cents: number): string {
  return (cents / 100).toFixed(2)
}

export default orders
