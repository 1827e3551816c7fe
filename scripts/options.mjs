/** `node scripts/options.mjs`: writes the table of the widget's options in docs/options.md from what stands beside their types. */
import { readFileSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import ts from 'typescript'

/**
 * @typedef {object} Option
 * @property {string} name
 * @property {string} type
 * @property {string} attribute Its twin on the script tag, and what is to be said of that; empty: there is none.
 * @property {string} text
 * @property {string} fallback
 */

const root = resolve(import.meta.dirname, '..')
const document = join(root, 'docs/options.md')
const between = /(?<=<!-- options -->\n)[^]*(?=<!-- \/options -->)/

/**
 * The options, in the order of the source: the visitor's identity comes last.
 * @returns {Option[]}
 */
export function readOptions() {
  const file = join(root, 'widget/options.ts')
  const source = ts.createSourceFile(file, readFileSync(file, 'utf8'), ts.ScriptTarget.Latest, true)
  return ['WidgetOptions', 'Identity'].flatMap((name) => {
    const found = source.statements.find((node) => ts.isInterfaceDeclaration(node) && node.name.text === name)
    if (!found || !ts.isInterfaceDeclaration(found)) throw new Error(`${file} has no interface ${name}.`)
    return found.members.filter(ts.isPropertySignature).map((member) => describe(member, source))
  })
}

/** The table, in Markdown. */
export function optionsTable() {
  const rows = readOptions().map(({ name, type, attribute, text, fallback }) => {
    const cells = [`\`${name}\`: \`${type}\``, attribute || '–', text, fallback || '–']
    return `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |\n`
  })
  return `| option | on the tag | what it does | left out |\n|---|---|---|---|\n${rows.join('')}`
}

/**
 * @param {ts.PropertySignature} member
 * @param {ts.SourceFile} source
 * @returns {Option}
 */
function describe(member, source) {
  const [comment] = ts.getJSDocCommentsAndTags(member).filter(ts.isJSDoc)
  const fallback = comment?.tags?.find((tag) => tag.tagName.text === 'default')
  const all = flat(comment?.comment)
  const attribute = /`data-[a-z-]+`[^.]*(?=\.)/.exec(all)?.[0] ?? ''
  return {
    name: member.name.getText(source),
    type: member.type?.getText(source) ?? '',
    attribute,
    text: all.replace(attribute && ` ${attribute}.`, '').replace('Security:', '**Security**:'),
    fallback: flat(fallback?.comment),
  }
}

/** @param {Parameters<typeof ts.getTextOfJSDocComment>[0]} comment */
const flat = (comment) => (ts.getTextOfJSDocComment(comment) ?? '').replace(/\s+/g, ' ').trim()

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  writeFileSync(
    document,
    readFileSync(document, 'utf8').replace(between, () => optionsTable()),
  )
}
