// The catalogue. Everybody who is signed in may look; only the staff may change it.
import type { PGlite } from '@electric-sql/pglite'
import { Type } from 'fastify-mcp-mount'
import { callerOf, Conflict, NotFound, signedIn, staffOnly } from '../access.ts'
import { Product, Sku } from '../schemas.ts'
import type { Routes } from '../typed.ts'

type ProductRow = typeof Product.static

const PRODUCT = { $ref: 'Product#' }
// A picture that needs no file: one pixel.
const PIXEL = Buffer.from(
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAQAAAC1HAwCAAAAC0lEQVR42mNk+A8AAQUBAScY42YAAAAASUVORK5CYII=', 'base64')

const products: Routes = async (app) => {
  const db = app.getDecorator<PGlite>('db')
  const mcp = true

  async function find (sku: string): Promise<ProductRow> {
    const { rows: [product] } = await db.query<ProductRow>('SELECT * FROM product WHERE sku = $1', [sku])
    if (product === undefined) throw new NotFound(`There is no product '${sku}'; list_products shows what there is`)
    return product
  }

  app.get('/products', {
    schema: {
      tags: ['products'],
      operationId: 'listProducts',
      summary: 'List products',
      description: 'List the products in stock and out of stock, by SKU. For the next page, pass next as after.',
      querystring: Type.Object({
        search: Type.Optional(Type.String({ description: 'A part of the name' })),
        limit: Type.Integer({ minimum: 1, maximum: 50, default: 20 }),
        after: Type.Optional(Type.String({ description: 'The next of the page before' }))
      }),
      response: { 200: Type.Object({ products: Type.Array(Type.Unsafe(PRODUCT)), next: Type.Optional(Type.String()) }) }
    },
    config: { mcp },
    onRequest: signedIn
  }, async ({ query: { search = '', limit, after = '' } }) => {
    const { rows } = await db.query<ProductRow>(
      'SELECT * FROM product WHERE name ILIKE $1 AND sku > $2 ORDER BY sku LIMIT $3', [`%${search}%`, after, limit + 1])
    const page = rows.slice(0, limit)
    return { products: page, ...(rows.length > limit && { next: page.at(-1)?.sku }) }
  })

  app.get('/products/:sku', {
    schema: { tags: ['products'], summary: 'Show one product', params: Sku, response: { 200: PRODUCT } },
    config: { mcp },
    onRequest: signedIn
  }, ({ params: { sku } }) => find(sku))

  app.post('/products', {
    schema: {
      tags: ['products'],
      operationId: 'createProduct',
      summary: 'Add a product',
      body: Product,
      response: { 201: PRODUCT }
    },
    config: { mcp },
    onRequest: staffOnly
  }, async ({ body: { sku, name, price, stock } }, reply) => {
    const { affectedRows } = await db.query(
      'INSERT INTO product VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING', [sku, name, price, stock])
    if (affectedRows === 0) throw new Conflict(`There is a product '${sku}' already`)
    return reply.code(201).send({ sku, name, price, stock })
  })

  app.patch('/products/:sku', {
    schema: {
      tags: ['products'],
      summary: 'Change the name or the price of a product',
      params: Sku,
      body: Type.Partial(Type.Pick(Product, ['name', 'price'])),
      response: { 200: PRODUCT }
    },
    config: { mcp },
    onRequest: staffOnly
  }, async ({ params: { sku }, body }) => {
    const { name, price } = { ...await find(sku), ...body }
    await db.query('UPDATE product SET name = $2, price = $3 WHERE sku = $1', [sku, name, price])
    return await find(sku)
  })

  // Removes the history of a product with it, which a person should do: no tool.
  app.delete('/products/:sku', {
    schema: { params: Sku },
    onRequest: staffOnly
  }, async ({ params: { sku } }, reply) => {
    await db.transaction(async (transaction) => {
      for (const table of ['review', 'line', 'product']) {
        await transaction.query(`DELETE FROM ${table} WHERE sku = $1`, [sku])
      }
    })
    return reply.code(204).send()
  })

  app.put('/products/:sku/stock', {
    schema: {
      tags: ['products'],
      operationId: 'setStock',
      summary: 'Set how many pieces of a product there are',
      params: Sku,
      body: Type.Object({ stock: Type.Integer({ minimum: 0 }) }),
      response: { 200: PRODUCT }
    },
    config: { mcp },
    onRequest: staffOnly
  }, async ({ params: { sku }, body: { stock } }) => {
    await db.query('UPDATE product SET stock = $2 WHERE sku = $1', [sku, stock])
    return await find(sku)
  })

  app.get('/products/:sku/picture', {
    schema: { tags: ['products'], summary: 'Show the picture of a product', params: Sku },
    config: { mcp },
    onRequest: signedIn
  }, async ({ params: { sku } }, reply) => {
    await find(sku)
    return reply.type('image/png').send(PIXEL)
  })

  app.get('/products/:sku/reviews', {
    schema: { tags: ['products'], summary: 'List the reviews of a product', params: Sku },
    config: { mcp },
    onRequest: signedIn
  }, async ({ params: { sku } }) => {
    await find(sku)
    const { rows } = await db.query('SELECT stars, text FROM review WHERE sku = $1 ORDER BY email', [sku])
    return rows
  })

  app.post('/products/:sku/reviews', {
    schema: {
      tags: ['products'],
      operationId: 'reviewProduct',
      summary: 'Review a product, or replace my review',
      params: Sku,
      body: Type.Object({ stars: Type.Integer({ minimum: 1, maximum: 5 }), text: Type.String({ maxLength: 1000 }) })
    },
    config: { mcp },
    onRequest: signedIn
  }, async ({ params: { sku }, body: { stars, text }, user }, reply) => {
    await find(sku)
    await db.query(`INSERT INTO review VALUES ($1, $2, $3, $4)
      ON CONFLICT (sku, email) DO UPDATE SET stars = excluded.stars, text = excluded.text`, [
      sku, callerOf(user).sub, stars, text
    ])
    return reply.code(201).send()
  })
}

export default products
