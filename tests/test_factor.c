/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Factor analysis and probabilistic principal components: against dense D x D algebra, the closed form of Tipping and
 * Bishop, and what small noise, far data and too few rows do. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "fit.h"

enum { MOST = 12 };
#define LOG_TURN 1.8378770664093454836

/* ---- data ---- */

static double normal(uint64_t *rng)
{
	double u = 1 - small_uniform(rng), v = small_uniform(rng);
	return sqrt(-2 * log(u)) * cos(6.283185307179586 * v);
}

/* Rows of d columns with `rank` factors and noise of standard deviation `noise`, around `at`. */
static double *draw(uint64_t seed, size_t rows, size_t d, size_t rank, double noise, double at)
{
	double l[MOST][MOST], z[MOST], *x = calloc(rows * d, sizeof *x);
	for (size_t i = 0; i < rank; i++)
		for (size_t j = 0; j < d; j++)
			l[i][j] = normal(&seed) * (double)(1 + j);
	for (size_t n = 0; n < rows; n++) {
		for (size_t i = 0; i < rank; i++)
			z[i] = normal(&seed);
		for (size_t j = 0; j < d; j++) {
			x[n * d + j] = at + normal(&seed) * noise * (double)(1 + j % 3);
			for (size_t i = 0; i < rank; i++)
				x[n * d + j] += l[i][j] * z[i];
		}
	}
	return x;
}

static struct em_data *table(size_t rows, size_t columns, const double *x)
{
	static const char *const name[MOST] = {"a", "b", "c", "d", "e", "f", "g", "h", "i", "j", "k", "l"};
	struct em_points *points = NULL;
	struct em_data *d = NULL;
	struct em_err err = {0};
	if (em_points_from(rows, columns, name, x, &points, &err) || em_data_of("table", NULL, points, NULL, &d, &err))
		fail_msg("%s", err.msg);
	return d;
}

static void open_fit(struct fit *f, size_t rows, size_t columns, const double *x, const char *k, const char *noise,
                     const char *seed)
{
	fit_open(f, "factor", NULL, table(rows, columns, x), NULL, "components", k, "noise", noise, "seed", seed, NULL);
}

/* ---- dense algebra, by elimination with pivots ---- */

typedef double matrix[MOST + 1][MOST + 1];

/* Turns a into its inverse; returns log |det a|. */
static double invert(size_t n, matrix a)
{
	matrix b = {{0}};
	double log_det = 0;
	for (size_t i = 0; i < n; i++)
		b[i][i] = 1;
	for (size_t c = 0; c < n; c++) {
		size_t best = c;
		for (size_t i = c; i < n; i++)
			if (fabs(a[i][c]) > fabs(a[best][c]))
				best = i;
		for (size_t j = 0; j < n; j++) {
			double t = a[c][j], u = b[c][j];
			a[c][j] = a[best][j], a[best][j] = t;
			b[c][j] = b[best][j], b[best][j] = u;
		}
		double pivot = a[c][c];
		log_det += log(fabs(pivot));
		for (size_t j = 0; j < n; j++)
			a[c][j] /= pivot, b[c][j] /= pivot;
		for (size_t i = 0; i < n; i++) {
			double factor = a[i][c];
			for (size_t j = 0; j < n && i != c; j++)
				a[i][j] -= factor * a[c][j], b[i][j] -= factor * b[c][j];
		}
	}
	memcpy(a, b, sizeof b);
	return log_det;
}

struct dense {
	size_t k, d;
	double mean[MOST], l[MOST][MOST], noise[MOST]; /* l[factor][column] */
};

static void dense_read(const struct em_snapshot *s, const double *theta, struct dense *m)
{
	const struct em_array *a = s->problem->layout.theta;
	*m = (struct dense){.k = s->problem->layout.components, .d = s->problem->data->points->columns};
	for (size_t j = 0; j < m->d; j++) {
		m->mean[j] = theta[a[1].offset + j];
		m->noise[j] = theta[a[2].offset + j];
		for (size_t i = 0; i < m->k; i++)
			m->l[i][j] = theta[a[0].offset + i * a[0].stride[0] + j];
	}
}

/* The inverse of L L' + Psi and its log determinant. */
static double dense_inverse(const struct dense *m, matrix c)
{
	for (size_t a = 0; a < m->d; a++)
		for (size_t b = 0; b < m->d; b++) {
			c[a][b] = a == b ? m->noise[a] : 0;
			for (size_t i = 0; i < m->k; i++)
				c[a][b] += m->l[i][a] * m->l[i][b];
		}
	return invert(m->d, c);
}

