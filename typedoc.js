// The API reference: a page for each exported name, written to docs/api/ by npm run docs:api. Its index is docs/api.md.
import { readFileSync } from 'node:fs'
import { Converter } from 'typedoc'
import { MemberRouter } from 'typedoc-plugin-markdown'

const { name, exports } = JSON.parse(readFileSync(new URL('package.json', import.meta.url), 'utf8'))

// Types by the names that stand in the code: by default those of the SDK and of Fastify are written out.
function keepTypesAsWritten ({ converter }) {
  const convertType = converter.convertType.bind(converter)
  converter.convertType = (context, type, node) => convertType(context, isOurs(node) ? node : type)
}

function isOurs (node) {
  return node !== undefined && !node.getSourceFile().fileName.includes('/node_modules/')
}

// The names that default exports are imported by in all examples.
const DEFAULT_EXPORTS = { index: 'mcpPlugin', explorer: 'mcpExplorer' }

function nameDefaultExport ({ converter }) {
  converter.on('createDeclaration', (context, reflection) => {
    const name = reflection.name === 'default' && DEFAULT_EXPORTS[reflection.parent?.name]
    if (name) reflection.name = name
  })
}

// docs/api.md becomes the front page, with a link for each name that it has. A name that it lacks is a warning.
function linkIndex ({ converter, logger }) {
  converter.on(Converter.EVENT_RESOLVE_END, ({ project }) => {
    const missing = new Map(project.children.flatMap(({ children }) => children).map((child) => [child.name, child]))
    const targets = new Map(missing)
    project.readme = project.readme.flatMap((part) => {
      const target = part.kind === 'code' ? targets.get(part.text.replaceAll('`', '')) : undefined
      if (target === undefined) return part
      missing.delete(target.name)
      return { kind: 'inline-tag', tag: '@linkcode', text: target.name, target }
    })
    for (const name of missing.keys()) logger.warn(`${name} is in no topic of docs/api.md`)
  })
}

// The guide links to docs/api/classes/McpServer.md and docs/api/testing/functions/createTestClient.md: names of the main
// entry point need no directory of their own.
function dropMainDirectory ({ renderer }) {
  renderer.defineRouter('entry', class extends MemberRouter {
    getIdealBaseName (reflection) {
      return super.getIdealBaseName(reflection).replace(/^index\/(?=.*\/)/, '')
    }
  })
}

// Their `name` needs no words.
const ERRORS = ['ClusterUnreachableError', 'InputRequiredError', 'InsufficientScopeError', 'InvalidTokenError', 'RpcError', 'SignInRequiredError', 'ToolError', 'VerifierUnavailableError']

// Types that say by themselves what each of the shapes is for that a value may have.
const SHAPES = {
  AnySchema: ['~kind', '~unsafe'],
  ChangeEvent: ['kind', 'uri'],
  Elicited: ['action', 'content'],
  ListedResources: ['resources'],
  ResourceContents: ['uri', 'mimeType', '_meta', 'text', 'blob'],
  ResourceReturn: ['contents'],
  SessionChange: ['kind', 'level', 'uri', 'node', 'topic', 'streamId', 'ids'],
  TemplateMatch: ['variables', 'unsafe'],
  ToolResult: ['isError', 'content', '_meta']
}

/** @type {Partial<import('typedoc').TypeDocOptions> & Partial<import('typedoc-plugin-markdown').PluginOptions>} */
export default {
  entryPoints: Object.values(exports).flatMap((entry) => entry.default?.replace(/^\.\/dist\/(.*)\.js$/, 'lib/$1.ts') ?? []),
  tsconfig: 'tsconfig.build.json',
  skipErrorChecking: true, // tsc does
  plugin: ['typedoc-plugin-markdown', keepTypesAsWritten, nameDefaultExport, linkIndex, dropMainDirectory],
  out: 'docs/api',
  readme: 'docs/api.md',
  mergeReadme: true,
  router: 'entry',
  disableSources: true,
  excludeInternal: true,
  excludeExternals: true,
  externalPattern: ['**/node_modules/{typescript,@types,@sinclair}/**'],
  groupOrder: ['Functions', 'Variables', 'Classes', 'Interfaces', 'Type Aliases', 'Enumerations', 'Constructors', 'Properties', 'Accessors', 'Methods'],
  sort: ['alphabetical'],
  hideGenerator: true,
  hidePageHeader: true,
  hideBreadcrumbs: true,
  useHTMLAnchors: true, // as the anchors that GitHub makes of headings are not always those that links are given
  interfacePropertiesFormat: 'table',
  classPropertiesFormat: 'table',
  typeAliasPropertiesFormat: 'table',
  typeDeclarationFormat: 'table',
  propertyMembersFormat: 'table',
  enumMembersFormat: 'table',
  parametersFormat: 'table',
  indexFormat: 'table',
  tableColumnSettings: { hideModifiers: true, hideInherited: true, hideOverrides: true, hideSources: true, leftAlignHeaders: false },
  pageTitleTemplates: { module: ({ name: entry }) => entry === 'index' ? name : `${name}/${entry}`, index: 'API reference' },
  validation: { notExported: true, invalidLink: true, notDocumented: true, rewrittenLink: true, unusedMergeModuleWith: true },
  treatWarningsAsErrors: true,
  intentionallyNotExported: [
    // What computes the type of a handler's arguments and result.
    'FromSchemaLiteral', 'LiteralKeeper', 'NotPromise', 'StandardSchema', 'StandardTypes', 'StaticOf', 'TypeBoxStatic',
    // Short names of what is written out in the reference of Fastify, or says that a handler's types were checked before.
    'AnyHandler', 'HookName', 'HookOf', 'MaybePromise',
    // What a project has installed.
    'InstalledClient'
  ],
  intentionallyNotDocumented: [
    ...ERRORS.map((error) => `index.${error}.name`),
    ...Object.entries(SHAPES).flatMap(([type, members]) => members.map((member) => `index.${type}.__type.${member}`)),
    'index.SampledBy.__type.tools',
    'oauth.SignInRefusedError.name',
    'testing.RefusedError.name'
  ]
}
