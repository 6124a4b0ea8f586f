/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "bench_evidence.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include <cmocka.h>

#include "base/special.h"
#include "elbow/estimate.h"
#include "elbow/evidence.h"
#include "small.h"

enum { SEEDS = 20, BUDGETS = 3, REFERENCE = 40000, OVERHEAD = 10 * 30 * 2 + 200 /* evaluations: the chains, their draws */ };
static const size_t budgets[BUDGETS] = {520, 4000, 20000};

/* A document that its model has generated, over 2N terms, with the q of mean field. */
struct generated {
	struct em_document d;
	double *alpha, *beta, *gamma, elbo;
	unsigned *term, *count;
};

static double now(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static size_t draw(uint64_t *rng, const double *weight, size_t stride, size_t count)
{
	double all = 0;
	for (size_t i = 0; i < count; i++)
		all += weight[i * stride];
	double u = small_uniform(rng) * all;
	size_t i = 0;
	while (i + 1 < count && (u -= weight[i * stride]) >= 0)
		i++;
	return i;
}

static void mean_field(struct generated *g)
{
	size_t k = g->d.topics;
	double *e = calloc(2 * k, sizeof *e), *next = e + k, all = 0, words = 0, tokens = 0;
	for (size_t w = 0; w < g->d.pairs; w++)
		tokens += g->count[w];
	for (size_t i = 0; i < k; i++)
		g->gamma[i] = g->alpha[i] + tokens / (double)k;
	for (int sweep = 0; sweep <= 500; sweep++) {
		for (size_t i = 0; i < k; i++) {
			e[i] = exp(special_digamma(g->gamma[i]) - special_digamma(tokens));
			next[i] = g->alpha[i];
		}
		words = 0;
		for (size_t w = 0; w < g->d.pairs; w++) {
			const double *row = g->beta + g->term[w] * k;
			double s = 0;
			for (size_t i = 0; i < k; i++)
				s += e[i] * row[i];
			for (size_t i = 0; i < k; i++)
				next[i] += g->count[w] * e[i] * row[i] / s;
			words += g->count[w] * (log(s) + special_digamma(tokens));
		}
		for (size_t i = 0; i < k && sweep < 500; i++)
			g->gamma[i] = next[i];
	}
	for (size_t i = 0; i < k; i++)
		all += g->gamma[i];
	g->elbo = special_log_norm(g->alpha, k) - special_log_norm(g->gamma, k) + words - tokens * special_digamma(all);
	for (size_t i = 0; i < k; i++)
		g->elbo += (g->alpha[i] - g->gamma[i]) * (special_digamma(g->gamma[i]) - special_digamma(all));
	free(e);
}

static void generate(struct generated *g, size_t k, size_t n, double alpha)
{
	uint64_t rng = 9;
	size_t terms = 2 * n;
	*g = (struct generated){.alpha = calloc(k, sizeof(double)), .gamma = calloc(k, sizeof(double)),
	                        .beta = calloc(k * terms, sizeof(double)), .term = calloc(terms, sizeof(unsigned)),
	                        .count = calloc(terms, sizeof(unsigned))};
	double *share = calloc(k, sizeof *share);
	unsigned *all = calloc(terms, sizeof *all);
	for (size_t i = 0; i < k; i++) {
		double sum = 0;
		g->alpha[i] = alpha;
		share[i] = pow(small_uniform(&rng), 1 / alpha);
		for (size_t v = 0; v < terms; v++)
			sum += g->beta[v * k + i] = pow(-log(small_uniform(&rng) + 1e-12), 4) / (double)(1 + v);
		for (size_t v = 0; v < terms; v++)
			g->beta[v * k + i] /= sum;
	}
	for (size_t i = 0; i < n; i++)
		all[draw(&rng, g->beta + draw(&rng, share, 1, k), k, terms)]++;
	g->d = (struct em_document){k, k, 0, g->alpha, g->beta, g->term, g->count};
	for (unsigned v = 0; v < terms; v++)
		if (all[v]) {
			g->term[g->d.pairs] = v;
			g->count[g->d.pairs++] = all[v];
		}
	free(share);
	free(all);
	mean_field(g);
}

static void drop(struct generated *g)
{
	free(g->alpha);
	free(g->gamma);
	free(g->beta);
	free(g->term);
	free(g->count);
}

static struct em_estimate one(const struct generated *g, uint64_t seed, size_t samples)
{
	struct em_estimate e;
	struct em_err err;
	if (em_estimate(&g->d, g->gamma, seed, 0, samples, NULL, &e, &err)) {
		fprintf(stderr, "bench: %s\n", err.msg);
		exit(1);
	}
	return e;
}

/* Without an exact sum, the log of the mean of p over runs that are ten times as long and share no draw with the others. */
static double truth(const struct generated *g, size_t k, size_t n)
{
	double x = NAN, runs[SEEDS];
	struct em_err err;
	if (em_urn_cost(k, n) < 1 && em_urn_log_evidence(k, g->alpha, g->beta, k, g->d.pairs, g->term, g->count, &x, NULL, NULL, &err) == EM_OK)
		return x;
	for (uint64_t i = 0; i < SEEDS; i++)
		runs[i] = one(g, 1000 + i, REFERENCE).log_p;
	return special_log_sum_exp(runs, SEEDS) - log(SEEDS);
}

static void row(size_t k, size_t n, double alpha)
{
	struct generated g;
	struct em_ceiling c;
	struct em_err err;
	generate(&g, k, n, alpha);
	double x = truth(&g, k, n);
	if (em_fold_in_bound(&g.d, g.gamma, NULL, &c, &err))
		exit(1);
	printf("  | %zu, %zu, %zu, %g%s | %.2f | %.1f |", k, n, g.d.pairs, alpha, isfinite(em_urn_cost(k, n)) ? "" : " *", x - g.elbo,
	       c.value - x);
	for (int b = 0; b < BUDGETS; b++) {
		double square = 0, said = 0, begun = now();
		int beyond = 0, doubtful = 0;
		for (uint64_t seed = 0; seed < SEEDS; seed++) {
			struct em_estimate e = one(&g, seed, budgets[b]);
			square += (e.log_p - x) * (e.log_p - x) / SEEDS;
			said += e.se * e.se / SEEDS;
			beyond += fabs(e.log_p - x) > 2 * e.se;
			doubtful += em_estimate_doubtful(&e);
		}
		printf(" %.4f (%.4f, %d, %d) in %.1f |", sqrt(square), sqrt(said), beyond, doubtful, (now() - begun) / SEEDS * 1e3);
	}
	printf("\n");
	drop(&g);
}

void bench_estimates(void)
{
	printf("estimates of log p: RMSE in nats over %d seeds (what se says; how many were off by more than 2 se, how many were flagged) in ms\n", SEEDS);
	printf("  | K, N, terms, alpha | log p - ELBO | ceiling - log p |");
	for (int b = 0; b < BUDGETS; b++)
		printf(" S = %zu: %zu evaluations |", budgets[b], budgets[b] + OVERHEAD);
	printf("\n  |---|---|---|---|---|---|\n");
	row(3, 300, 0.3);
	row(4, 100, 0.1);
	row(5, 60, 0.1);
	row(10, 100, 0.1);
	row(20, 100, 0.5);
	row(20, 300, 0.1);
	row(50, 1000, 0.05);
	printf("  * no exact sum within reach: against the mean of %d runs of %d draws of other seeds\n", SEEDS, REFERENCE);
}
