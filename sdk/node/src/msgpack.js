/**
 * msgpack - as much of MessagePack as the protocol has. Read without recursion, since a peer says
 * how deep; a map is read as its pairs, since a key may come twice and may be no text; numbers that
 * a double cannot hold are BigInt.
 */

export class BadMessage extends Error {
    /** It does nothing and is answered with ERROR: its status, and where it is bad. */
    constructor(text, status = 'BAD_MESSAGE') {
        super(text)
        this.status = status
    }
}

/** What is of no kind that anybody looks at: nil, floats, negative numbers, extensions. */
export class Passed {
    constructor(what) {
        this.what = what
    }
}

/** A map as it came. */
export class Pairs {
    constructor(items) {
        this.items = items // key, value, key, value …
    }

    *[Symbol.iterator]() {
        for (let at = 0; at < this.items.length; at += 2) yield [this.items[at], this.items[at + 1]]
    }
}

/** Bytes that should have been a text. */
const NO_TEXT = new Passed('a text that is no UTF-8')
const NIL = new Passed('nil')
const FLOAT = new Passed('a float')
const NEGATIVE = new Passed('a number below 0')
const EXTENSION = new Passed('an extension')
const DEEP = new Passed('something deep')
const LEVELS = 8 // that are kept; what is known of a DELIVER has five

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

class Reader {
    constructor(bytes) {
        this.bytes = bytes
        this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
        this.at = 0
    }

    left() {
        return this.bytes.length - this.at
    }

    need(count) {
        if (count > this.left()) throw new BadMessage('the body ends early')
        this.at += count
        return this.at - count
    }

    number(size) {
        const at = this.need(size)
        if (size === 1) return this.view.getUint8(at)
        if (size === 2) return this.view.getUint16(at)
        if (size === 4) return this.view.getUint32(at)
        return narrow(this.view.getBigUint64(at))
    }

    signed(size) {
        const at = this.need(size)
        const value = narrow(
            size === 1 ? BigInt(this.view.getInt8(at))
                : size === 2 ? BigInt(this.view.getInt16(at))
                    : size === 4 ? BigInt(this.view.getInt32(at))
                        : this.view.getBigInt64(at),
        )
        return value < 0 ? NEGATIVE : value
    }

    take(count) {
        const at = this.need(count)
        return this.bytes.subarray(at, at + count)
    }

    text(count) {
        try {
            return utf8.decode(this.take(count))
        } catch (problem) {
            if (problem instanceof BadMessage) throw problem
            return NO_TEXT
        }
    }

    skip(count, value) {
        this.need(count)
        return value
    }

    /** A list or map to come, of so many items. */
    open(kind, count) {
        if (count > this.left()) throw new BadMessage('the body ends early')
        return { kind, left: count, items: [] }
    }

    /** The next value; or what is open, whose items come next. */
    next() {
        const octet = this.number(1)
        if (octet <= 0x7f) return octet
        if (octet <= 0x8f) return this.open('map', 2 * (octet & 0x0f))
        if (octet <= 0x9f) return this.open('list', octet & 0x0f)
        if (octet <= 0xbf) return this.text(octet & 0x1f)
        if (octet >= 0xe0) return NEGATIVE
        const read = FORMATS[octet]
        if (!read) throw new BadMessage(`0x${octet.toString(16)} is no MessagePack`)
        return read(this)
    }
}

/** @type {Record<number, (reader: Reader) => any>} */
const FORMATS = {
    0xc0: () => NIL,
    0xc2: () => false,
    0xc3: () => true,
    0xc4: (r) => r.take(r.number(1)),
    0xc5: (r) => r.take(r.number(2)),
    0xc6: (r) => r.take(r.number(4)),
    0xc7: (r) => r.skip(r.number(1) + 1, EXTENSION),
    0xc8: (r) => r.skip(r.number(2) + 1, EXTENSION),
    0xc9: (r) => r.skip(r.number(4) + 1, EXTENSION),
    0xca: (r) => r.skip(4, FLOAT),
    0xcb: (r) => r.skip(8, FLOAT),
    0xcc: (r) => r.number(1),
    0xcd: (r) => r.number(2),
    0xce: (r) => r.number(4),
    0xcf: (r) => r.number(8),
    0xd0: (r) => r.signed(1),
    0xd1: (r) => r.signed(2),
    0xd2: (r) => r.signed(4),
    0xd3: (r) => r.signed(8),
    0xd4: (r) => r.skip(2, EXTENSION),
    0xd5: (r) => r.skip(3, EXTENSION),
    0xd6: (r) => r.skip(5, EXTENSION),
    0xd7: (r) => r.skip(9, EXTENSION),
    0xd8: (r) => r.skip(17, EXTENSION),
    0xd9: (r) => r.text(r.number(1)),
    0xda: (r) => r.text(r.number(2)),
    0xdb: (r) => r.text(r.number(4)),
    0xdc: (r) => r.open('list', r.number(2)),
    0xdd: (r) => r.open('list', r.number(4)),
    0xde: (r) => r.open('map', 2 * r.number(2)),
    0xdf: (r) => r.open('map', 2 * r.number(4)),
}

