/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * A mixture of Bernoulli distributions: each row is a vector of zeros and ones, independent given the component (latent
 * class analysis; Bishop 2006, section 9.3.3).
 *
 * theta: weights, probabilities[D][kp], and their complements [D][kp], kept on their own as 1 - p would round to 0 or 1
 * near the ends while a responsibility of 1e-20 is still there. Statistics: expected ones [D][kp], zeros [D][kp]. Derived:
 * the logs of both. */
#include <math.h>
#include <stdint.h>

#include "base/sum.h"
#include "elbow/points.h"
#include "model/mixture.h"
#include "model/models.h"
#include "model/topics_kernel.h"
#include "base/vec.h"

static size_t padded(const struct em_problem *p)
{
	return mixture_padded(p->layout.components);
}

/* Doubles of a table [D][kp]. */
static size_t table_size(const struct em_problem *p)
{
	return p->data->points->columns * padded(p);
}

static const double *row_of(const struct em_problem *p, size_t n)
{
	return p->data->points->x + n * p->data->points->columns;
}

static enum em_status layout(const struct em_data *data, const struct em_settings *s, struct em_layout *out,
                             struct em_err *err)
{
	const struct em_points *x = data->points;
	size_t k = (size_t)em_settings_number(s, "components"), kp = mixture_padded(k), d = x->columns, size = d * kp;
	for (size_t i = 0; i < x->rows * d; i++)
		if (x->x[i] != 0 && x->x[i] != 1)
			return em_fail(err, EM_INPUT, "row %zu, column %s: %g; a cell is 0 or 1 (columns=a,b takes some columns only)",
			               i / d + 1, x->column[i % d], x->x[i]);
	mixture_layout(data, k, 2 * size, 2 * size, 2 * size, 0, out);
	out->theta[out->theta_arrays++] =
	    (struct em_array){"probabilities", 2, {k, d}, {1, kp}, mixture_theta(k), EM_PROBABILITY};
	out->stats[out->stats_arrays++] = (struct em_array){"ones", 2, {k, d}, {1, kp}, mixture_stats(k), EM_FREE};
	out->stats[out->stats_arrays++] = (struct em_array){"zeros", 2, {k, d}, {1, kp}, mixture_stats(k) + size, EM_FREE};
	return EM_OK;
}

static void complete(const struct em_problem *p, double *theta)
{
	double *on = theta + padded(p), *off = on + table_size(p);
	for (size_t j = 0; j < p->data->points->columns; j++)
		for (size_t k = 0; k < p->layout.components; k++)
			off[j * padded(p) + k] = 1 - on[j * padded(p) + k];
}

static void derive(const struct em_problem *p, const double *theta, double *out)
{
	topics_log(theta + padded(p), 2 * table_size(p), out);
}

/* The row of `on` where x is 1, that of `off` where it is 0, summed over the columns; two chains, so that additions do not
 * all wait for one another. */
enum { RUN = 256 };

HOT static void bernoulli_sum_hot(const double *on, const double *off, size_t d, size_t kp, const double *x, double *out)
{
	for (size_t g = 0; g < kp; g += VEC_LANES) {
		vec all = EACH(0.0);
		for (size_t from = 0; from < d; from += RUN) { /* short sums of short sums: many columns cost few digits */
			size_t j = from, to = d - from < RUN ? d : from + RUN;
			vec even = EACH(0.0), odd = EACH(0.0);
			for (; j + 1 < to; j += 2) {
				even += VEC_GET((x[j] > 0 ? on : off) + j * kp + g);
				odd += VEC_GET((x[j + 1] > 0 ? on : off) + (j + 1) * kp + g);
			}
			if (j < to)
				even += VEC_GET((x[j] > 0 ? on : off) + j * kp + g);
			all += even + odd;
		}
		VEC_PUT(out + g) = all;
	}
}

HOT static void bernoulli_add_hot(double *on, double *off, size_t d, size_t kp, const double *x, const double *q)
{
	for (size_t j = 0; j < d; j++) {
		double *to = (x[j] > 0 ? on : off) + j * kp;
		for (size_t g = 0; g < kp; g += VEC_LANES)
			VEC_PUT(to + g) += VEC_GET(q + g);
	}
}

static void log_density(const struct em_problem *p, const double *theta, const double *derived, size_t n, double *out,
                        double *scratch)
{
	(void)theta, (void)scratch;
	bernoulli_sum_hot(derived, derived + table_size(p), p->data->points->columns, padded(p), row_of(p, n), out);
}

static void accumulate(const struct em_problem *p, const double *theta, size_t n, const double *q, double *stats,
                       double *scratch)
{
	(void)theta, (void)scratch;
	bernoulli_add_hot(stats, stats + table_size(p), p->data->points->columns, padded(p), row_of(p, n), q);
}

