/** How an option is called on the command line and in the environment. */

/** `publicUrl` → `public-url` */
export const flagName = (key: string): string => key.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)

/** `publicUrl` → `LUMIKA_PUBLIC_URL` */
export const envName = (key: string): string => `LUMIKA_${flagName(key).replaceAll('-', '_').toUpperCase()}`
