/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Factor analysis (Rubin and Thayer 1982) and, with the same noise in all columns, probabilistic principal components
 * (Tipping and Bishop 1999): x = mean + L z + noise, z ~ N(0, I), noise ~ N(0, Psi) with Psi diagonal. log p is that of the
 * density N(mean, L L' + Psi).
 *
 * q of a row is N(m, V). Its m is kept; V is the same for all rows and made again from the theta that q was made with. */
#include <math.h>
#include <string.h>

#include "elbow/points.h"
#include "model/factor.h"
#include "model/mixture.h"
#include "model/models.h"

enum { TERM_PZ, TERM_PX, TERM_QZ };
#define LOG_TURN 1.8378770664093454836 /* log 2 pi */

static const struct em_term terms[] = {
	{"e_log_p_z", "E[log p(z)]", false, "how well the scores fit the standard Gaussian they are drawn from"},
	{"e_log_p_x", "E[log p(x|z)]", false, "how well the factors reproduce the columns, within their noise"},
	{"h_z", "H[q(z)]", true, "how open q leaves the scores behind each row"},
};

struct factor_shape factor_shape_of(size_t k, size_t d)
{
	struct factor_shape s = {.k = k, .d = d, .loadings = d, .noise = d + k * d, .offset = 2 * d + k * d, .theta_size = 3 * d + k * d};
	s.sum_m = 1;
	s.sum_mm = s.sum_m + k;
	s.sum_e = s.sum_mm + k * k;
	s.sum_ee = s.sum_e + d;
	s.sum_me = s.sum_ee + d;
	s.triangle = s.sum_me + k * d;
	s.at_loadings = s.triangle + k * k;
	s.at_offset = s.at_loadings + k * d;
	s.stats_size = s.at_offset + d;
	s.t = k * k;
	s.gain = s.t + k * k;
	s.precision = s.gain + k * d;
	s.scratch = s.precision + d;
	s.number = s.scratch + k * k + k;
	s.derived_size = s.number + FACTOR_NUMBERS;
	return s;
}

struct factor_shape factor_shape(const struct em_problem *p)
{
	return factor_shape_of(p->layout.components, p->data->points->columns);
}

static enum em_status layout(const struct em_data *data, const struct em_settings *settings, struct em_layout *out,
                             struct em_err *err)
{
	const struct em_points *x = data->points;
	size_t k = (size_t)em_settings_number(settings, "components"), d = x->columns;
	if (k > d)
		return em_fail(err, EM_USAGE, "%zu factors of %zu column%s; components is at most the number of columns", k, d,
		               d == 1 ? "" : "s");
	for (size_t j = 0; j < d; j++)
		if (!isfinite(x->mean[j]) || !isfinite(x->sd[j] * x->sd[j]))
			return em_fail(err, EM_INPUT, "column %s has values too large for a variance; take a larger unit", x->column[j]);
	struct factor_shape s = factor_shape_of(k, d);
	*out = (struct em_layout){
	    .observations = data->observations,
	    .components = k,
	    .theta = {{"loadings", 2, {k, d}, {d, 1}, s.loadings, EM_FREE},
	              {"mean", 1, {d}, {1}, 0, EM_FREE},
	              {"noise", 1, {d}, {1}, s.noise, EM_POSITIVE}},
	    .theta_arrays = 3,
	    .q = {{"scores", 2, {data->observations, k}, {k, 1}, 0, EM_FREE}},
	    .q_arrays = 1,
	    .stats = {{"scores", 1, {k}, {1}, s.sum_m, EM_FREE},
	              {"residuals", 1, {d}, {1}, s.sum_e, EM_FREE},
	              {"squares", 1, {d}, {1}, s.sum_ee, EM_FREE}},
	    .stats_arrays = 3,
	    .theta_size = s.theta_size,
	    .q_stride = k,
	    .stats_size = s.stats_size,
	    .derived_size = s.derived_size,
	    .work_size = 2 * d + 2 * k,
	    .terms = TERM_QZ + 1,
	};
	return EM_OK;
}

static void complete(const struct em_problem *p, double *theta)
{
	struct factor_shape s = factor_shape(p);
	for (size_t j = 0; j < s.d; j++)
		theta[s.offset + j] = theta[j] - p->data->points->mean[j];
}

/* ---- E-step ---- */

/* No loadings: the posterior of that is the prior. */
static void blank(const struct em_problem *p, double *made)
{
	struct factor_shape s = factor_shape(p);
	memset(made + s.loadings, 0, s.k * s.d * sizeof *made);
}

static void start(const struct em_problem *p, const struct em_theta *t, size_t n, double *q, double *work)
{
	(void)t, (void)n, (void)work;
	memset(q, 0, p->layout.components * sizeof *q);
}

static void derive(const struct em_problem *p, const double *now, const double *made, double *out)
{
	struct factor_shape s = factor_shape(p);
	double *number = out + s.number, *made_r = out + s.scratch, *row = made_r + s.k * s.k;
	factor_triangle(&s, now, out + s.r, row);
	factor_gain(&s, now, out + s.r, out + s.gain, row);
	factor_triangle(&s, made, made_r, row);
	factor_invert(s.k, made_r, out + s.t);
	memset(number, 0, FACTOR_NUMBERS * sizeof *number);
	for (size_t j = 0; j < s.d; j++) {
		out[s.precision + j] = 1 / now[s.noise + j];
		number[FACTOR_LOG_NOISE] += LOG_TURN + log(now[s.noise + j]);
		number[FACTOR_SPREAD] += factor_spread(&s, out + s.t, now + s.loadings, j) / now[s.noise + j];
	}
	for (size_t i = 0; i < s.k; i++) {
		number[FACTOR_LOG_R] += log(out[s.r + i * s.k + i]);
		number[FACTOR_LOG_T] -= log(made_r[i * s.k + i]);
	}
	for (size_t i = 0; i < s.k * s.k; i++)
		number[FACTOR_TRACE] += out[s.t + i] * out[s.t + i];
	number[FACTOR_KL] = factor_divergence(s.k, out + s.r, out + s.t);
}

/* x_n less the mean. */
static void center(const struct em_problem *p, const struct factor_shape *s, const double *theta, size_t n, double *out)
{
	const struct em_points *x = p->data->points;
	for (size_t j = 0; j < s->d; j++)
		out[j] = x->x[n * s->d + j] - x->mean[j] - theta[s->offset + j];
}

static void posterior(const struct factor_shape *s, const double *derived, const double *x, double *m)
{
	for (size_t i = 0; i < s->k; i++) {
		const double *gain = derived + s->gain + i * s->d;
		double sum = 0;
		for (size_t j = 0; j < s->d; j++)
			sum += gain[j] * x[j];
		m[i] = sum;
	}
}

/* work: centred x [D], residuals [D], the posterior mean [K], a difference [K]. */
static void e_step(const struct em_problem *p, const struct em_theta *t, size_t n, uint32_t budget, const double *q_before,
                   const struct em_bound *before, double *q, struct em_progress *progress, double *work)
{
	(void)budget, (void)q_before, (void)before;
	struct factor_shape s = factor_shape(p);
	center(p, &s, t->now, n, work);
	posterior(&s, t->derived, work, q);
	progress->sweeps++;
	progress->done = true;
}

/* e = x - L m; returns e' Psi^-1 e + m'm, which is least at the posterior mean, and there x' (L L' + Psi)^-1 x. */
static double distance(const struct factor_shape *s, const struct em_theta *t, const double *x, const double *m, double *e,
                       double *square)
{
	double far = 0;
	memcpy(e, x, s->d * sizeof *e);
	*square = 0;
	for (size_t i = 0; i < s->k; i++) {
		const double *l = t->now + s->loadings + i * s->d;
		*square += m[i] * m[i];
		for (size_t j = 0; j < s->d; j++)
			e[j] -= m[i] * l[j];
	}
	for (size_t j = 0; j < s->d; j++)
		far += e[j] * e[j] * t->derived[s->precision + j];
	return far;
}

/* Half the square of R (m - mean): what the means of q and of the posterior being apart adds to KL. */
static double apart(const struct factor_shape *s, const double *r, const double *m, const double *mean, double *diff)
{
	double all = 0;
	for (size_t i = 0; i < s->k; i++)
		diff[i] = m[i] - mean[i];
	for (size_t i = 0; i < s->k; i++) {
		double sum = 0;
		for (size_t l = i; l < s->k; l++)
			sum += r[i * s->k + l] * diff[l];
		all += sum * sum;
	}
	return all / 2;
}

static void add_stats(const struct factor_shape *s, const struct em_theta *t, size_t n, const double *m, const double *e,
                      double *stats)
{
	stats[0] += 1;
	for (size_t i = 0; i < s->k; i++) {
		stats[s->sum_m + i] += m[i];
		for (size_t h = 0; h < s->k; h++)
			stats[s->sum_mm + i * s->k + h] += m[i] * m[h];
		for (size_t j = 0; j < s->d; j++)
			stats[s->sum_me + i * s->d + j] += m[i] * e[j];
	}
	for (size_t j = 0; j < s->d; j++) {
		stats[s->sum_e + j] += e[j];
		stats[s->sum_ee + j] += e[j] * e[j];
	}
	if (n > 0)
		return;
	for (size_t i = 0; i < s->k * s->k; i++) /* once in the whole sum */
		stats[s->triangle + i] += t->derived[s->t + i];
	for (size_t i = 0; i < s->k * s->d; i++)
		stats[s->at_loadings + i] += t->now[s->loadings + i];
	for (size_t j = 0; j < s->d; j++)
		stats[s->at_offset + j] += t->now[s->offset + j];
}

static void collect(const struct em_problem *p, const struct em_theta *t, size_t n, const double *q, double *stats,
                    struct em_bound *out, double *work)
{
	struct factor_shape s = factor_shape(p);
	const double *number = t->derived + s.number;
	double *x = work, *e = x + s.d, *mean = e + s.d, *diff = mean + s.k, square, far, k = (double)s.k;
	if (!t->fresh)
		center(p, &s, t->now, n, x);
	posterior(&s, t->derived, x, mean);
	far = distance(&s, t, x, mean, e, &square);
	*out = (struct em_bound){.log_p = -(number[FACTOR_LOG_NOISE] + far + square) / 2 - number[FACTOR_LOG_R],
	                         .kl = number[FACTOR_KL] + apart(&s, t->derived + s.r, q, mean, diff)};
	far = distance(&s, t, x, q, e, &square);
	out->terms[TERM_PZ] = -(k * LOG_TURN + square + number[FACTOR_TRACE]) / 2;
	out->terms[TERM_PX] = -(number[FACTOR_LOG_NOISE] + number[FACTOR_SPREAD] + far) / 2;
	out->terms[TERM_QZ] = k * (1 + LOG_TURN) / 2 + number[FACTOR_LOG_T];
	out->elbo = out->terms[TERM_PX] + (k - square - number[FACTOR_TRACE]) / 2 + number[FACTOR_LOG_T];
	if (stats)
		add_stats(&s, t, n, q, e, stats);
}

static const char *block(const struct em_problem *p, unsigned i)
{
	(void)p;
	return i == 0 ? "loadings" : i == 1 ? "noise" : NULL;
}

/* ---- to look at ---- */

/* The size of a factor: the variance that it gives to all columns together, under the parameters of the pass. */
static void masses(const struct em_problem *p, const double *stats, double *out)
{
	struct factor_shape s = factor_shape(p);
	for (size_t i = 0; i < s.k; i++) {
		out[i] = 0;
		for (size_t j = 0; j < s.d; j++)
			out[i] += stats[s.at_loadings + i * s.d + j] * stats[s.at_loadings + i * s.d + j];
	}
}

/* The columns with the largest loadings, of either sign. */
static size_t describe(const struct em_problem *p, const double *theta, size_t k, struct em_item *out, size_t max)
{
	struct factor_shape s = factor_shape(p);
	size_t n = 0;
	for (size_t j = 0; j < s.d && max; j++) {
		double l = theta[s.loadings + k * s.d + j];
		if (n == max && fabs(l) <= fabs(out[n - 1].weight))
			continue;
		size_t at = n < max ? n++ : n - 1;
		for (; at > 0 && fabs(out[at - 1].weight) < fabs(l); at--)
			out[at] = out[at - 1];
		out[at] = (struct em_item){(uint32_t)j, l, p->data->points->column[j]};
	}
	return n;
}

static const char *equation(const struct em_problem *p, bool m_phase)
{
	if (!m_phase)
		return "V = (I + ΛᵀΨ⁻¹Λ)⁻¹    m_n = V ΛᵀΨ⁻¹ (x_n − μ)";
	return factor_spherical(p) ? "Λ, μ: regression of x on E[z], 1    σ² = Σ_nd E[(x_nd − μ_d − Λ_d z_n)²] / ND"
	                           : "Λ, μ: regression of x on E[z], 1    ψ_d = Σ_n E[(x_nd − μ_d − Λ_d z_n)²] / N";
}

static const char *const init_choices[] = {"random", "given", NULL};
static const char *const noise_choices[] = {"diagonal", "spherical", NULL};

static const struct em_setting rows[] = {
	{"components", EM_INTEGER, "2", 1, 200, NULL, EM_EFFECT_RESTART, "number of factors K, at most the number of columns"},
	{"noise", EM_CHOICE, "diagonal", 0, 0, noise_choices, EM_EFFECT_RESTART,
	 "one variance a column (factor analysis) or the same for all (probabilistic principal components)"},
	{"floor", EM_REAL, "0", 0, 1e300, NULL, EM_EFFECT_RESTART, "smallest noise variance allowed; 0 for none"},
	{"init", EM_CHOICE, "random", 0, 0, init_choices, EM_EFFECT_RESTART,
	 "where theta starts: random loadings that make half of each variance, or given by a state file"},
};

static const struct em_setting_table settings = {"factor", rows, sizeof rows / sizeof rows[0]};

const struct em_model em_model_factor = {
	.name = "factor",
	.title = "Factor analysis",
	.observation = "row",
	.component = "factor",
	.latent = "q(z) = Π_n N(z_n | m_n, V): the scores of row n on the factors, a Gaussian",
	.takes = EM_DATA_POINTS,
	.exact = true,
	.picture = EM_PICTURE_FACTORS,
	.settings = &settings,
	.terms = terms,
	.layout = layout,
	.init = factor_init,
	.complete = complete,
	.check = factor_check,
	.blank = blank,
	.start = start,
	.derive = derive,
	.e_step = e_step,
	.collect = collect,
	.m_step = factor_m_step,
	.block = block,
	.energy = factor_energy,
	.health = factor_health,
	.monotone = exact_monotone,
	.describe = describe,
	.masses = masses,
	.explain = exact_explain,
	.equation = equation,
};
