/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Where LDA's topics start, and what a theta from outside must satisfy. */
#include <math.h>

#include "model/lda.h"
#include "model/topics.h"

enum { INIT_RANDOM, INIT_DOCUMENTS, INIT_GIVEN };

enum em_status lda_init(const struct em_problem *p, uint64_t seed, double *theta, struct em_err *err)
{
	size_t k = p->layout.components, kp = lda_padded(p);
	int how = (int)em_settings_number(p->settings, "init");
	gsl_rng *rng;
	enum em_status st = topics_rng(how == INIT_GIVEN, seed, &rng, err);
	if (st)
		return st;
	st = topics_init(p->data->corpus, rng, how == INIT_RANDOM ? TOPICS_NOISE : TOPICS_APART, 9, theta + kp, kp, k, err);
	gsl_rng_free(rng);
	for (size_t i = 0; i < k; i++)
		theta[i] = em_settings_number(p->settings, "alpha");
	return st;
}

enum em_status lda_check(const struct em_problem *p, const double *theta, struct em_err *err)
{
	const struct em_corpus *c = p->data->corpus;
	size_t kp = lda_padded(p), topics = p->layout.components;
	for (size_t k = 0; k < topics; k++) {
		if (!isfinite(theta[k]) || theta[k] <= 0)
			return em_fail(err, EM_INPUT, "alpha[%zu] is %g; a Dirichlet parameter is positive", k + 1, theta[k]);
		enum em_status st = topics_check_row("topics", "a topic's", k, theta + kp + k, c->terms, kp, err);
		if (st)
			return st;
	}
	for (size_t j = 0; j < c->pairs; j++) {
		double top = 0;
		for (size_t k = 0; k < topics; k++)
			top = fmax(top, theta[kp + c->term[j] * kp + k]);
		if (top < 1e-90)
			return em_fail(err, EM_INPUT,
			               "the corpus has the term \"%s\", which no topic can produce; every term needs "
			               "a probability above 0 in some topic",
			               c->vocabulary[c->term[j]]);
	}
	return EM_OK;
}
