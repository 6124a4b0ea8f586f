/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * A mixture of Poisson distributions: each row is a count, which may have been seen `frequency` times. log p is that of the
 * value, with -log x!.
 *
 * theta: weights, rates[kp]. Statistics: sum q x [kp], then three that keep the digits of large counts: sum q (x - r) and
 * sum q log p(x|r) under the rates r that they were collected with, and r itself. Derived: log rates. */
#include <math.h>
#include <stdint.h>

#include "base/special.h"
#include "elbow/points.h"
#include "model/mixture.h"
#include "model/models.h"

enum { TOTAL, EXCESS, BASE, FRAME, PARTS };
enum { SMALL = 16 }; /* counts below have their factorial, those from there on Stirling's series */
#define MOST 1e15
#define LOG_TURN 1.8378770664093454836

static size_t padded(const struct em_problem *p)
{
	return mixture_padded(p->layout.components);
}

/* The columns by name; of one column alone the name does not matter. frequency SIZE_MAX: every row counts once. */
static bool find(const struct em_points *x, size_t *count, size_t *frequency)
{
	*count = em_points_column(x, "count");
	*frequency = em_points_column(x, "frequency");
	if (*count == SIZE_MAX && x->columns == 1) {
		*count = 0;
		*frequency = SIZE_MAX;
	}
	return *count != SIZE_MAX;
}

static double count_of(const struct em_problem *p, size_t n)
{
	size_t c, f;
	find(p->data->points, &c, &f);
	return p->data->points->x[n * p->data->points->columns + c];
}

static double times(const struct em_problem *p, size_t n)
{
	size_t c, f;
	find(p->data->points, &c, &f);
	return f == SIZE_MAX ? 1 : p->data->points->x[n * p->data->points->columns + f];
}

static enum em_status whole(const struct em_points *x, size_t n, size_t column, const char *what, struct em_err *err)
{
	double v = x->x[n * x->columns + column];
	if (v >= 0 && v == floor(v) && v <= MOST)
		return EM_OK;
	return em_fail(err, EM_INPUT, "row %zu, column %s: %.17g; a %s is a whole number from 0 to 1e15", n + 1, x->column[column], v, what);
}

static enum em_status layout(const struct em_data *data, const struct em_settings *s, struct em_layout *out,
                             struct em_err *err)
{
	const struct em_points *x = data->points;
	size_t k = (size_t)em_settings_number(s, "components"), kp = mixture_padded(k), c, f, at = mixture_theta(k);
	if (!find(x, &c, &f))
		return em_fail(err, EM_INPUT, "a mixture of Poissons takes a column count and, if there, frequency; of the %zu columns "
		               "none is named count", x->columns);
	double rows = 0;
	for (size_t n = 0; n < x->rows; n++) {
		enum em_status st = whole(x, n, c, "count", err);
		if (!st && f != SIZE_MAX)
			st = whole(x, n, f, "frequency", err);
		if (st)
			return st;
		rows += f == SIZE_MAX ? 1 : x->x[n * x->columns + f];
	}
	if (!(rows > 0))
		return em_fail(err, EM_INPUT, "every frequency is 0; give at least one row that counts");
	mixture_layout(data, k, kp, PARTS * kp, kp, 0, out);
	out->theta[out->theta_arrays++] = (struct em_array){"rates", 1, {k}, {1}, at, EM_POSITIVE};
	out->stats[out->stats_arrays++] = (struct em_array){"totals", 1, {k}, {1}, mixture_stats(k) + TOTAL * kp, EM_FREE};
	return EM_OK;
}

static void derive(const struct em_problem *p, const double *theta, double *out)
{
	for (size_t i = 0; i < padded(p); i++)
		out[i] = log(theta[padded(p) + i]);
}

/* log x! - (x log x - x + log(2 pi x) / 2), x >= SMALL. */
static double stirling_rest(double x)
{
	double y = 1 / (x * x);
	return (1. / 12 - y * (1. / 360 - y * (1. / 1260 - y * (1. / 1680 - y * (1. / 1188))))) / x;
}

/* x log(x/r) + r - x, which is 0 where r = x, without the difference of large numbers near there. */
static double deviance(double x, double log_x, double r, double log_r)
{
	double v = (x - r) / (x + r), square = v * v, power = v * square, sum = 0;
	if (fabs(v) > 0.1)
		return x * (log_x - log_r) + r - x;
	for (int i = 3; i < 23; i += 2, power *= square)
		sum += power / i;
	return (x - r) * v + 2 * x * sum;
}

/* In two forms, the second after C. Loader (2000): Stirling's formula takes away what is large in x log r - r - log x!. */
static void log_density(const struct em_problem *p, const double *theta, const double *derived, size_t n, double *out,
                        double *scratch)
{
	(void)scratch;
	const double *rates = theta + padded(p);
	double x = count_of(p, n), log_x = log(x), rest;
	rest = x < SMALL ? special_lgamma(x + 1) : stirling_rest(x) + (LOG_TURN + log_x) / 2;
	for (size_t k = 0; k < p->layout.components; k++) {
		if (!(x > 0))
			out[k] = -rates[k];
		else if (!(rates[k] > 0))
			out[k] = -INFINITY;
		else if (x < SMALL)
			out[k] = x * derived[k] - rates[k] - rest;
		else
			out[k] = -deviance(x, log_x, rates[k], derived[k]) - rest;
	}
}

static void accumulate(const struct em_problem *p, const double *theta, size_t n, const double *q, double *stats,
                       double *scratch)
{
	(void)scratch;
	const double *rates = theta + padded(p);
	double x = count_of(p, n), *total = stats + TOTAL * padded(p), *excess = stats + EXCESS * padded(p);
	for (size_t k = 0; k < p->layout.components; k++) {
		total[k] += q[k] * x;
		excess[k] += q[k] * (x - rates[k]);
	}
}