static double dense_log_p(const struct dense *m, const double *x)
{
	matrix c;
	double sum = (double)m->d * LOG_TURN + dense_inverse(m, c);
	for (size_t a = 0; a < m->d; a++)
		for (size_t b = 0; b < m->d; b++)
			sum += (x[a] - m->mean[a]) * c[a][b] * (x[b] - m->mean[b]);
	return -sum / 2;
}

/* Mean and covariance of z given x, the textbook way: through the inverse of the D x D covariance. */
static void dense_posterior(const struct dense *m, const double *x, double *mean, matrix v)
{
	matrix c, beta = {{0}};
	dense_inverse(m, c);
	for (size_t i = 0; i < m->k; i++)
		for (size_t b = 0; b < m->d; b++)
			for (size_t a = 0; a < m->d; a++)
				beta[i][b] += m->l[i][a] * c[a][b];
	for (size_t i = 0; i < m->k; i++) {
		mean[i] = 0;
		for (size_t b = 0; b < m->d; b++)
			mean[i] += beta[i][b] * (x[b] - m->mean[b]);
		for (size_t h = 0; h < m->k; h++) {
			v[i][h] = i == h;
			for (size_t b = 0; b < m->d; b++)
				v[i][h] -= beta[i][b] * m->l[h][b];
		}
	}
}

/* One iteration of EM on raw x: moments of z and 1, a regression, the diagonal of what it leaves. */
static void dense_step(struct dense *m, const struct em_points *x, bool spherical)
{
	size_t k = m->k, d = m->d;
	matrix zz = {{0}}, v, xz = {{0}};
	double xx[MOST] = {0}, mean[MOST + 1], all = 0;
	for (size_t n = 0; n < x->rows; n++) {
		dense_posterior(m, x->x + n * d, mean, v);
		mean[k] = 1;
		for (size_t i = 0; i <= k; i++)
			for (size_t h = 0; h <= k; h++)
				zz[i][h] += mean[i] * mean[h] + (i < k && h < k ? v[i][h] : 0);
		for (size_t j = 0; j < d; j++) {
			xx[j] += x->x[n * d + j] * x->x[n * d + j];
			for (size_t i = 0; i <= k; i++)
				xz[j][i] += x->x[n * d + j] * mean[i];
		}
	}
	invert(k + 1, zz);
	for (size_t j = 0; j < d; j++) {
		double row[MOST + 1] = {0};
		m->noise[j] = xx[j] / (double)x->rows;
		for (size_t i = 0; i <= k; i++)
			for (size_t h = 0; h <= k; h++)
				row[i] += zz[i][h] * xz[j][h];
		for (size_t i = 0; i <= k; i++)
			m->noise[j] -= row[i] * xz[j][i] / (double)x->rows;
		for (size_t i = 0; i < k; i++)
			m->l[i][j] = row[i];
		m->mean[j] = row[k];
		all += m->noise[j] / (double)d;
	}
	for (size_t j = 0; j < d && spherical; j++)
		m->noise[j] = all;
}

static void relative(double got, double want, double room)
{
	fit_near(got, want, room * (1 + fabs(want)));
}

static void test_plain(void **state)
{
	(void)state;
	static const struct {
		size_t rows, d, rank;
		const char *k, *noise;
	} cases[] = {
		{40, 4, 2, "2", "diagonal"}, {40, 4, 2, "2", "spherical"}, {25, 6, 3, "1", "diagonal"}, {60, 9, 3, "4", "spherical"},
		{30, 3, 2, "3", "diagonal"}, {12, 1, 1, "1", "diagonal"},  {12, 1, 1, "1", "spherical"}, {50, 12, 5, "5", "diagonal"},
	};
	for (size_t c = 0; c < (fit_brief() ? 4 : 8); c++) {
		double *x = draw(c + 1, cases[c].rows, cases[c].d, cases[c].rank, .7, c % 2 ? 5 : 0);
		struct fit f;
		struct dense want, got;
		open_fit(&f, cases[c].rows, cases[c].d, x, cases[c].k, cases[c].noise, "3");
		const struct em_snapshot *s = fit_look(&f);
		dense_read(s, s->theta, &want);
		em_snapshot_release(s);
		for (int i = 0; i < 15; i++) {
			double log_p = 0;
			for (size_t n = 0; n < cases[c].rows; n++)
				log_p += dense_log_p(&want, x + n * cases[c].d);
			fit_step(&f, EM_PHASE);
			relative(fit_entry(&f)->log_evidence, log_p, 1e-9);
			relative(fit_entry(&f)->elbo, log_p, 1e-9);
			dense_step(&want, f.data->points, strcmp(cases[c].noise, "spherical") == 0);
			fit_step(&f, EM_PHASE);
			s = fit_look(&f);
			dense_read(s, s->theta, &got);
			em_snapshot_release(s);
			for (size_t j = 0; j < want.d; j++) {
				relative(got.mean[j], want.mean[j], 1e-9);
				relative(got.noise[j], want.noise[j], 1e-9);
				for (size_t k = 0; k < want.k; k++)
					relative(got.l[k][j], want.l[k][j], 1e-9);
			}
		}
		fit_close(&f);
		free(x);
	}
}

