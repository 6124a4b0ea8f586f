/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The exact posterior of one document. Given the counts n of the topics, theta is Dir(alpha + n): so
 *     theta_k | w  =  sum_n p(n_k = n | w) Beta(alpha_k + n, A - alpha_k + N - n).
 * And p(z = k | w) of a word is proportional to beta_k E[theta_k | the other words]. */
#include "evidence/posterior.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/special.h"
#include "evidence/quadrature.h"

enum { POSTERIOR_NODES = 4 /* topics of a quadrature */, WALKS = 4 /* evidences that p(z|w) by quadrature takes */ };
static const char *const names[] = {"none", "urn sum", "quadrature", "sum by topics"};

static enum exact_method choose(size_t k, size_t pairs, const unsigned *count, bool quantiles, double *seconds)
{
	double tokens = 0, words = (double)pairs;
	for (size_t w = 0; w < pairs; w++)
		tokens += count[w];
	size_t n = (size_t)tokens;
	double urn = em_urn_cost(k, n), quad = em_quadrature_cost(k, n, pairs), intervals = (quantiles ? 15e-6 : 0.1e-6) * (double)k * (tokens + 1);
	double panels = 60 + sqrt(tokens), each = pow((double)quad_nodes(n), k > 2 ? (double)k - 2 : 0);
	double cost[] = {HUGE_VAL, intervals + urn + fmin(words * urn, WALKS * quad), HUGE_VAL,
	                 intervals + 4 * em_partitions_cost(k > 2 ? k : 3, pairs, count)};
	if (k <= POSTERIOR_NODES)
		cost[EXACT_QUADRATURE] = WALKS * quad + (double)k * panels * 8 * each * (0.4e-9 * words + 20e-9);
	enum exact_method best = EXACT_NONE;
	for (enum exact_method i = EXACT_URN; i <= EXACT_PARTITIONS; i++)
		if (cost[i] < cost[best])
			best = i;
	*seconds = cost[best];
	return best;
}

double em_posterior_cost(size_t topics, size_t pairs, const unsigned *count)
{
	double seconds;
	choose(topics, pairs, count, true, &seconds);
	return seconds;
}

double em_expectations_cost(size_t topics, size_t pairs, const unsigned *count)
{
	double seconds;
	choose(topics, pairs, count, false, &seconds);
	return seconds;
}

/* ---- a mixture of Beta densities ---- */

struct mixture {
	double a, b; /* of n = 0: n more, n less */
	size_t n;
	const double *share; /* [n + 1] */
};

static double mixture_cdf(const struct mixture *m, double x)
{
	double sum = 0;
	for (size_t i = 0; i <= m->n; i++)
		if (m->share[i] > 1e-18)
			sum += m->share[i] * special_beta_cdf(x, m->a + (double)i, m->b + (double)(m->n - i));
	return sum;
}

/* By bisection of log x below a half, of log(1-x) above: slow and never astray. */
static double mixture_quantile(const struct mixture *m, double p)
{
	bool upper = mixture_cdf(m, 0.5) < p;
	double lo = -745, hi = log(0.5);
	for (int i = 0; i < 60; i++) {
		double mid = (lo + hi) / 2, x = exp(mid);
		bool below = mixture_cdf(m, upper ? 1 - x : x) < p;
		if (below != upper)
			lo = mid;
		else
			hi = mid;
	}
	double x = exp((lo + hi) / 2);
	return upper ? 1 - x : x;
}

static void from_counts(const struct em_document *d, const double *counts, bool quantiles, struct em_posterior *p)
{
	size_t n = quad_tokens(d);
	double total = 0;
	for (size_t i = 0; i < d->topics; i++)
		total += d->alpha[i];
	double all = special_digamma(total + (double)n);
	for (size_t i = 0; i < d->topics; i++) {
		double rest = 0; /* the others, not total less this one: their digits */
		for (size_t j = 0; j < d->topics; j++)
			rest += j == i ? 0 : d->alpha[j];
		struct mixture m = {d->alpha[i], rest, n, counts + i * (n + 1)};
		for (size_t c = 0; c <= n; c++) {
			double log_share = m.share[c] > 0 ? special_digamma(d->alpha[i] + (double)c) - all : 0;
			p->log_mean[i] += m.share[c] * log_share;
			p->counts_log[i] += m.share[c] * (double)c * log_share;
		}
		if (!quantiles)
			continue;
		p->low[i] = d->topics > 1 ? mixture_quantile(&m, 0.05) : 1;
		p->high[i] = d->topics > 1 ? mixture_quantile(&m, 0.95) : 1;
	}
}

/* ---- methods ---- */

/* Of each distinct word: the counts that the document without one of it leaves. */
static enum em_status urn_words(const struct em_document *d, double *counts, double *z, const struct em_stop *stop,
                                struct em_err *err)
{
	size_t k = d->topics, n = quad_tokens(d);
	enum em_status st = EM_OK;
	unsigned *less = malloc((d->pairs + 1) * sizeof *less);
	if (!less)
		return em_no_memory(err);
	struct em_document rest = *d;
	rest.count = less;
	for (size_t w = 0; w < d->pairs && !st; w++) {
		double sum = 0;
		memcpy(less, d->count, d->pairs * sizeof *less);
		if (!less[w]--)
			continue;
		st = urn_counts(&rest, counts, stop, err);
		for (size_t i = 0; i < k && !st; i++) {
			double mean = d->alpha[i];
			for (size_t c = 0; c < n; c++)
				mean += (double)c * counts[i * n + c];
			sum += z[w * k + i] = mean * d->beta[d->term[w] * d->stride + i];
		}
		for (size_t i = 0; i < k; i++)
			z[w * k + i] /= sum;
	}
	free(less);
	return st;
}

