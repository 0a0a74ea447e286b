// The files in a directory, DIR, as resources: listed, completed and read as text or bytes. No others are accessible.
// Try it: npx @modelcontextprotocol/inspector --cli http://127.0.0.1:8000/mcp --transport http --method resources/list
import { readdir, readFile, realpath, stat } from 'node:fs/promises'
import { extname, join, relative, resolve, sep } from 'node:path'
import Fastify from 'fastify'
import mcpPlugin, { closeOnSignal, ErrorCode, McpServer, ResourceTemplate, RpcError } from 'fastify-mcp-mount'

const { DIR = 'docs' } = process.env
const MAX_LISTED = 1000
const MAX_BYTES = 1024 * 1024

const TEXTS = new Map([
  ['.md', 'text/markdown'],
  ['.txt', 'text/plain'],
  ['.json', 'application/json'],
  ['.html', 'text/html'],
  ['.csv', 'text/csv'],
  ['.svg', 'image/svg+xml']
])
const OTHERS = new Map([['.png', 'image/png'], ['.jpg', 'image/jpeg'], ['.pdf', 'application/pdf']])

const root = await realpath(DIR)

function mimeTypeOf (path: string): string {
  const extension = extname(path).toLowerCase()
  return TEXTS.get(extension) ?? OTHERS.get(extension) ?? 'application/octet-stream'
}

function uriOf (path: string): string {
  return `dir:///${path.split(sep).map(encodeURIComponent).join('/')}`
}

// Files and directories whose names begin with a dot are not accessible.
function isHidden (path: string): boolean {
  return path.split(sep).some((segment) => segment.startsWith('.'))
}

async function listPaths (): Promise<string[]> {
  const entries = await readdir(root, { recursive: true, withFileTypes: true })
  return entries.filter((entry) => entry.isFile())
    .map(({ parentPath, name }) => relative(root, join(parentPath, name)))
    .filter((path) => !isHidden(path))
    .sort()
    .slice(0, MAX_LISTED)
}

// Resolves symbolic links, which may lead out of the directory. The template refuses paths with '..' segments.
async function findFile (path: string): Promise<string | undefined> {
  const file = await realpath(resolve(root, path)).catch(() => undefined)
  return file?.startsWith(root + sep) === true && !isHidden(relative(root, file)) ? file : undefined
}

const files = new McpServer({ name: 'Files', version: '1.0.0' })

files.registerResource('file', new ResourceTemplate('dir:///{+path}', {
  list: async () => (await listPaths()).map((path) => ({ uri: uriOf(path), name: path, mimeType: mimeTypeOf(path) })),
  complete: { path: async (typed) => (await listPaths()).filter((path) => path.startsWith(typed)) }
}), { description: 'A file of the directory' }, async (_uri, { path }) => {
  const file = await findFile(String(path))
  const found = file === undefined ? undefined : await stat(file)
  if (file === undefined || found?.isFile() !== true) return null
  if (found.size > MAX_BYTES) throw new RpcError(ErrorCode.InvalidParams, `The file has more than ${MAX_BYTES} bytes`)

  const bytes = await readFile(file)
  const mimeType = mimeTypeOf(file)
  return TEXTS.has(extname(file).toLowerCase())
    ? { mimeType, text: bytes.toString() }
    : { mimeType, blob: bytes.toString('base64') }
})

const app = Fastify({ logger: true })
app.register(mcpPlugin, { server: files })

closeOnSignal(app)
await app.listen({ host: '127.0.0.1', port: Number(process.env.PORT ?? 8000) })
for (const { url } of app.mcp) console.log(`MCP endpoint ${url}`)
