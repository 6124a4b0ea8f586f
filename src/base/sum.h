/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * A sum that keeps what small numbers would lose beside large ones (Neumaier, ZAMM 54, 1974). */
#ifndef ELBOW_BASE_SUM_H
#define ELBOW_BASE_SUM_H

#include <math.h>

struct sum {
	double total, lost;
};

static inline void sum_add(struct sum *s, double x)
{
	double t = s->total + x;
	s->lost += fabs(s->total) >= fabs(x) ? (s->total - t) + x : (x - t) + s->total;
	s->total = t;
}

/* Infinite and undefined totals stay what they are. */
static inline double sum_of(const struct sum *s)
{
	return isfinite(s->total) ? s->total + s->lost : s->total;
}

#endif
