/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Mixtures of Gaussians: against inverses and determinants, published numbers, and what holds at any step. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "data/faithful.h"
#include "gauss.h"

/* ---- the same EM with inverses, determinants and two passes ---- */

struct plain {
	size_t rows, d, k;
	int kind;
	const double *x;
	double weight[GAUSS_COMPONENTS], mean[GAUSS_COMPONENTS][GAUSS_MOST];
	gauss_matrix cov[GAUSS_COMPONENTS];
	double *q; /* [rows][k] */
};

static struct plain *plain_open(const struct em_snapshot *s, int kind)
{
	const struct em_points *x = s->problem->data->points;
	struct plain *f = calloc(1, sizeof *f);
	f->rows = x->rows;
	f->d = x->columns;
	f->k = s->problem->layout.components;
	f->kind = kind;
	f->x = x->x;
	f->q = calloc(f->rows * f->k, sizeof *f->q);
	for (size_t k = 0; k < f->k; k++) {
		f->weight[k] = fit_theta(s, "weights", k, 0);
		for (size_t i = 0; i < f->d; i++) {
			f->mean[k][i] = fit_theta(s, "means", k, i);
			for (size_t j = 0; j < f->d; j++)
				f->cov[k][i][j] = gauss_covariance(s, k, i, j);
		}
	}
	return f;
}

static void plain_close(struct plain *f)
{
	free(f->q);
	free(f);
}

/* The E-step; log p under the parameters as they are. */
static double plain_e(struct plain *f)
{
	double log_p = 0, det[GAUSS_COMPONENTS];
	static gauss_matrix inverse[GAUSS_COMPONENTS];
	for (size_t k = 0; k < f->k; k++) {
		memcpy(inverse[k], f->cov[k], sizeof(gauss_matrix));
		det[k] = gauss_invert(f->d, inverse[k]);
	}
	for (size_t n = 0; n < f->rows; n++) {
		double *q = f->q + n * f->k, most = -INFINITY, sum = 0;
		for (size_t k = 0; k < f->k; k++) {
			double form = 0;
			for (size_t i = 0; i < f->d; i++)
				for (size_t j = 0; j < f->d; j++)
					form += (f->x[n * f->d + i] - f->mean[k][i]) * inverse[k][i][j] * (f->x[n * f->d + j] - f->mean[k][j]);
			q[k] = log(f->weight[k]) - ((double)f->d * GAUSS_LOG_TURN + det[k] + form) / 2;
			most = fmax(most, q[k]);
		}
		for (size_t k = 0; k < f->k; k++)
			sum += exp(q[k] - most);
		for (size_t k = 0; k < f->k; k++)
			q[k] = exp(q[k] - most) / sum;
		log_p += most + log(sum);
	}
	return log_p;
}

static void plain_shape(struct plain *f, const double *count)
{
	for (size_t k = 0; k < f->k; k++) {
		double mean = 0;
		for (size_t i = 0; i < f->d; i++)
			mean += f->cov[k][i][i] / (double)f->d;
		for (size_t i = 0; i < f->d; i++)
			for (size_t j = 0; j < f->d && (f->kind == GAUSS_DIAGONAL || f->kind == GAUSS_SPHERICAL); j++)
				f->cov[k][i][j] = i != j ? 0 : f->kind == GAUSS_SPHERICAL ? mean : f->cov[k][i][i];
	}
	for (size_t i = 0; i < f->d && f->kind == GAUSS_TIED; i++)
		for (size_t j = 0; j < f->d; j++) {
			double sum = 0;
			for (size_t k = 0; k < f->k; k++)
				sum += count[k] / (double)f->rows * f->cov[k][i][j];
			for (size_t k = 0; k < f->k; k++)
				f->cov[k][i][j] = sum;
		}
}

static void plain_m(struct plain *f)
{
	double count[GAUSS_COMPONENTS] = {0};
	for (size_t k = 0; k < f->k; k++) {
		memset(f->mean[k], 0, sizeof f->mean[k]);
		memset(f->cov[k], 0, sizeof f->cov[k]);
		for (size_t n = 0; n < f->rows; n++)
			count[k] += f->q[n * f->k + k];
		for (size_t n = 0; n < f->rows; n++)
			for (size_t i = 0; i < f->d; i++)
				f->mean[k][i] += f->q[n * f->k + k] * f->x[n * f->d + i] / count[k];
		for (size_t n = 0; n < f->rows; n++)
			for (size_t i = 0; i < f->d; i++)
				for (size_t j = 0; j < f->d; j++)
					f->cov[k][i][j] += f->q[n * f->k + k] * (f->x[n * f->d + i] - f->mean[k][i]) *
					                   (f->x[n * f->d + j] - f->mean[k][j]) / count[k];
		f->weight[k] = count[k] / (double)f->rows;
	}
	plain_shape(f, count);
}