static enum em_status by_urn(const struct em_document *d, double *counts, struct em_posterior *p, const struct em_stop *stop,
                             struct em_err *err)
{
	enum em_status st = em_urn_log_evidence(d->topics, d->alpha, d->beta, d->stride, d->pairs, d->term, d->count, &p->log_p,
	                                        stop ? stop->cancelled : NULL, stop ? stop->self : NULL, err);
	size_t n = quad_tokens(d);
	bool walk = WALKS * em_quadrature_cost(d->topics, n, d->pairs) < (double)d->pairs * em_urn_cost(d->topics, n);
	if (!st)
		st = walk ? quad_words(d, p->log_p, p->z, stop, err) : urn_words(d, counts, p->z, stop, err);
	if (!st)
		st = urn_counts(d, counts, stop, err);
	return st;
}

/* One topic, or no words: the posterior is the prior. */
static void known(const struct em_document *d, double *counts, struct em_posterior *p)
{
	p->method = "none needed";
	for (size_t i = 0; i < d->topics; i++)
		counts[i * (quad_tokens(d) + 1) + quad_tokens(d)] = 1;
	for (size_t w = 0; w < d->pairs && d->topics == 1; w++)
		p->z[w] = 1;
}

/* E[n_k] = sum_w c_w p(z_w = k). */
static void means(const struct em_document *d, struct em_posterior *p)
{
	double total = (double)quad_tokens(d);
	for (size_t i = 0; i < d->topics; i++) {
		total += d->alpha[i];
		p->mean[i] = d->alpha[i];
		for (size_t w = 0; w < d->pairs; w++)
			p->mean[i] += d->count[w] * p->z[w * d->topics + i];
	}
	for (size_t i = 0; i < d->topics; i++)
		p->mean[i] /= total;
}

static enum em_status fill(const struct em_document *d, enum exact_method method, bool quantiles, double *counts,
                           struct em_posterior *p, const struct em_stop *stop, struct em_err *err)
{
	enum em_status st = EM_OK;
	p->method = names[method];
	if (quad_known(d, &p->log_p))
		known(d, counts, p);
	else if (method == EXACT_QUADRATURE)
		st = quad_posterior(d, quantiles, p, stop, err);
	else if (method == EXACT_PARTITIONS)
		st = partitions_posterior(d, &p->log_p, counts, p->z, stop, err);
	else
		st = by_urn(d, counts, p, stop, err);
	if (st)
		return st;
	means(d, p);
	if (strcmp(p->method, names[EXACT_QUADRATURE])) {
		from_counts(d, counts, quantiles, p);
		return EM_OK;
	}
	/* With S = A + N: E[n log theta] = S E[theta log theta] - alpha E[log theta] - 1 + E[theta], of each Beta in the mixture and so of
	 * all. */
	double total = (double)quad_tokens(d);
	for (size_t i = 0; i < d->topics; i++)
		total += d->alpha[i];
	for (size_t i = 0; i < d->topics; i++)
		p->counts_log[i] = total * p->counts_log[i] - d->alpha[i] * p->log_mean[i] - 1 + p->mean[i];
	return EM_OK;
}

enum em_status posterior_by(const struct em_document *d, enum exact_method method, bool quantiles, const struct em_stop *stop,
                            struct em_posterior **out, struct em_err *err)
{
	size_t k = d->topics, doubles = k * (5 + d->pairs);
	struct em_posterior *p = calloc(1, sizeof *p + doubles * sizeof(double));
	double *counts = calloc(k * (quad_tokens(d) + 1), sizeof *counts), *at = p ? (double *)(void *)(p + 1) : NULL;
	enum em_status st = p && counts ? EM_OK : em_no_memory(err);
	if (!st) {
		*p = (struct em_posterior){NULL, k, d->pairs, NAN, at, at + k, at + 2 * k, at + 3 * k, at + 4 * k, at + 5 * k};
		for (size_t i = 0; i < k; i++)
			p->low[i] = p->high[i] = NAN;
		st = fill(d, method, quantiles, counts, p, stop, err);
	}
	free(counts);
	if (st)
		free(p);
	else
		*out = p;
	return st;
}

static enum em_status cheapest(const struct em_document *d, bool quantiles, const struct em_stop *stop,
                               struct em_posterior **out, struct em_err *err)
{
	double seconds, log_p;
	enum exact_method method = choose(d->topics, d->pairs, d->count, quantiles, &seconds);
	if (!quad_known(d, &log_p) && method == EXACT_NONE)
		return em_fail(err, EM_USAGE, "%zu words and %zu topics are too many for an exact posterior", quad_tokens(d),
		               d->topics);
	if (isinf(log_p))
		return em_fail(err, EM_USAGE, "log p is -inf: a word has probability 0 in every topic, so nothing follows from it");
	return posterior_by(d, method, quantiles, stop, out, err);
}

enum em_status em_posterior_new(const struct em_document *d, const struct em_stop *stop, struct em_posterior **out,
                                struct em_err *err)
{
	return cheapest(d, true, stop, out, err);
}

enum em_status em_expectations_new(const struct em_document *d, const struct em_stop *stop, struct em_posterior **out,
                                   struct em_err *err)
{
	return cheapest(d, false, stop, out, err);
}

void em_posterior_free(struct em_posterior *p)
{
	free(p);
}
