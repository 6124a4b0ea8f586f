/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What may be wrong with a fit, each with its number and what to do. */
#ifndef ELBOW_DIAGNOSE_H
#define ELBOW_DIAGNOSE_H

#include "elbow/run.h"

enum em_trouble {
	EM_TROUBLE_EMPTY,      /* a component of less than one unit */
	EM_TROUBLE_DUPLICATE,  /* two nearer than 0.05 (Hellinger) */
	EM_TROUBLE_UNIFORM,    /* a topic or state that says nothing: entropy above 0.98 of the most there can be */
	EM_TROUBLE_ONE,        /* a component of which one observation is more than nine tenths */
	EM_TROUBLE_SADDLE,     /* at rest, and a small push leads higher */
	EM_TROUBLE_ALPHA,      /* a Dirichlet parameter below 1e-3 or above 1e3 */
	EM_TROUBLE_CAPPED,     /* E-steps that ran into the sweep limit */
	EM_TROUBLE_HEALTH      /* what the model says of a component: a floor acts, it is about to collapse */
};

struct em_finding {
	enum em_trouble kind;
	size_t component, other; /* from 0; other: of a duplicate, or the observation of EM_TROUBLE_ONE */
	double number;
	char text[320];          /* a sentence, what to do included */
};

/* Everything that is found at the position; *out: [*count], owned by the caller (free). The run is left alone; the push is made on a run of its
 * own, 60 iterations from theta moved by a thousandth. EM_MEMORY, EM_CANCELLED. */
enum em_status em_run_diagnose(struct em_run *r, const struct em_hooks *h, struct em_finding **out, size_t *count, struct em_err *err);

#endif
