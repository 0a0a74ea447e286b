// The official clients as types, of which a project may have one or both.
import type { Client as ClientV1 } from '@modelcontextprotocol/sdk/client/index.js'
// Where it is not installed this one is `any`, by the comment that is part of the declarations, too.
/** @ts-ignore */
import type { Client as ClientV2 } from '@modelcontextprotocol/client'
import type { Era } from '../protocol/revisions.ts'

export type { ClientV1, ClientV2 }

/** `v1` is the client of `@modelcontextprotocol/sdk`, `v2` that of `@modelcontextprotocol/client`, which alone speaks both eras. */
export type ClientVersion = 'v1' | 'v2'

type InstalledClient = 0 extends 1 & ClientV2 ? ClientV1 : ClientV2

/** The client that `createTestClient` comes to: the one asked for, else the newest that is installed. */
export type ClientOf<Version extends ClientVersion | undefined, ClientEra extends Era | undefined> =
  [Version] extends ['v1'] ? ClientV1
    : [Version] extends ['v2'] ? ClientV2
        : [ClientEra] extends ['modern'] ? ClientV2
            : [Version] extends [undefined] ? InstalledClient
                : ClientV1 | ClientV2
