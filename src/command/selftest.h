/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Published numbers against computed ones: the table of them (published.c), and the runs that make them again. */
#ifndef ELBOW_COMMAND_SELFTEST_H
#define ELBOW_COMMAND_SELFTEST_H

#include "base/buf.h"
#include "elbow/example.h"
#include "elbow/run.h"

/* When, in the run of a trial. In a trial the moments come in this order and by rising iteration. */
enum selftest_when {
	AT_START, /* step 0 */
	AT_E,     /* after the E-step of an iteration */
	AT_M,     /* after its M-step */
	AT_LIMIT  /* once nothing moves any more */
};

struct published {
	enum selftest_when when;
	size_t iteration;     /* of AT_E, AT_M */
	/* "log p" "ELBO" "KL" "Q" (the energy), each also of one observation, "KL[2]"; "mass[1]"; an element of an array of θ, q or
	 * the statistics, "means[1][2]", indices from 1. "sqrt " before it takes the root. With `of`: just its name. */
	const char *what;
	const char *printed;  /* as published, "-33.093863" */
	double (*of)(const struct em_snapshot *s); /* NULL: as `what` says. s is NULL where the trial has no data */
};

/* A run of an example, or of another start or other settings of it. */
struct trial {
	const char *name;                         /* of the example; what `selftest NAME` chooses */
	const char *title;                        /* what is special about it, "" */
	const char *source;                       /* NULL: the example's */
	const struct em_example *own;             /* data that are no built-in example; NULL: em_example_named(name) */
	bool bare;                                /* no data, no run: every row has `of` */
	const char *model;                        /* NULL: the example's first */
	const char *const (*settings)[2];         /* NULL: the example's */
	const struct em_start *starts;            /* NULL: the example's */
	const struct published *rows;             /* ends with {.what = NULL} */
};

/* The table; ends with {.name = NULL}. */
extern const struct trial selftest_trials[];

/* Runs the trials of that name ("": all) and writes a table of what was published, what was computed and whether they
 * agree to the printed digits. EM_BREACH, naming the first, when they do not; EM_USAGE when there is no such name.
 * progress and cancelled of the hooks are used; h may be NULL. */
enum em_status selftest_run(const struct trial *trials, const char *name, const struct em_hooks *h, struct buf *out,
                            struct em_err *err);

/* True when x, rounded to the digits of `printed`, is what is printed: half a unit of the last place. */
bool selftest_agrees(const char *printed, double x);

#endif
