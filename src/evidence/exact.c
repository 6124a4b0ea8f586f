/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Exact evidence of a model that has no closed form of its own, by the cheapest of three methods, where theta is alpha and
 * topics. */
#include "evidence/exact.h"

#include <math.h>
#include <string.h>

#include "elbow/corpus.h"
#include "elbow/evidence.h"

static const char *const names[] = {"none", "urn sum", "quadrature", "sum by topics"};

enum exact_method exact_choice(size_t k, size_t tokens, size_t pairs, const unsigned *count, double *seconds)
{
	double cost[] = {HUGE_VAL, em_urn_cost(k, tokens), em_quadrature_cost(k, tokens, pairs),
	                 em_partitions_cost(k, pairs, count)};
	enum exact_method best = EXACT_NONE;
	for (enum exact_method i = EXACT_URN; i <= EXACT_PARTITIONS; i++)
		if (cost[i] < cost[best])
			best = i;
	if (seconds)
		*seconds = cost[best];
	return best;
}

static bool has(const struct em_layout *l, const char *name)
{
	for (unsigned i = 0; i < l->theta_arrays; i++)
		if (strcmp(l->theta[i].name, name) == 0)
			return true;
	return false;
}

/* theta itself plays no part: the cost is the same before and after a step. */
static enum exact_method choice(const struct em_problem *p, size_t n, double *seconds)
{
	*seconds = HUGE_VAL;
	if (p->data->kind != EM_DATA_CORPUS || !has(&p->layout, "alpha") || !has(&p->layout, "topics"))
		return EXACT_NONE;
	const struct em_corpus *c = p->data->corpus;
	return exact_choice(p->layout.components, c->length[n], c->row[n + 1] - c->row[n], c->count + c->row[n], seconds);
}

static double cost(const struct em_problem *p, size_t n)
{
	double seconds;
	choice(p, n, &seconds);
	return seconds;
}

const char *em_evidence_method(const struct em_problem *p, size_t n)
{
	double seconds;
	return names[choice(p, n, &seconds)];
}

static enum em_status log_evidence(const struct em_problem *p, const double *theta, size_t n, double *out,
                                   bool (*cancelled)(void *), void *self, struct em_err *err)
{
	struct em_stop stop = {cancelled, self};
	struct em_document d;
	double seconds;
	enum exact_method method = choice(p, n, &seconds);
	if (method == EXACT_NONE || !em_document_of(p, theta, n, &d))
		return em_fail(err, EM_USAGE, "document %zu is too large for an exact log p", n + 1);
	switch (method) {
	case EXACT_QUADRATURE:
		return em_quadrature_log_evidence(&d, out, NULL, &stop, err);
	case EXACT_PARTITIONS:
		return em_partitions_log_evidence(&d, out, &stop, err);
	default:
		return em_urn_log_evidence(d.topics, d.alpha, d.beta, d.stride, d.pairs, d.term, d.count, out, cancelled, self,
		                           err);
	}
}

/* q of LDA begins with gamma. */
static enum em_status estimate(const struct em_problem *p, const double *theta, const double *q, size_t n, uint64_t seed,
                               size_t samples, struct em_guess *out, bool (*cancelled)(void *), void *self, struct em_err *err)
{
	struct em_stop stop = {cancelled, self};
	struct em_estimate e;
	enum em_status st = em_estimate_document(p, theta, q, n, seed, samples, &stop, &e, err);
	if (!st)
		*out = (struct em_guess){e.log_p, e.se, em_estimate_doubtful(&e)};
	return st;
}

const struct em_evidence em_evidence_exact = {"exact", cost, log_evidence, estimate};