/* ---- the decomposition by its definitions ---- */

/* KL of two Gaussians over z, with dense matrices. */
static double dense_kl(size_t k, const double *m, matrix v, const double *m2, matrix v2)
{
	matrix inverse, other;
	memcpy(inverse, v2, sizeof inverse);
	memcpy(other, v, sizeof other);
	double sum = invert(k, inverse) - invert(k, other) - (double)k;
	for (size_t i = 0; i < k; i++)
		for (size_t h = 0; h < k; h++)
			sum += inverse[i][h] * (v[h][i] + (m[i] - m2[i]) * (m[h] - m2[h]));
	return sum / 2;
}

static void check_entry(struct fit *f)
{
	const struct em_snapshot *s = fit_look(f);
	const struct em_points *x = f->data->points;
	const struct em_entry *e = s->ledger + s->position;
	struct dense now, made;
	matrix v, v2;
	double mean[MOST + 1], q[MOST], kl = 0;
	dense_read(s, s->theta, &now);
	dense_read(s, s->theta_made, &made);
	for (size_t n = 0; n < x->rows; n++) {
		double log_p = dense_log_p(&now, x->x + n * now.d);
		dense_posterior(&made, x->x + n * now.d, mean, v);
		dense_posterior(&now, x->x + n * now.d, mean, v2);
		for (size_t i = 0; i < now.k; i++)
			q[i] = fit_q(s, "scores", n, i);
		relative(s->obs[n].log_evidence, log_p, 1e-9);
		if (!s->inside || s->next_m) /* inside an E phase the rows have q made with two thetas */
			relative(s->obs[n].kl, dense_kl(now.k, q, v, mean, v2), 1e-9);
		relative(s->obs[n].elbo + s->obs[n].kl, log_p, 1e-9);
		assert_true(s->obs[n].kl >= 0);
		kl += s->obs[n].kl;
	}
	if (e->phase == EM_E)
		fit_near(e->kl, 0, 1e-11);
	relative(e->kl, kl, 1e-11);
	em_snapshot_release(s);
}

static void test_definitions(void **state)
{
	(void)state;
	static const char *const ks[] = {"1", "2", "3"};
	for (uint64_t seed = 1; seed <= (fit_brief() ? 2 : 8); seed++) {
		double *x = draw(seed, 9 + seed, 3 + seed % 5, 2, .5, 0);
		struct fit f;
		open_fit(&f, 9 + seed, 3 + seed % 5, x, ks[seed % 3], seed % 2 ? "diagonal" : "spherical", "2");
		struct em_entry before = *fit_entry(&f);
		for (int i = 0; i < 16; i++) {
			check_entry(&f);
			fit_step(&f, i % 5 == 4 ? EM_UNIT : EM_PHASE);
			const struct em_entry *e = fit_entry(&f);
			assert_true(e->elbo >= before.elbo - 1e-9 && e->log_evidence >= before.log_evidence - 1e-9);
			before = *e;
		}
		fit_close(&f);
		free(x);
	}
}

