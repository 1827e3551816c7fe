/** An assistant that says what it is told to say, when it is told. */
export function dictation() {
  const words: string[] = []
  let isOver = false
  let change = deferred()
  const wake = (): void => {
    change.resolve()
    change = deferred()
  }
  return {
    async *reply(): AsyncGenerator<string> {
      for (let i = 0; ; i++) {
        while (i === words.length && !isOver) await change.promise
        if (i === words.length) return
        yield words[i] ?? ''
      }
    },
    say: (word: string) => (words.push(word), wake()),
    finish: () => ((isOver = true), wake()),
  }
}

/** A promise, and what resolves it. */
export function deferred() {
  let resolve = (): void => {}
  const promise = new Promise<void>((settle) => (resolve = settle))
  return { promise, resolve: () => resolve() }
}
