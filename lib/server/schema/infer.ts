// The TypeScript types of the values that a schema describes.

/**
 * The type of the values that a JSON Schema literal describes; `unknown` for keywords that this type does not cover.
 */
export type FromJsonSchema<S> =
  S extends { readonly '~unsafe': infer T } ? T
    : S extends unknown ? FromType<S> & FromConst<S> & FromEnum<S> & FromAnyOf<S> & FromOneOf<S> & FromAllOf<S> : never

/** The type that a handler receives for a schema: for a Standard Schema, its output type. */
export type InferInput<S> =
  S extends undefined ? Record<string, unknown>
    : S extends StandardTypes<unknown, infer Output> ? Output
      : S extends TypeBoxStatic ? StaticOf<S>
        : FromSchemaLiteral<S> extends infer T ? unknown extends T ? Record<string, unknown> : T : never

/** The type that a handler returns for an `outputSchema`: for a Standard Schema, its input type. */
export type InferOutput<S> =
  S extends StandardTypes<infer Input, unknown> ? Input
    : S extends TypeBoxStatic ? StaticOf<S>
      : FromSchemaLiteral<S>

// The part of a Standard Schema that declares its types: https://standardschema.dev/schema#the-interface
interface StandardTypes<Input, Output> {
  readonly '~standard': { readonly types?: { readonly input: Input, readonly output: Output } | undefined }
}

// Matched by shape, so that the app's copy of TypeBox 0.34 may be another one than this package's.
interface TypeBoxStatic { params: unknown[], static: unknown }
type StaticOf<S extends TypeBoxStatic> = (S & { params: [] })['static']

// An index signature means that the schema was declared with a wider type: `const schema: JsonSchema = …`.
type FromSchemaLiteral<S> = string extends keyof S ? Record<string, unknown> : FromJsonSchema<S>

type FromConst<S> = S extends { readonly const: infer V } ? V : unknown
type FromEnum<S> = S extends { readonly enum: readonly (infer V)[] } ? V : unknown
type FromAnyOf<S> = S extends { readonly anyOf: readonly (infer U)[] } ? FromJsonSchema<U> : unknown
type FromOneOf<S> = S extends { readonly oneOf: readonly (infer U)[] } ? FromJsonSchema<U> : unknown
type FromAllOf<S> = S extends { readonly allOf: infer L } ? FromEvery<L> : unknown
type FromEvery<L> = L extends readonly [infer Head, ...infer Tail] ? FromJsonSchema<Head> & FromEvery<Tail> : unknown

type FromType<S> = S extends { readonly type: infer T }
  ? FromTypeName<S, T extends readonly (infer Name)[] ? Name : T>
  : unknown
type FromTypeName<S, Name> =
  Name extends 'string' ? string
    : Name extends 'number' | 'integer' ? number
      : Name extends 'boolean' ? boolean
        : Name extends 'null' ? null
          : Name extends 'array' ? FromArray<S>
            : Name extends 'object' ? FromObject<S>
              : unknown

// typebox 1.x renders tuples like this, with a fixed length; any other tuple may have fewer or more items than listed.
type FromArray<S> =
  S extends { readonly prefixItems: unknown } ? unknown[]
    : S extends { readonly items: infer I extends readonly unknown[] }
      ? S extends { readonly additionalItems: false, readonly minItems: I['length'] } ? FromTuple<I> : unknown[]
      : S extends { readonly items: infer I } ? FromJsonSchema<I>[] : unknown[]
type FromTuple<I extends readonly unknown[]> = { -readonly [K in keyof I]: FromJsonSchema<I[K]> }

type FromObject<S> =
  S extends { readonly properties: infer P } ? FromProperties<P, RequiredOf<S>>
    : S extends { readonly '~kind': 'Record', readonly patternProperties: infer P }
      ? Record<string, FromJsonSchema<P[keyof P]>>
      : S extends { readonly additionalProperties: infer V extends object } ? Record<string, FromJsonSchema<V>>
        : Record<string, unknown>
type RequiredOf<S> = S extends { readonly required: readonly (infer R)[] } ? string extends R ? never : R : never
type FromProperties<P, R> = keyof P extends never ? Record<string, unknown> : Flat<
  { -readonly [K in keyof P as K extends R ? K : never]-?: FromJsonSchema<P[K]> } &
  { -readonly [K in keyof P as K extends R ? never : K]?: FromJsonSchema<P[K]> }
>
type Flat<T> = { [K in keyof T]: T[K] }