/* As all mixtures, and the two statistics that need the densities, which are still in work. */
static void collect(const struct em_problem *p, const struct em_theta *t, size_t n, const double *q, double *stats,
                    struct em_bound *out, double *work)
{
	size_t kp = padded(p);
	double often = times(p, n);
	mixture_collect(p, t, n, q, stats, out, work);
	if (!stats)
		return;
	double *base = stats + mixture_stats(p->layout.components) + BASE * kp, *frame = base + (FRAME - BASE) * kp;
	for (size_t k = 0; k < p->layout.components; k++) {
		if (often > 0 && q[k] > 0)
			base[k] += often * q[k] * (work[k] - t->derived[k]);
		if (n == 0) /* once: with the first row */
			frame[k] += t->now[kp + k];
	}
}

static enum em_status m_step(const struct em_problem *p, const double *counts, const double *stats, unsigned block,
                             double *theta, struct em_err *err)
{
	(void)block, (void)err;
	for (size_t k = 0; k < p->layout.components; k++)
		if (counts[k] > 0) /* an empty component keeps its rate: 0/0 */
			theta[padded(p) + k] = stats[TOTAL * padded(p) + k] / counts[k];
	return EM_OK;
}

/* log(1 + e) - e. */
static double log_less(double e)
{
	if (fabs(e) > 1e-4)
		return log1p(e) - e;
	return -e * e * (1. / 2 - e * (1. / 3 - e * (1. / 4 - e / 5)));
}

/* log p(x|r') = log p(x|r) + x log(r'/r) - (r' - r), summed: r are the rates of the frame. Near r what is large in the two
 * cancels on paper: x - r is small where x is not. */
static double expected(const struct em_problem *p, const double *theta, const double *counts, const double *stats)
{
	size_t kp = padded(p);
	double sum = 0;
	for (size_t k = 0; k < p->layout.components; k++) {
		double rate = theta[kp + k], total = stats[TOTAL * kp + k], r = stats[FRAME * kp + k], e = (rate - r) / r;
		if (!(counts[k] > 0))
			continue;
		if (!(total > 0)) /* zeros only */
			sum -= counts[k] * rate;
		else if (fabs(e) < 0.5)
			sum += stats[BASE * kp + k] + stats[EXCESS * kp + k] * log1p(e) + counts[k] * r * log_less(e);
		else
			sum += stats[BASE * kp + k] + total * (log(rate) - log(r)) - counts[k] * (rate - r);
	}
	return sum;
}

/* Half a count more, so that a seed of 0 leaves the others possible. */
static void seed(const struct em_problem *p, size_t n, size_t k, double *theta)
{
	theta[padded(p) + k] = count_of(p, n) + 0.5;
}

/* Of the roots: their spread is the same at all rates. */
static double distance(const struct em_problem *p, size_t a, size_t b)
{
	return fabs(sqrt(count_of(p, a)) - sqrt(count_of(p, b)));
}

static enum em_status check(const struct em_problem *p, const double *theta, struct em_err *err)
{
	const double *rates = theta + padded(p);
	bool any = false;
	for (size_t k = 0; k < p->layout.components; k++) {
		if (!(rates[k] >= 0 && rates[k] <= MOST))
			return em_fail(err, EM_INPUT, "rates[%zu] is %g; a rate is from 0 to 1e15", k + 1, rates[k]);
		any |= theta[k] > 0 && rates[k] > 0;
	}
	for (size_t n = 0; n < p->layout.observations && !any; n++)
		if (times(p, n) > 0 && count_of(p, n) > 0)
			return em_fail(err, EM_INPUT, "row %zu has the count %g, which a rate of 0 cannot give; at least one component of "
			               "weight above 0 needs a rate above 0", n + 1, count_of(p, n));
	return EM_OK;
}

static size_t describe(const struct em_problem *p, const double *theta, size_t k, struct em_item *out, size_t max)
{
	if (max)
		out[0] = (struct em_item){0, theta[padded(p) + k], "rate"};
	return max ? 1 : 0;
}

static const char *equation(const struct em_problem *p, bool m_phase)
{
	size_t c, f;
	find(p->data->points, &c, &f);
	if (!m_phase)
		return "q_nk ∝ w_k λ_k^x_n e^(−λ_k) / x_n!";
	return f == SIZE_MAX ? "λ_k = Σ_n q_nk x_n / R_k    w_k = R_k / N    R_k = Σ_n q_nk"
	                     : "λ_k = Σ_n f_n q_nk x_n / R_k    w_k = R_k / Σ_n f_n    R_k = Σ_n f_n q_nk    f_n: frequency";
}

static const char *const blocks[] = {"rates", NULL};

static const struct mixture mixture = {
	.blocks = blocks, .derive = derive, .log_density = log_density, .accumulate = accumulate, .m_step = m_step,
	.expected = expected, .times = times, .seed = seed, .distance = distance, .check = check,
};

static const struct em_setting rows[] = {MIXTURE_ROWS("2")};
static const struct em_setting_table settings = {"poisson", rows, sizeof rows / sizeof rows[0]};

const struct em_model em_model_poisson = {
	MIXTURE_MEMBERS,
	.name = "poisson",
	.title = "Poissons",
	.observation = "row",
	.component = "component",
	.unit = "observation",
	.latent = "q(z) = Π_n q(z_n): which Poisson the count of row n was drawn from",
	.takes = EM_DATA_POINTS,
	.discrete = true,
	.picture = EM_PICTURE_RATE,
	.init = mixture_init,
	.collect = collect,
};
