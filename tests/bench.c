/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Speed and memory, as ratios in one run: the E-step against the textbook's and against the machine, reading, threads.
 *
 *     bench [CORPUS]        without one, a generated corpus the size of the Daily Kos collection (UCI: 3 430 documents,
 *                           6 906 terms, 353 160 pairs, 467 714 tokens) */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/special.h"
#include "bench_evidence.h"
#include "bench_models.h"
#include "small.h"

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

/* Terms by a power law, documents of about 103 distinct terms with one bent of their own each. */
static struct em_corpus *generate(size_t docs, size_t terms)
{
	uint64_t rng = 42;
	unsigned *counts = calloc(docs * terms, sizeof *counts);
	if (!counts)
		die("out of memory");
	for (size_t d = 0; d < docs; d++) {
		size_t tokens = 60 + small_next(&rng) % 154, bent = small_next(&rng) % terms;
		for (size_t i = 0; i < tokens; i++) {
			size_t v = (size_t)((double)terms * pow(small_uniform(&rng), 5.5));
			counts[d * terms + (i % 2 ? (v + bent) % terms : v)]++;
		}
	}
	struct em_corpus *c = small_corpus(docs, terms, counts);
	free(counts);
	return c;
}

struct bench {
	struct em_corpus *corpus;
	struct em_data data;
	struct em_problem p;
	struct em_settings *settings;
	size_t k, kp;
	double *theta;
};

enum { SWEEPS = 20 };

static void open_bench(struct bench *b, struct em_corpus *c, size_t k)
{
	char components[16];
	struct em_err err;
	snprintf(components, sizeof components, "%zu", k);
	b->corpus = c;
	b->k = k;
	b->kp = (k + 7) / 8 * 8;
	b->settings = small_settings("components", components, "e_sweeps", "20", "e_tolerance", "0", "e_start", "cold", "init",
	                             "random", "evidence_budget", "0", NULL);
	b->data = (struct em_data){EM_DATA_CORPUS, "bench", c->docs, c, NULL, NULL};
	b->p = (struct em_problem){em_model_named("lda"), &b->data, b->settings, {0}};
	if (b->p.model->layout(&b->data, b->settings, &b->p.layout, &err))
		die(err.msg);
	size_t bytes = (b->p.layout.theta_size * sizeof(double) + 63) / 64 * 64;
	b->theta = aligned_alloc(64, bytes);
	if (!b->theta)
		die("out of memory");
	memset(b->theta, 0, bytes);
	if (b->p.model->init(&b->p, 1, b->theta, &err))
		die(err.msg);
}

static void close_bench(struct bench *b)
{
	em_settings_release(b->settings);
	free(b->theta);
}

/* Seconds for SWEEPS sweeps of every document by the engine's kernel. */
static double time_kernel(const struct bench *b)
{
	const struct em_layout *l = &b->p.layout;
	double *work = aligned_alloc(64, (l->work_size * sizeof(double) + 127) / 64 * 64);
	double *q = aligned_alloc(64, (l->q_stride * sizeof(double) + 63) / 64 * 64);
	struct em_theta t = {b->theta, b->theta, NULL, false};
	struct em_bound before = {0};
	double begun = now();
	for (size_t d = 0; d < b->corpus->docs; d++) {
		struct em_progress pr = {0};
		memset(q, 0, l->q_stride * sizeof *q);
		b->p.model->e_step(&b->p, &t, d, UINT32_MAX, q, &before, q, &pr, work);
		if (pr.sweeps != SWEEPS && b->corpus->length[d])
			die("the kernel made another number of sweeps than asked for");
	}
	double spent = now() - begun;
	free(work);
	free(q);
	return spent;
}

/* The algorithm as printed in Blei, Ng & Jordan 2003, figure 6, in log space: per sweep, word and topic a digamma, a log and
 * an exponential; hoisted: the digammas once a sweep. Returns seconds for `docs` documents. */
