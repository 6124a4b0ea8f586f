/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Special functions against tabulated values; the exact evidence against enumeration, quadrature and itself. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/special.h"
#include "small.h"
#include "fit.h"

/* 50-digit arithmetic: recurrence up to 60, then the asymptotic series with 25 Bernoulli numbers. */
static void test_special_functions(void **state)
{
	(void)state;
	static const double table[][4] = {
		{0.001, -1000.5755719318102592, 1000001.6425331959035, 6.9071788853838533839},
		{0.1, -10.423754940411077641, 101.43329915079276304, 2.2527126517342059842},
		{0.5, -1.963510026021423549, 4.9348022005446789962, 0.57236494292470008194},
		{1, -0.57721566490153286555, 1.6449340668482264061, 0},
		{1.4616321449683623, -3.9928730412463045618e-17, 0.96767224544762120431, -0.12148629053584961146},
		{2, 0.42278433509846713445, 0.64493406684822640607, 0},
		{7.25, 1.9104535268837359308, 0.1478792331589321718, 7.0521854507385395294},
		{100, 4.6001618527380871981, 0.010050166663333571365, 359.13420536957539753},
		{12345.5, 9.4210064020526846917, 8.1004455200744420167e-05, 103958.24296512322326},
		{1e8, 18.420680738952366795, 1.0000000049999999398e-08, 1742068066.1038346291},
	};
	for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
		const double *t = table[i];
		assert_true(fabs(special_digamma(t[0]) - t[1]) <= 1e-14 * (1 + fabs(t[1])));
		assert_true(fabs(special_trigamma(t[0]) - t[2]) <= 1e-14 * (t[2] < 1 ? t[2] + 1e-3 : t[2]));
		assert_true(fabs(special_lgamma(t[0]) - t[3]) <= 1e-14 * (1 + fabs(t[3])));
	}
	double a[] = {0.3, 2, 5};
	assert_true(fabs(special_log_norm(a, 3) - (lgamma(7.3) - lgamma(0.3) - lgamma(2) - lgamma(5))) < 1e-12);
	double v[] = {-1000, -1001, -INFINITY};
	assert_true(fabs(special_log_sum_exp(v, 3) - (-1000 + log1p(exp(-1)))) < 1e-12);
	assert_true(special_log_sum_exp(v + 2, 1) == -INFINITY);
	assert_true(special_log_sum_exp(v, 0) == -INFINITY);
}

static void test_beta_quantiles(void **state)
{
	(void)state;
	static const double p[] = {0.05, 0.5, 0.95};
	for (size_t i = 0; i < 3; i++) {
		assert_true(fabs(special_beta_quantile(p[i], 1, 1) - p[i]) < 1e-12);
		assert_true(fabs(special_beta_quantile(p[i], 3, 1) - cbrt(p[i])) < 1e-12);
		assert_true(fabs(special_beta_quantile(p[i], 1, 4) - (1 - pow(1 - p[i], 0.25))) < 1e-12);
		double s = sin(M_PI / 2 * p[i]); /* the arcsine law */
		assert_true(fabs(special_beta_quantile(p[i], 0.5, 0.5) - s * s) < 1e-11);
		/* Symmetry, in shapes that documents have. */
		double x = special_beta_quantile(p[i], 20.1, 80.3), y = special_beta_quantile(1 - p[i], 80.3, 20.1);
		assert_true(fabs(x + y - 1) < 1e-10);
	}
	double tiny = special_beta_quantile(0.05, 0.01, 30.1), large = special_beta_quantile(0.95, 1e6, 1e6);
	assert_true(tiny >= 0 && tiny < 1e-100);
	assert_true(fabs(large - (0.5 + 1.6448536 * sqrt(0.125e-6))) < 1e-6);
}

/* p(w) by summing over all z in K^N: DM(n(z)) prod beta. */
static double enumerate(size_t k, const double *alpha, const double *beta, size_t n, const unsigned *words)
{
	size_t z[12] = {0};
	double total = 0, a = 0;
	for (size_t i = 0; i < k; i++)
		a += alpha[i];
	for (;;) {
		double p = exp(lgamma(a) - lgamma(a + (double)n));
		for (size_t i = 0; i < k; i++) {
			double m = 0;
			for (size_t j = 0; j < n; j++)
				m += z[j] == i;
			p *= exp(lgamma(alpha[i] + m) - lgamma(alpha[i]));
		}
		for (size_t j = 0; j < n; j++)
			p *= beta[words[j] * k + z[j]];
		total += p;
		size_t at = 0;
		while (at < n && ++z[at] == k)
			z[at++] = 0;
		if (at == n)
			return log(total);
	}
}

struct micro {
	size_t k, n, pairs;
	double alpha[8], beta[6 * 8];
	unsigned words[12], term[6], count[6];
};

