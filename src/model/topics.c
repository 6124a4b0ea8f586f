/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "model/topics.h"

#include <float.h>
#include <math.h>
#include <string.h>

#include "base/sum.h"

size_t topics_padded(size_t k)
{
	return (k + LDA_LANES - 1) / LDA_LANES * LDA_LANES;
}

enum em_status topics_fit(const struct em_corpus *c, size_t k, const char *title, struct em_err *err)
{
	if (c->tokens == 0)
		return em_fail(err, EM_INPUT, "the corpus has no tokens; %s needs at least one", title);
	if (topics_padded(k) > SIZE_MAX / 64 / (c->terms + c->docs + 1))
		return em_fail(err, EM_USAGE, "components: %zu topics and %zu terms do not fit in memory", k, c->terms);
	return EM_OK;
}

size_t topics_longest(const struct em_corpus *c)
{
	size_t longest = 0;
	for (size_t d = 0; d < c->docs; d++)
		if (c->row[d + 1] - c->row[d] > longest)
			longest = c->row[d + 1] - c->row[d];
	return longest;
}

struct lda_doc topics_document(const struct em_corpus *c, const double *table, size_t kp, size_t d)
{
	return (struct lda_doc){.beta = table,
	                        .term = c->term + c->row[d],
	                        .count = c->count + c->row[d],
	                        .pairs = c->row[d + 1] - c->row[d],
	                        .kp = kp};
}

/* Eight topics at a time: a line of the cache each row. */
void topics_m_step(const double *counts, size_t terms, size_t kp, size_t k, double *topics)
{
	for (size_t from = 0; from < k; from += LDA_LANES) {
		double sum[LDA_LANES] = {0};
		size_t n = k - from < LDA_LANES ? k - from : LDA_LANES;
		for (size_t v = 0; v < terms; v++)
			for (size_t i = 0; i < n; i++)
				sum[i] += counts[v * kp + from + i];
		for (size_t v = 0; v < terms; v++)
			for (size_t i = 0; i < n; i++)
				if (sum[i] > 0) /* an empty topic keeps its words: 0/0 */
					topics[v * kp + from + i] = counts[v * kp + from + i] / sum[i];
	}
}

double topics_energy(const double *counts, const double *topics, size_t terms, size_t kp)
{
	struct sum sum = {0};
	_Alignas(64) double logs[64];
	for (size_t v = 0; v < terms; v++)
		for (size_t from = 0; from < kp; from += 64) {
			size_t n = kp - from < 64 ? kp - from : 64, at = v * kp + from;
			lda_log(topics + at, n, logs);
			double part = 0;
			for (size_t i = 0; i < n; i++) /* a subnormal count may have become 0 in the M-step; it weighs nothing */
				part += counts[at + i] >= DBL_MIN && !(topics[at + i] > 0) ? -INFINITY : counts[at + i] * logs[i];
			sum_add(&sum, part);
		}
	return sum_of(&sum);
}

void topics_masses(const double *counts, size_t terms, size_t kp, size_t k, double *out)
{
	memset(out, 0, k * sizeof *out);
	for (size_t v = 0; v < terms; v++)
		for (size_t i = 0; i < k; i++)
			out[i] += counts[v * kp + i];
}

size_t topics_describe(const struct em_corpus *c, const double *topics, size_t kp, size_t k, struct em_item *out,
                       size_t max)
{
	size_t n = 0;
	if (max == 0)
		return 0;
	for (size_t v = 0; v < c->terms; v++) {
		double x = topics[v * kp + k];
		if (n == max && x <= out[n - 1].weight)
			continue;
		size_t at = n < max ? n++ : n - 1;
		for (; at > 0 && out[at - 1].weight < x; at--)
			out[at] = out[at - 1];
		out[at] = (struct em_item){(uint32_t)v, x, c->vocabulary[v]};
	}
	return n;
}

enum em_status topics_check_row(const char *name, const char *whose, size_t i, const double *x, size_t n, size_t stride,
                                struct em_err *err)
{
	double sum = 0;
	for (size_t v = 0; v < n; v++) {
		double one = x[v * stride];
		if (!isfinite(one) || one < 0)
			return em_fail(err, EM_INPUT, "%s[%zu][%zu] is %g; a probability is from 0 to 1", name, i + 1, v + 1, one);
		sum += one;
	}
	if (fabs(sum - 1) > 1e-6)
		return em_fail(err, EM_INPUT, "%s[%zu] sums to %.9g; %s probabilities sum to 1", name, i + 1, sum, whose);
	return EM_OK;
}

enum em_status topics_check(const struct em_corpus *c, const double *topics, size_t kp, size_t k, struct em_err *err)
{
	enum em_status st = EM_OK;
	for (size_t i = 0; !st && i < k; i++)
		st = topics_check_row("topics", "a topic's", i, topics + i, c->terms, kp, err);
	return st;
}
