// A form made of a JSON Schema. It is the largest part of the page, so it is loaded when the first form is drawn.
import fields from '@rjsf/core/lib/components/fields/index.js'
import Form from '@rjsf/core/lib/components/Form.js'
import type { Field, FieldProps, RJSFSchema, RJSFValidationError, UiSchema, Widget } from '@rjsf/utils'
import { englishStringTranslator, TranslatableString } from '@rjsf/utils'
import { useMemo, useState } from 'preact/hooks'
import { Fragment, type JSX } from 'preact'
import { visible } from '../parts/text.tsx'
import { asSchema, type JsonSchema } from '../schema/json-schema.ts'
import { FileWidget } from './file-widget.tsx'
import { JSON_FORMAT, toFormSchema } from './form-schema.ts'
import { withoutHoles } from './holes.ts'
import { JsonField } from './json-field.tsx'
import { templates } from './templates.tsx'
import { keepFault, TypedTextsContext, type TypedTexts } from './typed-faults.tsx'
import { createFormValidator } from './validator.ts'
import { CheckboxWidget, SelectWidget, TextWidget, TimeWidget } from './widgets.tsx'

/** The properties of a form. */
export interface SchemaFormProps {
  /** The id of the element, which buttons outside of it name. */
  readonly id: string
  readonly schema: JsonSchema
  readonly value: unknown
  onChange (value: unknown): void
  onSubmit (value: unknown): void
}

const { ArrayField, NumberField, ObjectField } = fields()
const OpenField = keepFault(JsonField as Field)
// Values of which the schema says nothing are written as JSON.
const FIELDS = {
  ArrayField: orJson(ArrayField),
  FallbackField: OpenField,
  NumberField: keepFault(NumberField ?? OpenField),
  ObjectField: orJson(ObjectField)
}
// The library asks for the widgets of React. A colour may be written in many ways, and may be absent.
const WIDGETS = {
  CheckboxWidget, ColorWidget: TextWidget, FileWidget, SelectWidget, TextWidget, TimeWidget
} as unknown as Readonly<Record<string, Widget>>

function orJson (Other: Field = OpenField): Field {
  return function FieldOrJson (props: FieldProps) {
    const Drawn = props.schema.format === JSON_FORMAT ? OpenField : Other
    return <Drawn {...props} />
  } as Field
}

/** A form made of a JSON Schema. */
export function SchemaForm ({ id, schema, value, onChange, onSubmit }: SchemaFormProps): JSX.Element {
  // The library draws the whole form anew for another schema or other settings.
  const [formSchema, uiSchema, texts, validator] = useMemo(() => {
    const formSchema = toFormSchema(schema)
    const texts: TypedTexts = new Set()
    return [formSchema, createUiSchema(schema), texts, createFormValidator(schema, formSchema, texts)]
  }, [schema])
  const [data, setData] = useState(value)
  // Nothing is wrong before the user has tried. From then on, what is mended is no longer complained about.
  const [faults, setFaults] = useState<readonly RJSFValidationError[]>()
  return (
    <TypedTextsContext.Provider value={texts}>
      <Form
        id={id} idPrefix={id} schema={formSchema as RJSFSchema} uiSchema={uiSchema} formData={data}
        templates={templates} fields={FIELDS} widgets={WIDGETS} experimental_defaultFormStateBehavior={DEFAULTS}
        validator={validator} liveValidate={faults === undefined ? false : 'onChange'} noHtml5Validate
        translateString={translate} showErrorList={false} focusOnFirstError onError={setFaults}
        onChange={({ formData, errors }) => {
          setData(formData)
          // The library adds what fields have reported, which the validator knows, with paths of its own.
          if (faults !== undefined) setFaults(errors.filter(({ property }) => property?.startsWith('.') !== true))
          onChange(withoutHoles(formData, formSchema))
        }}
        onSubmit={({ formData }) => { setFaults(undefined); onSubmit(withoutHoles(formData, formSchema)) }}
      />
      {faults !== undefined && faults.length > 0 && <Faults faults={faults} />}
    </TypedTextsContext.Provider>
  )
}

// The value of a new name is empty, and not what the library proposes.
function translate (text: TranslatableString, params?: string[]): string {
  return text === TranslatableString.NewStringDefault ? '' : englishStringTranslator(text, params)
}

// Not every fault has a field at which it is shown.
function Faults ({ faults }: { faults: readonly RJSFValidationError[] }): JSX.Element {
  const paths = [...new Set(faults.map(({ property = '' }) => property === '' ? '/' : property))]
  return (
    <p class='faults' role='alert'>
      Nothing was sent, because of faults at{' '}
      {paths.slice(0, MAX_PATHS).map((path, index) => (
        <Fragment key={path}>{index > 0 && ', '}<code>{visible(path)}</code></Fragment>
      ))}
      {paths.length > MAX_PATHS && ` and ${paths.length - MAX_PATHS} more`}.
    </p>
  )
}

const MAX_PATHS = 5

// Defaults are filled in; objects that stay empty are not sent. Nothing is chosen before the user does.
const DEFAULTS = { emptyObjectFields: 'skipEmptyDefaults', constAsDefaults: 'skipOneOf' } as const

// Long texts get a larger field.
function createUiSchema (schema: JsonSchema): UiSchema {
  const fields = Object.entries(asSchema(schema.properties)).map(([name, property]) => {
    return [name, widgetFor(asSchema(property))] as const
  })
  return {
    'ui:submitButtonOptions': { norender: true },
    ...Object.fromEntries(fields.filter(([, ui]) => ui !== undefined))
  }
}

const LONG = 200

function widgetFor ({ type, format, contentMediaType, maxLength }: JsonSchema): UiSchema | undefined {
  if (type !== 'string') return undefined
  if (format === 'password') return { 'ui:widget': 'password' }
  if (contentMediaType === 'text/markdown' || format === 'textarea' || Number(maxLength) > LONG) {
    return { 'ui:widget': 'textarea' }
  }
  return undefined
}
