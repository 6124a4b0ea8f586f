/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The posterior by quadrature. p(z = k | w) = E[theta_k beta_kw / s_w | w] is the mean of a polynomial of degree N, like the
 * evidence. The marginal density of one topic's share t is
 *     t^(alpha_k - 1) (1-t)^(A - alpha_k - 1) g(t) / (B p(w)),   g(t) = E[p(w|theta) | theta_k = t],
 * g by quadrature over the others. In x = logit t it has no poles: the powers become alpha_k and A - alpha_k, positive, and
 * the tails exponential. It is integrated over panels, halved until a panel equals its halves. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/special.h"
#include "evidence/jacobi.h"
#include "evidence/posterior.h"
#include "evidence/quadrature.h"

enum { POINTS = QUAD_LANES, DEEP = 40 };
#define NEAR 1e-12 /* of a panel, in probability */
#define LEFT 1e-14 /* beyond the last panel */

/* ---- words ---- */

struct words {
	double log_p; /* less the offset */
	double *z;    /* in the order of the document */
};

static void add_words(struct quad *q, size_t first, size_t last, double log_weight, const double *logs)
{
	(void)first;
	struct words *x = q->sink;
	const struct quad_stick *s = q->stick + q->k - 2;
	double rest = q->theta[q->k - 2], theta[QUAD_TOPICS];
	memcpy(theta, q->theta, sizeof theta);
	for (size_t lane = 0; lane < QUAD_LANES; lane++) {
		double weight = exp(logs[lane] + log_weight + s->log_weight[last + lane] - x->log_p);
		if (!(weight > 1e-24))
			continue;
		theta[q->k - 2] = rest * s->t[last + lane];
		theta[q->k - 1] = rest * s->u[last + lane];
		for (size_t w = 0; w < q->pairs; w++) {
			double sum = 0, part[QUAD_TOPICS];
			for (size_t i = 0; i < q->k; i++)
				sum += part[i] = theta[i] * q->rel[i * q->pairs + w];
			for (size_t i = 0; i < q->k; i++)
				x->z[q->word[w] * q->k + i] += weight * part[i] / sum;
		}
	}
}

enum em_status quad_words(const struct em_document *d, double log_p, double *z, const struct em_stop *stop, struct em_err *err)
{
	size_t nodes = quad_nodes(quad_tokens(d));
	struct words x = {0, z};
	struct quad q;
	enum em_status st = quad_new(&q, d, 0, nodes, nodes, stop, err);
	if (st)
		return st;
	x.log_p = log_p - q.offset;
	q.visit = add_words;
	q.sink = &x;
	st = quad_rules(&q, d, 0, err);
	if (!st)
		st = quad_walk(&q, err);
	quad_free(&q);
	return st;
}

/* ---- marginals ---- */

struct leaf {
	double lo, hi, mass;
};

/* Integrals of the density of x: of 1, log t and t log t. */
struct part {
	double mass, logs, t_logs;
};

struct marginal {
	struct quad q;
	double a, b, norm; /* norm: -log B(a,b) - log p */
	double point[POINTS], weight[POINTS]; /* Gauss's on [0,1] */
	double top[POINTS], sum[POINTS];      /* g at the points in hand */
	struct leaf *leaf;
	size_t leaves, room;
	struct part all;
	enum em_status st;
	struct em_err *err;
};

static void add_points(struct quad *q, size_t first, size_t last, double log_weight, const double *logs)
{
	struct marginal *m = q->sink;
	for (size_t lane = 0; lane < QUAD_LANES; lane++) {
		size_t i = q->k == 2 ? lane : first;
		double v = logs[lane] + log_weight + q->stick[q->k - 2].log_weight[last + lane];
		if (v > m->top[i]) {
			m->sum[i] = m->sum[i] * exp(m->top[i] - v) + 1;
			m->top[i] = v;
		} else if (v > m->top[i] - 60) {
			m->sum[i] += exp(v - m->top[i]);
		}
	}
}

static struct part panel(struct marginal *m, double lo, double hi)
{
	struct part out = {0, 0, 0};
	double log_t[POINTS], log_u[POINTS];
	struct quad_stick *s = m->q.stick;
	for (size_t i = 0; i < POINTS; i++) {
		double x = lo + (hi - lo) * m->point[i];
		log_t[i] = x < 0 ? x - log1p(exp(x)) : -log1p(exp(-x));
		log_u[i] = x < 0 ? -log1p(exp(x)) : -x - log1p(exp(-x));
		s->t[i] = exp(log_t[i]);
		s->u[i] = exp(log_u[i]);
		s->log_weight[i] = 0;
		m->top[i] = -INFINITY;
		m->sum[i] = 0;
	}
	if (m->st || (m->st = quad_walk(&m->q, m->err)))
		return out;
	for (size_t i = 0; i < POINTS; i++) {
		double f = m->sum[i] > 0 ? exp(m->top[i] + log(m->sum[i]) + m->a * log_t[i] + m->b * log_u[i] + m->norm) : 0;
		f *= m->weight[i] * (hi - lo);
		out.mass += f;
		out.logs += f > 0 ? f * log_t[i] : 0;
		out.t_logs += f > 0 ? f * s->t[i] * log_t[i] : 0;
	}
	return out;
}

