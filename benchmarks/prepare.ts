// Makes this folder ready to be compiled: its packages are those of its lock file, and `fastify-mcp-mount` is the build
// of this repository. That is a link and no dependency, for the lock file would have to repeat what the repository
// depends on.
import { execFileSync } from 'node:child_process'
import { existsSync, statSync, symlinkSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const folder = dirname(fileURLToPath(import.meta.url))
const installed = join(folder, 'node_modules', '.package-lock.json')
const link = join(folder, 'node_modules', 'fastify-mcp-mount')

if (!existsSync(installed) || statSync(installed).mtimeMs < statSync(join(folder, 'package-lock.json')).mtimeMs) {
  execFileSync('npm', ['ci', '--ignore-scripts', '--no-audit', '--no-fund'], {
    cwd: folder,
    stdio: 'inherit',
    shell: process.platform === 'win32'
  })
}
if (!existsSync(link)) symlinkSync(join('..', '..'), link, 'junction')
