/**
 * Takes from marked its lexer alone. Marked is one module in which everything but the lexer comes after it, ends in
 * statements with effects, and so is kept by every bundler: a fifth of it, that a page would load for nothing.
 */

const source = /\/marked\/lib\/marked\.esm\.js$/

/**
 * The plugin. Fails the build when marked is no longer built as it expects.
 * @returns {import('vite').Plugin}
 */
export function lexerAlone() {
  return {
    name: 'lumika:lexer-alone',
    transform: {
      filter: { id: source },
      handler(code) {
        return { code: cutAfterLexer(code, this.parse(code)), map: null }
      },
    },
  }
}

/**
 * Leaves out what comes after the class that is exported as `Lexer`, and exports only that and `Tokenizer`.
 * @param {string} code
 * @param {{ body: object[] }} program its syntax tree (ESTree)
 * @returns {string}
 * @throws Error when there is no such class, or something of it comes later
 */
export function cutAfterLexer(code, program) {
  const body = /** @type {any[]} */ (program.body)
  /** @type {{ local: { name: string }, exported: { name: string } }[]} */
  const exported = body.flatMap((statement) =>
    statement.type === 'ExportNamedDeclaration' ? statement.specifiers : [],
  )
  const declarations = ['Lexer', 'Tokenizer'].map((name) => {
    const local = exported.find((specifier) => specifier.exported.name === name)?.local.name
    const statement = body.find(
      ({ type, declarations: [first] = [] }) =>
        type === 'VariableDeclaration' && first.id.name === local && first.init?.type === 'ClassExpression',
    )
    if (!local || !statement) throw new Error(`lexer-alone: marked has no class ${name} any more. See the plugin.`)
    return { name, local, end: statement.end }
  })
  const end = Math.max(...declarations.map((each) => each.end))
  const late = declarations.find(({ name, end: own }) => name === 'Lexer' && own !== end)
  if (late) throw new Error('lexer-alone: the tokenizer has come to stand behind the lexer. See the plugin.')
  return `${code.slice(0, end)}\nexport { ${declarations.map(({ name, local }) => `${local} as ${name}`).join(', ')} }\n`
}