static enum em_status m_step(const struct em_problem *p, const double *counts, const double *stats, unsigned block,
                             double *theta, struct em_err *err)
{
	(void)counts, (void)block, (void)err;
	size_t kp = padded(p), size = table_size(p);
	double *on = theta + kp, *off = on + size;
	for (size_t j = 0; j < p->data->points->columns; j++)
		for (size_t k = 0; k < p->layout.components; k++) {
			double ones = stats[j * kp + k], zeros = stats[size + j * kp + k];
			if (!(ones + zeros > 0)) /* an empty component keeps its probabilities: 0/0 */
				continue;
			on[j * kp + k] = ones / (ones + zeros);
			off[j * kp + k] = zeros / (ones + zeros);
		}
	return EM_OK;
}

static double expected(const struct em_problem *p, const double *theta, const double *counts, const double *stats)
{
	(void)counts;
	struct sum sum = {0};
	for (size_t i = 0; i < 2 * table_size(p); i++)
		if (stats[i] > 0) /* 0 log 0 = 0 */
			sum_add(&sum, stats[i] * log(theta[padded(p) + i]));
	return sum_of(&sum);
}

/* Half way from even chances to the row. */
static void seed(const struct em_problem *p, size_t n, size_t k, double *theta)
{
	for (size_t j = 0; j < p->data->points->columns; j++)
		theta[padded(p) + j * padded(p) + k] = row_of(p, n)[j] > 0 ? 0.75 : 0.25;
}

static double distance(const struct em_problem *p, size_t a, size_t b)
{
	double differ = 0;
	for (size_t j = 0; j < p->data->points->columns; j++)
		differ += row_of(p, a)[j] != row_of(p, b)[j];
	return sqrt(differ);
}

/* Whether component k can give row n. */
static bool gives(const struct em_problem *p, const double *theta, size_t n, size_t k)
{
	const double *x = row_of(p, n), *on = theta + padded(p), *off = on + table_size(p);
	bool can = theta[k] > 0;
	for (size_t j = 0; j < p->data->points->columns && can; j++)
		can = (x[j] > 0 ? on : off)[j * padded(p) + k] > 0;
	return can;
}

static enum em_status check(const struct em_problem *p, const double *theta, struct em_err *err)
{
	const struct em_points *x = p->data->points;
	for (size_t k = 0; k < p->layout.components; k++)
		for (size_t j = 0; j < x->columns; j++) {
			double v = theta[padded(p) + j * padded(p) + k];
			if (!(v >= 0 && v <= 1))
				return em_fail(err, EM_INPUT, "probabilities[%zu][%zu] (column %s) is %g; a probability is from 0 to 1", k + 1,
				               j + 1, x->column[j], v);
		}
	for (size_t n = 0; n < x->rows; n++) {
		bool possible = false;
		for (size_t k = 0; k < p->layout.components && !possible; k++)
			possible = gives(p, theta, n, k);
		if (!possible)
			return em_fail(err, EM_INPUT, "row %zu is possible under no component; probabilities between 0 and 1, not at the ends, "
			               "can give any row", n + 1);
	}
	return EM_OK;
}

/* The likeliest ones first, equal ones in the order of the columns. */
static size_t describe(const struct em_problem *p, const double *theta, size_t k, struct em_item *out, size_t max)
{
	const struct em_points *x = p->data->points;
	size_t n = 0;
	for (size_t j = 0; j < x->columns && max > 0; j++) {
		double v = theta[padded(p) + j * padded(p) + k];
		if (n == max && !(v > out[n - 1].weight))
			continue;
		size_t at = n < max ? n++ : n - 1;
		for (; at > 0 && out[at - 1].weight < v; at--)
			out[at] = out[at - 1];
		out[at] = (struct em_item){(uint32_t)j, v, x->column[j]};
	}
	return n;
}

static const char *equation(const struct em_problem *p, bool m_phase)
{
	(void)p;
	return m_phase ? "μ_kj = Σ_n q_nk x_nj / R_k    w_k = R_k / N    R_k = Σ_n q_nk"
	               : "q_nk ∝ w_k Π_j μ_kj^x_nj (1−μ_kj)^(1−x_nj)";
}

static const char *const blocks[] = {"probabilities", NULL};

static const struct mixture mixture = {
	.blocks = blocks, .derive = derive, .log_density = log_density, .accumulate = accumulate, .m_step = m_step,
	.expected = expected, .seed = seed, .distance = distance, .check = check,
};

static const struct em_setting rows[] = {MIXTURE_ROWS("2")};
static const struct em_setting_table settings = {"bernoulli", rows, sizeof rows / sizeof rows[0]};

const struct em_model em_model_bernoulli = {
	MIXTURE_MEMBERS,
	.name = "bernoulli",
	.title = "Bernoullis",
	.observation = "row",
	.component = "component",
	.latent = "q(z) = Π_n q(z_n): which component row n was drawn from",
	.takes = EM_DATA_POINTS,
	.discrete = true,
	.picture = EM_PICTURE_PIXELS,
	.init = mixture_init,
	.complete = complete,
	.collect = mixture_collect,
};
