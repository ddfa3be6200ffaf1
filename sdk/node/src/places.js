/**
 * places - how far each broadcast subscription has been performed, by partition; kept in a file, if
 * the worker has one, so that it goes on from there after a restart.
 */

import {
    closeSync, existsSync, fsyncSync, openSync, readFileSync, renameSync, writeFileSync,
} from 'node:fs'
import { dirname } from 'node:path'

const SAVE_MS = 500 // between two times that the file is written

export class Places {
    /** @type {Map<string, number>} */
    #seqs = new Map()
    #isSaved = true
    #saveAt = 0

    /** path: of the file; empty: they are forgotten with the worker. warn(words): where troubles go. */
    constructor(path = '', warn = () => {}) {
        this.path = path
        this.warn = warn
        if (path && existsSync(path)) this.#seqs = read(path)
    }

    /** feed: the subscription, and which of its name. */
    find(feed, partition) {
        return this.#seqs.get(`${feed} ${partition}`)
    }

    note(feed, partition, seq) {
        const key = `${feed} ${partition}`
        if (this.#seqs.get(key) === seq) return
        this.#seqs.set(key, seq)
        this.#isSaved = false
    }

    due() {
        return this.#isSaved || !this.path ? Infinity : this.#saveAt
    }

    save(now, atOnce = false) {
        if (this.#isSaved || !this.path || (now < this.#saveAt && !atOnce)) return
        this.#saveAt = now + SAVE_MS
        try {
            write(this.path, this.#seqs)
            this.#isSaved = true
        } catch (problem) {
            this.warn(`the places of broadcasts cannot be kept: ${problem.message}`)
        }
    }
}

/** What is no such file is an error: to begin anew would perform or miss much. */
function read(path) {
    const none = new RangeError(`${path} has no places of broadcasts`)
    let told
    try {
        told = JSON.parse(readFileSync(path, 'utf8'))
    } catch (problem) {
        throw problem instanceof SyntaxError ? none : problem
    }
    const isMap = told !== null && typeof told === 'object' && !Array.isArray(told)
    if (!isMap || !Object.values(told).every((each) => Number.isSafeInteger(each) && each >= 0))
        throw none
    return new Map(Object.entries(told))
}

/** The old ones or the new ones, whenever the power fails. */
function write(path, seqs) {
    const next = `${path}.new`
    const file = openSync(next, 'w')
    try {
        writeFileSync(file, JSON.stringify(Object.fromEntries(seqs)))
        fsyncSync(file)
    } finally {
        closeSync(file)
    }
    renameSync(next, path)
    try {
        const directory = openSync(dirname(path), 'r')
        fsyncSync(directory)
        closeSync(directory)
    } catch {
        // not every filesystem has this; then the new name is on disk a little later
    }
}
