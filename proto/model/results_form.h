/*  results_form – what a document says of results: `emit`, and `results`, how they are delivered.
 *
 *  To be read after `action` and `deliver`: a result is delivered where deliver.url is beside another
 *  action than webhook.
 */
#ifndef RESULTS_FORM_H
#define RESULTS_FORM_H

#include "proto/model/form.h"

status_t results_form_emit (const form_t *form);
status_t results_form_results (const form_t *form);
status_t results_form_of (const form_t *form);  //  results_of, of a companion: our own

//  Whether this document, as far as it is made, delivers its results.
bool results_form_delivers (const json_t *document);

#endif
