// Fills the template of `new` in: names, versions and the features that were chosen.

/** What a project may have in addition. */
export const FEATURES = ['auth', 'redis', 'docker'] as const

export type Feature = typeof FEATURES[number]

// Files that belong to a feature. Others have parts that do.
const FILES: ReadonlyMap<string, Feature> = new Map([
  ['Dockerfile', 'docker'],
  ['_dockerignore', 'docker'],
  ['compose.yaml', 'docker'],
  ['test/auth.test.ts', 'auth']
])

// The packages of each feature. Those of tests are development dependencies.
const PACKAGES: ReadonlyArray<readonly [feature: Feature, kind: 'dependencies' | 'devDependencies', name: string]> = [
  ['redis', 'dependencies', 'ioredis'],
  ['auth', 'devDependencies', 'jose']
]

// A part of a file between two comments, in TypeScript, YAML or Markdown. A part may hold other parts.
const MARKER = /^[ \t]*(?:\/\/|#|<!--) #(?:(with|without) (\w+)|end)(?: -->)?\n/

// Expressions of GitHub, such as `${{ matrix.node }}`, stay.
const BLANK = /(?<!\$)\{\{([^}]+)\}\}/g

/** Whether a file of the template belongs to a project with some features. */
export function isWanted (file: string, features: ReadonlySet<Feature>): boolean {
  const feature = FILES.get(file)
  return feature === undefined || features.has(feature)
}

/** Returns a text of the template with the parts of the features, and without the others. */
export function choose (text: string, features: ReadonlySet<string>): string {
  // Whether each part that encloses the line is wanted.
  const enclosing: boolean[] = []
  const lines = text.split(/(?<=\n)/).filter((line) => {
    const marker = MARKER.exec(line)
    if (marker === null) return !enclosing.includes(false)
    const [, kind, feature = ''] = marker
    if (kind === undefined) enclosing.pop()
    else enclosing.push(features.has(feature) === (kind === 'with'))
    return false
  })
  // A list may have lost its last items.
  return lines.join('').replace(/,(\n\s*[}\]])/g, '$1')
}

/** Adds the packages of the features to a package.json. */
export function addPackages (manifest: string, features: ReadonlySet<Feature>): string {
  const parsed = JSON.parse(manifest) as { [kind: string]: { [name: string]: string } }
  for (const [feature, kind, name] of PACKAGES) {
    if (!features.has(feature)) continue
    const sorted = Object.entries({ ...parsed[kind], [name]: `{{${name}}}` }).sort(([a], [b]) => a < b ? -1 : 1)
    parsed[kind] = Object.fromEntries(sorted)
  }
  return `${JSON.stringify(parsed, null, 2)}\n`
}

/** Fills in the blanks, such as `{{name}}`. */
export function fillIn (text: string, values: { readonly [blank: string]: string }): string {
  // The cast holds, because the template has no other blanks.
  return text.replace(BLANK, (_blank, key: string) => values[key] as string)
}
