/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The parts of the lab. */
#ifndef ELBOW_EVIDENCE_LAB_H
#define ELBOW_EVIDENCE_LAB_H

#include <gsl/gsl_rng.h>

#include "elbow/lab.h"

enum { LAB_SWEEPS = 5000 };

/* What all of them work with; e, next: [topics]. */
struct bench {
	const struct em_document *d;
	const struct em_stop *stop;
	gsl_rng *rng;
	size_t tokens;
	double *e, *next;
};

bool bench_stop(const struct bench *b);
/* ELBO of (gamma, phi(gamma)) under the document; next gamma in b->next; z [pairs][topics] unless NULL. */
double bench_sweep(const struct bench *b, const double *gamma, double *z);
/* Places from all starts, best first (lab_field.c). */
enum em_status lab_places(const struct bench *b, struct em_lab *out, struct em_err *err);
/* lab_others.c */
void lab_hard(const struct bench *b, const double *z, struct em_lab_answer *out, size_t *topic, double *counts);
void lab_cvb0(const struct bench *b, struct em_lab_answer *out, double *counts);
enum em_status lab_gibbs(const struct bench *b, struct em_lab_answer *out, struct em_err *err);

#endif
