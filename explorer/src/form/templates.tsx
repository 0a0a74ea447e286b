// How the form library draws its fields: plain elements in the style of the page, each with a name for screen readers.
import type {
  ArrayFieldItemTemplateProps, ArrayFieldTemplateProps, CyclicSchemaExpandProps, FieldErrorProps, FieldTemplateProps,
  IconButtonProps, MultiSchemaFieldTemplateProps, ObjectFieldTemplateProps, TemplatesType,
  WrapIfAdditionalTemplateProps
} from '@rjsf/utils'
import { ADDITIONAL_PROPERTY_FLAG, buttonId, canExpand, descriptionId, errorId } from '@rjsf/utils'
import { createContext, type JSX } from 'preact'
import { useContext } from 'preact/hooks'
import { Badge } from '../parts/badge.tsx'
import { visible } from '../parts/text.tsx'
import { JSON_FORMAT } from './form-schema.ts'

// The alternative of a union, whose name the choice above it shows already.
const IsAlternative = createContext(false)

function FieldTemplate (props: FieldTemplateProps): JSX.Element {
  const { id, label, children, errors, description, hidden, required, displayLabel, schema, rawErrors = [] } = props
  const isAlternative = useContext(IsAlternative)
  if (hidden === true) return <div hidden>{children}</div>
  // There is nothing to fill in.
  if (String(schema.type) === 'null') return <>{children}</>
  const isCheckbox = schema.type === 'boolean'
  const isLabelled = !isCheckbox && (displayLabel === true || schema.format === JSON_FORMAT)
  const step = props.fieldPathId.path.at(-1)
  return (
    <WrapIfAdditional {...props}>
      {isLabelled && (
        <label for={id} class={isAlternative ? 'hidden' : 'field-label'}>
          <Name step={step} title={label} isRequired={required === true} />
          <span class='quiet'>{typeOf(schema)}</span>
        </label>
      )}
      {isLabelled && description}
      {children}
      {rawErrors.length > 0 && errors}
    </WrapIfAdditional>
  )
}

function Name (
  { step, title, isRequired }: { step: string | number | undefined, title: string, isRequired: boolean }
): JSX.Element {
  const isItem = typeof step === 'number'
  const name = isItem ? `[${step}]` : step ?? title
  // The library numbers the items of a list, and adds to the title what is deprecated.
  const own = title.replace(/ \(deprecated\)$/, '')
  const hasTitle = !isItem && own !== '' && own.toLowerCase() !== String(name).toLowerCase()
  return (
    <>
      <code>{visible(name)}</code>
      {hasTitle && <span class='field-title'>{visible(own)}</span>}
      {own !== title && <Badge tone='warn'>deprecated</Badge>}
      {isRequired && !isItem && <span class='required'>required</span>}
    </>
  )
}

function typeOf ({ type, format }: { readonly type?: unknown, readonly format?: unknown }): string {
  const name = [type].flat().filter((one) => typeof one === 'string').join(' | ')
  if (format === JSON_FORMAT) return name === '' ? 'any' : name
  if (typeof format !== 'string') return name
  return format === 'data-url' ? 'file' : format
}

function WrapIfAdditional (
  { id, label, schema, children, rawErrors, onKeyRenameBlur, onRemoveProperty, registry }: WrapIfAdditionalTemplateProps
): JSX.Element {
  const tone = rawErrors !== undefined && rawErrors.length > 0 ? 'field wrong' : 'field'
  if (!(ADDITIONAL_PROPERTY_FLAG in schema)) return <div class={tone}>{children}</div>
  const { RemoveButton } = registry.templates.ButtonTemplates
  return (
    <div class={`${tone} additional`}>
      <input
        id={`${id}-key`} class='input' type='text' aria-label='Name'
        defaultValue={label} onBlur={onKeyRenameBlur}
      />
      <div class='grow'>{children}</div>
      <RemoveButton id={buttonId(id, 'remove')} onClick={onRemoveProperty} registry={registry} />
    </div>
  )
}

function ObjectFieldTemplate (props: ObjectFieldTemplateProps): JSX.Element | null {
  const { fieldPathId, title, description, properties, schema, uiSchema, formData, onAddProperty, registry } = props
  const isAlternative = useContext(IsAlternative)
  const isUnion = schema.oneOf !== undefined || schema.anyOf !== undefined
  if (isUnion && properties.length === 0) return null
  const { AddButton } = registry.templates.ButtonTemplates
  const fields = (
    <IsAlternative.Provider value={false}>
      {/* The library's own keys outlast a change of the name. */}
      {properties.map(({ content }) => <div key={content.key} class='contents'>{content}</div>)}
      {canExpand(schema, uiSchema, formData) &&
        <AddButton id={buttonId(fieldPathId, 'add')} onClick={onAddProperty} registry={registry} />}
    </IsAlternative.Provider>
  )
  // The library draws what all alternatives of a union have in common below a name of its own.
  if (fieldPathId.path.length === 0 || fieldPathId.path.at(-1) === 'XxxOf') {
    return <div id={fieldPathId.$id} class='contents'>{fields}</div>
  }
  return (
    <fieldset id={fieldPathId.$id}>
      <legend class={isAlternative ? 'hidden' : ''}>
        <Name step={fieldPathId.path.at(-1)} title={title} isRequired={props.required === true} />
      </legend>
      <Description id={descriptionId(fieldPathId)} description={description} />
      {fields}
    </fieldset>
  )
}