static void make(struct micro *m, uint64_t *rng, size_t k, size_t n)
{
	*m = (struct micro){.k = k, .n = n};
	for (size_t i = 0; i < k; i++) {
		double sum = 0;
		m->alpha[i] = exp(-3 + 4 * small_uniform(rng));
		for (size_t v = 0; v < 6; v++)
			sum += m->beta[v * k + i] = pow(small_uniform(rng), 4) + 1e-12;
		for (size_t v = 0; v < 6; v++)
			m->beta[v * k + i] /= sum;
	}
	for (size_t j = 0; j < n; j++)
		m->words[j] = (unsigned)(small_next(rng) % 6);
	for (unsigned v = 0; v < 6; v++) {
		unsigned c = 0;
		for (size_t j = 0; j < n; j++)
			c += m->words[j] == v;
		if (c) {
			m->term[m->pairs] = v;
			m->count[m->pairs++] = c;
		}
	}
}

static double urn(const struct micro *m)
{
	double x = NAN;
	struct em_err err;
	if (em_urn_log_evidence(m->k, m->alpha, m->beta, m->k, m->pairs, m->term, m->count, &x, NULL, NULL, &err))
		fail_msg("%s", err.msg);
	return x;
}

static void test_urn_against_enumeration(void **state)
{
	(void)state;
	static const size_t most[] = {0, 12, 10, 8, 6, 5, 4, 4};
	uint64_t rng = 5;
	for (int trial = 0; trial < 300; trial++) {
		struct micro m;
		size_t k = 1 + (size_t)trial % 7, n = small_next(&rng) % (most[k] + 1);
		make(&m, &rng, k, n);
		double want = enumerate(k, m.alpha, m.beta, n, m.words);
		assert_true(fabs(urn(&m) - want) < 1e-12 * (1 + fabs(want)));
		for (size_t i = 0; i < m.pairs / 2; i++) { /* the order of the words does not matter */
			unsigned t = m.term[i], c = m.count[i];
			m.term[i] = m.term[m.pairs - 1 - i];
			m.count[i] = m.count[m.pairs - 1 - i];
			m.term[m.pairs - 1 - i] = t;
			m.count[m.pairs - 1 - i] = c;
		}
		assert_true(fabs(urn(&m) - want) < 1e-12 * (1 + fabs(want)));
	}
}

/* K = 2, alpha = (1, 1): theta is uniform, so p(w) is the integral of a polynomial of degree N over [0,1]; by Simpson's rule
 * on many points. Long documents, up to where a careless order of the words would underflow. */
static void test_urn_against_quadrature(void **state)
{
	(void)state;
	static const unsigned lengths[] = {10, 60, 200, 1500};
	for (size_t l = 0; l < 4; l++) {
		enum { POINTS = 200000 };
		double alpha[] = {1, 1}, beta[] = {0.6, 0.01, 0.3, 0.2, 0.1, 0.79}, got;
		unsigned term[] = {0, 1, 2}, count[] = {lengths[l] / 2, lengths[l] / 5, 0};
		struct em_err err;
		count[2] = lengths[l] - count[0] - count[1];
		assert_int_equal(em_urn_log_evidence(2, alpha, beta, 2, 3, term, count, &got, NULL, NULL, &err), EM_OK);
		double top = -INFINITY, sum = 0, *f = calloc(POINTS + 1, sizeof *f);
		for (int i = 0; i <= POINTS; i++) {
			double x = (double)i / POINTS;
			for (int w = 0; w < 3; w++)
				f[i] += count[w] * log(x * beta[2 * w] + (1 - x) * beta[2 * w + 1]);
			top = fmax(top, f[i]);
		}
		for (int i = 0; i <= POINTS; i++)
			sum += exp(f[i] - top) * (i == 0 || i == POINTS ? 1 : i % 2 ? 4 : 2);
		double want = top + log(sum / 3 / POINTS);
		free(f);
		if (fabs(got - want) > 1e-10 * fabs(want))
			fail_msg("N=%u: %.15g against %.15g", lengths[l], got, want);
	}
}

static bool at_once(void *self)
{
	(void)self;
	return true;
}

static void test_urn_limits(void **state)
{
	(void)state;
	double alpha[20], beta[20], x;
	unsigned term[] = {0}, count[] = {200};
	struct em_err err;
	for (size_t i = 0; i < 20; i++) {
		alpha[i] = 0.1;
		beta[i] = 0.5;
	}
	assert_int_equal(em_urn_log_evidence(20, alpha, beta, 20, 1, term, count, &x, NULL, NULL, &err), EM_USAGE);
	assert_int_equal(em_urn_log_evidence(3, alpha, beta, 3, 1, term, count, &x, at_once, NULL, &err), EM_CANCELLED);
	assert_int_equal(em_urn_log_evidence(3, alpha, beta, 3, 1, term, count, &x, NULL, NULL, &err), EM_OK);
	assert_true(fabs(x - 200 * log(0.5)) < 1e-10); /* equal topics: no mixture at all */
	assert_int_equal(em_urn_log_evidence(3, alpha, beta, 3, 0, term, count, &x, NULL, NULL, &err), EM_OK);
	assert_true(x == 0);
	assert_true(isinf(em_urn_cost(100, 4)) && isinf(em_urn_cost(20, 200)) && em_urn_cost(1, 100000) < 1e-3);
	assert_true(fabs(em_urn_cost(4, 40) - 12341 * (0.2e-9 * 40 + 2e-9 * 4)) < 1e-15);
}

