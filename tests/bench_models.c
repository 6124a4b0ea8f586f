/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * An iteration here is what `finish` does: E-step, statistics, M-step, and the pass that checks the bounds under the new
 * theta. One thread. */
#include "bench_models.h"

#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "elbow/run.h"
#include "small.h"

#if defined(__x86_64__) && !defined(ELBOW_NO_CLONES)
#define CLONES __attribute__((target_clones("default", "avx2", "avx512f")))
#else
#define CLONES
#endif

typedef double vec __attribute__((vector_size(64)));

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

/* Seconds of one iteration, the least of `rounds` after one to warm up. */
static double time_iteration(const char *model, const struct em_data *data, const char *const (*set)[2], int rounds)
{
	const struct em_model *m = em_model_named(model);
	struct em_err err;
	if (!m)
		die("no such model");
	const struct em_setting_table *tables[] = {m->settings, &em_run_settings, em_data_settings(m->takes)};
	struct em_settings *s = em_settings_new(tables, 3), *next;
	for (size_t i = 0; set[i][0]; i++) {
		if (em_settings_with(s, set[i][0], set[i][1], &next, &err))
			die(err.msg);
		em_settings_release(s);
		s = next;
	}
	struct em_run *run;
	if (em_run_new(m, data, s, NULL, NULL, NULL, &run, &err) || em_run_step(run, EM_ITERATION, NULL, &err))
		die(err.msg);
	double best = INFINITY;
	for (int i = 0; i < rounds; i++) {
		double begun = now();
		if (em_run_step(run, EM_ITERATION, NULL, &err))
			die(err.msg);
		best = fmin(best, now() - begun);
	}
	em_run_free(run);
	em_settings_release(s);
	return best;
}

/* `rounds` multiply-adds of a vector of 16 components with numbers that stay in the first cache. */
CLONES static double madds(size_t points, size_t rounds, const vec *a, const double *x)
{
	vec s[8] = {{0}};
	for (size_t n = 0; n < points; n++)
		for (size_t i = 0; i < rounds; i += 4)
			for (size_t j = 0; j < 4; j++) {
				double y = x[(n + i + j) & 63];
				s[2 * j] += a[(2 * (i + j)) & 63] * y;
				s[2 * j + 1] += a[(2 * (i + j) + 1) & 63] * y;
			}
	double sum = 0;
	for (int j = 0; j < 8; j++)
		sum += s[j][0] + s[j][7];
	return sum;
}

void bench_gmm(void)
{
	enum { N = 100000, D = 8, K = 16 };
	static const char *const set[][2] = {{"components", "16"}, {"threads", "1"}, {"history_memory", "1"}, {"init", "random"},
	                                     {NULL, NULL}};
	const char *column[D];
	char name[D][8];
	uint64_t rng = 7;
	double *x = calloc((size_t)N * D, sizeof *x), centre[K][D], numbers[64];
	vec a[64];
	struct em_points *points = NULL;
	struct em_err err;
	for (int k = 0; k < K; k++)
		for (int d = 0; d < D; d++)
			centre[k][d] = 8 * small_uniform(&rng);
	for (size_t n = 0; x && n < N; n++)
		for (int d = 0; d < D; d++)
			x[n * D + (size_t)d] = centre[n % K][d] + small_uniform(&rng) + small_uniform(&rng) + small_uniform(&rng);
	for (int d = 0; d < D; d++) {
		snprintf(name[d], sizeof name[d], "x%d", d + 1);
		column[d] = name[d];
	}
	if (!x || em_points_from(N, D, column, x, &points, &err))
		die("no memory for the points");
	struct em_data data = {EM_DATA_POINTS, "bench", N, NULL, points, NULL};
	double spent = time_iteration("gmm", &data, set, 3);
	/* Per point and component: a triangular solve for E, one for the bounds after M, and the sums of the second moments. */
	size_t rounds = 3 * (D * (D + 1) / 2 + D);
	for (int i = 0; i < 64; i++) {
		numbers[i] = 1e-3 * i;
		for (int j = 0; j < 8; j++)
			a[i][j] = 1e-3 * (i + j);
	}
	double best = INFINITY, sink = 0;
	for (int i = 0; i < 3; i++) {
		double begun = now();
		sink += madds(N, rounds, a, numbers);
		best = fmin(best, now() - begun);
	}
	if (!isfinite(sink))
		die("the limit went astray");
	printf("gmm, N=%d, D=%d, K=%d, full: %.3f s an iteration, %.1f ns a point and component\n", N, D, K, spent,
	       spent / ((double)N * K) * 1e9);
	printf("  the multiply-adds alone    %8.3f s    we take %.2f x\n", best, spent / best);
	em_points_free(points);
	free(x);
}

