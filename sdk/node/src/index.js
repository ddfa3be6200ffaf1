/** index - what a program that works for Tocsin imports. */

export { Delivery, Event, Fail, Retry } from './delivery.js'
export { readFeed } from './feed.js'
export { Worker } from './worker.js'
