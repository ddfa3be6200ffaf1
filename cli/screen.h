/*  screen – the terminal, while a command has all of it.
 *
 *  It is given back as it was, however the command ends: also by SIGINT, SIGTERM and SIGHUP, which
 *  end it at once, and while it is stopped (Ctrl-Z).
 */
#ifndef SCREEN_H
#define SCREEN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

bool screen_is_there (void);  //  stdin and stdout are a terminal
void screen_open (void);
void screen_close (void);
void screen_size (size_t *width, size_t *height);  //  in characters; as of now

void screen_show (const char *text);  //  lines, as many as fit, instead of what was

//  Until somebody wants to leave (q, or the end of stdin): true; or so long, or its size has changed.
bool screen_wait (int64_t ms);

#endif
