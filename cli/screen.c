#include "cli/screen.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#include "daemon/clock.h"
#include "proto/model/allocate.h"
#include "proto/model/owned.h"

#define SHOW "\x1b[?1049h\x1b[?25l"  //  another screen than the shell's, without a cursor
#define HIDE "\x1b[?25h\x1b[?1049l"

enum { WIDTH_STANDARD = 80, HEIGHT_STANDARD = 24, CONTROL_D = 4 };

//  The process has one terminal, and signal handlers have no other way to it.
static struct termios before;
static volatile sig_atomic_t is_open, has_changed;

//  What is used here may be used in a signal handler.
static void
say (const char *text, size_t size)
{
    while (size > 0) {
        ssize_t written = write (STDOUT_FILENO, text, size);
        if (written < 0 && errno != EINTR)
            return;
        text += written > 0 ? written : 0;
        size -= written > 0 ? (size_t)written : 0;
    }
}

static void
take (void)
{
    struct termios raw = before;
    raw.c_lflag &= ~(tcflag_t)(ICANON | ECHO);
    tcsetattr (STDIN_FILENO, TCSADRAIN, &raw);
    say (SHOW, sizeof SHOW - 1);
}

static void
give_back (void)
{
    say (HIDE, sizeof HIDE - 1);
    tcsetattr (STDIN_FILENO, TCSADRAIN, &before);
}

static void
be_ended (int signal_number)
{
    (void)signal_number;
    give_back ();
    _exit (EXIT_SUCCESS);
}

static void
be_stopped (int signal_number)
{
    (void)signal_number;
    int error = errno;
    give_back ();
    raise (SIGSTOP);  //  and here it goes on
    take ();
    has_changed = 1;
    errno = error;
}

static void
be_resized (int signal_number)
{
    (void)signal_number;
    has_changed = 1;
}

bool
screen_is_there (void)
{
    return isatty (STDIN_FILENO) && isatty (STDOUT_FILENO) &&
           tcgetattr (STDIN_FILENO, &before) == 0;
}

static void
handle (int signal_number, void (*handler) (int))
{
    struct sigaction action = {.sa_handler = handler};
    sigaction (signal_number, &action, NULL);
}

void
screen_open (void)
{
    is_open = 1;
    take ();
    handle (SIGINT, be_ended);
    handle (SIGTERM, be_ended);
    handle (SIGHUP, be_ended);
    handle (SIGTSTP, be_stopped);
    handle (SIGWINCH, be_resized);
}

void
screen_close (void)
{
    if (is_open)
        give_back ();
    is_open = 0;
}

void
screen_size (size_t *width, size_t *height)
{
    struct winsize size = {0};
    ioctl (STDOUT_FILENO, TIOCGWINSZ, &size);
    *width = size.ws_col > 0 ? size.ws_col : WIDTH_STANDARD;
    *height = size.ws_row > 0 ? size.ws_row : HEIGHT_STANDARD;
}

//  Each line over the one that was there, so that nothing flickers.
void
screen_show (const char *text)
{
    OWNED (text) char *frame = NULL;
    size_t size = 0;
    FILE *out = open_memstream (&frame, &size);
    size_t width, left;
    screen_size (&width, &left);
    fputs ("\x1b[H", out);
    for (const char *line = text; *line && left > 0; left--) {
        size_t length = strcspn (line, "\n");
        fprintf (out, "%s%.*s\x1b[K", line > text ? "\n" : "", (int)length, line);
        line += length + (line [length] == '\n');
    }
    fputs ("\x1b[J", out);
    fclose (out);
    say (frame, size);
}

//  Whether one of the keys that are waiting says so.
static bool
wants_to_leave (void)
{
    char keys [64];
    ssize_t count = read (STDIN_FILENO, keys, sizeof keys);
    for (ssize_t i = 0; i < count; i++)
        if (keys [i] == 'q' || keys [i] == 'Q' || keys [i] == CONTROL_D)
            return true;
    return count == 0;
}

bool
screen_wait (int64_t ms)
{
    int64_t until_ms = monotonic_ms () + ms;
    for (int64_t left_ms = ms; left_ms > 0 && !has_changed; left_ms = until_ms - monotonic_ms ()) {
        struct pollfd keyboard = {.fd = STDIN_FILENO, .events = POLLIN};
        if (poll (&keyboard, 1, (int)left_ms) > 0 && wants_to_leave ())
            return true;
    }
    has_changed = 0;
    return false;
}
