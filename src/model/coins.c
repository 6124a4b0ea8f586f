/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * A mixture of coins: each observation is a set of tosses, heads out of tosses, all of one coin (Do and Batzoglou, Nature
 * Biotechnology 26, 2008). log p is that of the sequence of tosses: no binomial coefficient.
 *
 * theta: weights, bias[kp], and tails[kp] = 1 - bias kept on its own, since near 1 the difference would round to 0 while
 * a responsibility of 1e-20 is still there. Statistics: expected heads [kp], expected tails [kp]. Derived: their logs. */
#include <math.h>
#include <stdint.h>

#include "elbow/points.h"
#include "model/mixture.h"
#include "model/models.h"

static size_t padded(const struct em_problem *p)
{
	return mixture_padded(p->layout.components);
}

/* The columns by name, or the first two. */
static void find(const struct em_points *x, size_t *heads, size_t *tosses)
{
	*heads = em_points_column(x, "heads");
	*tosses = em_points_column(x, "tosses");
	if (*heads == SIZE_MAX || *tosses == SIZE_MAX) {
		*heads = 0;
		*tosses = 1;
	}
}

static void observation(const struct em_problem *p, size_t n, double *heads, double *tails)
{
	const struct em_points *x = p->data->points;
	size_t h, t;
	find(x, &h, &t);
	*heads = x->x[n * x->columns + h];
	*tails = x->x[n * x->columns + t] - *heads;
}

static bool whole(double x)
{
	return x >= 0 && x == floor(x) && x < 1e15;
}

static enum em_status layout(const struct em_data *data, const struct em_settings *s, struct em_layout *out,
                             struct em_err *err)
{
	const struct em_points *x = data->points;
	size_t k = (size_t)em_settings_number(s, "components"), kp = mixture_padded(k), h, t, at = mixture_theta(k);
	if (x->columns < 2)
		return em_fail(err, EM_INPUT, "coins take two columns, heads and tosses; the table has %zu", x->columns);
	find(x, &h, &t);
	double tosses = 0;
	for (size_t n = 0; n < x->rows; n++) {
		double heads = x->x[n * x->columns + h], all = x->x[n * x->columns + t];
		if (!whole(heads) || !whole(all) || heads > all)
			return em_fail(err, EM_INPUT, "row %zu: %g heads of %g tosses; give whole numbers, no more heads than tosses",
			               n + 1, heads, all);
		tosses += all;
	}
	if (!(tosses > 0))
		return em_fail(err, EM_INPUT, "no coin was tossed; give at least one row with tosses");
	mixture_layout(data, k, 2 * kp, 2 * kp, 2 * kp, 0, out);
	out->theta[out->theta_arrays++] = (struct em_array){"bias", 1, {k}, {1}, at, EM_PROBABILITY};
	out->stats[out->stats_arrays++] = (struct em_array){"heads", 1, {k}, {1}, mixture_stats(k), EM_FREE};
	out->stats[out->stats_arrays++] = (struct em_array){"tails", 1, {k}, {1}, mixture_stats(k) + kp, EM_FREE};
	return EM_OK;
}

static void complete(const struct em_problem *p, double *theta)
{
	double *bias = theta + padded(p), *tails = bias + padded(p);
	for (size_t k = 0; k < p->layout.components; k++)
		tails[k] = 1 - bias[k];
}

static void derive(const struct em_problem *p, const double *theta, double *out)
{
	for (size_t i = 0; i < 2 * padded(p); i++)
		out[i] = log(theta[padded(p) + i]);
}

/* n log p, 0 where n is 0 whatever p is. */
static double times_log(double n, double log_p)
{
	return n > 0 ? n * log_p : 0;
}

static void log_density(const struct em_problem *p, const double *theta, const double *derived, size_t n, double *out,
                        double *scratch)
{
	(void)theta, (void)scratch;
	double heads, tails;
	observation(p, n, &heads, &tails);
	for (size_t k = 0; k < p->layout.components; k++)
		out[k] = times_log(heads, derived[k]) + times_log(tails, derived[padded(p) + k]);
}