static double time_textbook(const struct bench *b, size_t docs, bool hoisted)
{
	const struct em_corpus *c = b->corpus;
	size_t k = b->k, longest = 0;
	for (size_t d = 0; d < c->docs; d++)
		if (c->row[d + 1] - c->row[d] > longest)
			longest = c->row[d + 1] - c->row[d];
	double *phi = calloc(longest * k + 1, sizeof *phi), *gamma = calloc(3 * k, sizeof *gamma);
	double *psi = gamma + k, *next = gamma + 2 * k, sink = 0, begun = now();
	for (size_t d = 0; d < docs; d++) {
		for (size_t i = 0; i < k; i++)
			gamma[i] = b->theta[i] + c->length[d] / (double)k;
		for (int sweep = 0; sweep < SWEEPS; sweep++) {
			for (size_t i = 0; i < k; i++) {
				next[i] = b->theta[i];
				psi[i] = special_digamma(gamma[i]);
			}
			for (size_t j = c->row[d]; j < c->row[d + 1]; j++) {
				double *row = phi + (j - c->row[d]) * k;
				const double *beta = b->theta + b->kp + c->term[j] * b->kp;
				for (size_t i = 0; i < k; i++)
					row[i] = log(beta[i]) + (hoisted ? psi[i] : special_digamma(gamma[i]));
				double norm = special_log_sum_exp(row, k);
				for (size_t i = 0; i < k; i++) {
					row[i] = exp(row[i] - norm);
					next[i] += c->count[j] * row[i];
				}
			}
			memcpy(gamma, next, k * sizeof *gamma);
		}
		sink += gamma[0];
	}
	double spent = now() - begun;
	if (!isfinite(sink))
		die("the textbook E-step went astray");
	free(phi);
	free(gamma);
	return spent;
}

typedef double vec __attribute__((vector_size(64)));

/* What the machine can do: the same rows, the same products and sums, and nothing else. */
#if defined(__x86_64__) && !defined(ELBOW_NO_CLONES)
__attribute__((target_clones("default", "avx2", "avx512f")))
#endif
static double bench_limit(const double *rows, const struct em_corpus *c, size_t kp, double *e)
{
	double sink = 0;
	_Alignas(64) double acc[512] = {0};
	for (size_t d = 0; d < c->docs; d++)
		for (int sweep = 0; sweep < SWEEPS; sweep++)
			for (size_t j = c->row[d]; j < c->row[d + 1]; j++) {
				const vec *row = (const vec *)(const void *)(rows + c->term[j] * kp);
				vec s = {0}, r = {1, 1, 1, 1, 1, 1, 1, 1};
				for (size_t g = 0; g < kp / 8; g++)
					s += ((const vec *)(const void *)e)[g] * row[g];
				for (size_t g = 0; g < kp / 8; g++)
					((vec *)(void *)acc)[g] += r * row[g];
				sink += s[0];
			}
	return sink + acc[0];
}

static double time_limit(const struct bench *b)
{
	_Alignas(64) double e[512];
	for (size_t i = 0; i < 512; i++)
		e[i] = 1e-3;
	double begun = now(), sink = bench_limit(b->theta + b->kp, b->corpus, b->kp, e), spent = now() - begun;
	if (!isfinite(sink))
		die("the limit went astray");
	return spent;
}

static double least(double (*f)(const struct bench *), const struct bench *b)
{
	double best = INFINITY;
	for (int i = 0; i < 3; i++)
		best = fmin(best, f(b));
	return best;
}

static void bench_kernel(struct em_corpus *c, size_t k)
{
	struct bench b;
	open_bench(&b, c, k);
	size_t docs = c->docs < 60 ? c->docs : 60;
	double work = (double)c->pairs * (double)k * SWEEPS, part = (double)c->row[docs] * (double)k * SWEEPS;
	double kernel = least(time_kernel, &b) / work, limit = least(time_limit, &b) / work;
	double printed = time_textbook(&b, docs, false) / part, hoisted = time_textbook(&b, docs, true) / part;
	printf("E-step, K=%zu, one thread: %.3f ns a (document, term) pair, topic and sweep\n", k, kernel * 1e9);
	printf("  textbook as printed        %8.2f ns   %6.1f x slower\n", printed * 1e9, printed / kernel);
	printf("  textbook, digamma hoisted  %8.2f ns   %6.1f x slower\n", hoisted * 1e9, hoisted / kernel);
	printf("  the machine's limit        %8.3f ns   we take %.2f x\n", limit * 1e9, kernel / limit);
	close_bench(&b);
}

