/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Reading a snapshot by the names of the model's arrays, so that views need not know where a model keeps its numbers. */
#ifndef ELBOW_VIEW_ARRAYS_H
#define ELBOW_VIEW_ARRAYS_H

#include <stdbool.h>
#include <stddef.h>

#include "elbow/corpus.h"
#include "elbow/run.h"
#include "plot/bars.h"

/* NULL when the model has no array of that name and rank. */
const struct em_array *array_theta(const struct em_problem *p, const char *name, unsigned rank);
const struct em_array *array_q(const struct em_problem *p, const char *name, unsigned rank);

static inline double array_at(const double *block, const struct em_array *a, size_t i, size_t j)
{
	return block[a->offset + i * a->stride[0] + j * a->stride[1]];
}

/* The array that holds the weight of every item in every component ("topics": component x term); NULL when the model has none
 * over this corpus. */
const struct em_array *array_weights(const struct em_problem *p);

/* The expected share of component k in observation n; NAN when components have none. */
double share_of(const struct em_snapshot *s, const double *q, size_t n, size_t k);
/* All of them; false when there are none. */
bool shares_of(const struct em_snapshot *s, const double *q, size_t n, double *out);

/* What a cache was made from: equal for two pictures of the same state only (but for accidents that do no harm: whoever keeps
 * a cache by it must be safe with any other). */
struct sight {
	const void *theta, *theta_before, *q, *data;
	size_t position, observations, components;
	double elbo;
};
struct sight sight_of(const struct em_snapshot *s);
bool sight_same(const struct sight *a, const struct sight *b);

/* An item of a component in words, as it is in the data. Borrowed; "?" when there is none of that number. */
const char *item_label(const struct em_problem *p, size_t id);

/* "topic" with an s for any number but 1. */
const char *plural(size_t n);

/* The sign of component k in one column: 1-9, then a-z, then +. */
char component_letter(size_t k);
/* Its number in `columns` columns above the line, "¹²"; on ASCII canvases "12". "⁰³" where there are more than nine. */
void component_mark(char out[16], const struct canvas *c, size_t k, size_t components);
/* Columns of such a mark. */
int component_mark_width(const struct canvas *c, size_t components);

/* A thin bar of one row, exact to half a cell; what is there at all shows. Thin, so that bars in neighbouring rows stay apart. */
void thin_bar(struct canvas *c, struct rect r, enum color color, double value, double full);
/* Shares as a stacked bar, one part a component in the order of their numbers; whoever is wide enough gets its number. */
void share_bar(struct canvas *c, struct rect r, const double *share, size_t components);

#endif
