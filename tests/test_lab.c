/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The lab: places of mean field, other E-steps, the truth, on documents where all of it can be summed. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "elbow/lab.h"
#include "fit.h"

enum { TOPICS = 4, TERMS = 8, WORDS = 12 };

struct doc {
	double alpha[TOPICS], beta[TERMS * TOPICS];
	uint32_t term[TERMS], count[TERMS];
	struct em_document d;
};

static struct em_lab *lab(const struct doc *x, uint64_t seed)
{
	struct em_lab *out = NULL;
	struct em_err err;
	if (em_lab_new(&x->d, 10, seed, NULL, &out, &err))
		fail_msg("%s", err.msg);
	return out;
}

static void open_doc(struct doc *x, size_t k, size_t pairs)
{
	for (uint32_t i = 0; i < pairs; i++)
		x->term[i] = i;
	x->d = (struct em_document){k, k, pairs, x->alpha, x->beta, x->term, x->count};
}

static void random_doc(struct doc *x, uint64_t *rng, size_t k, size_t pairs, unsigned most)
{
	*x = (struct doc){.alpha = {0}};
	double a = exp(-3 + 3 * small_uniform(rng));
	for (size_t i = 0; i < k; i++)
		x->alpha[i] = a * (0.5 + small_uniform(rng));
	for (size_t i = 0; i < pairs * k; i++)
		x->beta[i] = 0.01 + pow(small_uniform(rng), 3);
	for (size_t i = 0; i < pairs; i++)
		x->count[i] = 1 + (uint32_t)(small_next(rng) % most);
	open_doc(x, k, pairs);
}

/* The best of log p(w, z) over all z, and the exact p(z = k) and E[theta]. */
static double enumerate(const struct doc *x, double *log_p, double *mean, double *z)
{
	size_t k = x->d.topics, words[WORDS], n = 0, at[WORDS] = {0};
	double best = -INFINITY, total = 0, a = 0;
	for (size_t w = 0; w < x->d.pairs; w++)
		for (uint32_t c = 0; c < x->count[w]; c++)
			words[n++] = w;
	for (size_t i = 0; i < k; i++)
		a += x->alpha[i];
	memset(mean, 0, k * sizeof *mean);
	memset(z, 0, k * x->d.pairs * sizeof *z);
	for (;;) {
		double l = lgamma(a) - lgamma(a + (double)n), m[TOPICS] = {0};
		for (size_t j = 0; j < n; j++) {
			m[at[j]]++;
			l += log(x->beta[words[j] * k + at[j]]);
		}
		for (size_t i = 0; i < k; i++)
			l += lgamma(x->alpha[i] + m[i]) - lgamma(x->alpha[i]);
		best = fmax(best, l);
		total += exp(l);
		for (size_t i = 0; i < k; i++)
			mean[i] += exp(l) * (x->alpha[i] + m[i]) / (a + (double)n);
		for (size_t j = 0; j < n; j++)
			z[words[j] * k + at[j]] += exp(l) / x->count[words[j]];
		size_t i = 0;
		while (i < n && ++at[i] == k)
			at[i++] = 0;
		if (i == n)
			break;
	}
	*log_p = log(total);
	for (size_t i = 0; i < k; i++)
		mean[i] /= total;
	for (size_t i = 0; i < k * x->d.pairs; i++)
		z[i] /= total;
	return best;
}

static void test_against_enumeration(void **state)
{
	(void)state;
	uint64_t rng = 11;
	size_t hard_is_best = 0, trials = fit_brief() ? 2 : 25;
	for (size_t trial = 0; trial < trials; trial++) {
		struct doc x;
		size_t k = 2 + trial % 2;
		double log_p, mean[TOPICS], z[TERMS * TOPICS];
		random_doc(&x, &rng, k, 3, 3);
		double best = enumerate(&x, &log_p, mean, z);
		struct em_lab *l = lab(&x, 5);
		const struct em_lab_answer *a = l->answer;
		fit_near(l->log_p, log_p, 1e-11);
		for (size_t i = 0; i < k; i++)
			fit_near(a[EM_LAB_EXACT].mean[i], mean[i], 1e-11);
		for (int i = 0; i < EM_LAB_METHODS; i++) {
			double sum = 0;
			assert_true(a[i].made && (isnan(a[i].bound) || a[i].bound <= log_p + 1e-10));
			for (size_t j = 0; j < k; j++)
				sum += a[i].mean[j];
			fit_near(sum, 1, 1e-9);
			for (size_t w = 0; w < 3; w++) {
				sum = 0;
				for (size_t j = 0; j < k; j++)
					sum += a[i].z[w * k + j];
				fit_near(sum, 1, 1e-9);
			}
		}
		hard_is_best += fabs(a[EM_LAB_HARD].bound - best) < 1e-9;
		assert_true(a[EM_LAB_HARD].bound <= best + 1e-9);
		assert_true(a[EM_LAB_BEST].bound >= a[EM_LAB_USUAL].bound - 1e-9);
		for (size_t i = 0; i < k; i++) /* 8 chains: five standard errors, and what a chain of 400 sweeps leaves */
			fit_near(a[EM_LAB_GIBBS].mean[i], mean[i], 5 * a[EM_LAB_GIBBS].se + 0.01);
		em_lab_free(l);
	}
	assert_true(hard_is_best * 2 > trials || fit_brief()); /* iterated modes find the mode more often than not */
}