static void compare(struct fit *f, const struct plain *x, double room)
{
	const struct em_snapshot *s = fit_look(f);
	for (size_t k = 0; k < x->k; k++) {
		fit_near(fit_theta(s, "weights", k, 0), x->weight[k], room);
		for (size_t i = 0; i < x->d; i++) {
			fit_near(fit_theta(s, "means", k, i), x->mean[k][i], room * (1 + fabs(x->mean[k][i])));
			for (size_t j = 0; j < x->d; j++)
				fit_near(gauss_covariance(s, k, i, j), x->cov[k][i][j], room * (1 + fabs(x->cov[k][i][j])));
		}
		for (size_t n = 0; n < x->rows; n++)
			fit_near(fit_q(s, "responsibilities", n, k), x->q[n * x->k + k], room);
	}
	em_snapshot_release(s);
}

static void follow(struct fit *f, int kind, int iterations)
{
	const struct em_snapshot *s = fit_look(f);
	struct plain *x = plain_open(s, kind);
	em_snapshot_release(s);
	for (int i = 0; i < iterations; i++) {
		double log_p = plain_e(x);
		fit_step(f, EM_PHASE);
		fit_near(fit_entry(f)->log_evidence, log_p, 1e-9 + 1e-12 * fabs(log_p));
		fit_near(fit_entry(f)->elbo, log_p, 1e-9 + 1e-12 * fabs(log_p));
		plain_m(x);
		fit_step(f, EM_PHASE);
		compare(f, x, 1e-9);
	}
	plain_close(x);
}

static void test_plain_implementation(void **state)
{
	(void)state;
	static const size_t columns[] = {1, 2, 3, 8};
	for (int kind = 0; kind < 4; kind++)
		for (size_t i = 0; i < (fit_brief() ? 2 : 4); i++) {
			size_t d = columns[i], rows = 60 + 40 * d;
			double *x = gauss_draw(17 * i + (uint64_t)kind + 1, rows, d, 3, 1, 1);
			struct fit f;
			fit_open(&f, "gmm", NULL, gauss_table(rows, d, x), NULL, "components", "3", "covariance", gauss_kinds[kind], "init",
			         "observations", "seed", "4", NULL);
			free(x);
			follow(&f, kind, 12);
			fit_close(&f);
		}
}

/* ---- published ---- */

static void test_faithful(void **state)
{
	(void)state;
	static const double weights[] = {.5, .5}, means[] = {2, 55, 4.5, 80}, cov[] = {1, 0, 0, 100, 1, 0, 0, 100};
	double *theta = gauss_theta(2, 2, weights, means, cov);
	struct fit f;
	fit_open(&f, "gmm", NULL, gauss_table(FAITHFUL, 2, &faithful[0][0]), theta, NULL);
	free(theta);
	fit_near(gauss_finish(&f, 40), -1130.26396018, 1e-8);
	const struct em_snapshot *s = fit_look(&f);
	fit_near(fit_theta(s, "weights", 0, 0), .3558729, 5e-8);
	fit_near(fit_theta(s, "means", 0, 0), 2.036388, 5e-7);
	fit_near(fit_theta(s, "means", 0, 1), 54.478516, 5e-7);
	fit_near(fit_theta(s, "means", 1, 0), 4.289662, 5e-7);
	fit_near(fit_theta(s, "means", 1, 1), 79.968115, 5e-7);
	em_snapshot_release(s);
	fit_close(&f);
	fit_open(&f, "gmm", NULL, gauss_table(FAITHFUL, 2, &faithful[0][0]), NULL, "components", "1", NULL);
	fit_near(gauss_finish(&f, 2), -1289.797, 5e-4);
	fit_close(&f);
}

