// Figures for the staff.
import type { PGlite } from '@electric-sql/pglite'
import { Type } from 'fastify-mcp-mount'
import { staffOnly as onRequest } from '../access.ts'
import type { Routes } from '../typed.ts'

const reports: Routes = async (app) => {
  const db = app.getDecorator<PGlite>('db')
  const mcp = true

  app.get('/customers', {
    schema: { tags: ['reports'], summary: 'List the customers' },
    config: { mcp },
    onRequest
  }, async () => {
    const { rows } = await db.query("SELECT email, name FROM person WHERE role = 'customer' ORDER BY email")
    return rows
  })

  app.get('/reports/sales', {
    schema: {
      tags: ['reports'],
      operationId: 'reportSales',
      summary: 'Sum up the sales by product',
      response: {
        200: Type.Object({
          sales: Type.Array(Type.Object({ sku: Type.String(), pieces: Type.Integer(), cents: Type.Integer() }))
        })
      }
    },
    // The query reads every order.
    config: { mcp, rateLimit: { max: 3, timeWindow: '1 minute' } },
    onRequest
  }, async () => {
    const { rows } = await db.query(`
      SELECT sku, sum(quantity)::int AS pieces, sum(quantity * price)::int AS cents
      FROM purchase JOIN line ON purchase = id WHERE state = 'paid' GROUP BY sku ORDER BY cents DESC`)
    return { sales: rows }
  })

  app.get('/reports/stock', {
    schema: { tags: ['reports'], summary: 'List the products that are out of stock' },
    config: { mcp },
    onRequest
  }, async () => {
    const { rows } = await db.query('SELECT sku, name FROM product WHERE stock = 0 ORDER BY sku')
    return rows
  })
}

export default reports
