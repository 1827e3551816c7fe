/** How long tests here may take: longer than ever needed, on a machine that is busy. */

/** For a whole test: `vi.setConfig(slowly)`. */
export const slowly = { testTimeout: 60_000, hookTimeout: 60_000 }

/** For something that takes a moment: `expect.poll(…, patience)`. */
export const patience = { timeout: 20_000 }