/* No small move of one element in a block raises the bound after its M-step. */
static void test_maximum(void **state)
{
	(void)state;
	double *x = draw(4, 30, 5, 2, .6, 2), terms[EM_TERMS];
	struct fit f;
	open_fit(&f, 30, 5, x, "2", "diagonal", "5");
	for (int i = 0; i < 4; i++)
		fit_step(&f, EM_PHASE);
	const struct em_snapshot *s = fit_look(&f);
	const struct em_layout *l = &s->problem->layout;
	const struct em_model *m = s->problem->model;
	double *theta = malloc(l->theta_size * sizeof *theta);
	memcpy(theta, s->theta, l->theta_size * sizeof *theta);
	m->energy(s->problem, theta, s->stats, terms);
	double best = terms[0] + terms[1];
	fit_near(best, s->ledger[s->position].energy, 1e-9);
	for (unsigned a = 0; a < 3; a++)
		for (size_t i = 0; i < l->theta[a].dim[0] * (l->theta[a].rank > 1 ? l->theta[a].dim[1] : 1); i++)
			for (int sign = -1; sign <= 1; sign += 2) {
				double *at = theta + l->theta[a].offset + i, was = *at;
				*at += sign * 1e-4;
				m->complete(s->problem, theta);
				m->energy(s->problem, theta, s->stats, terms);
				assert_true(terms[0] + terms[1] < best);
				*at = was;
			}
	free(theta);
	em_snapshot_release(s);
	fit_close(&f);
	free(x);
}

/* ---- Tipping and Bishop's closed form ---- */

/* Eigenvalues of a symmetric matrix by Jacobi rotations, largest first. */
static void eigenvalues(size_t n, matrix a, double *out)
{
	for (int turns = 0; turns < 60; turns++)
		for (size_t p = 0; p < n; p++)
			for (size_t q = p + 1; q < n; q++) {
				if (fabs(a[p][q]) < 1e-300)
					continue;
				double turn = (a[q][q] - a[p][p]) / (2 * a[p][q]);
				double t = (turn < 0 ? -1 : 1) / (fabs(turn) + sqrt(turn * turn + 1)), c = 1 / sqrt(t * t + 1), s = t * c;
				for (size_t i = 0; i < n; i++) {
					double u = a[i][p], v = a[i][q];
					a[i][p] = c * u - s * v;
					a[i][q] = s * u + c * v;
				}
				for (size_t i = 0; i < n; i++) {
					double u = a[p][i], v = a[q][i];
					a[p][i] = c * u - s * v;
					a[q][i] = s * u + c * v;
				}
			}
	for (size_t i = 0; i < n; i++) {
		size_t at = i;
		for (; at > 0 && out[at - 1] < a[i][i]; at--)
			out[at] = out[at - 1];
		out[at] = a[i][i];
	}
}

static void covariance(const struct em_points *x, matrix c)
{
	memset(c, 0, sizeof(matrix));
	for (size_t n = 0; n < x->rows; n++)
		for (size_t a = 0; a < x->columns; a++)
			for (size_t b = 0; b < x->columns; b++)
				c[a][b] += (x->x[n * x->columns + a] - x->mean[a]) * (x->x[n * x->columns + b] - x->mean[b]) / (double)x->rows;
}

static void test_closed_form(void **state)
{
	(void)state;
	static const char *const ks[] = {"1", "2", "3"};
	for (size_t k = 1; k <= (fit_brief() ? 1 : 3); k++) {
		double *x = draw(20 + k, 80, 6, 3, .8, 1), value[MOST], noise = 0;
		struct fit f;
		matrix c, l = {{0}};
		open_fit(&f, 80, 6, x, ks[k - 1], "spherical", "1");
		for (int i = 0; i < (fit_brief() ? 200 : 3000); i++)
			fit_step(&f, EM_ITERATION);
		covariance(f.data->points, c);
		eigenvalues(6, c, value);
		double log_p = 6 * LOG_TURN + 6;
		for (size_t i = 0; i < 6; i++)
			noise += i < k ? 0 : value[i] / (double)(6 - k);
		for (size_t i = 0; i < 6; i++)
			log_p += log(i < k ? value[i] : noise);
		const struct em_snapshot *s = fit_look(&f);
		relative(s->ledger[s->position].log_evidence, -40 * log_p, fit_brief() ? 1e-3 : 1e-12);
		if (!fit_brief()) {
			relative(fit_theta(s, "noise", 0, 0), noise, 1e-9);
			for (size_t a = 0; a < k; a++) /* L L' has the eigenvalues less the noise: so has L' L */
				for (size_t b = 0; b < k; b++)
					for (size_t j = 0; j < 6; j++)
						l[a][b] += fit_theta(s, "loadings", a, j) * fit_theta(s, "loadings", b, j);
			double found[MOST];
			eigenvalues(k, l, found);
			for (size_t i = 0; i < k; i++)
				relative(found[i], value[i] - noise, 1e-7);
			for (size_t j = 0; j < 6; j++)
				relative(fit_theta(s, "mean", j, 0), f.data->points->mean[j], 1e-12);
		}
		em_snapshot_release(s);
		fit_close(&f);
		free(x);
	}
}

