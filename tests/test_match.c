/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Distances between components, and the assignment, against every permutation. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "elbow/match.h"
#include "fit.h"

static double best_of(size_t n, size_t m, const double *cost, size_t i, unsigned used)
{
	double best = INFINITY;
	if (i == n)
		return 0;
	for (size_t j = 0; j < m; j++)
		if (!(used & 1u << j))
			best = fmin(best, cost[i * m + j] + best_of(n, m, cost, i + 1, used | 1u << j));
	return best;
}

static void test_assignment(void **state)
{
	(void)state;
	uint64_t rng = 1;
	for (int trial = 0; trial < (fit_brief() ? 20 : 300); trial++) {
		size_t n = 1 + small_next(&rng) % 6, m = n + small_next(&rng) % 2, to[8];
		double cost[7 * 8], sum = 0;
		unsigned used = 0;
		struct em_err err;
		for (size_t i = 0; i < n * m; i++)
			cost[i] = trial % 3 ? small_uniform(&rng) : (double)(small_next(&rng) % 3);
		assert_int_equal(em_assign(n, m, cost, to, &err), EM_OK);
		for (size_t i = 0; i < n; i++) {
			assert_true(to[i] < m && !(used & 1u << to[i]));
			used |= 1u << to[i];
			sum += cost[i * m + to[i]];
		}
		fit_near(sum, best_of(n, m, cost, 0, 0), 1e-12);
	}
}

static double distance(const char *model, size_t k, const double *theta, size_t size)
{
	struct em_array a = {.name = "pi"};
	struct em_problem p = {.model = em_model_named(model), .layout = {.components = k, .theta_arrays = 1, .theta_size = size}};
	if (strcmp(model, "unigrams") == 0)
		a = (struct em_array){"topics", 2, {k, size / k}, {size / k, 1}, 0, EM_SIMPLEX_ROWS};
	else if (strcmp(model, "poisson") == 0)
		a = (struct em_array){"rates", 1, {k}, {1}, 0, EM_POSITIVE};
	else if (strcmp(model, "bernoulli") == 0)
		a = (struct em_array){"probabilities", 2, {k, size / k}, {size / k, 1}, 0, EM_PROBABILITY};
	else if (strcmp(model, "factor") == 0)
		a = (struct em_array){"loadings", 2, {k, size / k}, {size / k, 1}, 0, EM_FREE};
	p.layout.theta[0] = a;
	if (strcmp(model, "gmm") == 0) { /* one column: means, then variances */
		p.layout.theta_arrays = 2;
		p.layout.theta[0] = (struct em_array){"means", 2, {k, 1}, {1, 1}, 0, EM_FREE};
		p.layout.theta[1] = (struct em_array){"covariances", 3, {k, 1, 1}, {1, 1, 1}, k, EM_POSITIVE_DEFINITE};
	}
	return em_component_distance(&p, theta, 0, &p, theta, 1);
}

/* Against sums and integrals. */
static void test_distances(void **state)
{
	(void)state;
	fit_near(distance("unigrams", 2, (double[]){.5, .5, 0, .5, 0, .5}, 6), sqrt(.5), 1e-15);
	fit_near(distance("unigrams", 2, (double[]){1, 0, 0, 1}, 4), 1, 0);
	fit_near(distance("unigrams", 2, (double[]){.2, .8, .2, .8}, 4), 0, 1e-7);
	double sum = 0, log_fact = 0;
	for (int x = 0; x < 200; x++) {
		log_fact += x ? log(x) : 0;
		sum += exp((-3 + x * log(3) - log_fact) / 2 + (-7.5 + x * log(7.5) - log_fact) / 2);
	}
	fit_near(distance("poisson", 2, (double[]){3, 7.5}, 2), sqrt(1 - sum), 1e-12);
	sum = 0;
	for (int x = 0; x < 4; x++) {
		double p = (x & 1 ? .2 : .8) * (x & 2 ? .6 : .4), q = (x & 1 ? .9 : .1) * (x & 2 ? .5 : .5);
		sum += sqrt(p * q);
	}
	fit_near(distance("bernoulli", 2, (double[]){.2, .6, .9, .5}, 4), sqrt(1 - sum), 1e-14);
	sum = 0;
	for (double x = -60; x < 60; x += 0.001)
		sum += 0.001 * sqrt(exp(-(x - 1) * (x - 1) / (2 * 4)) / sqrt(2 * M_PI * 4) * exp(-(x + 2) * (x + 2) / (2 * 9)) / sqrt(2 * M_PI * 9));
	fit_near(distance("gmm", 2, (double[]){1, -2, 4, 9}, 4), sqrt(1 - sum), 1e-9);
	fit_near(distance("factor", 2, (double[]){1, 0, -3, 0}, 4), 0, 0);
	fit_near(distance("factor", 2, (double[]){1, 0, 0, 2}, 4), 1, 0);
	assert_true(isnan(distance("linkage", 2, (double[]){.5}, 1)));
}

/* The topics of a run, in another order, are found again; with one topic fewer one is left over. */
static void test_match(void **state)
{
	(void)state;
	struct fit f, g;
	fit_open(&f, "unigrams", small_random(2, 30, 20, 40), NULL, NULL, "components", "4", NULL);
	fit_open(&g, "unigrams", small_random(2, 30, 20, 40), NULL, NULL, "components", "3", NULL);
	fit_step(&f, EM_ITERATION);
	const struct em_snapshot *s = fit_look(&f), *t = fit_look(&g);
	const struct em_layout *l = &s->problem->layout;
	double *theta = malloc(l->theta_size * sizeof *theta), distance_of[4];
	size_t to[4], left = 0;
	memcpy(theta, s->theta, l->theta_size * sizeof *theta);
	const struct em_array *a = l->theta + 1;
	assert_string_equal(a->name, "topics");
	for (size_t k = 0; k < 4; k++)
		for (size_t v = 0; v < 20; v++)
			theta[a->offset + ((k + 1) % 4) * a->stride[0] + v * a->stride[1]] = s->theta[a->offset + k * a->stride[0] + v * a->stride[1]];
	assert_int_equal(em_match(s->problem, s->theta, s->problem, theta, to, distance_of, &f.err), EM_OK);
	for (size_t k = 0; k < 4; k++) {
		assert_int_equal(to[k], (k + 1) % 4);
		fit_near(distance_of[k], 0, 1e-7);
	}
	assert_int_equal(em_match(s->problem, s->theta, t->problem, t->theta, to, distance_of, &f.err), EM_OK);
	for (size_t k = 0; k < 4; k++) {
		left += to[k] == SIZE_MAX;
		assert_true(isnan(distance_of[k]) == (to[k] == SIZE_MAX));
	}
	assert_int_equal(left, 1);
	free(theta);
	em_snapshot_release(s);
	em_snapshot_release(t);
	fit_close(&f);
	fit_close(&g);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_assignment), cmocka_unit_test(test_distances), cmocka_unit_test(test_match)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
