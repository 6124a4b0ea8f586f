/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Exact evidence of a model that has no closed form of its own: the urn sum where theta is alpha and topics. */
#include <math.h>
#include <string.h>

#include "elbow/corpus.h"
#include "elbow/estimate.h"
#include "elbow/evidence.h"

static const struct em_array *find(const struct em_layout *l, const char *name)
{
	for (unsigned i = 0; i < l->theta_arrays; i++)
		if (strcmp(l->theta[i].name, name) == 0)
			return l->theta + i;
	return NULL;
}

static double cost(const struct em_problem *p, size_t n)
{
	if (!find(&p->layout, "alpha") || !find(&p->layout, "topics") || p->data->kind != EM_DATA_CORPUS)
		return HUGE_VAL;
	return em_urn_cost(p->layout.components, p->data->corpus->length[n]);
}

static enum em_status log_evidence(const struct em_problem *p, const double *theta, size_t n, double *out,
                                   bool (*cancelled)(void *), void *self, struct em_err *err)
{
	const struct em_array *alpha = find(&p->layout, "alpha"), *topics = find(&p->layout, "topics");
	const struct em_corpus *c = p->data->corpus;
	return em_urn_log_evidence(p->layout.components, theta + alpha->offset, theta + topics->offset, topics->stride[1],
	                           c->row[n + 1] - c->row[n], c->term + c->row[n], c->count + c->row[n], out, cancelled,
	                           self, err);
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

const struct em_evidence em_evidence_exact = {"urn sum", cost, log_evidence, estimate};
