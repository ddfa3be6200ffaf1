/*  number – numbers and times as a person types them, for options. What cannot be read ends the
 *  process with a sentence, as argp's own errors do.
 */
#ifndef NUMBER_H
#define NUMBER_H

#include <argp.h>
#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

long number_read (struct argp_state *state, const char *text, long least, long most);
double number_read_rate (struct argp_state *state, const char *text);  //  a second, above 0

enum { NUMBER_TIME_SIZE = 40 };

/*  "2h" (two hours ago; s, m, h, d), or a time of RFC 3339, as RFC 3339 in `time`. False: it is none,
 *  and `time` is untouched.
 */
bool number_read_time (const char *text, int64_t now_ms, char time [NUMBER_TIME_SIZE]);

//  A place in the log, as the API has it: {"seq": 17} for digits, or else {"time": …} as above. NULL:
//  it is neither. Owned by the caller.
json_t *number_read_place (const char *text, int64_t now_ms);

#endif
