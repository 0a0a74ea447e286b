// A page for each program of examples/, which shows its source.
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const folder = fileURLToPath(new URL('../../examples/', import.meta.url))

interface Page {
  readonly params: { readonly name: string }
  readonly content: string
}

export default {
  paths (): Page[] {
    return readdirSync(folder, { recursive: true, encoding: 'utf8' })
      .filter((file) => /\.[jt]s$|Dockerfile$/.test(file))
      .map((file) => ({ params: { name: file.replace(/\.[jt]s$/, '') }, content: showSource(file) }))
  }
}

function showSource (file: string): string {
  const source = readFileSync(join(folder, file), 'utf8')
  const language = file.endsWith('Dockerfile') ? 'docker' : file.slice(-2)
  return `# ${file}\n\n\`\`\`${language}\n${source}\`\`\`\n`
}
