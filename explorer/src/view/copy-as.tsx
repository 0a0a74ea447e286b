// A call as text to take elsewhere.
import type { JSX } from 'preact'
import { CopyableCode } from '../parts/copyable-code.tsx'
import { Tabs } from '../parts/tabs.tsx'
import { withoutSecrets } from '../schema/secrets.ts'
import type { JsonSchema } from '../schema/json-schema.ts'
import type { Connection } from '../state/connection.ts'
import { credentials } from '../state/credentials.ts'
import { urlOf } from '../state/place.ts'
import type { Args } from '../state/runs.ts'
import { writeCommand, writeCurl, writeTest, type Call } from './call-texts.ts'

interface CopyAsProps {
  readonly connection: Connection
  readonly name: string
  readonly schema: JsonSchema
  readonly args: Args
}

/** A call of a tool as a command, a test, or a URL. None holds a secret. */
export function CopyAs ({ connection, name, schema, args }: CopyAsProps): JSX.Element {
  const { mount, url } = connection
  const call: Call = {
    name,
    schema,
    args: withoutSecrets(schema, args),
    url: url.href,
    mount: mount.name,
    era: connection.server.value?.era ?? 'modern',
    hasSessions: mount.hasSessions,
    needsToken: credentials.value[mount.name]?.token !== undefined || mount.auth.kind === 'oauth'
  }
  const texts = [
    ['curl', writeCurl(call)],
    ['CLI', writeCommand(call)],
    ['Test', writeTest(call)],
    ['URL', urlOf({ mount: call.mount, kind: 'tool', name, era: call.era, args: JSON.stringify(call.args) })]
  ] as const
  return (
    <Tabs
      label='Copy as' tabs={texts.map(([kind, text]) => ({
        id: kind,
        label: kind,
        render: () => <CopyableCode text={text} what={`the call as ${kind}`} />
      }))}
    />
  )
}