static void accumulate(const struct em_problem *p, const double *theta, size_t n, const double *q, double *stats,
                       double *scratch)
{
	(void)theta, (void)scratch;
	double heads, tails;
	observation(p, n, &heads, &tails);
	for (size_t k = 0; k < p->layout.components; k++) {
		stats[k] += q[k] * heads;
		stats[padded(p) + k] += q[k] * tails;
	}
}

static enum em_status m_step(const struct em_problem *p, const double *counts, const double *stats, unsigned block,
                             double *theta, struct em_err *err)
{
	(void)counts, (void)block, (void)err;
	double *bias = theta + padded(p), *tails = bias + padded(p);
	for (size_t k = 0; k < p->layout.components; k++) {
		double tossed = stats[k] + stats[padded(p) + k];
		if (!(tossed > 0)) /* an empty coin keeps its bias: 0/0 */
			continue;
		bias[k] = stats[k] / tossed;
		tails[k] = stats[padded(p) + k] / tossed;
	}
	return EM_OK;
}

static double expected(const struct em_problem *p, const double *theta, const double *counts, const double *stats)
{
	(void)counts;
	double sum = 0;
	for (size_t i = 0; i < 2 * padded(p); i++)
		sum += times_log(stats[i], log(theta[padded(p) + i]));
	return sum;
}

static void seed(const struct em_problem *p, size_t n, size_t k, double *theta)
{
	double heads, tails;
	observation(p, n, &heads, &tails);
	theta[padded(p) + k] = (heads + 1) / (heads + tails + 2);
}

static double distance(const struct em_problem *p, size_t a, size_t b)
{
	double ha, ta, hb, tb;
	observation(p, a, &ha, &ta);
	observation(p, b, &hb, &tb);
	return fabs((ha + 1) / (ha + ta + 2) - (hb + 1) / (hb + tb + 2));
}

static enum em_status check(const struct em_problem *p, const double *theta, struct em_err *err)
{
	const double *bias = theta + padded(p);
	for (size_t k = 0; k < p->layout.components; k++) {
		if (!(bias[k] >= 0 && bias[k] <= 1))
			return em_fail(err, EM_INPUT, "bias[%zu] is %g; a probability is from 0 to 1", k + 1, bias[k]);
	}
	for (size_t n = 0; n < p->layout.observations; n++) {
		double h, t;
		observation(p, n, &h, &t);
		bool possible = false;
		for (size_t k = 0; k < p->layout.components; k++)
			possible |= theta[k] > 0 && (h == 0 || bias[k] > 0) && (t == 0 || bias[k] < 1);
		if (!possible)
			return em_fail(err, EM_INPUT, "set %zu has %g heads and %g tails, which no coin can give; biases from 0 to 1, not "
			               "at the ends, always can", n + 1, h, t);
	}
	return EM_OK;
}

static size_t describe(const struct em_problem *p, const double *theta, size_t k, struct em_item *out, size_t max)
{
	if (max)
		out[0] = (struct em_item){0, theta[padded(p) + k], "heads"};
	return max ? 1 : 0;
}

static const char *equation(const struct em_problem *p, bool m_phase)
{
	(void)p;
	return m_phase ? "bias_k = Σ_n q_nk heads_n / Σ_n q_nk tosses_n    w_k = Σ_n q_nk / N"
	               : "q_nk ∝ w_k bias_k^heads_n (1−bias_k)^tails_n";
}

static const char *const blocks[] = {"bias", NULL};

static const struct mixture mixture = {
	.blocks = blocks, .derive = derive, .log_density = log_density, .accumulate = accumulate, .m_step = m_step,
	.expected = expected, .seed = seed, .distance = distance, .check = check,
};

static const struct em_setting rows[] = {MIXTURE_ROWS("2")};
static const struct em_setting_table settings = {"coins", rows, sizeof rows / sizeof rows[0]};

const struct em_model em_model_coins = {
	MIXTURE_MEMBERS,
	.name = "coins",
	.title = "Coins",
	.observation = "set",
	.component = "coin",
	.latent = "q(z) = Π_n q(z_n): which coin was tossed in set n",
	.takes = EM_DATA_POINTS,
	.discrete = true,
	.picture = EM_PICTURE_COIN,
	.init = mixture_init,
	.complete = complete,
	.collect = mixture_collect,
};
