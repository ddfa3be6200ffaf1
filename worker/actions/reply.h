/*  reply – the start of a consumer's answer, kept with the attempt for somebody to read. */
#ifndef REPLY_H
#define REPLY_H

#include <stddef.h>

/*  What may be shown of it: UTF-8 without control characters but line ends and tabs, cut between
 *  two characters. A byte that is none becomes U+FFFD.
 *
 *  text          where it goes, with room for `room` bytes, the final zero included
 */
void reply_show (const char *bytes, size_t size, char *text, size_t room);

#endif