static double time_phases(struct em_corpus *c, const char *threads)
{
	struct em_settings *s = small_settings("components", "50", "threads", threads, "evidence_budget", "0", NULL);
	struct em_data data = {EM_DATA_CORPUS, "bench", c->docs, c, NULL, NULL};
	struct em_run *run;
	struct em_err err;
	if (em_run_new(em_model_named("lda"), &data, s, NULL, NULL, NULL, &run, &err))
		die(err.msg);
	double begun = now();
	for (int i = 0; i < 4; i++)
		if (em_run_step(run, EM_PHASE, NULL, &err))
			die(err.msg);
	double spent = now() - begun;
	printf("  %s thread%s: two iterations at K=50 in %.2f s, ELBO %.17g\n", threads, threads[0] == '1' ? " " : "s", spent,
	       em_run_entry(run)->elbo);
	em_run_free(run);
	em_settings_release(s);
	return spent;
}

/* A CSV of made-up words, about 20 MB, written and read. */
static void bench_reading(void)
{
	char path[] = "/tmp/elbow-bench-XXXXXX.csv";
	int fd = mkstemps(path, 4);
	FILE *f = fd < 0 ? NULL : fdopen(fd, "w");
	uint64_t rng = 7;
	if (!f)
		die("cannot write a file in /tmp");
	fputs("title,text\n", f);
	for (int d = 0; d < 10000; d++) {
		fprintf(f, "piece %d,\"", d);
		for (int i = 0; i < 300; i++) {
			unsigned v = (unsigned)(30000 * pow(small_uniform(&rng), 3));
			fprintf(f, "%c%c%c%c%u ", 'a' + v % 26, 'e' + v % 7, 'a' + v / 26 % 26, 'o' + v % 3, v % 10);
		}
		fputs("\"\n", f);
	}
	long bytes = ftell(f);
	fclose(f);
	const struct em_setting_table *tables[] = {&em_corpus_settings};
	struct em_settings *s = em_settings_new(tables, 1);
	struct em_corpus *c;
	struct em_err err;
	double begun = now();
	if (em_corpus_open(path, s, &c, &err))
		die(err.msg);
	double spent = now() - begun;
	printf("reading CSV: %.1f million tokens a second (%.0f MB/s)\n", (double)c->tokens / spent / 1e6,
	       (double)bytes / spent / 1e6);
	em_corpus_free(c);
	em_settings_release(s);
	unlink(path);
}

int main(int argc, char *argv[])
{
	struct em_corpus *c = NULL;
	struct em_err err;
	const struct em_setting_table *tables[] = {&em_corpus_settings};
	struct em_settings *s = em_settings_new(tables, 1);
	if (argc > 1 && em_corpus_open(argv[1], s, &c, &err))
		die(err.msg);
	if (!c)
		c = generate(3430, 6906);
	printf("corpus: %zu documents, %zu terms, %zu pairs, %llu tokens\n", c->docs, c->terms, c->pairs,
	       (unsigned long long)c->tokens);
	bench_kernel(c, 20);
	bench_kernel(c, 100);
	double one = time_phases(c, "1"), two = time_phases(c, "2");
	printf("  2 threads are %.2f x as fast as 1\n", one / two);
	bench_reading();
	bench_gmm();
	bench_unigrams(c);
	bench_hmm();
	bench_exact();
	bench_estimates();
	bench_session();
	struct rusage use;
	getrusage(RUSAGE_SELF, &use);
	printf("peak memory: %.0f MB\n", (double)use.ru_maxrss / 1024);
	if (argc > 1)
		em_corpus_free(c);
	else
		small_free(c);
	em_settings_release(s);
	return 0;
}