/* One column: factor and noise share its variance, and log p is that of the sample's Gaussian. */
static void test_one_column(void **state)
{
	(void)state;
	static const double x[] = {1, 2, 4, 8, 9};
	for (int spherical = 0; spherical < 2; spherical++) {
		struct fit f;
		open_fit(&f, 5, 1, x, "1", spherical ? "spherical" : "diagonal", "1");
		for (int i = 0; i < 300; i++)
			fit_step(&f, EM_PHASE);
		const struct em_snapshot *s = fit_look(&f);
		double l = fit_theta(s, "loadings", 0, 0), variance = f.data->points->sd[0] * f.data->points->sd[0];
		fit_near(l * l + fit_theta(s, "noise", 0, 0), variance, 1e-12);
		fit_near(s->ledger[s->position].log_evidence, -2.5 * (LOG_TURN + log(variance) + 1), 1e-12);
		em_snapshot_release(s);
		fit_close(&f);
	}
}

/* ---- the edges ---- */

/* Far from 0 the same numbers come out: the data are taken off their mean. */
static void test_far(void **state)
{
	(void)state;
	double *near_0 = draw(6, 50, 4, 2, .5, 0), *away = malloc(200 * sizeof *away);
	struct fit a, b;
	for (size_t i = 0; i < 200; i++) {
		near_0[i] = round(near_0[i] * 1024) / 1024; /* so that the sum is exact */
		away[i] = near_0[i] + 1e9;
	}
	open_fit(&a, 50, 4, near_0, "2", "diagonal", "1");
	open_fit(&b, 50, 4, away, "2", "diagonal", "1");
	for (int i = 0; i < 30; i++) {
		fit_step(&a, EM_PHASE);
		fit_step(&b, EM_PHASE);
		relative(fit_entry(&b)->log_evidence, fit_entry(&a)->log_evidence, 1e-6);
	}
	fit_close(&a);
	fit_close(&b);
	free(near_0);
	free(away);
}

/* The step that fails, and what it says; the run still stands and steps in the other direction. */
static void collapse(size_t rows, size_t d, const double *x, const char *k, const char *noise, const char *want)
{
	struct fit f;
	open_fit(&f, rows, d, x, k, noise, "1");
	enum em_status st = EM_OK;
	for (int i = 0; i < 4000 && !st; i++)
		st = em_run_step(f.run, EM_PHASE, NULL, &f.err);
	if (st != EM_FAILED || !strstr(f.err.msg, want))
		fail_msg("\"%s\" is not in \"%s\" (%d)", want, f.err.msg, (int)st);
	assert_true(isfinite(fit_entry(&f)->elbo));
	const struct em_snapshot *s = fit_look(&f);
	assert_int_equal(s->verdict.kind, EM_STUCK);
	assert_non_null(strstr(s->verdict.text, want));
	em_snapshot_release(s);
	assert_int_equal(em_run_goto(f.run, 0, NULL, &f.err), EM_OK);
	s = fit_look(&f);
	assert_int_equal(s->verdict.kind, EM_NOT_CONVERGED);
	em_snapshot_release(s);
	fit_close(&f);
}

/* With a floor the run goes on, and the noise stands on it. */
static void hold(size_t rows, size_t d, const double *x, const char *k, const char *noise, const char *floor_at, size_t column)
{
	struct fit f;
	fit_open(&f, "factor", NULL, table(rows, d, x), NULL, "components", k, "noise", noise, "floor", floor_at, NULL);
	double before = -INFINITY;
	for (int i = 0; i < 400; i++) {
		fit_step(&f, EM_PHASE);
		assert_true(fit_entry(&f)->elbo >= before - 1e-6);
		before = fit_entry(&f)->elbo;
	}
	const struct em_snapshot *s = fit_look(&f);
	double noise_at = fit_theta(s, "noise", column, 0);
	assert_true(noise_at >= strtod(floor_at, NULL) && noise_at < 3 * strtod(floor_at, NULL));
	char text[240] = "";
	bool told = false, held = noise_at == strtod(floor_at, NULL);
	for (size_t i = 0; i < s->problem->layout.components; i++)
		told |= s->problem->model->health(s->problem, s->theta, i, text, sizeof text);
	assert_true(told || !held);
	if (told)
		assert_non_null(strstr(text, "held at the floor"));
	em_snapshot_release(s);
	fit_close(&f);
}