/* Sample standard deviations: the published unit. */
static void test_units_of_the_density(void **state)
{
	(void)state;
	double x[FAITHFUL][2], mean[2] = {0}, sd[2] = {0}, logs = 0;
	for (int j = 0; j < 2; j++) {
		for (int n = 0; n < FAITHFUL; n++)
			mean[j] += faithful[n][j] / FAITHFUL;
		for (int n = 0; n < FAITHFUL; n++)
			sd[j] += (faithful[n][j] - mean[j]) * (faithful[n][j] - mean[j]) / (FAITHFUL - 1);
		sd[j] = sqrt(sd[j]);
		logs += FAITHFUL * log(sd[j]);
		for (int n = 0; n < FAITHFUL; n++)
			x[n][j] = (faithful[n][j] - mean[j]) / sd[j];
	}
	struct fit f;
	fit_open(&f, "gmm", NULL, gauss_table(FAITHFUL, 2, &x[0][0]), NULL, "init", "observations", NULL);
	fit_near(gauss_finish(&f, 60), -384.45885288, 1e-8);
	fit_near(fit_entry(&f)->log_evidence, -1130.26396018 + logs, 1e-8);
	fit_close(&f);
}

/* Three components of one covariance, the best of mclust's models: it stops at -1126.326, a hundredth below the maximum. */
static void test_faithful_tied(void **state)
{
	(void)state;
	static const double weights[] = {.4, .3, .3}, means[] = {2, 55, 3.8, 77, 4.5, 81};
	static const double cov[] = {.1, .3, .3, 30, .1, .3, .3, 30, .1, .3, .3, 30};
	double *theta = gauss_theta(3, 2, weights, means, cov);
	struct fit f;
	fit_open(&f, "gmm", NULL, gauss_table(FAITHFUL, 2, &faithful[0][0]), theta, "components", "3", "covariance", "tied", NULL);
	free(theta);
	fit_near(gauss_finish(&f, 300), -1126.3159278, 1e-6);
	fit_close(&f);
}

static void open_waiting(struct fit *f, const double *means)
{
	static const double weights[] = {.5, .5}, cov[] = {25, 25};
	double x[FAITHFUL], *theta = gauss_theta(2, 1, weights, means, cov);
	for (int n = 0; n < FAITHFUL; n++)
		x[n] = faithful[n][1];
	fit_open(f, "gmm", NULL, gauss_table(FAITHFUL, 1, x), theta, NULL);
	free(theta);
}

static void test_waiting(void **state)
{
	(void)state;
	struct fit f;
	open_waiting(&f, (double[]){55, 80});
	fit_near(gauss_finish(&f, 100), -1034.001750, 5e-7);
	const struct em_snapshot *s = fit_look(&f);
	fit_near(fit_theta(s, "weights", 0, 0), .3608868, 1e-6);
	fit_near(fit_theta(s, "means", 0, 0), 54.61489, 5e-5);
	fit_near(fit_theta(s, "means", 1, 0), 80.09109, 5e-5);
	fit_near(sqrt(gauss_covariance(s, 0, 0, 0)), 5.871219, 5e-7);
	fit_near(sqrt(gauss_covariance(s, 1, 0, 0)), 5.867734, 5e-7);
	em_snapshot_release(s);
	fit_close(&f);
	/* Components that are the same stay the same. */
	open_waiting(&f, (double[]){70, 70});
	fit_near(gauss_finish(&f, 10), -1095.289, 5e-4);
	s = fit_look(&f);
	assert_true(fit_theta(s, "means", 0, 0) == fit_theta(s, "means", 1, 0));
	assert_int_equal(s->verdict.kind, EM_STALLED);
	em_snapshot_release(s);
	fit_close(&f);
}

/* {1, 2, 3} from means 1 and 3, variances 1: alike for full, tied, estimated and fixed weights, since all is symmetric. */
static void test_three(void **state)
{
	(void)state;
	static const double x[] = {1, 2, 3}, weights[] = {.5, .5}, means[] = {1, 3}, cov[] = {1, 1};
	static const double want[] = {-4.389254, -3.549215, -3.486789, -3.418307};
	for (int i = 0; i < 8; i++) {
		double *theta = gauss_theta(2, 1, weights, means, cov);
		struct fit f;
		fit_open(&f, "gmm", NULL, gauss_table(3, 1, x), theta, "covariance", gauss_kinds[i % 4], "weights_update",
		         i < 4 ? "estimated" : "fixed", NULL);
		free(theta);
		for (int step = 0; step < 4; step++) {
			fit_near(fit_entry(&f)->log_evidence, want[step], 5e-7);
			fit_step(&f, EM_ITERATION);
		}
		fit_close(&f);
	}
}

/* ---- what holds at any step ---- */

