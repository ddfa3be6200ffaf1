/** What happened. `id` is the same on every attempt, so it tells repeats apart. */
export class Event {
    readonly id: string
    readonly type: string
    readonly subject: string
    /** RFC 3339 */
    readonly time: string
    readonly partition: number
    readonly seq: number | bigint
    readonly acceptedMs: number
    readonly givenId: string
    readonly source: string
    /** As published; empty: the subject orders. */
    readonly key: string
    readonly phase: 'post' | 'pre'
    /** Id of the event that caused it; empty: none is known. */
    readonly causation: string
    /** Id of the first event of its tree; empty: it is that itself. */
    readonly root: string
    /** The subscription whose action made it; empty: none did. */
    readonly via: string
    /** Actions between root and this one. */
    readonly hops: number
    readonly contentType: string
    readonly data: Buffer
    json(): any
}

/** One attempt of one event for one subscription. */
export class Delivery {
    readonly event: Event
    readonly subscription: string
    /** Of the subscription. */
    readonly action: { name: string; [member: string]: any }
    /** Of the subscription; empty if it has none. */
    readonly deliver: { [member: string]: any }
    /** 1 for the first. */
    readonly attempt: number
    /** Then the attempt is over, whatever the action does. */
    readonly timeoutMs: number
    /** It has not happened yet: the result, {decision: 'allow' or 'deny', …}, is the answer. */
    readonly isQuestion: boolean
    /** Aborted when the outcome is wanted no more, whatever it will be: to be handed to fetch and its like. */
    readonly signal: AbortSignal
    /** How far it is, 1 to 100 percent (0: that is not said) and in words; the last of each second is shown. */
    progress(percent?: number, text?: string): void
}

/** Thrown by an action: again later, by the subscription's policy, but not before `afterSeconds`. */
export class Retry extends Error {
    constructor(error?: string, options?: { afterSeconds?: number })
}

/** Thrown by an action: never again. `disables`: nothing more is wanted by the subscription. */
export class Fail extends Error {
    constructor(error?: string, options?: { disables?: boolean })
}

export interface Options {
    /** In logs and attempts; the host's if left out. */
    name?: string
    /** Deliveries at work at a time, 1 to 4096; 8 if left out. */
    capacity?: number
    /** How long a worker that is stopped waits for what it has begun; 30 if left out. */
    leaveSeconds?: number
    /** What it is, as { region: 'eu' }, for subscriptions that want only such workers. */
    labels?: { [name: string]: string }
    /** Whether it performs the subscriptions of `mode: broadcast`, too; true if left out. */
    broadcasts?: boolean
    /** A file of this worker alone: how far it has come in broadcasts. It goes on from there after a restart, and misses nothing. */
    places?: string
    /** Documents that it brings along. */
    subscriptions?: { id: string; revision: number; keep?: boolean; [member: string]: unknown }[]
    /** Files of `tocsin keygen`: NAME.secret of this worker, NAME.public of the brokers. Together, or neither. */
    ownKey?: string
    brokerKey?: string
    log?: { info?(words: string): void; warn?(words: string): void }
}

/** What it returns becomes the JSON of the attempt's result. */
export type Action = (delivery: Delivery) => unknown

export class Worker {
    /** brokers: one endpoint or several, as `tcp://127.0.0.1:7102`. */
    constructor(brokers: string | string[], options?: Options)
    action(name: string, perform: Action): this
    /** Until SIGTERM or SIGINT; then it leaves in order. */
    run(): Promise<void>
    /** The same without signals. */
    start(): Promise<void>
    /** Asks it to leave, and waits until it has. Asked twice, it waits for nothing that has begun. */
    stop(): Promise<void>
}

/** What the feed of a broker tells (docs/feed.md): of the third frame of a message. */
export function readFeed(body: Uint8Array): {
    subscription: string
    prev: number | bigint
    event: { id: string; type: string; subject: string; partition: number; seq: number | bigint; data: Buffer; [name: string]: unknown }
}
