// The database: PGlite in memory, with a few products and three people.
import { randomBytes, scrypt, timingSafeEqual } from 'node:crypto'
import { promisify } from 'node:util'
import { PGlite } from '@electric-sql/pglite'
import fp from 'fastify-plugin'

const hash = promisify<string, Buffer, number, Buffer>(scrypt)

const PEOPLE = [
  ['ann@example.com', 'Ann', 'customer', 'ann-likes-tea'],
  ['bob@example.com', 'Bob', 'customer', 'bob-likes-mugs'],
  ['sue@example.com', 'Sue', 'staff', 'sue-runs-the-shop']
]

export default fp(async (app) => {
  const db = await PGlite.create()
  app.decorate('db', db)
  app.addHook('onClose', () => db.close())
  await db.exec(`
    CREATE TABLE person (
      email text PRIMARY KEY, name text NOT NULL, role text NOT NULL, salt bytea NOT NULL, hash bytea NOT NULL);
    CREATE TABLE address (
      id serial PRIMARY KEY, email text NOT NULL REFERENCES person, street text NOT NULL, city text NOT NULL);
    CREATE TABLE product (
      sku text PRIMARY KEY, name text NOT NULL, price int NOT NULL, stock int NOT NULL CHECK (stock >= 0));
    CREATE TABLE review (
      sku text NOT NULL REFERENCES product, email text NOT NULL REFERENCES person, stars int NOT NULL,
      text text NOT NULL, PRIMARY KEY (sku, email));
    CREATE TABLE purchase (
      id serial PRIMARY KEY, email text NOT NULL REFERENCES person, state text NOT NULL DEFAULT 'paid', note text);
    CREATE TABLE line (
      purchase int NOT NULL REFERENCES purchase, sku text NOT NULL REFERENCES product, quantity int NOT NULL,
      price int NOT NULL, PRIMARY KEY (purchase, sku));
    INSERT INTO product VALUES
      ('kettle', 'Kettle', 4900, 7), ('mug-blue', 'Blue mug', 900, 120), ('mug-red', 'Red mug', 900, 80),
      ('tea-black', 'Black tea', 650, 300), ('tea-green', 'Green tea', 700, 0), ('teapot', 'Teapot', 3200, 12)`)
  for (const [email, name, role, password = ''] of PEOPLE) {
    const salt = randomBytes(16)
    await db.query('INSERT INTO person VALUES ($1, $2, $3, $4, $5)', [
      email, name, role, salt, await hash(password, salt, 32)
    ])
  }
})

/** Whether a password is the one of a person. */
export async function isPassword (given: string, stored: { salt: Uint8Array, hash: Uint8Array }): Promise<boolean> {
  return timingSafeEqual(await hash(given, Buffer.from(stored.salt), 32), stored.hash)
}
