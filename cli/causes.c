#include "cli/causes.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

enum { PREFIX_SIZE = 4096 };

typedef struct {
    const json_t *events;
    const char *asked;  //  the id that the tree was asked for
    char prefix [PREFIX_SIZE];
} causes_t;

static const char *
causes_text (const json_t *object, const char *name)
{
    const char *text = json_string_value (json_object_get (object, name));
    return text ? text : "";
}

static bool
causes_has (const causes_t *self, const char *id)
{
    size_t i;
    json_t *event;
    json_array_foreach (self->events, i, event)
    {
        if (strcmp (causes_text (event, "id"), id) == 0)
            return true;
    }
    return false;
}

//  The next one that this one caused, from `from` on; the number of events when there is none.
static size_t
causes_next_child (const causes_t *self, const char *id, size_t from)
{
    size_t count = json_array_size (self->events);
    while (from < count &&
           strcmp (causes_text (json_array_get (self->events, from), "causation"), id) != 0)
        from++;
    return from;
}

//  Letters among its deliveries: where the row ends, and why.
static void
causes_print_dead (const causes_t *self, const json_t *event, bool has_children)
{
    size_t i;
    json_t *delivery;
    json_array_foreach (json_object_get (event, "deliveries"), i, delivery)
    {
        const char *error = causes_text (delivery, "error");
        if (strcmp (causes_text (delivery, "status"), "dead") != 0)
            continue;
        printf ("    %s%s %s: dead (%s)%s%s\n", self->prefix, has_children ? "│ !" : "  !",
                causes_text (delivery, "subscription"), causes_text (delivery, "reason"),
                *error ? ": " : "", error);
    }
}

static void
causes_print_line (const causes_t *self, const json_t *event, const char *branch)
{
    const char *via = causes_text (event, "via");
    bool is_asked = strcmp (causes_text (event, "id"), self->asked) == 0;
    printf ("    %s%s%s%s%s  %s%s\n", self->prefix, branch, via, *via ? ": " : "",
            causes_text (event, "id"), causes_text (event, "type"),
            is_asked ? "  <- this one" : "");
}

/*  It, and below it what it caused. branch: what leads to it; below: what goes on under that. */
static void
causes_print_event (causes_t *self, const json_t *event, const char *branch, const char *below)
{
    causes_print_line (self, event, branch);
    size_t length = strlen (self->prefix);
    if (length + strlen (below) + 1 > PREFIX_SIZE)
        return;  //  so deep that nobody would see it
    strcpy (self->prefix + length, below);
    const char *id = causes_text (event, "id");
    size_t count = json_array_size (self->events);
    size_t child = causes_next_child (self, id, 0);
    causes_print_dead (self, event, child < count);
    while (child < count) {
        size_t next = causes_next_child (self, id, child + 1);
        bool is_last = next == count;
        causes_print_event (self, json_array_get (self->events, child), is_last ? "└─ " : "├─ ",
                            is_last ? "   " : "│  ");
        child = next;
    }
    self->prefix [length] = 0;
}

void
causes_print (const json_t *trace)
{
    causes_t self = {.events = json_object_get (trace, "events"),
                     .asked = causes_text (trace, "event")};
    if (json_array_size (self.events) < 2)
        return;
    puts ("    causes:");
    size_t i;
    json_t *event;
    json_array_foreach (self.events, i, event)
    {
        const char *cause = causes_text (event, "causation");
        if (*cause && causes_has (&self, cause))
            continue;
        if (*cause)
            printf ("    (%s, which the log has no more)\n", cause);
        causes_print_event (&self, event, *cause ? "└─ " : "", *cause ? "   " : "");
    }
    if (json_is_false (json_object_get (trace, "is_whole")))
        puts ("    (and more, which did not fit in)");
}
