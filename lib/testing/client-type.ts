// The types of the official clients, of which a project may have installed one or both.
import type { Client as ClientV1 } from '@modelcontextprotocol/sdk/client/index.js'
// If the package is not installed, the type is `any`. TypeScript keeps a doc comment in the declarations.
/** @ts-ignore */
import type { Client as ClientV2 } from '@modelcontextprotocol/client'
import type { Era } from '../protocol/revisions.ts'

export type { ClientV1, ClientV2 }

/**
 * `v1` is the client of `@modelcontextprotocol/sdk`, and `v2` that of `@modelcontextprotocol/client`. Only `v2` speaks
 * both eras.
 */
export type ClientVersion = 'v1' | 'v2'

// `0 extends 1 & T` holds for `any` only.
type InstalledClient = 0 extends 1 & ClientV2 ? ClientV1 : ClientV2

/** The client that `createTestClient` resolves to: the requested one, else the newest that is installed. */
export type ClientOf<Version extends ClientVersion | undefined, ClientEra extends Era | undefined> =
  [Version] extends ['v1'] ? ClientV1
    : [Version] extends ['v2'] ? ClientV2
        : [ClientEra] extends ['modern'] ? ClientV2
            : [Version] extends [undefined] ? InstalledClient
                : ClientV1 | ClientV2
