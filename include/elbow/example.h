/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The built-in data sets, each with its model, settings and published start. */
#ifndef ELBOW_EXAMPLE_H
#define ELBOW_EXAMPLE_H

#include <stdbool.h>

#include "elbow/data.h"

/* Values of one array of theta, in the order of its indices (the last runs fastest). */
struct em_start {
	const char *array;
	const double *values;
	size_t count;
};

struct em_example {
	const char *name;              /* "coins" */
	const char *title;             /* one line for lists */
	const char *source;            /* where the figures are from */
	const char *const *models;     /* the first is the default; others may be chosen; NULL-terminated */
	const char *const (*settings)[2]; /* name and value that differ from the defaults; ends with {NULL, NULL} */
	const struct em_start *starts; /* theta at step 0 for the first model; ends with {NULL}; NULL: by `init` */
	bool seeded;                   /* the data are drawn from the seed */
	enum em_status (*make)(const struct em_settings *s, struct em_data **out, struct em_err *err);
};

/* NULL past the last; NULL when there is none. */
const struct em_example *em_example_at(size_t i);
const struct em_example *em_example_named(const char *name);

#endif