static void test_collapse(void **state)
{
	(void)state;
	double *exact = draw(3, 40, 5, 2, 0, 1), *twins = draw(9, 40, 4, 2, .5, 0), *flat = draw(9, 40, 4, 2, .5, 0);
	for (size_t n = 0; n < 40; n++) {
		twins[4 * n + 1] = 3 * twins[4 * n];
		flat[4 * n + 2] = .1;
	}
	collapse(1, 3, exact, "2", "diagonal", "one row has no variance");
	collapse(1, 3, exact, "1", "spherical", "one row has no variance");
	collapse(40, 5, exact, "2", "diagonal", "factors reproduce it exactly (a Heywood case)");
	collapse(40, 5, exact, "2", "spherical", "the noise of all columns falls to");
	collapse(40, 4, twins, "2", "diagonal", "Heywood");
	collapse(40, 4, flat, "2", "diagonal", "column c is the same in every row");
	collapse(3, 5, exact, "2", "diagonal", "Heywood");
	hold(40, 5, exact, "2", "diagonal", "1e-4", 1);
	hold(40, 5, exact, "2", "spherical", "1e-4", 0);
	hold(40, 4, twins, "2", "diagonal", "1e-4", 0);
	hold(40, 4, flat, "2", "diagonal", "1e-9", 2);
	hold(1, 3, exact, "1", "diagonal", "0.25", 0);
	free(exact);
	free(twins);
	free(flat);
}

/* A constant column is no matter where the noise is the same for all, nor a factor too many. */
static void test_spare(void **state)
{
	(void)state;
	double *flat = draw(9, 40, 4, 1, .5, 0);
	for (size_t n = 0; n < 40; n++)
		flat[4 * n + 2] = .1;
	struct fit f;
	open_fit(&f, 40, 4, flat, "1", "spherical", "1");
	for (int i = 0; i < 60; i++)
		fit_step(&f, EM_PHASE);
	fit_close(&f);
	open_fit(&f, 40, 4, flat, "4", "spherical", "1");
	for (int i = 0; i < 60; i++)
		fit_step(&f, EM_PHASE);
	fit_close(&f);
	free(flat);
}

static void refuse(size_t d, const double *theta, const char *k, const char *noise, enum em_status status, const char *want)
{
	static const double x[] = {1, 2, 3, 5, 8, 13, 1, 0, 2};
	struct em_settings *s = fit_settings("factor"), *one = NULL, *two = NULL;
	struct em_err err = {0};
	struct em_data *data = table(3, d, x);
	struct em_given given = {.theta = theta};
	struct em_run *r = NULL;
	assert_int_equal(em_settings_with(s, "components", k, &one, &err), EM_OK);
	assert_int_equal(em_settings_with(one, "noise", noise, &two, &err), EM_OK);
	assert_int_equal(em_run_new(em_model_named("factor"), data, two, NULL, theta ? &given : NULL, NULL, &r, &err), status);
	if (!strstr(err.msg, want))
		fail_msg("\"%s\" is not in \"%s\"", want, err.msg);
	em_settings_release(s);
	em_settings_release(one);
	em_settings_release(two);
	em_data_free(data);
}

static void test_refusals(void **state)
{
	(void)state;
	static const double zero[] = {0, 0,  1, 1,  1, 0, 0, 0}, bent[] = {0, 0,  1, 1,  1, 2, 0, 0};
	static const double infinite[] = {0, 0,  1, INFINITY,  1, 1, 0, 0}, lost[] = {0, NAN,  1, 1,  1, 1, 0, 0};
	refuse(2, NULL, "3", "diagonal", EM_USAGE, "3 factors of 2 columns; components is at most the number of columns");
	refuse(2, zero, "1", "diagonal", EM_INPUT, "noise[2] is 0; a variance is above 0");
	refuse(2, bent, "1", "spherical", EM_INPUT, "with noise=spherical they are the same");
	refuse(2, infinite, "1", "diagonal", EM_INPUT, "loadings[1][2] is inf");
	refuse(2, lost, "1", "diagonal", EM_INPUT, "mean[2] is nan");
}

