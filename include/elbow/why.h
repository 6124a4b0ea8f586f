/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Why the last iteration did what it did: its steps made again in pieces, and with the setting that would have cured them. */
#ifndef ELBOW_WHY_H
#define ELBOW_WHY_H

#include "elbow/run.h"

enum em_cause {
	EM_CAUSE_NONE,     /* nothing is wrong */
	EM_CAUSE_START,    /* there is no step yet, or no iteration */
	EM_CAUSE_EDIT,     /* a change from outside lost more than the steps gained */
	EM_CAUSE_BUG,      /* a planted bug */
	EM_CAUSE_COLD,     /* E-steps that begin anew and end in another optimum, or before they come back to where they were */
	EM_CAUSE_SWEEPS,   /* the limit of sweeps */
	EM_CAUSE_ALPHA,    /* the update of alpha */
	EM_CAUSE_FLOOR,    /* a floor on variances acts */
	EM_CAUSE_COLLAPSE, /* the next step has no result */
	EM_CAUSE_ROUNDING, /* gains and losses below what the arithmetic can tell */
	EM_CAUSE_SADDLE,   /* at rest where a push leads higher */
	EM_CAUSE_LEAP,     /* a leap that was refused */
	EM_CAUSE_SLOW,     /* nothing but a slow linear rate */
	EM_CAUSE_BREACH    /* a check failed, and no bug was planted */
};

struct em_why {
	enum em_cause cause;
	size_t step;           /* the entry that did it */
	double gain;           /* of that step, or of the iteration it ends, nats */
	char setting[24], value[24]; /* what was tried beside; "": nothing to try */
	double cured;          /* the gain with it; NAN */
	char text[1400];       /* all of it in sentences, a line each */
};

/* At the position. The run is left alone; what is tried is tried on copies: some dozen steps at the most, and where EM is only slow up to 200
 * iterations of SQUAREM. EM_MEMORY, EM_CANCELLED. */
enum em_status em_run_why(struct em_run *r, const struct em_hooks *h, struct em_why *out, struct em_err *err);
const char *em_cause_name(enum em_cause c); /* "cold start" */

#endif