function ArrayFieldTemplate (
  { fieldPathId, title, schema, items, canAdd, onAddClick, registry, required }: ArrayFieldTemplateProps
): JSX.Element {
  const isAlternative = useContext(IsAlternative)
  const { AddButton } = registry.templates.ButtonTemplates
  return (
    <fieldset id={fieldPathId.$id}>
      <legend class={isAlternative ? 'hidden' : ''}>
        <Name step={fieldPathId.path.at(-1)} title={title} isRequired={required === true} />
      </legend>
      <Description id={descriptionId(fieldPathId)} description={schema.description} />
      <IsAlternative.Provider value={false}>{items}</IsAlternative.Provider>
      {canAdd && <AddButton id={buttonId(fieldPathId, 'add')} onClick={onAddClick} registry={registry} />}
    </fieldset>
  )
}

function ArrayFieldItemTemplate (
  { children, buttonsProps, hasToolbar, registry }: ArrayFieldItemTemplateProps
): JSX.Element {
  const { MoveUpButton, MoveDownButton, RemoveButton } = registry.templates.ButtonTemplates
  const { fieldPathId, hasMoveUp, hasMoveDown, hasRemove, onMoveUpItem, onMoveDownItem, onRemoveItem } = buttonsProps
  const idOf = (button: 'moveUp' | 'moveDown' | 'remove'): string => buttonId(fieldPathId, button)
  return (
    <div class='array-item'>
      <div class='grow'>{children}</div>
      {hasToolbar && (
        <div class='array-buttons'>
          {hasMoveUp && <MoveUpButton id={idOf('moveUp')} onClick={onMoveUpItem} registry={registry} />}
          {hasMoveDown && <MoveDownButton id={idOf('moveDown')} onClick={onMoveDownItem} registry={registry} />}
          {hasRemove && <RemoveButton id={idOf('remove')} onClick={onRemoveItem} registry={registry} />}
        </div>
      )}
    </div>
  )
}

function MultiSchemaFieldTemplate ({ selector, optionSchemaField }: MultiSchemaFieldTemplateProps): JSX.Element {
  return (
    <div class='union'>
      <div class='union-choice'>{selector}</div>
      <IsAlternative.Provider value>{optionSchemaField}</IsAlternative.Provider>
    </div>
  )
}

function Description ({ id, description }: { id: string, description?: unknown }): JSX.Element | null {
  if (typeof description !== 'string' || description === '') return null
  return <div id={id} class='hint' dir='auto'>{visible(description)}</div>
}

function FieldErrorTemplate ({ errors = [], fieldPathId }: FieldErrorProps): JSX.Element | null {
  if (errors.length === 0) return null
  return (
    <ul id={errorId(fieldPathId)} class='faults'>
      {errors.map((error, index) => <li key={index}>{typeof error === 'string' ? visible(error) : error}</li>)}
    </ul>
  )
}

// A schema that contains itself is drawn on as far as the user asks for.
function CyclicSchemaExpandTemplate ({ name, fieldPathId, onExpand }: CyclicSchemaExpandProps): JSX.Element {
  return (
    <button
      type='button' class='button small cyclic' aria-label={`Add ${visible(name)}`}
      onClick={() => onExpand(fieldPathId.$id)}
    >
      + <code>{visible(name)}</code>
    </button>
  )
}

function buttonOf (text: string, name: string) {
  return function FormButton ({ id, onClick, disabled }: IconButtonProps): JSX.Element {
    return (
      <button
        type='button' class='button small' {...(id !== undefined && { id })} aria-label={name} title={name}
        disabled={disabled === true} onClick={onClick}
      >
        {text}
      </button>
    )
  }
}

/** The templates of the form. */
export const templates: Partial<Omit<TemplatesType, 'ButtonTemplates'>> & {
  ButtonTemplates: Partial<TemplatesType['ButtonTemplates']>
} = {
  ArrayFieldItemTemplate,
  ArrayFieldTemplate,
  CyclicSchemaExpandTemplate,
  DescriptionFieldTemplate: Description as TemplatesType['DescriptionFieldTemplate'],
  FieldErrorTemplate: FieldErrorTemplate as TemplatesType['FieldErrorTemplate'],
  FieldTemplate: FieldTemplate as TemplatesType['FieldTemplate'],
  MultiSchemaFieldTemplate,
  ObjectFieldTemplate: ObjectFieldTemplate as TemplatesType['ObjectFieldTemplate'],
  ButtonTemplates: {
    AddButton: buttonOf('+ Add', 'Add'),
    MoveDownButton: buttonOf('↓', 'Move down'),
    MoveUpButton: buttonOf('↑', 'Move up'),
    RemoveButton: buttonOf('×', 'Remove')
  }
}
