/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Jensen's inequality E[f(v)] <= f(E[v]) for a v of two values, and functions f to try it on. */
#ifndef ELBOW_BASE_JENSEN_H
#define ELBOW_BASE_JENSEN_H

#include <stdbool.h>
#include <stddef.h>

struct jensen_function {
	const char *name;        /* the word that chooses it: "log" */
	const char *formula;     /* "√x" */
	const char *plain;       /* the same in ASCII */
	double (*f)(double x);
	double lo, hi;           /* values that v may take, both inclusive */
	double from, to;         /* the part of it worth seeing first */
	double concave, until;   /* concave between these, which lie in lo..hi; convex elsewhere. Nowhere: concave >= until */
	const char *where;       /* the same in words: "for all x > 0" */
};

/* The first is the default. NULL past the last, or when there is none of that name. */
const struct jensen_function *jensen_at(size_t i);
const struct jensen_function *jensen_named(const char *name);

/* v is v1 with probability alpha, else v2. */
struct jensen_case {
	const struct jensen_function *function;
	double v1, v2, alpha;
};

struct jensen_sides {
	double f1, f2;   /* f(v1), f(v2) */
	double mean;     /* E[v] */
	double mean_f;   /* E[f(v)]: on the chord */
	double f_mean;   /* f(E[v]): on the curve */
	double gap;      /* f(E[v]) - E[f(v)] */
	bool equal;      /* the gap is nothing but rounding */
	bool inside;     /* f is concave between v1 and v2, ends included: the inequality is promised */
};

/* exp(-(x-2)^2) with v1 = 1, v2 = 2.5 and alpha = 0.3. */
struct jensen_case jensen_first(void);
struct jensen_sides jensen_sides_of(const struct jensen_case *c);

#endif