/* E[log p(x|z)] under q by inverses, for another theta in the layout of the run. */
static double direct(const struct em_snapshot *s, const double *theta)
{
	struct em_snapshot other = *s;
	other.theta = theta;
	struct plain *x = plain_open(&other, GAUSS_FULL);
	double sum = 0;
	for (size_t k = 0; k < x->k; k++) {
		gauss_matrix inverse;
		memcpy(inverse, x->cov[k], sizeof inverse);
		double det = gauss_invert(x->d, inverse);
		for (size_t n = 0; n < x->rows; n++) {
			double form = 0;
			for (size_t i = 0; i < x->d; i++)
				for (size_t j = 0; j < x->d; j++)
					form += (x->x[n * x->d + i] - x->mean[k][i]) * inverse[i][j] * (x->x[n * x->d + j] - x->mean[k][j]);
			sum -= fit_q(s, "responsibilities", n, k) * ((double)x->d * GAUSS_LOG_TURN + det + form) / 2;
		}
	}
	plain_close(x);
	return sum;
}

/* theta with one public array stirred, inside the constraint of the kind: covariances by factors of A + A'. */
static double *stirred(const struct em_snapshot *s, int kind, const char *array, double by, uint64_t *rng)
{
	const struct em_layout *l = &s->problem->layout;
	size_t k = l->components, d = s->problem->data->points->columns;
	double *theta = malloc(l->theta_size * sizeof *theta);
	memcpy(theta, s->theta, l->theta_size * sizeof *theta);
	double *means = theta + l->theta[1].offset, *cov = theta + l->theta[2].offset;
	for (size_t i = 0; i < k * d && strcmp(array, "means") == 0; i++)
		means[i] += by * gauss_normal(rng);
	for (size_t i = 0; i < k && strcmp(array, "covariances") == 0; i++) {
		double v[GAUSS_MOST], all = exp(by * gauss_normal(rng));
		for (size_t j = 0; j < d; j++)
			v[j] = gauss_normal(rng);
		for (size_t a = 0; a < d; a++)
			for (size_t b = 0; b < d; b++) {
				double *c = cov + (i * d + a) * d + b;
				if (kind == GAUSS_TIED && i > 0)
					*c = cov[a * d + b];
				else if (kind == GAUSS_SPHERICAL)
					*c *= all;
				else if (kind == GAUSS_DIAGONAL)
					*c *= exp(by * v[a]);
				else
					*c = *c * all + by * by * v[a] * v[b];
			}
	}
	s->problem->model->complete(s->problem, theta);
	return theta;
}

static double energy(const struct em_snapshot *s, const double *theta)
{
	double terms[EM_TERMS] = {0};
	s->problem->model->energy(s->problem, theta, s->stats, terms);
	return terms[1];
}

/* The energy of any theta from the statistics; and after an M-step none nearby has a higher one. */
static void test_energy_and_maximum(void **state)
{
	(void)state;
	uint64_t rng = 5;
	for (int i = 0; i < 8; i++) {
		int kind = i % 4;
		size_t d = 1 + (size_t)i / 2;
		double *x = gauss_draw((uint64_t)i + 3, 70, d, 2, 1, 0);
		struct fit f;
		fit_open(&f, "gmm", NULL, gauss_table(70, d, x), NULL, "components", "3", "covariance", gauss_kinds[kind], "floor", i < 4 ? "0" : "0.9",
		         "init", "observations", NULL);
		free(x);
		for (int step = 0; step < 6; step++) {
			fit_step(&f, EM_ITERATION);
			const struct em_snapshot *s = fit_look(&f);
			double best = energy(s, s->theta);
			fit_near(best, direct(s, s->theta), 1e-10 * (1 + fabs(best)));
			for (int t = 0; t < 12; t++) {
				double *other = stirred(s, kind, t % 2 ? "means" : "covariances", t < 6 ? .01 : 1, &rng), at = energy(s, other);
				fit_near(at, direct(s, other), 1e-10 * (1 + fabs(at)));
				if (i < 4)
					assert_true(at <= best + 1e-10 * fabs(best));
				free(other);
			}
			em_snapshot_release(s);
		}
		fit_close(&f);
	}
}

static void test_random(void **state)
{
	(void)state;
	static const char *const ks[] = {"2", "1", "3", "5", "9"};
	for (uint64_t seed = 1; seed <= (fit_brief() ? 4 : 40); seed++) {
		size_t rows = 20 + seed * 3, d = 1 + seed % 5;
		double *x = gauss_draw(seed, rows, d, 1 + seed % 4, 1, seed % 3 ? 0 : 1000);
		struct fit f;
		fit_open(&f, "gmm", NULL, gauss_table(rows, d, x), NULL, "components", ks[seed % 5], "covariance", gauss_kinds[seed % 4], "floor",
		         seed % 2 ? "0.01" : "0.3", "init", seed % 3 ? "observations" : "random", "weights_update",
		         seed % 7 ? "estimated" : "fixed", NULL);
		free(x);
		struct em_entry before = *fit_entry(&f);
		for (int i = 0; i < 24; i++) {
			gauss_check_entry(&f);
			fit_step(&f, i % 8 == 7 ? EM_UNIT : EM_PHASE);
			const struct em_entry *e = fit_entry(&f);
			assert_true(e->elbo >= before.elbo - 1e-9);
			assert_true(e->log_evidence >= before.log_evidence - 1e-9);
			before = *e;
		}
		fit_close(&f);
	}
}