function narrow(big) {
    return big >= BigInt(Number.MIN_SAFE_INTEGER) && big <= BigInt(Number.MAX_SAFE_INTEGER)
        ? Number(big)
        : big
}

const close = (open) => (open.kind === 'map' ? new Pairs(open.items) : open.items)

/** Passes over so many items and all that is in them. */
function skip(reader, count) {
    const left = [count]
    while (left.length) {
        if (left[left.length - 1] === 0) {
            left.pop()
            continue
        }
        left[left.length - 1]--
        const value = reader.next()
        if (value?.kind) left.push(value.left)
    }
    return DEEP
}

/** The one value that the bytes are. */
export function unpack(bytes) {
    const reader = new Reader(bytes)
    const opened = []
    let value = reader.next()
    for (;;) {
        if (value?.kind && opened.length === LEVELS) value = skip(reader, value.left)
        if (value?.kind) {
            opened.push(value)
        } else if (opened.length) {
            opened[opened.length - 1].items.push(value)
            opened[opened.length - 1].left--
        }
        while (opened.length && opened[opened.length - 1].left === 0) {
            value = close(opened.pop())
            if (!opened.length) break
            opened[opened.length - 1].items.push(value)
            opened[opened.length - 1].left--
        }
        if (!opened.length) break
        value = reader.next()
    }
    if (reader.left()) throw new BadMessage(`${reader.left()} bytes after the body`)
    return value
}

//  ---- writing

function head(octets, count) {
    const [fixed, most, eight, sixteen, thirtyTwo] = octets
    if (count <= most) return Buffer.from([fixed | count])
    if (eight && count <= 0xff) return Buffer.from([eight, count])
    const wide = Buffer.alloc(count <= 0xffff ? 3 : 5)
    wide[0] = count <= 0xffff ? sixteen : thirtyTwo
    if (count <= 0xffff) wide.writeUInt16BE(count, 1)
    else wide.writeUInt32BE(count, 1)
    return wide
}

function packNumber(value, into) {
    if (value <= 0xffffffff) {
        into.push(head([0x00, 0x7f, 0xcc, 0xcd, 0xce], Number(value)))
        return
    }
    const wide = Buffer.alloc(9)
    wide[0] = 0xcf
    wide.writeBigUInt64BE(BigInt(value), 1)
    into.push(wide)
}

function packInto(value, into) {
    if (typeof value === 'number' || typeof value === 'bigint') {
        packNumber(value, into)
    } else if (typeof value === 'boolean') {
        into.push(Buffer.from([value ? 0xc3 : 0xc2]))
    } else if (typeof value === 'string') {
        const bytes = Buffer.from(value)
        into.push(head([0xa0, 0x1f, 0xd9, 0xda, 0xdb], bytes.length), bytes)
    } else if (Array.isArray(value)) {
        into.push(head([0x90, 0x0f, 0, 0xdc, 0xdd], value.length))
        for (const each of value) packInto(each, into)
    } else {
        const entries = Object.entries(value)
        into.push(head([0x80, 0x0f, 0, 0xde, 0xdf], entries.length))
        for (const [key, each] of entries) {
            packInto(key, into)
            packInto(each, into)
        }
    }
}

/** Numbers from 0, booleans, texts, lists and maps of these. */
export function pack(value) {
    const into = []
    packInto(value, into)
    return Buffer.concat(into)
}
