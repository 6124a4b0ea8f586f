/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * One document of LDA, several E-steps, one truth: mean field from many starts, hard assignment, CVB0, collapsed Gibbs, exact. */
#ifndef ELBOW_LAB_H
#define ELBOW_LAB_H

#include "elbow/document.h"

/* Where mean field comes to rest: gamma with phi ~ beta exp psi(gamma) (Blei, Ng & Jordan 2003, eq. 6, 7). */
struct em_lab_place {
	double elbo;       /* nats, of (gamma, phi(gamma)) */
	bool saddle;       /* a small push leads to a higher place */
	bool usual;        /* the start alpha + N/K ends here */
	size_t starts;     /* how many of the starts end here */
	size_t sweeps;     /* from the first of them */
	double *gamma;     /* [topics] */
	double *trace;     /* [sweeps + 1] ELBO before the first sweep and after each, from the first of the starts that end here */
};

enum em_lab_method { EM_LAB_EXACT, EM_LAB_USUAL, EM_LAB_BEST, EM_LAB_HARD, EM_LAB_CVB0, EM_LAB_GIBBS, EM_LAB_METHODS };

/* What one way of doing the E-step makes of the document. */
struct em_lab_answer {
	const char *name;
	bool made;        /* false: exact, where it is out of reach */
	double bound;     /* <= log p, nats: the ELBO; hard: log p(w,z); exact: log p itself; NAN: it has none (CVB0, Gibbs) */
	size_t sweeps;
	double *mean;     /* [topics] its E[theta] */
	double *z;        /* [pairs][topics] its p(z = k) of each distinct word */
	double off_theta; /* largest difference of a mean from the exact one; NAN without */
	double off_z;     /* likewise of p(z) */
	double se;        /* Gibbs: largest standard error of a mean, from its chains; else 0 */
};

struct em_lab {
	size_t topics, pairs, tokens, starts, places;
	double log_p;                 /* NAN: unknown */
	struct em_lab_place *place;   /* [places], best first */
	struct em_lab_answer answer[EM_LAB_METHODS];
	double block[];               /* private */
};

/* seconds: predicted, beyond which the exact posterior is left out. The same bits for the same seed. Every alpha > 0; EM_USAGE where a word
 * is impossible in all topics; EM_MEMORY, EM_CANCELLED. Owned: em_lab_free. Sources: hard assignment is iterated conditional modes of
 * log p(w,z) with theta integrated out (Besag, JRSS B 48, 1986); CVB0 Asuncion, Welling, Smyth & Teh, UAI 2009, eq. 9; collapsed
 * Gibbs Griffiths & Steyvers, PNAS 101, 2004, for topics that are given. */
enum em_status em_lab_new(const struct em_document *d, double seconds, uint64_t seed, const struct em_stop *stop, struct em_lab **out,
                          struct em_err *err);
void em_lab_free(struct em_lab *x); /* NULL is allowed */

#endif
