/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What leaves a run as a file, and a state that comes back. A file appears whole or not at all. */
#ifndef ELBOW_STORE_H
#define ELBOW_STORE_H

#include "elbow/run.h"

/* Each writes path (UTF-8, LF, 17 significant digits); an existing file only with replace. Formats: docs/formats.md. */
enum em_status em_export_trace(const struct em_snapshot *s, const char *path, bool replace, struct em_err *err);
enum em_status em_export_state(const struct em_snapshot *s, const char *path, bool replace, struct em_err *err);
enum em_status em_export_topics(const struct em_snapshot *s, const char *path, bool replace, struct em_err *err);
enum em_status em_export_documents(const struct em_snapshot *s, const char *path, bool replace, struct em_err *err);

/* A ledger entry, or a verdict, as one line of JSON with its line end, unknown numbers null. Owned: free. NULL: out of memory. */
char *em_json_entry(const struct em_problem *p, const struct em_entry *e);
char *em_json_verdict(const struct em_verdict *v);

/* A state file. Shapes are checked against the problem's layout, values against its constraints by the run. */
struct em_state {
	char *model;      /* its name */
	double *theta;    /* in the layout, or NULL */
	double *q;        /* in the layout, or NULL */
	double *made;     /* theta that q was made with, in the layout, or NULL: theta itself */
};
/* How many components (first dimension of the first theta array) the file has, before there is a layout;
 * model is filled with its name (size bytes). */
enum em_status em_state_peek(const char *path, char *model, size_t size, size_t *components, struct em_err *err);
enum em_status em_state_read(const char *path, const struct em_problem *p, struct em_state *out, struct em_err *err);
void em_state_free(struct em_state *st);

#endif
