/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The items of components in their order, now and before the last step, kept between frames of the same state. */
#ifndef ELBOW_VIEW_RANKS_H
#define ELBOW_VIEW_RANKS_H

#include <stddef.h>
#include <stdint.h>

#include "elbow/run.h"
#include "view/ui.h"

enum { RANKS_TOP = 64 };

struct rank {
	uint32_t id;         /* of the item */
	size_t was;          /* its rank before the last step, from 1; 0: not among those that were looked at */
	double weight, before; /* NAN when unknown */
};

/* The first items of a component. */
struct rank_top {
	size_t n;
	struct rank rank[RANKS_TOP];
};

/* All items of one component, and the observations that have most of it. */
struct rank_all {
	size_t n;
	struct rank *rank;   /* [n] */
	double *sum;         /* [n] of the weights up to this rank */
	double largest;      /* change of a weight in the last step, in size */
	size_t leaders;
	struct {
		size_t n;
		double share;
	} leader[RANKS_TOP];
};

struct ranks; /* in struct ui */

/* Borrowed from ui until the next call with another snapshot (or, for all, another component). NULL: out of memory. */
const struct rank_top *ranks_top(struct ui *ui, const struct em_snapshot *s, size_t k);
const struct rank_all *ranks_all(struct ui *ui, const struct em_snapshot *s, size_t k);
void ranks_free(struct ranks *r); /* NULL is allowed */

/* True when the last step changed theta, so that there is a before to compare with. */
bool ranks_moved(const struct em_snapshot *s);

#endif
