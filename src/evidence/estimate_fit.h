/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What an estimate is drawn with: the document laid out, Gibbs chains, and the Dirichlet fitted to them. */
#ifndef ELBOW_EVIDENCE_ESTIMATE_FIT_H
#define ELBOW_EVIDENCE_ESTIMATE_FIT_H

#include <gsl/gsl_rng.h>

#include "elbow/estimate.h"
#include "evidence/estimate_kernel.h"

/* Lays the document out; scene_free also after a failure. */
enum em_status scene_new(struct scene *s, const struct em_document *d, struct em_err *err);
void scene_free(struct scene *s);
/* log p(w) needs no estimate: nothing to mix, no words, or a word that no topic knows. It is the offset. */
bool scene_known(const struct scene *s);

bool stop_now(const struct em_stop *stop);

/* The log of a draw from Gamma(a): finite however small a is. */
double draw_log_gamma(gsl_rng *rng, double a);

/* By Gibbs chains from draws of Dir(gamma): the Dirichlet that has the chains' mean of log theta, those that have the mean
 * of a stretch of one chain each, which together follow a posterior of several modes or of another shape; the reciprocal
 * estimate and its standard error, and the mean of log p(theta,w)/f(theta) for a density f made of the fits; without the offset. */
enum { STRETCHES = 20 };
struct fit_result {
	double *a; /* [1 + STRETCHES][k], the caller's */
	double second, second_se, upper;
};
enum em_status fit_dirichlet(struct scene *s, const double *gamma, gsl_rng *rng, const struct em_stop *stop,
                             struct fit_result *out, struct em_err *err);

#endif