/* A place is a fixed point, its trace rises to it, and it is where the engine's E-step goes. */
static void test_places(void **state)
{
	(void)state;
	uint64_t rng = 3;
	size_t several = 0;
	for (int trial = 0; trial < (fit_brief() ? 3 : 60); trial++) {
		struct doc x;
		random_doc(&x, &rng, 2 + (size_t)trial % 3, 4, 2);
		for (size_t i = 0; i < x.d.topics; i++)
			x.alpha[i] = 0.05;
		struct em_lab *l = lab(&x, 7);
		size_t starts = 0, usual = 0;
		several += l->places > 1;
		for (size_t i = 0; i < l->places; i++) {
			const struct em_lab_place *p = l->place + i;
			starts += p->starts;
			usual += p->usual;
			assert_true(i == 0 || p->elbo <= p[-1].elbo);
			assert_true(p->elbo <= l->log_p + 1e-10);
			fit_near(p->trace[p->sweeps], p->elbo, 1e-12);
			for (size_t j = 1; j <= p->sweeps; j++)
				assert_true(p->trace[j] >= p->trace[j - 1] - 1e-10);
		}
		assert_true(starts == l->starts && usual == 1 && !l->place[0].saddle);
		em_lab_free(l);
	}
	assert_true(several > 5 || fit_brief());
}

/* Two words that pull to two topics, alpha .1: the even gamma is a saddle, the usual start sits on it; the two corners are the optima. */
static void test_saddle(void **state)
{
	(void)state;
	struct doc x = {.alpha = {.1, .1}, .beta = {.5, .2, .3, .3, .2, .5}, .count = {1, 0, 1}};
	open_doc(&x, 2, 3);
	struct em_lab *l = lab(&x, 1);
	assert_int_equal(l->places, 3);
	fit_near(l->place[0].elbo, l->place[1].elbo, 1e-9);
	assert_true(l->place[2].saddle && l->place[2].usual && !l->place[0].saddle && !l->place[1].saddle);
	fit_near(l->place[2].gamma[0], l->place[2].gamma[1], 1e-9);
	assert_true(l->place[2].elbo < l->place[0].elbo - 1e-3);
	em_lab_free(l);
}

static void test_edges(void **state)
{
	(void)state;
	struct em_lab *l;
	struct em_err err;
	struct doc none = {.alpha = {.5, .5}, .beta = {.5, .5}, .count = {0}}, one = {.alpha = {.5}, .beta = {.3, .7}, .count = {2, 3}},
	           apart = {.alpha = {.2, .4}, .beta = {.6, 0, 0, .8}, .count = {2, 1}}, impossible = {.alpha = {.2, .4}, .beta = {.6, .1, 0, 0}, .count = {2, 1}};
	open_doc(&none, 2, 1);
	open_doc(&one, 1, 2);
	open_doc(&apart, 2, 2);
	open_doc(&impossible, 2, 2);
	l = lab(&none, 1);
	assert_true(l->log_p == 0 && l->places == 1);
	em_lab_free(l);
	l = lab(&one, 1);
	fit_near(l->log_p, 2 * log(.3) + 3 * log(.7), 1e-12);
	fit_near(l->answer[EM_LAB_BEST].bound, l->log_p, 1e-12);
	fit_near(l->answer[EM_LAB_HARD].bound, l->log_p, 1e-12);
	em_lab_free(l);
	l = lab(&apart, 1); /* nothing is hidden: every E-step is exact */
	for (int i = 0; i < EM_LAB_METHODS; i++)
		fit_near(l->answer[i].off_z, 0, 1e-12);
	fit_near(l->answer[EM_LAB_HARD].bound, l->log_p, 1e-12);
	em_lab_free(l);
	assert_int_equal(em_lab_new(&impossible.d, 10, 1, NULL, &l, &err), EM_USAGE);
	l = NULL;
	assert_int_equal(em_lab_new(&apart.d, 0, 1, NULL, &l, &err), EM_OK); /* the exact one is too dear */
	assert_true(!l->answer[EM_LAB_EXACT].made && isnan(l->log_p) && isnan(l->answer[EM_LAB_BEST].off_z));
	em_lab_free(l);
}

static bool at_once(void *self)
{
	(void)self;
	return true;
}

static void test_cancelled_and_repeated(void **state)
{
	(void)state;
	uint64_t rng = 9;
	struct doc x;
	struct em_err err;
	struct em_lab *a, *b;
	random_doc(&x, &rng, 3, 4, 3);
	assert_int_equal(em_lab_new(&x.d, 0, 1, &(struct em_stop){at_once, NULL}, &a, &err), EM_CANCELLED);
	a = lab(&x, 4);
	b = lab(&x, 4);
	for (int i = 0; i < EM_LAB_METHODS; i++)
		assert_memory_equal(a->answer[i].mean, b->answer[i].mean, 3 * sizeof(double));
	em_lab_free(a);
	em_lab_free(b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_against_enumeration), cmocka_unit_test(test_places), cmocka_unit_test(test_saddle),
	                                   cmocka_unit_test(test_edges), cmocka_unit_test(test_cancelled_and_repeated)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