static void keep(struct marginal *m, double lo, double hi, struct part p)
{
	if (m->leaves == m->room) {
		size_t room = 2 * m->room + 64;
		struct leaf *more = realloc(m->leaf, room * sizeof *more);
		if (!more) {
			m->st = em_no_memory(m->err);
			return;
		}
		m->leaf = more;
		m->room = room;
	}
	m->leaf[m->leaves++] = (struct leaf){lo, hi, p.mass};
	m->all.mass += p.mass;
	m->all.logs += p.logs;
	m->all.t_logs += p.t_logs;
}

static void integrate(struct marginal *m, double lo, double hi, struct part whole, int depth)
{
	double mid = (lo + hi) / 2;
	struct part left = panel(m, lo, mid), right = panel(m, mid, hi);
	if (m->st)
		return;
	bool same = fabs(left.mass + right.mass - whole.mass) <= NEAR &&
	            fabs(left.logs + right.logs - whole.logs) <= NEAR * (10 + fabs(whole.logs));
	if (same || depth == DEEP) {
		keep(m, lo, mid, left);
		keep(m, mid, hi, right);
		return;
	}
	integrate(m, lo, mid, left, depth + 1);
	integrate(m, mid, hi, right, depth + 1);
}

/* Where the tail of shape a begins to hold less than LEFT: g is at most 1. */
static double far_end(const struct marginal *m, double a)
{
	return (log(LEFT) + log(a) - fmax(m->norm, 0)) / a;
}

/* No panel is wider than six times the narrowest peak that words and prior can raise there. */
static void cover(struct marginal *m, double tokens, double finer)
{
	double x = fmin(far_end(m, m->a), -1), end = -fmin(far_end(m, m->b), -1);
	while (x < end && !m->st) {
		double t = 1 / (1 + exp(-fabs(x)));
		double narrow = 1 / sqrt((tokens + m->a + m->b) * t * (1 - t) + 1e-300);
		double step = fmin(6 * narrow, fmax(1, fabs(x) / 2)) / finer;
		double next = x + step < end ? x + step : end;
		struct part whole = panel(m, x, next);
		if (!m->st)
			integrate(m, x, next, whole, 0);
		x = next;
	}
}

static double quantile(struct marginal *m, double p)
{
	double below = 0, want = p * m->all.mass;
	size_t i = 0;
	while (i + 1 < m->leaves && below + m->leaf[i].mass < want)
		below += m->leaf[i++].mass;
	double from = m->leaf[i].lo, lo = from, hi = m->leaf[i].hi, f_lo = below - want, f_hi = below + m->leaf[i].mass - want;
	for (int step = 0; step < 60 && !m->st && hi - lo > 1e-13 * (1 + fabs(lo)); step++) {
		double x = step % 3 == 2 || !(f_hi > f_lo) ? (lo + hi) / 2 : lo - f_lo * (hi - lo) / (f_hi - f_lo);
		x = fmin(fmax(x, lo + 1e-3 * (hi - lo)), hi - 1e-3 * (hi - lo));
		double f = below + panel(m, from, x).mass - want;
		if (f < 0) {
			lo = x;
			f_lo = f;
		} else {
			hi = x;
			f_hi = f;
		}
	}
	double x = (lo + hi) / 2;
	return 1 / (1 + exp(-x));
}

static enum em_status one_topic(const struct em_document *d, size_t topic, bool quantiles, struct em_posterior *p, const struct em_stop *stop,
                                struct em_err *err)
{
	size_t tokens = quad_tokens(d);
	struct marginal m = {.a = d->alpha[topic], .err = err};
	double work[4 * POINTS], other[POINTS], logs[POINTS];
	for (size_t i = 0; i < d->topics; i++)
		m.b += i == topic ? 0 : d->alpha[i];
	jacobi_rule(1, 1, POINTS, m.point, other, logs, work);
	for (size_t i = 0; i < POINTS; i++)
		m.weight[i] = exp(logs[i]);
	m.st = quad_new(&m.q, d, topic, POINTS, quad_nodes(tokens), stop, err);
	if (m.st)
		return m.st;
	double shapes[] = {m.a, m.b};
	m.norm = special_log_norm(shapes, 2) - (p->log_p - m.q.offset);
	m.q.visit = add_points;
	m.q.sink = &m;
	m.st = quad_rules(&m.q, d, 1, err);
	for (double finer = 1; !m.st && finer <= 64; finer *= 4) { /* its mass is known: 1 */
		m.leaves = 0;
		m.all = (struct part){0, 0, 0};
		cover(&m, (double)tokens, finer);
		if (fabs(m.all.mass - 1) < 1e-8)
			break;
	}
	if (!m.st) {
		p->log_mean[topic] = m.all.logs / m.all.mass;
		p->counts_log[topic] = m.all.t_logs / m.all.mass; /* for now: E[theta log theta] */
	}
	if (!m.st && quantiles) {
		p->low[topic] = quantile(&m, 0.05);
		p->high[topic] = quantile(&m, 0.95);
	}
	free(m.leaf);
	quad_free(&m.q);
	return m.st;
}

enum em_status quad_posterior(const struct em_document *d, bool quantiles, struct em_posterior *p, const struct em_stop *stop, struct em_err *err)
{
	enum em_status st = em_quadrature_log_evidence(d, &p->log_p, NULL, stop, err);
	if (!st)
		st = quad_words(d, p->log_p, p->z, stop, err);
	for (size_t i = 0; i < d->topics && !st; i++)
		st = one_topic(d, i, quantiles, p, stop, err);
	return st;
}