/* The rows of a term-major table, each added to a sum: the bytes and additions of log p(d|k), twice, and of the counts. */
CLONES static double rows(const struct em_corpus *c, size_t groups, const vec *table, vec *stats)
{
	vec s[16] = {{0}};
	for (int pass = 0; pass < 2; pass++)
		for (size_t j = 0; j < c->pairs; j++)
			for (size_t g = 0; g < groups; g++)
				s[g] += (double)c->count[j] * table[c->term[j] * groups + g];
	for (size_t j = 0; j < c->pairs; j++)
		for (size_t g = 0; g < groups; g++)
			stats[c->term[j] * groups + g] += (double)c->count[j] * s[g];
	return s[0][0];
}

void bench_unigrams(const struct em_corpus *c)
{
	static const char *const set[][2] = {{"components", "20"}, {"threads", "1"}, {"history_memory", "1"}, {NULL, NULL}};
	struct em_data data = {EM_DATA_CORPUS, "bench", c->docs, c, NULL, NULL};
	double spent = time_iteration("unigrams", &data, set, 5), best = INFINITY, sink = 0;
	size_t groups = 3, bytes = (c->terms * groups + 1) * sizeof(vec);
	vec *table = aligned_alloc(64, 2 * bytes);
	if (!table)
		die("out of memory");
	memset(table, 0, 2 * bytes);
	for (int i = 0; i < 5; i++) {
		double begun = now();
		sink += rows(c, groups, table, table + c->terms * groups);
		best = fmin(best, now() - begun);
	}
	if (!isfinite(sink))
		die("the limit went astray");
	printf("unigrams, K=20: %.4f s an iteration, %.3f ns a pair and topic\n", spent, spent / ((double)c->pairs * 20) * 1e9);
	printf("  the rows alone             %8.4f s   we take %.2f x\n", best, spent / best);
	free(table);
}

/* The least a scaled forward-backward does: two products of a K x K matrix with a vector a symbol, one after the other. */
CLONES static double chain(size_t length, size_t k, const double *a, double *v)
{
	double next[16];
	for (size_t t = 0; t < 2 * length; t++) {
		for (size_t j = 0; j < k; j++)
			next[j] = 0;
		for (size_t i = 0; i < k; i++)
			for (size_t j = 0; j < k; j++)
				next[j] += v[i] * a[i * 16 + j];
		for (size_t j = 0; j < k; j++)
			v[j] = next[j];
	}
	return v[0];
}

static void time_hmm(const struct em_data *data, const char *k)
{
	const char *const set[][2] = {{"components", k}, {"threads", "1"}, {"history_memory", "1"}, {NULL, NULL}};
	const struct em_sequences *q = data->sequences;
	double spent = time_iteration("hmm", data, set, 3), a[256], v[16], best = INFINITY, sink = 0;
	size_t states = (size_t)strtoul(k, NULL, 10);
	for (int i = 0; i < 256; i++)
		a[i] = 1.0 / (double)states;
	for (int i = 0; i < 3; i++) {
		for (int j = 0; j < 16; j++)
			v[j] = 0.1;
		double begun = now();
		sink += chain(q->total, states, a, v);
		best = fmin(best, now() - begun);
	}
	if (!isfinite(sink))
		die("the limit went astray");
	printf("hmm, %zu letters, K=%s: %.3f s an iteration, %.1f ns a letter\n", q->total, k, spent, spent / (double)q->total * 1e9);
	printf("  two chains of products     %8.3f s    we take %.2f x\n", best, spent / best);
}

/* A megabyte of words of the built-in corpus, shuffled. */
void bench_hmm(void)
{
	enum { BYTES = 1000000 };
	const struct em_setting_table *tables[] = {&em_corpus_settings, &em_sequences_settings};
	struct em_settings *s = em_settings_new(tables, 2), *letters;
	struct em_corpus *c;
	struct em_sequences *q;
	struct em_err err;
	uint64_t rng = 3;
	char *text = malloc(BYTES + 100);
	if (!s || !text || em_settings_with(s, "symbols", "letters", &letters, &err) || em_corpus_open(NULL, s, &c, &err))
		die("no text");
	size_t n = 0;
	for (size_t words = 0; n < BYTES; words++)
		n += (size_t)snprintf(text + n, 60, "%.40s%c", c->vocabulary[small_next(&rng) % c->terms], words % 12 == 11 ? '\n' : ' ');
	if (em_sequences_from("bench", text, n, letters, &q, &err))
		die(err.msg);
	struct em_data data = {EM_DATA_SEQUENCES, "bench", q->count, NULL, NULL, q};
	time_hmm(&data, "2");
	time_hmm(&data, "10");
	em_sequences_free(q);
	em_corpus_free(c);
	em_settings_release(letters);
	em_settings_release(s);
	free(text);
}
