/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The exact evidence of a document by three methods, and its exact posterior: against enumeration, against each other,
 * against published and independent numbers. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "elbow/evidence.h"
#include "evidence/jacobi.h"
#include "small.h"

enum { TOPICS = 12, TERMS = 600, LONGEST = 6000 };

struct doc {
	struct em_document d;
	double alpha[TOPICS], beta[TERMS * TOPICS];
	unsigned term[TERMS], count[TERMS];
	size_t tokens;
};

static bool few(void)
{
	return getenv("ELBOW_VALGRIND") != NULL;
}

/* sharp: topics from flat (0) to sparse, with zeros (8). */
static void make(struct doc *x, uint64_t *rng, size_t k, size_t tokens, size_t terms, double alpha, double sharp)
{
	unsigned all[TERMS] = {0};
	*x = (struct doc){.tokens = tokens};
	x->d = (struct em_document){k, k, 0, x->alpha, x->beta, x->term, x->count};
	for (size_t i = 0; i < k; i++)
		x->alpha[i] = alpha * (0.5 + small_uniform(rng));
	for (size_t v = 0; v < terms; v++)
		for (size_t i = 0; i < k; i++) {
			double u = pow(small_uniform(rng), sharp);
			x->beta[v * k + i] = sharp > 4 && u < 1e-3 && i != v % k ? 0 : (u + 1e-9) / (double)terms;
		}
	for (size_t j = 0; j < tokens; j++)
		all[(size_t)((double)terms * pow(small_uniform(rng), 2))]++;
	for (unsigned v = 0; v < terms; v++)
		if (all[v]) {
			x->term[x->d.pairs] = v;
			x->count[x->d.pairs++] = all[v];
		}
}

static double urn(const struct doc *x)
{
	struct em_err err;
	double p = NAN;
	if (em_urn_log_evidence(x->d.topics, x->alpha, x->beta, x->d.stride, x->d.pairs, x->term, x->count, &p, NULL, NULL, &err))
		fail_msg("%s", err.msg);
	return p;
}

static double quadrature(const struct doc *x, double *error)
{
	struct em_err err;
	double p = NAN;
	if (em_quadrature_log_evidence(&x->d, &p, error, NULL, &err))
		fail_msg("%s", err.msg);
	return p;
}

/* E[t^p] and E[(1-t)^p] of Beta(a,b), up to the highest p that the rule has exactly, whatever the shapes. */
static void test_rule(void **state)
{
	(void)state;
	static const double shape[] = {1e-6, 1e-3, 0.02, 0.5, 1, 10, 1e4};
	static const size_t sizes[] = {1, 2, 3, 10, 40, 333};
	double t[333], u[333], log_weight[333], work[4 * 333];
	for (size_t i = 0; i < 7 * 7 * (few() ? 5 : 6); i++) {
		double a = shape[i % 7], b = shape[i / 7 % 7];
		size_t m = sizes[i / 49];
		jacobi_rule(a, b, m, t, u, log_weight, work);
		for (size_t j = 0; j < m; j++)
			if (!(t[j] >= 0 && u[j] > 0 && (j == 0 || (t[j] >= t[j - 1] && u[j] < u[j - 1]))))
				fail_msg("nodes of Beta(%g, %g) are out of order", a, b);
		for (int side = 0; side < 2; side++)
			for (size_t p = 0; p < 2 * m; p += p < 4 || p + 2 > 2 * m ? 1 : 2 * m - 1 - p) {
				double want = 0, top = -INFINITY, sum = 0;
				for (size_t n = 0; n < p; n++)
					want += log(((side ? b : a) + (double)n) / (a + b + (double)n));
				for (size_t j = 0; j < m; j++)
					top = fmax(top, log_weight[j] + (double)p * log(side ? u[j] : t[j]));
				for (size_t j = 0; j < m; j++)
					sum += exp(log_weight[j] + (double)p * log(side ? u[j] : t[j]) - top);
				if (fabs(top + log(sum) - want) > 1e-12 * (1 + fabs(want)))
					fail_msg("Beta(%g, %g), %zu nodes, moment %zu: %.15g, not %.15g", a, b, m, p, top + log(sum), want);
			}
	}
}

/* Random documents, of many kinds, where the urn sum is affordable. */
static void test_quadrature_against_urn(void **state)
{
	(void)state;
	static const size_t longest[] = {0, 0, 2000, 180, 60, 30, 20};
	static const double alphas[] = {0.02, 0.1, 0.5, 1, 10};
	uint64_t rng = 11;
	for (int trial = 0; trial < (few() ? 15 : 120); trial++) {
		struct doc x;
		size_t k = 2 + (size_t)trial % 5, most = longest[k] / (few() ? 4 : 1);
		size_t n = 1 + (size_t)((double)most * pow(small_uniform(&rng), 2));
		make(&x, &rng, k, n, 5 + small_next(&rng) % 200, alphas[small_next(&rng) % 5], (double)(small_next(&rng) % 9));
		double error, want = urn(&x), got = quadrature(&x, &error);
		if (fabs(got - want) > 2.2e-11 + 1e-14 * fabs(want) || (n < 60 && fabs(got - want) > 1e-12 * (1 + fabs(want))))
			fail_msg("K=%zu N=%zu: %.15g, not %.15g: %.1e", k, n, got, want, got - want);
		assert_true(error >= 0 && error < 5e-11 + 1e-14 * fabs(want));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rule),
		cmocka_unit_test(test_quadrature_against_urn),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
