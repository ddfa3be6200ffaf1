/*  tocsin-jq: evaluates programs of jq for gateway and worker, and may do nothing else. It is no command
 *  for people: its stdin is a socket.
 */
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include "jq/confine.h"
#include "jq/evaluate.h"

//  False: nobody asks any more.
static bool
read_all (void *bytes, size_t size)
{
    char *at = bytes;
    while (size > 0) {
        ssize_t got = read (STDIN_FILENO, at, size);
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            return false;
        at += got;
        size -= (size_t)got;
    }
    return true;
}

static bool
write_all (const void *bytes, size_t size)
{
    const char *at = bytes;
    while (size > 0) {
        ssize_t put = write (STDIN_FILENO, at, size);
        if (put < 0 && errno == EINTR)
            continue;
        if (put <= 0)
            return false;
        at += put;
        size -= (size_t)put;
    }
    return true;
}

//  A text of a request, with a zero behind it; NULL: nobody asks any more.
static char *
read_text (size_t size)
{
    char *text = malloc (size + 1);
    if (!text)
        _exit (TRANSFORM_NO_MEMORY);
    text [size] = '\0';
    if (read_all (text, size))
        return text;
    free (text);
    return NULL;
}

//  Of the time that the process works: SIGPROF ends it.
static void
allow_time (uint32_t ms)
{
    struct itimerval time = {.it_value = {.tv_sec = ms / 1000, .tv_usec = ms % 1000 * 1000}};
    setitimer (ITIMER_PROF, &time, NULL);
}

static bool
serve (void)
{
    transform_request_t request;
    if (!read_all (&request, sizeof request) || request.program_size > TRANSFORM_PROGRAM_BYTES ||
        request.input_size > TRANSFORM_INPUT_BYTES)
        return false;
    char *program = read_text (request.program_size);
    char *input = program ? read_text (request.input_size) : NULL;
    bool goes_on = false;
    if (input) {
        allow_time (request.cpu_ms);
        evaluated_t made = evaluate (&request, program, input);
        allow_time (0);
        transform_answer_t answer = {(uint32_t)made.verdict, (uint32_t)made.size};
        goes_on = write_all (&answer, sizeof answer) && write_all (made.bytes, made.size);
    }
    free (program);
    free (input);
    return goes_on;
}

int
main (void)
{
    int kind;
    socklen_t size = sizeof kind;
    if (getsockopt (STDIN_FILENO, SOL_SOCKET, SO_TYPE, &kind, &size) != 0) {
        fputs (
            "tocsin-jq is started by tocsin-gateway and tocsin-worker: there is nothing to say to it\n",
            stderr);
        return EXIT_FAILURE;
    }
    if (!confine ())
        return EXIT_FAILURE;
    while (serve ())
        continue;
    return EXIT_SUCCESS;
}
