/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The cheapest of three methods for one document. */
#include "evidence/exact.h"

#include <math.h>

#include "elbow/document.h"
#include "evidence/quadrature.h"

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

const char *em_document_method(size_t topics, size_t tokens, size_t pairs, const uint32_t *count, double *seconds)
{
	return names[exact_choice(topics, tokens, pairs, count, seconds)];
}

enum em_status em_document_log_p(const struct em_document *d, const struct em_stop *stop, double *out, struct em_err *err)
{
	switch (exact_choice(d->topics, quad_tokens(d), d->pairs, d->count, NULL)) {
	case EXACT_NONE:
		return em_fail(err, EM_USAGE, "%zu words and %zu topics are too many for an exact log p", quad_tokens(d), d->topics);
	case EXACT_QUADRATURE:
		return em_quadrature_log_evidence(d, out, NULL, stop, err);
	case EXACT_PARTITIONS:
		return em_partitions_log_evidence(d, out, stop, err);
	default:
		return em_urn_log_evidence(d->topics, d->alpha, d->beta, d->stride, d->pairs, d->term, d->count, out,
		                           stop ? stop->cancelled : NULL, stop ? stop->self : NULL, err);
	}
}
