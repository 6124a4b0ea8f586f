/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <float.h>
#include <math.h>
#include <string.h>

#include "elbow/points.h"
#include "model/gmm.h"
#include "model/mixture.h"

enum { BLOCK_MEANS };

void gmm_frame(const struct gmm_shape *s, const double *offset, const double *factor, double *frame)
{
	size_t d = s->d, kp = s->kp;
	double *l = frame + d * kp, *inverse = l + s->tri * kp, *constant = inverse + d * kp;
	for (size_t k = 0; k < kp; k++) {
		constant[k] = -0.5 * (double)d * GMM_LOG_TURN;
		for (size_t i = 0; i < d; i++) {
			frame[i * kp + k] = k < s->k ? offset[k * d + i] : 0;
			for (size_t j = 0; j <= i; j++)
				l[(i * (i + 1) / 2 + j) * kp + k] = k < s->k ? factor[(k * d + i) * d + j] : i == j;
			double pivot = l[(i * (i + 1) / 2 + i) * kp + k];
			inverse[i * kp + k] = 1 / pivot;
			constant[k] -= log(pivot);
		}
	}
}

void gmm_publish(const struct gmm_shape *s, double *theta, size_t k)
{
	gmm_square(s->d, theta + s->factor + k * s->d * s->d, theta + s->covariances + k * s->d * s->d);
}

/* The moments of one component in its frame. */
struct moments {
	double count;
	double offset[GMM_COLUMNS], factor[GMM_COLUMNS * GMM_COLUMNS]; /* the frame */
	double mean[GMM_COLUMNS], raw[GMM_COLUMNS];                    /* of y; of y^2 */
	double scatter[GMM_COLUMNS * GMM_COLUMNS];                     /* of y about its mean */
};

static void take(const struct gmm_shape *s, const double *counts, const double *stats, size_t k, bool diagonal,
                 struct moments *m)
{
	size_t d = s->d, kp = s->kp;
	m->count = counts[k];
	memset(m->factor, 0, d * d * sizeof *m->factor);
	for (size_t i = 0; i < d; i++) {
		m->offset[i] = stats[s->frame + i * kp + k];
		m->mean[i] = stats[s->first + i * kp + k] / m->count;
		for (size_t j = 0; j <= i; j++) {
			size_t at = (i * (i + 1) / 2 + j) * kp + k;
			double second = stats[s->second + at] / m->count;
			m->factor[i * d + j] = stats[s->frame + d * kp + at];
			if (i == j)
				m->raw[i] = second;
			second = i != j && diagonal ? 0 : second - m->mean[i] * m->mean[j];
			m->scatter[i * d + j] = m->scatter[j * d + i] = second;
		}
	}
}

/* The mean under q, as an offset. */
static void centre_of(const struct gmm_shape *s, const struct moments *m, double *offset)
{
	memcpy(offset, m->mean, s->d * sizeof *offset);
	gmm_times(s->d, m->factor, offset);
	for (size_t i = 0; i < s->d; i++)
		offset[i] += m->offset[i];
}

/* A triangle A with A A' the mean of (x-m)(x-m)' under q, m at the given offset. */
static void spread_of(const struct gmm_shape *s, const struct moments *m, const double *offset, double *a)
{
	size_t d = s->d;
	double c[GMM_COLUMNS * GMM_COLUMNS], least[GMM_COLUMNS], off[GMM_COLUMNS];
	memcpy(c, m->scatter, d * d * sizeof *c);
	for (size_t i = 0; i < d; i++)
		least[i] = 8 * DBL_EPSILON * m->raw[i];
	gmm_semidefinite(d, c, least);
	gmm_product(d, m->factor, c, a);
	centre_of(s, m, off);
	for (size_t i = 0; i < d; i++)
		off[i] -= offset[i];
	gmm_update(d, a, off);
}

/* Row lengths of a triangle are standard deviations. */
static void make_diagonal(size_t d, double *l, bool alike)
{
	double all = 0;
	for (size_t i = 0; i < d; i++) {
		double sum = 0;
		for (size_t j = 0; j <= i; j++) {
			sum += l[i * d + j] * l[i * d + j];
			l[i * d + j] = 0;
		}
		l[i * d + i] = sqrt(sum);
		all += sum;
	}
	for (size_t i = 0; i < d && alike; i++)
		l[i * d + i] = sqrt(all / (double)d);
}