static void same(struct fit *x, struct fit *y)
{
	const struct em_snapshot *a = fit_look(x), *b = fit_look(y);
	const struct em_layout *l = &a->problem->layout;
	assert_memory_equal(a->theta, b->theta, l->theta_size * sizeof(double));
	assert_memory_equal(a->q, b->q, l->observations * l->q_stride * sizeof(double));
	fit_near(fit_entry(x)->elbo, fit_entry(y)->elbo, 1e-9);
	em_snapshot_release(a);
	em_snapshot_release(b);
}

static void test_threads(void **state)
{
	(void)state;
	double *x = gauss_draw(8, 200, 3, 3, 1, 0);
	struct fit one, many;
	fit_open(&one, "gmm", NULL, gauss_table(200, 3, x), NULL, "components", "3", "threads", "1", NULL);
	fit_open(&many, "gmm", NULL, gauss_table(200, 3, x), NULL, "components", "3", "threads", "3", NULL);
	free(x);
	for (int i = 0; i < 12; i++) {
		fit_step(&one, EM_PHASE);
		fit_step(&many, EM_PHASE);
		same(&one, &many);
		assert_true(fit_entry(&one)->elbo == fit_entry(&many)->elbo);
	}
	fit_close(&one);
	fit_close(&many);
}

static void test_units_make_a_phase(void **state)
{
	(void)state;
	double *x = gauss_draw(9, 30, 2, 3, 1, 0);
	struct fit whole, parts;
	fit_open(&whole, "gmm", NULL, gauss_table(30, 2, x), NULL, "covariance", "tied", NULL);
	fit_open(&parts, "gmm", NULL, gauss_table(30, 2, x), NULL, "covariance", "tied", NULL);
	free(x);
	for (int phase = 0; phase < 8; phase++) {
		size_t count = 0;
		fit_step(&whole, EM_PHASE);
		do {
			fit_step(&parts, count == 5 ? EM_SWEEP : EM_UNIT);
			gauss_check_entry(&parts);
			assert_true(++count < 100);
		} while (fit_entry(&parts)->phase != EM_E && fit_entry(&parts)->phase != EM_M);
		assert_true(count >= 3);
		same(&whole, &parts);
	}
	fit_close(&whole);
	fit_close(&parts);
}

static void test_back(void **state)
{
	(void)state;
	double *x = gauss_draw(10, 40, 2, 2, 1, 0);
	struct fit f;
	const struct em_snapshot *all[12];
	uint64_t rng = 4;
	fit_open(&f, "gmm", NULL, gauss_table(40, 2, x), NULL, NULL);
	free(x);
	all[0] = fit_look(&f);
	for (size_t i = 1; i < 12; i++) {
		fit_step(&f, i % 5 == 3 ? EM_UNIT : EM_PHASE);
		all[i] = fit_look(&f);
	}
	for (int i = 0; i < 30; i++) {
		size_t to = small_next(&rng) % 12;
		assert_int_equal(em_run_goto(f.run, to, NULL, &f.err), EM_OK);
		const struct em_snapshot *s = fit_look(&f);
		const struct em_layout *l = &s->problem->layout;
		assert_memory_equal(s->theta, all[to]->theta, l->theta_size * sizeof(double));
		assert_memory_equal(s->q, all[to]->q, l->observations * l->q_stride * sizeof(double));
		assert_true(s->ledger[to].elbo == all[to]->ledger[to].elbo);
		em_snapshot_release(s);
	}
	for (size_t i = 0; i < 12; i++)
		em_snapshot_release(all[i]);
	fit_close(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_plain_implementation),
		cmocka_unit_test(test_faithful),
		cmocka_unit_test(test_units_of_the_density),
		cmocka_unit_test(test_faithful_tied),
		cmocka_unit_test(test_waiting),
		cmocka_unit_test(test_three),
		cmocka_unit_test(test_energy_and_maximum),
		cmocka_unit_test(test_random),
		cmocka_unit_test(test_threads),
		cmocka_unit_test(test_units_make_a_phase),
		cmocka_unit_test(test_back),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