/* The corpus is exact when every document is within the budget, and the choice goes by the fixed cost. */
static void test_budget(void **state)
{
	(void)state;
	static const struct {
		const char *budget, *step;
		bool exact;
	} cases[] = {{"0.1", "2", true}, {"0", "2", false}, {"1e-12", "2", false}, {"0.1", "0", false}};
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct em_corpus *c = small_random(2, 6, 8, 12);
		struct em_data data = {EM_DATA_CORPUS, "x", c->docs, c, NULL, NULL};
		struct em_settings *s = small_settings("components", "3", "evidence_budget", cases[i].budget, "evidence_step",
		                                       cases[i].step, NULL);
		struct em_run *run;
		struct em_err err;
		assert_int_equal(em_run_new(em_model_named("lda"), &data, s, &em_evidence_exact, NULL, NULL, &run, &err), EM_OK);
		const struct em_entry *e = em_run_entry(run);
		assert_int_equal(e->evidence, cases[i].exact ? EM_EVIDENCE_EXACT : EM_EVIDENCE_NONE);
		assert_true(isnan(e->kl) == !cases[i].exact);
		em_run_free(run);
		em_settings_release(s);
		small_free(c);
	}
}

/* Many topics: documents of a few words have an exact log p, the others none, and the run goes on. */
static void test_many_topics(void **state)
{
	(void)state;
	static const char *const ks[] = {"20", "64", "65", "300"};
	for (size_t i = 0; i < (fit_brief() ? 1 : 4); i++) {
		struct em_corpus *c = small_random(8, 30, 40, 40);
		struct em_data data = {EM_DATA_CORPUS, "x", c->docs, c, NULL, NULL};
		struct em_settings *s = small_settings("components", ks[i], NULL);
		const struct em_snapshot *snap;
		struct em_run *run;
		struct em_err err;
		size_t known = 0;
		if (em_run_new(em_model_named("lda"), &data, s, &em_evidence_exact, NULL, NULL, &run, &err) ||
		    em_run_step(run, EM_ITERATION, NULL, &err) || em_run_snapshot(run, &snap, &err))
			fail_msg("%s", err.msg);
		for (size_t d = 0; d < c->docs; d++)
			known += isnan(snap->obs[d].log_evidence) ? 0 : 1;
		assert_true(known < c->docs && known > 0);
		em_snapshot_release(snap);
		em_run_free(run);
		em_settings_release(s);
		small_free(c);
	}
}

/* The method goes by the fixed costs, and what it gives is what each method gives. */
static void test_choice(void **state)
{
	(void)state;
	static const struct {
		const char *ks, *want;
		unsigned counts[6];
	} cases[] = {{"3", "urn sum", {1, 2, 1, 0, 1, 3}},
	             {"3", "quadrature", {100, 90, 20, 300, 20, 1}},
	             {"40", "sum by topics", {1, 2, 1, 0, 1, 3}},
	             {"40", "none", {30, 30, 30, 30, 30, 30}}};
	for (size_t i = 0; i < 4; i++) {
		struct em_corpus *c = small_corpus(1, 6, cases[i].counts);
		struct em_data data = {EM_DATA_CORPUS, "x", c->docs, c, NULL, NULL};
		struct em_settings *s = small_settings("components", cases[i].ks, NULL);
		const struct em_snapshot *snap = NULL;
		struct em_run *run;
		struct em_err err;
		if (em_run_new(em_model_named("lda"), &data, s, &em_evidence_exact, NULL, NULL, &run, &err) ||
		    em_run_snapshot(run, &snap, &err))
			fail_msg("%s", err.msg);
		const struct em_problem *p = snap->problem;
		assert_string_equal(em_evidence_method(p, 0), cases[i].want);
		assert_true(isinf(em_evidence_exact.cost(p, 0)) == (i == 3));
		double got;
		if (em_evidence_exact.log_evidence(p, snap->theta, 0, &got, NULL, NULL, &err) != (i == 3 ? EM_USAGE : EM_OK))
			fail_msg("%s", i == 3 ? "too large" : err.msg);
		assert_true(i == 3 || fabs(got - snap->obs[0].log_evidence) < 1e-12 * fabs(got));
		em_snapshot_release(snap);
		em_run_free(run);
		em_settings_release(s);
		small_free(c);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_special_functions),       cmocka_unit_test(test_beta_quantiles),
		cmocka_unit_test(test_urn_against_enumeration), cmocka_unit_test(test_urn_against_quadrature),
		cmocka_unit_test(test_urn_limits),              cmocka_unit_test(test_budget),
		cmocka_unit_test(test_many_topics),             cmocka_unit_test(test_choice),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