/* One covariance for all: the mean of theirs. */
static void pool(const struct gmm_shape *s, const double *counts, double *factors)
{
	size_t d = s->d;
	double l[GMM_COLUMNS * GMM_COLUMNS] = {0}, v[GMM_COLUMNS], all = 0;
	for (size_t k = 0; k < s->k; k++)
		all += counts[k];
	for (size_t k = 0; k < s->k; k++)
		for (size_t j = 0; j < d && counts[k] > 0; j++) {
			for (size_t i = 0; i < d; i++)
				v[i] = sqrt(counts[k] / all) * factors[(k * d + i) * d + j];
			gmm_update(d, l, v);
		}
	for (size_t k = 0; k < s->k; k++)
		memcpy(factors + k * d * d, l, d * d * sizeof *l);
}

/* The factors that maximize the energy when the means are at these offsets; those of empty components stay. */
static void maximize(const struct em_problem *p, const struct gmm_shape *s, const double *counts, const double *stats,
                     const double *offsets, double *factors)
{
	size_t d = s->d;
	int kind = gmm_kind(p);
	double floor = gmm_floor(p);
	struct moments m;
	for (size_t k = 0; k < s->k; k++) {
		if (!(counts[k] > 0))
			continue;
		take(s, counts, stats, k, gmm_is_diagonal(p), &m);
		spread_of(s, &m, offsets + k * d, factors + k * d * d);
		if (gmm_is_diagonal(p))
			make_diagonal(d, factors + k * d * d, kind == GMM_SPHERICAL);
	}
	if (kind == GMM_TIED)
		pool(s, counts, factors);
	for (size_t k = 0; k < s->k && floor > 0; k++)
		if (counts[k] > 0 || kind == GMM_TIED)
			gmm_lift(d, factors + k * d * d, floor);
}

static enum em_status move_means(const struct em_problem *p, const struct gmm_shape *s, const double *counts,
                                 const double *stats, double *theta)
{
	struct moments m;
	for (size_t k = 0; k < s->k; k++) {
		if (!(counts[k] > 0)) /* an empty component stays where it is: 0/0 */
			continue;
		take(s, counts, stats, k, gmm_is_diagonal(p), &m);
		centre_of(s, &m, theta + s->offset + k * s->d);
		for (size_t i = 0; i < s->d; i++)
			theta[s->means + k * s->d + i] = p->data->points->mean[i] + theta[s->offset + k * s->d + i];
	}
	return EM_OK;
}

static enum em_status move_covariances(const struct em_problem *p, const struct gmm_shape *s, const double *counts,
                                       const double *stats, double *theta, struct em_err *err)
{
	size_t d = s->d;
	maximize(p, s, counts, stats, theta + s->offset, theta + s->factor);
	for (size_t k = 0; k < s->k; k++) {
		for (size_t i = 0; i < d; i++) {
			double pivot = theta[s->factor + (k * d + i) * d + i];
			if (!(pivot * pivot >= gmm_least(p->data->points, i)))
				return gmm_collapse(p, counts, theta, k, i, pivot * pivot, err);
		}
		gmm_publish(s, theta, k);
	}
	return EM_OK;
}

enum em_status gmm_m_step(const struct em_problem *p, const double *counts, const double *stats, unsigned block,
                          double *theta, struct em_err *err)
{
	struct gmm_shape s = gmm_shape(p);
	return block == BLOCK_MEANS ? move_means(p, &s, counts, stats, theta)
	                            : move_covariances(p, &s, counts, stats, theta, err);
}

/* L^-1 F */
static void relative(size_t d, const double *l, const double *f, double *out)
{
	double column[GMM_COLUMNS];
	for (size_t j = 0; j < d; j++) {
		for (size_t i = 0; i < d; i++)
			column[i] = f[i * d + j];
		gmm_forward(d, l, column);
		for (size_t i = 0; i < d; i++)
			out[i * d + j] = column[i];
	}
}

