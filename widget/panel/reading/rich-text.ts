/** What shows answers as Markdown: a part of its own. Until it is there, or where it cannot be loaded, they are plain text. */
import { LazyPart } from '../lazy-part.svelte.ts'
import type * as markdown from '../markdown/index.ts'
import type { Loaders, Part } from '../parts.ts'

declare const __LUMIKA_MARKDOWN__: Part

export type RichText = LazyPart<typeof markdown>

export const createRichText = ({ show }: Loaders): RichText =>
  new LazyPart(
    show(
      () => __LUMIKA_MARKDOWN__,
      () => import('../markdown/index.ts'),
    ),
  )
