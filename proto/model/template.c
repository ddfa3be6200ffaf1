#include "proto/model/template.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "proto/model/template_value.h"

enum { SLOT_SHOWN = 60 };

bool
template_has_slots (const char *text)
{
    return strpbrk (text, "{}");
}

template_place_t
template_place_of (const char *content_type)
{
    static const char form [] = "application/x-www-form-urlencoded";
    if (!content_type)
        return TEMPLATE_TEXT;
    if (strncasecmp (content_type, form, sizeof form - 1) == 0)
        return TEMPLATE_FORM;
    return match_type_is_json (content_type) ? TEMPLATE_JSON : TEMPLATE_TEXT;
}

//  ---- URLs: a value may fill a part of the path, the query or the fragment, and make none

//  Behind scheme, host and port.
static const char *
url_path (const char *url)
{
    const char *slashes = strstr (url, "://");
    return slashes ? slashes + 3 + strcspn (slashes + 3, "/?#") : NULL;
}

//  "." or "..", however they are written: a client, or the server, takes them for steps up.
static bool
is_dots (const char *segment, size_t size)
{
    size_t dots = 0;
    while (size > 0) {
        size_t step = *segment == '.'                                     ? 1
                      : size >= 3 && strncasecmp (segment, "%2e", 3) == 0 ? 3
                                                                          : 0;
        if (step == 0)
            return false;
        segment += step;
        size -= step;
        dots++;
    }
    return dots == 1 || dots == 2;
}

static bool
url_has_dots (const char *url)
{
    const char *at = url_path (url);
    while (at && *at == '/') {
        size_t size = strcspn (at + 1, "/?#");
        if (is_dots (at + 1, size))
            return true;
        at += 1 + size;
    }
    return false;
}

static status_t
check_url (const char *url, const char *at, problem_t *problem)
{
    const char *path = url_path (url);
    if (!path || strcspn (url, "{}") < (size_t)(path - url))
        return problem_at (problem, STATUS_BAD_SUBSCRIPTION, at,
                           "%s: scheme, host and port stand fast; slots are for what comes behind "
                           "them, as in https://consumer.example/{type}",
                           at);
    if (url_has_dots (url))
        return problem_at (problem, STATUS_BAD_SUBSCRIPTION, at,
                           "%s: a path with . or .. in it cannot have slots; write where it leads",
                           at);
    return STATUS_OK;
}

status_t
template_check (const char *text, const template_where_t *where, problem_t *problem)
{
    template_scan_t scan = {.text = text, .at = text, .where = where};
    template_piece_t piece;
    do {
        status_t status = template_next (&scan, &piece, problem);
        if (status)
            return status;
    } while (piece.size > 0);
    if (where->place == TEMPLATE_URL && template_has_slots (text))
        return check_url (text, where->at, problem);
    return STATUS_OK;
}

//  ---- filling

//  In the query nothing may stand for nothing; in the path it would be another path.
static status_t
check_part (const template_text_t *text, size_t before, const template_piece_t *slot,
            problem_t *problem)
{
    bool is_path = !text->bytes || !memchr (text->bytes, '?', text->used);
    if (text->used > before || text->is_over || slot->standard || !is_path)
        return STATUS_OK;
    return problem_set (problem, STATUS_BAD_EVENT,
                        "the URL has no %.*s: the event lacks it, and there is no default",
                        slot->size < SLOT_SHOWN ? (int)slot->size : SLOT_SHOWN, slot->start);
}

static status_t
fill (template_scan_t *scan, template_facts_t *facts, template_text_t *text, problem_t *problem)
{
    template_place_t place = scan->where->place;
    for (;;) {
        template_piece_t piece;
        status_t status = template_next (scan, &piece, problem);
        if (status)
            return status;
        if (piece.size == 0)
            break;
        size_t before = text->used;
        if (piece.is_slot)
            template_write (text, &piece, place, facts);
        else
            template_text_add (text, piece.start, piece.size);
        if (piece.is_slot && place == TEMPLATE_URL)
            status = check_part (text, before, &piece, problem);
        if (status)
            return status;
    }
    template_text_add (text, "", 0);
    if (text->is_over)
        return problem_set (problem, STATUS_TOO_LARGE,
                            "filled, the template is larger than %zu bytes", text->most);
    if (place == TEMPLATE_URL && template_has_slots (scan->text) && url_has_dots (text->bytes))
        return problem_set (problem, STATUS_BAD_EVENT,
                            "the URL would have a path with . or .. in it: %.120s", text->bytes);
    return STATUS_OK;
}

char *
template_fill (const char *text, template_place_t place, template_facts_t *facts, size_t most,
               size_t *size, problem_t *problem)
{
    const template_where_t where = {.place = place, .has_result = true, .at = "the template"};
    template_scan_t scan = {.text = text, .at = text, .where = &where};
    template_text_t made = {.most = most};
    if (fill (&scan, facts, &made, problem)) {
        free (made.bytes);
        return NULL;
    }
    *size = made.used;
    return made.bytes;
}
