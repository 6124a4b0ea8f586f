/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Exact evidence: how fast the inner loops are beside bare multiplications and additions over as much memory, how far the methods
 * reach, and gazette as a whole. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include <cmocka.h>

#include "base/vec.h"
#include "bench_evidence.h"
#include "elbow/document.h"
#include "elbow/evidence.h"
#include "elbow/example.h"
#include "fit.h"

static double now(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static void die(const char *what)
{
	fprintf(stderr, "bench: %s\n", what);
	exit(1);
}

/* A document of `tokens` words, `pairs` distinct ones. */
struct made {
	struct em_document d;
	double *alpha, *beta;
	uint32_t *term, *count;
};

static void make(struct made *m, size_t k, size_t tokens, size_t pairs)
{
	uint64_t rng = 6;
	*m = (struct made){.alpha = calloc(k, sizeof(double)), .beta = calloc(k * pairs, sizeof(double)),
	                   .term = calloc(pairs, sizeof(uint32_t)), .count = calloc(pairs, sizeof(uint32_t))};
	if (!m->alpha || !m->beta || !m->term || !m->count)
		die("out of memory");
	for (size_t i = 0; i < k; i++)
		m->alpha[i] = 0.1 + 0.05 * (double)i;
	for (size_t i = 0; i < k * pairs; i++)
		m->beta[i] = (0.1 + pow(small_uniform(&rng), 3)) / (double)pairs;
	for (size_t w = 0; w < pairs; w++) {
		m->term[w] = (uint32_t)w;
		m->count[w] = 1;
	}
	for (size_t n = pairs; n < tokens; n++)
		m->count[(size_t)((double)pairs * pow(small_uniform(&rng), 2))]++;
	m->d = (struct em_document){k, k, pairs, m->alpha, m->beta, m->term, m->count};
}

static void drop(struct made *m)
{
	free(m->alpha);
	free(m->beta);
	free(m->term);
	free(m->count);
}

/* Seconds of one call, the best of several. */
static double time_of(enum em_status (*f)(const struct em_document *, double *), const struct em_document *d)
{
	double best = INFINITY, sink = 0, spent = 0;
	for (int i = 0; i < 5 || (spent < 0.05 && i < 2000); i++) {
		double x, begun = now();
		if (f(d, &x))
			die("no exact sum");
		double took = now() - begun;
		best = fmin(best, took);
		spent += took;
		sink += x;
	}
	if (!isfinite(sink))
		die("a document went astray");
	return best;
}

static enum em_status by_urn(const struct em_document *d, double *out)
{
	struct em_err err;
	return em_urn_log_evidence(d->topics, d->alpha, d->beta, d->stride, d->pairs, d->term, d->count, out, NULL, NULL, &err);
}

static enum em_status by_quadrature(const struct em_document *d, double *out)
{
	struct em_err err;
	return em_quadrature_log_evidence(d, out, NULL, NULL, &err);
}

static enum em_status by_partitions(const struct em_document *d, double *out)
{
	struct em_err err;
	return em_partitions_log_evidence(d, out, NULL, &err);
}

static enum em_status by_cheapest(const struct em_document *d, double *out)
{
	struct em_err err;
	return em_document_log_p(d, NULL, out, &err);
}

static double choose(size_t n, size_t k)
{
	double c = 1;
	for (size_t i = 1; i <= k; i++)
		c = c * (double)(n - k + i) / (double)i;
	return c;
}

/* As many states, each made of k products of its own memory; no tables, no topics, no order. */
HOT static double bare_urn(double *a, size_t states, size_t k)
{
	vec sum = EACH(0.0);
	for (size_t i = 0; i + 8 <= states; i += 8) {
		vec x = EACH(0.0);
		for (size_t j = 0; j < k; j++)
			x += 0.3 * VEC_GET(a + i + 8 * j);
		VEC_PUT(a + i) = x;
		sum += x;
	}
	return LANE_SUM(sum);
}

static double limit_urn(size_t k, size_t tokens)
{
	double best = INFINITY, sink = 0, *a = aligned_alloc(64, ((size_t)choose(tokens + k - 1, k - 1) + 16 * k + 64) / 8 * 64);
	size_t room = ((size_t)choose(tokens + k - 1, k - 1) + 16 * k + 64) / 8 * 8;
	if (!a)
		die("out of memory");
	for (int i = 0; i < 5; i++) {
		for (size_t s = 0; s < room; s++)
			a[s] = 1e-3;
		double begun = now();
		for (size_t n = 0; n < tokens; n++)
			sink += bare_urn(a, (size_t)choose(n + k, k - 1) + 7, k);
		best = fmin(best, now() - begun);
	}
	free(a);
	if (!isfinite(sink))
		die("the limit went astray");
	return best;
}

/* As many factors base + t one + u two, multiplied; no logs, no exponents. */
HOT static double bare_quadrature(const double *rows, size_t words, size_t groups)
{
	vec all = EACH(0.0), t = EACH(0.4), u = EACH(0.55);
	for (size_t g = 0; g < groups; g++) {
		vec p = EACH(1.0);
		for (size_t w = 0; w < words; w++)
			p *= rows[3 * w] + t * rows[3 * w + 1] + u * rows[3 * w + 2];
		t += p * 1e-9;
		all += p;
	}
	return LANE_SUM(all);
}

static double limit_quadrature(size_t words, size_t groups)
{
	double best = INFINITY, sink = 0, *rows = calloc(3 * words, sizeof *rows);
	if (!rows)
		die("out of memory");
	for (size_t i = 0; i < 3 * words; i++)
		rows[i] = i % 3 ? 1 : 0.05;
	for (int i = 0; i < 5; i++) {
		double begun = now();
		sink += bare_quadrature(rows, words, groups);
		best = fmin(best, now() - begun);
	}
	free(rows);
	if (!isfinite(sink))
		die("the limit went astray");
	return best;
}

static void row_urn(size_t k, size_t tokens)
{
	struct made m;
	make(&m, k, tokens, tokens / 2 + 1);
	double words = 0, spent = time_of(by_urn, &m.d), limit = limit_urn(k, tokens);
	for (size_t n = 0; n < tokens; n++)
		words += choose(n + k, k - 1);
	printf("  urn, K=%zu, N=%zu: %.3g states in %.2f ms, %.3g a second; bare products and sums %.3g, we take %.1f x\n", k, tokens,
	       words, spent * 1e3, words / spent, words / limit, spent / limit);
	drop(&m);
}

static void row_quadrature(size_t k, size_t tokens, size_t pairs)
{
	struct made m;
	size_t exact = tokens / 2 + 1, enough = (size_t)ceil(3.5 * sqrt((double)tokens)) + 4, nodes = exact < enough ? exact : enough;
	make(&m, k, tokens, pairs);
	double factors = pow((double)nodes, (double)k - 1) * (double)pairs, spent = time_of(by_quadrature, &m.d);
	size_t groups = (size_t)(pow((double)nodes, (double)k - 2) + 0.5) * ((nodes + 7) / 8);
	double limit = limit_quadrature(pairs, groups);
	printf("  quadrature, K=%zu, N=%zu, %zu terms: %.3g factors in %.2f ms, %.3g a second; bare products %.3g, we take %.1f x\n", k, tokens,
	       pairs, factors, spent * 1e3, factors / spent, factors / limit, spent / limit);
	drop(&m);
}

static void row_reach(size_t k, size_t tokens, size_t pairs)
{
	struct made m;
	double predicted;
	make(&m, k, tokens, pairs);
	const char *method = em_document_method(k, tokens, pairs, m.count, &predicted);
	double quad = em_quadrature_cost(k, tokens, pairs), urn = em_urn_cost(k, tokens), parts = em_partitions_cost(k, pairs, m.count);
	printf("  | %zu, %zu, %zu | %s | %.1f (%.1f) |", k, tokens, pairs, method, time_of(by_cheapest, &m.d) * 1e3, predicted * 1e3);
	double cost[] = {urn, quad, parts};
	enum em_status (*const by[])(const struct em_document *, double *) = {by_urn, by_quadrature, by_partitions};
	for (int i = 0; i < 3; i++)
		if (cost[i] < 2)
			printf(" %.1f (%.1f) |", time_of(by[i], &m.d) * 1e3, cost[i] * 1e3);
		else
			printf(" - |");
	printf("\n");
	drop(&m);
}

/* The longest document, half as many terms as words, that is predicted to take 0.1 s; and what it takes. */
static void row_longest(size_t k)
{
	struct made m;
	double predicted = 0;
	size_t n = 2;
	for (size_t step = 1 << 16; step > 0; step /= 2) {
		make(&m, k, n + step, (n + step) / 2);
		em_document_method(k, n + step, (n + step) / 2, m.count, &predicted);
		n += predicted <= 0.1 ? step : 0;
		drop(&m);
	}
	make(&m, k, n, n / 2);
	const char *method = em_document_method(k, n, n / 2, m.count, &predicted);
	printf("  | %zu | %zu | %s | %.0f |\n", k, n, method, time_of(by_cheapest, &m.d) * 1e3);
	drop(&m);
}

/* All 140 documents, one after the other on one thread. */
static void bench_gazette(void)
{
	const struct em_example *x = em_example_named("gazette");
	struct em_settings *s = fit_settings("lda");
	struct em_data *data = NULL;
	struct em_err err;
	if (!x || x->make(s, &data, &err))
		die("no gazette");
	static const char *const ks[] = {"3", "4", "5"};
	for (size_t i = 0; i < 3; i++) {
		struct fit f;
		fit_open(&f, "lda", NULL, data, NULL, "components", ks[i], NULL);
		for (int n = 0; n < 5; n++)
			fit_step(&f, EM_ITERATION);
		const struct em_snapshot *snap = fit_look(&f);
		double sum = 0, one, begun = now(), slowest = 0, predicted = 0;
		size_t n = snap->problem->layout.observations, methods[4] = {0};
		for (size_t d = 0; d < n; d++) {
			double from = now(), cost = em_evidence_exact.cost(snap->problem, d);
			if (isinf(cost)) {
				methods[3]++;
				continue;
			}
			predicted += cost;
			if (em_evidence_exact.log_evidence(snap->problem, snap->theta, d, &one, NULL, NULL, &err))
				die(err.msg);
			const char *m = em_evidence_method(snap->problem, d);
			methods[m[0] == 'u' ? 0 : m[0] == 'q' ? 1 : 2]++;
			slowest = fmax(slowest, now() - from);
			sum += one;
		}
		printf("  gazette, K=%s: %zu of %zu documents exact in %.3f s on one core (predicted %.3f s; the slowest %.1f ms; %zu by the urn, "
		       "%zu by quadrature, %zu by topics); log p %.6f, ELBO %.6f\n",
		       ks[i], n - methods[3], n, now() - begun, predicted, slowest * 1e3, methods[0], methods[1], methods[2], sum,
		       fit_entry(&f)->elbo);
		em_snapshot_release(snap);
		f.owned = i + 1 < 3 ? NULL : f.owned;
		fit_close(&f);
	}
	em_settings_release(s);
}

void bench_exact(void)
{
	printf("exact log p of a document, one thread\n");
	row_urn(2, 500);
	row_urn(3, 200);
	row_urn(4, 60);
	row_urn(5, 40);
	row_urn(10, 12);
	row_quadrature(2, 2000, 300);
	row_quadrature(3, 1000, 300);
	row_quadrature(4, 150, 100);
	row_quadrature(5, 60, 40);
	printf("  | K, N, terms | method | ms (predicted) | urn | quadrature | by topics |\n  |---|---|---|---|---|---|\n");
	row_reach(2, 10000, 1000);
	row_reach(3, 200, 100);
	row_reach(3, 1500, 500);
	row_reach(4, 40, 30);
	row_reach(4, 150, 100);
	row_reach(5, 30, 25);
	row_reach(5, 60, 45);
	row_reach(6, 35, 25);
	row_reach(8, 20, 16);
	row_reach(10, 15, 12);
	row_reach(20, 12, 10);
	row_reach(100, 10, 10);
	printf("  | K | longest document for 0.1 s | method | measured, ms |\n  |---|---|---|---|\n");
	for (size_t k = 2; k <= 10; k++)
		row_longest(k);
	bench_gazette();
}
