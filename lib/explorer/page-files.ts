// The files of the page, as `npm run build` makes them: read once, and compressed when they are first asked for.
import { createHash } from 'node:crypto'
import { existsSync } from 'node:fs'
import { readdir, readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { dirname, extname, join, relative, sep } from 'node:path'
import { promisify } from 'node:util'
import { gzip } from 'node:zlib'
import type { FastifyReply, FastifyRequest } from 'fastify'

const compress = promisify(gzip)

const TYPES: Readonly<Record<string, string>> = {
  '.css': 'text/css; charset=utf-8',
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.svg': 'image/svg+xml'
}

/** One file of the page. */
export interface PageFile {
  readonly type: string
  readonly etag: string
  readonly body: Buffer
  compressed: Promise<Buffer> | undefined
}

/** The files of the page, by their paths, such as `index.html` and `assets/main-3f2a.js`. */
export type PageFiles = ReadonlyMap<string, PageFile>

// Where the page is in the repository, which builds it, and in the package, whichever file this code was bundled into.
const FOLDERS = ['explorer/dist', 'dist/explorer/page']
const root = dirname(createRequire(import.meta.url).resolve('fastify-mcp-mount/package.json'))

/** Whether the page has been built. In the package it always has. */
export function isPageBuilt (): boolean {
  return findFolder() !== undefined
}

function findFolder (): string | undefined {
  return FOLDERS.map((path) => join(root, path)).find((path) => existsSync(join(path, 'index.html')))
}

/** Reads the files of the page. */
export async function readPage (): Promise<PageFiles> {
  const folder = findFolder()
  if (folder === undefined) throw new Error("the page of the explorer has not been built: run 'npm run explorer:page'")
  const entries = await readdir(folder, { recursive: true, withFileTypes: true })
  const files = entries.filter((entry) => entry.isFile()).map(async ({ parentPath, name }) => {
    const path = join(parentPath, name)
    return [relative(folder, path).split(sep).join('/'), createFile(name, await readFile(path))] as const
  })
  return new Map(await Promise.all(files))
}

function createFile (name: string, body: Buffer): PageFile {
  const etag = `"${createHash('sha256').update(body).digest('base64url').slice(0, 22)}"`
  return { type: TYPES[extname(name)] ?? 'application/octet-stream', etag, body, compressed: undefined }
}

/** Sends a file, or 304 if the browser has it. */
export async function sendFile (request: FastifyRequest, reply: FastifyReply, file: PageFile): Promise<FastifyReply> {
  reply.headers({ etag: file.etag, vary: 'accept-encoding' })
  if (request.headers['if-none-match']?.includes(file.etag) === true) return reply.code(304).send()
  reply.type(file.type)
  if (!/\bgzip\b/.test(String(request.headers['accept-encoding']))) return reply.send(file.body)
  file.compressed ??= compress(file.body, { level: 9 })
  return reply.header('content-encoding', 'gzip').send(await file.compressed)
}