/* The mean of |L^-1 (x-m)|^2 under q, of another m and L: |L^-1 F (y - mean y) + L^-1 (centre - m)|^2, F the frame. */
static double distance_from(const struct gmm_shape *s, const struct moments *mo, const double *offset, const double *l)
{
	size_t d = s->d;
	double m[GMM_COLUMNS * GMM_COLUMNS], off[GMM_COLUMNS], sum = 0;
	relative(d, l, mo->factor, m);
	for (size_t i = 0; i < d; i++)
		for (size_t a = 0; a <= i; a++) {
			double part = 0;
			for (size_t b = 0; b <= i; b++)
				part += mo->scatter[a * d + b] * m[i * d + b];
			sum += m[i * d + a] * part;
		}
	centre_of(s, mo, off);
	for (size_t i = 0; i < d; i++)
		off[i] -= offset[i];
	gmm_forward(d, l, off);
	for (size_t i = 0; i < d; i++)
		sum += off[i] * off[i];
	return sum;
}

double gmm_expected(const struct em_problem *p, const double *theta, const double *counts, const double *stats)
{
	struct gmm_shape s = gmm_shape(p);
	struct moments m;
	double sum = 0;
	for (size_t k = 0; k < s.k; k++) {
		if (!(counts[k] > 0))
			continue;
		const double *l = theta + s.factor + k * s.d * s.d;
		take(&s, counts, stats, k, gmm_is_diagonal(p), &m);
		double constant = -0.5 * (double)s.d * GMM_LOG_TURN;
		for (size_t i = 0; i < s.d; i++)
			constant -= log(l[i * s.d + i]);
		sum += counts[k] * (constant - 0.5 * distance_from(&s, &m, theta + s.offset + k * s.d, l));
	}
	return sum;
}

/* ---- the frame of the statistics ---- */

/* A component that moved by more of its new widths than this, or became narrower than the frame by more, has its moments as
 * differences of large numbers. Both squared. */
#define FAR 30.0
#define NARROW 1000.0

static bool lost(size_t d, const struct moments *m, const double *l)
{
	double ratio[GMM_COLUMNS * GMM_COLUMNS], moved = 0, widest = 0;
	relative(d, l, m->factor, ratio);
	for (size_t i = 0; i < d; i++) {
		double along = 0;
		for (size_t j = 0; j <= i; j++) {
			along += ratio[i * d + j] * m->mean[j];
			widest = fmax(widest, fabs(ratio[i * d + j]));
		}
		moved += along * along;
	}
	return !(moved <= FAR && widest * widest <= NARROW);
}

/* Where nothing is left of a width, what rounding leaves: the frame must have an inverse. */
static void hold(const struct gmm_shape *s, const struct moments *m, double *l)
{
	size_t d = s->d;
	for (size_t i = 0; i < d; i++) {
		double was = 0;
		for (size_t j = 0; j <= i; j++)
			was += m->factor[i * d + j] * m->factor[i * d + j] * m->raw[j];
		l[i * d + i] = fmax(l[i * d + i], fmax(1e-8 * sqrt(was), 1e-12 * m->factor[i * d + i]));
	}
}

bool gmm_again(const struct em_problem *p, const double *stats, double *derived)
{
	struct gmm_shape s = gmm_shape(p);
	struct moments m;
	const double *counts = stats;
	double *own = derived + s.kp, *offset = own + s.new_offset, *factor = own + s.new_factor;
	bool any = false;
	stats += mixture_stats(s.k);
	for (size_t k = 0; k < s.k; k++) { /* of an empty component the frame itself */
		take(&s, counts, stats, k, false, &m);
		memcpy(factor + k * s.d * s.d, m.factor, s.d * s.d * sizeof *factor);
		memcpy(offset + k * s.d, m.offset, s.d * sizeof *offset);
		if (counts[k] > 0)
			centre_of(&s, &m, offset + k * s.d);
	}
	maximize(p, &s, counts, stats, offset, factor);
	for (size_t k = 0; k < s.k; k++) {
		if (!(counts[k] > 0))
			continue;
		take(&s, counts, stats, k, gmm_is_diagonal(p), &m);
		hold(&s, &m, factor + k * s.d * s.d);
		any |= lost(s.d, &m, factor + k * s.d * s.d);
	}
	if (any) {
		gmm_frame(&s, offset, factor, own + s.gather);
		own[s.flag + GMM_IS_MOVED] = 1;
	}
	return any;
}
