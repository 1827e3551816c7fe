/** The public controller of one widget: works from the first moment, and calls the panel once that is there. */
import type { PanelHandle, PanelModule, PanelProps, Parts, WidgetHandle } from './contract.ts'
import { createHost } from './host.ts'
import { createLauncher } from './launcher.ts'
import type { LauncherTexts } from './launcher.ts'
import { readMarker, watchMarker } from './marker.ts'
import { hasLook, isOn, storageName } from './options.ts'
import type { Identity, WidgetOptions } from './options.ts'

/** How long a conversation without news is looked after on pages where nobody opens the chat, in milliseconds. */
const DAY = 86_400_000

/** Puts a widget on the page. @throws TypeError when the options name neither a token nor an adapter */
export function createWidget(given: WidgetOptions, { loadPanel, loadLook, prepare }: Parts): WidgetHandle {
  if (!given.integrationToken && !given.adapter) {
    throw new TypeError('Lumika: set integrationToken or adapter.')
  }
  let options: WidgetOptions = { ...given }
  const listeners = new Map<string, Set<(detail: never) => void>>()
  // The launcher may have another place than in its corner: it is shown once that is known.
  const host = createHost(hasLook(given))
  let panel: PanelHandle | null = null
  let loading: Promise<PanelModule> | null = null
  let calls: ((panel: PanelHandle) => void)[] = []
  let isDressed = false
  let isMounting = false
  let isOpen = false
  let isDestroyed = false
  let hasFailed = false
  let unread = 0
  let texts: LauncherTexts | undefined

  const emit: PanelProps['emit'] = (event, detail) => {
    for (const listener of [...(listeners.get(event) ?? [])]) {
      // A listener is the page's: what it throws is reported to the page, and stops nothing of ours.
      try {
        ;(listener as (detail: unknown) => void)(detail)
      } catch (error) {
        setTimeout(() => {
          throw error
        })
      }
    }
  }

  const prefetch = () => {
    loading ??= loadPanel(host.element)
    // Whoever needs the module hears of the failure; the next intent tries again.
    loading.catch(() => (loading = null))
    return loading
  }

  /** Loads what few sites set of the look, once any of it is set. Without it the chat is as good. */
  const dress = () => {
    if (isDressed || !hasLook(options)) return
    isDressed = true
    loadLook(host.element)
      .then(({ dressUp }) => dressUp(host, handle, prepare))
      .catch(() => (host.isPlaced = false))
      .finally(() => update({}))
  }

  const show = () => {
    host.show(options)
    const isHidden = (host.isPlaced && !hasFailed) || !isOn(options.launcher ?? true)
    launcher.show({ isOpen, isLoading: isOpen && !panel, hasFailed, isHidden, unread, texts })
  }

  const withPanel = (call: (panel: PanelHandle) => void) => {
    if (isDestroyed) return
    if (panel) return call(panel)
    calls.push(call)
    if (isMounting) return
    isMounting = true
    prefetch().then(mount).catch(fail)
  }

  const mount = (module: PanelModule) => {
    if (isDestroyed || panel) return
    panel = module.mountPanel(host.root, {
      options,
      onClose: close,
      onUnread: setUnread,
      onIdentity: identify,
      onTexts: (given) => ((texts = given), show()),
      prepare,
      emit,
    })
    hasFailed = false
    emit('ready', undefined)
    for (const call of calls.splice(0)) call(panel)
    show()
  }

  const fail = () => {
    isMounting = false
    if (isDestroyed || panel) return
    // What nobody has asked for fails in silence. The calls are kept: what the visitor wanted is done at the next try.
    if (!isOpen) return
    setOpen(false)
    hasFailed = true
    show()
    emit('error', { code: 'panel_not_loaded' })
  }

  const setOpen = (open: boolean) => {
    if (isDestroyed) return
    host.attach()
    if (open === isOpen || (host.isPlaced && panel)) return
    isOpen = open
    hasFailed = false
    // Only a focus that would be lost is taken care of: one that is elsewhere on the page stays there.
    const hadFocus = host.root.activeElement
    if (open || panel) withPanel((mounted) => mounted.setOpen(isOpen))
    // Before the focus: where the panel covers the page, the launcher is not there while it is open.
    show()
    if (!open && hadFocus) launcher.element.focus({ preventScroll: true })
    emit(open ? 'open' : 'close', undefined)
  }

  const close = () => setOpen(false)
  const toggle = () => setOpen(!isOpen)

  const setUnread = (count: number) => {
    if (isDestroyed || count === unread) return
    unread = count
    show()
    emit('unread', { count })
  }

  const update = (changes: Partial<WidgetOptions>) => {
    if (isDestroyed) return
    options = { ...options, ...changes }
    host.attach()
    show()
    panel?.update(options)
    lookAfter()
    dress()
  }

  const identify = (identity: Identity) => update({ ...nobody, ...identity })

  /** Shows what is known of the visitor's conversation, and has it looked after if it is a recent one. */
  const lookAfter = () => {
    if (panel) return
    const marker = readMarker(storageName(options))
    setUnread(marker?.unread ?? 0)
    if (!marker || Date.now() - marker.at > DAY) return
    const later = globalThis.requestIdleCallback ?? setTimeout
    later(() => withPanel(() => {}))
  }

  /** Takes on what the server says of look and texts, where the page says nothing. Without it the chat is as good. */
  const loadConfig = () => {
    if (options.adapter || !isOn(options.config ?? true)) return
    fetch(`${options.serverUrl}/widget/config?integrationToken=${options.integrationToken}`, { credentials: 'omit' })
      .then((response) => response.json())
      .then(({ widget }) => update({ ...widget, ...options }))
      .catch(() => {})
  }

  const off = (event: string, listener: (detail: never) => void) => void listeners.get(event)?.delete(listener)

  const launcher = createLauncher({ onIntent: () => void prefetch().catch(() => {}), onClick: toggle })
  host.root.append(launcher.element)
  const unwatch = watchMarker(() => panel || setUnread(readMarker(storageName(options))?.unread ?? 0))
  const handle: WidgetHandle = {
    open: () => setOpen(true),
    close,
    toggle,
    send(text) {
      setOpen(true)
      withPanel((mounted) => mounted.send(text))
    },
    newConversation: () => withPanel((mounted) => mounted.newConversation()),
    identify,
    logout() {
      // Where nothing is kept there is nothing to forget, and nothing to load for it.
      if (panel || readMarker(storageName(options))) withPanel((mounted) => mounted.logout())
      else update(nobody)
    },
    update,
    setLocale: (locale) => update({ locale }),
    setTheme: (theme) => update({ theme }),
    on(event, listener) {
      const set = listeners.get(event) ?? new Set()
      listeners.set(event, set.add(listener as (detail: never) => void))
      return () => off(event, listener)
    },
    off,
    async destroy() {
      if (isDestroyed) return
      isDestroyed = true
      isOpen = false
      calls = []
      listeners.clear()
      unwatch()
      host.remove()
      await panel?.destroy()
    },
    get isOpen() {
      return isOpen
    },
    get unread() {
      return unread
    },
  }
  update({})
  loadConfig()
  if (isOn(options.open)) setOpen(true)
  return handle
}

/** What is known of a visitor who is not signed in. */
const nobody = { conversationId: '', userHash: '', userJwt: '' }
