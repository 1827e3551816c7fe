/** The events of a stream of our server: each is one line of JSON behind `data: `, and ends with an empty line. */
export async function* eventsIn<T>(body: ReadableStream<BufferSource>): AsyncGenerator<T, void, undefined> {
  const reader = body.pipeThrough(new TextDecoderStream()).getReader()
  let text = ''
  try {
    for (let step = await reader.read(); !step.done; step = await reader.read()) {
      const blocks = (text + step.value).split('\n\n')
      text = blocks.pop() ?? ''
      for (const block of blocks) {
        const data = block.split('\n').find((line) => line.startsWith('data: '))
        if (data) yield JSON.parse(data.slice(6)) as T
      }
    }
  } finally {
    await reader.cancel().catch(() => {})
  }
}