/* ---- the machine ---- */

static void same(struct fit *a, struct fit *b)
{
	const struct em_snapshot *x = fit_look(a), *y = fit_look(b);
	const struct em_layout *l = &x->problem->layout;
	assert_memory_equal(x->theta, y->theta, l->theta_size * sizeof(double));
	assert_memory_equal(x->q, y->q, l->observations * l->q_stride * sizeof(double));
	em_snapshot_release(x);
	em_snapshot_release(y);
}

static void test_alike(void **state)
{
	(void)state;
	double *x = draw(8, 60, 5, 2, .5, 3);
	struct fit one, three, units;
	fit_open(&one, "factor", NULL, table(60, 5, x), NULL, "threads", "1", NULL);
	fit_open(&three, "factor", NULL, table(60, 5, x), NULL, "threads", "3", NULL);
	fit_open(&units, "factor", NULL, table(60, 5, x), NULL, "threads", "2", NULL);
	const struct em_snapshot *start = fit_look(&one);
	for (int i = 0; i < 6; i++) {
		fit_step(&one, EM_PHASE);
		fit_step(&three, EM_PHASE);
		do
			fit_step(&units, EM_UNIT);
		while (fit_entry(&units)->phase != EM_E && fit_entry(&units)->phase != EM_M);
		same(&one, &three);
		same(&one, &units);
		assert_true(fit_entry(&one)->elbo == fit_entry(&three)->elbo && fit_entry(&one)->kl == fit_entry(&three)->kl);
		assert_true(fabs(fit_entry(&one)->elbo - fit_entry(&units)->elbo) < 1e-9);
	}
	assert_int_equal(em_run_goto(one.run, 0, NULL, &one.err), EM_OK);
	const struct em_snapshot *again = fit_look(&one);
	assert_memory_equal(start->theta, again->theta, start->problem->layout.theta_size * sizeof(double));
	assert_true(start->ledger[0].elbo == again->ledger[0].elbo);
	em_snapshot_release(start);
	em_snapshot_release(again);
	for (int i = 0; i < 6; i++)
		fit_step(&one, EM_PHASE);
	same(&one, &three);
	fit_close(&one);
	fit_close(&three);
	fit_close(&units);
	free(x);
}

static void test_look(void **state)
{
	(void)state;
	double *x = draw(8, 60, 5, 2, .5, 3);
	struct fit f;
	struct em_item item[3];
	char text[600];
	open_fit(&f, 60, 5, x, "2", "diagonal", "1");
	for (int i = 0; i < 20; i++)
		fit_step(&f, EM_PHASE);
	const struct em_snapshot *s = fit_look(&f);
	const struct em_model *m = s->problem->model;
	assert_int_equal(m->describe(s->problem, s->theta, 1, item, 3), 3);
	assert_true(fabs(item[0].weight) >= fabs(item[1].weight) && fabs(item[1].weight) >= fabs(item[2].weight));
	assert_true(item[0].weight == fit_theta(s, "loadings", 1, item[0].id));
	double size = 0;
	for (size_t j = 0; j < 5; j++) /* after the M-step: the size is that of the loadings before it */
		size += s->theta_made[s->problem->layout.theta[0].offset + j] * s->theta_made[s->problem->layout.theta[0].offset + j];
	fit_near(s->mass[0], size, 1e-12 * size);
	m->explain(s->problem, s->ledger + s->position - 1, s->ledger + s->position, text, sizeof text);
	assert_non_null(strstr(text, "M-step 10"));
	m->explain(s->problem, NULL, s->ledger, text, sizeof text);
	assert_non_null(strstr(text, "the prior N(0, I)"));
	assert_false(m->health(s->problem, s->theta, 0, text, sizeof text));
	em_snapshot_release(s);
	fit_close(&f);
	free(x);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_plain),     cmocka_unit_test(test_definitions), cmocka_unit_test(test_maximum),
		cmocka_unit_test(test_closed_form), cmocka_unit_test(test_one_column), cmocka_unit_test(test_far),
		cmocka_unit_test(test_collapse),  cmocka_unit_test(test_spare),       cmocka_unit_test(test_refusals),
		cmocka_unit_test(test_alike),     cmocka_unit_test(test_look),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
