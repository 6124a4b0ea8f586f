/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The posterior of a hidden Markov model's path is a chain: q(z) = g_1(z_1) prod_t c_t(z_t, z_t+1), with the backward
 * messages b_t giving its conditionals, c_t(i,j) = A_ij B_j(x_t+1) b_t+1(j) / b_t(i). One pass backward makes the messages
 * and log p, one forward the marginals g_t+1(j) = sum_i g_t(i) c_t(i,j), the expected transitions xi = g_t(i) c_t(i,j),
 *
 *     H[q] = -sum g_1 log g_1 - sum xi log c,    KL(q || q') = sum g_1 log(g_1/g_1') + sum xi log(c/c').
 *
 * Messages are plain numbers brought back near 1 now and then by a power of two, which costs no logarithm and no
 * rounding; or, where asked for or where one state's message would underflow beside another's, logarithms. */
#include <math.h>
#include <string.h>

#include "base/special.h"
#include "base/sum.h"
#include "model/hmm.h"
#include "model/hmm_kernel.h"
#include "model/lda_kernel.h"

#define LN2 0.693147180559945309417

static void add_lanes(struct sum *s, const double *v, size_t n)
{
	double part = 0;
	for (size_t i = 0; i < n; i++)
		part += v[i];
	sum_add(s, part);
}

/* ---- backward ---- */

static bool backward_scaled(struct hmm_chain *c, double *v)
{
	const struct hmm_tables *t = c->t;
	double *b = c->message + (c->length - 1) * t->kp, shifts = 0;
	const double *e = t->emit + (size_t)c->x[0] * t->kp;
	memcpy(b, t->stop, t->kp * sizeof *b);
	for (size_t i = 0; i < t->k; i++)
		if (b[i] > 0 && b[i] < HMM_TINY)
			return false;
	if (!hmm_kernel_backward(c, v))
		return false;
	c->z = 0;
	for (size_t i = 0; i < t->k; i++)
		c->z += t->initial[i] * e[i] * c->message[i];
	if (!(c->z > HMM_TINY))
		return false;
	for (size_t at = 0; at < c->length; at++) /* whole numbers: exact */
		shifts += c->scale[at] - t->shift[c->x[at]];
	c->log_p = log(c->z) + LN2 * shifts;
	return true;
}

/* b_t(i) before scaling, of terms that can be. next: log B_j(x) + b_t+1(j), -inf where impossible. */
static double log_message(const struct hmm_tables *t, size_t i, const double *next)
{
	const double *row = t->rows + i * t->kp, *log_row = t->log_rows + i * t->kp;
	double top = -INFINITY, sum = 0;
	for (size_t j = 0; j < t->k; j++)
		if (row[j] > 0)
			top = fmax(top, log_row[j] + next[j]);
	if (!(top > -INFINITY))
		return top;
	for (size_t j = 0; j < t->k; j++)
		if (row[j] > 0)
			sum += exp(log_row[j] + next[j] - top);
	return top + log(sum);
}

static double log_joint(const struct hmm_tables *t, size_t x, size_t i, double message)
{
	return t->emit[x * t->kp + i] > 0 ? t->log_emit[x * t->kp + i] + message : -INFINITY;
}

static void backward_logs(struct hmm_chain *c, double *v)
{
	const struct hmm_tables *t = c->t;
	size_t k = t->k, last = c->length - 1;
	struct sum scales = {0};
	for (size_t i = 0; i < t->kp; i++)
		c->message[last * t->kp + i] = i < k && t->stop[i] > 0 ? t->log_stop[i] : -INFINITY;
	c->scale[last] = 0;
	for (size_t at = last; at-- > 0;) {
		double *b = c->message + at * t->kp, top = -INFINITY;
		for (size_t j = 0; j < k; j++)
			v[j] = log_joint(t, c->x[at + 1], j, b[t->kp + j]);
		for (size_t i = 0; i < t->kp; i++) {
			b[i] = i < k ? log_message(t, i, v) : -INFINITY;
			top = fmax(top, b[i]);
		}
		c->scale[at] = top > -INFINITY ? top : 0;
		for (size_t i = 0; i < k; i++)
			b[i] -= c->scale[at];
		sum_add(&scales, c->scale[at]);
	}
	for (size_t i = 0; i < k; i++)
		v[i] = t->initial[i] > 0 ? t->log_initial[i] + log_joint(t, c->x[0], i, c->message[i]) : -INFINITY;
	c->z = special_log_sum_exp(v, k);
	c->log_p = c->z + (sum_of(&scales));
}

void hmm_backward(struct hmm_chain *c, bool logs, double *scratch)
{
	c->logs = logs || !backward_scaled(c, scratch);
	if (c->logs)
		backward_logs(c, scratch);
}

/* ---- forward ---- */

/* Log messages of times from .. from+count and the offsets of the transitions between them, so that
 * log c_t(i,j) = log A_ij + log B_j + log b_t+1(j) - log b_t(i) + offset in either arithmetic. */
static void take_logs(const struct hmm_chain *c, size_t from, size_t count, double *logs, double *offset)
{
	size_t kp = c->t->kp;
	const double *b = c->message + from * kp;
	if (c->logs)
		for (size_t i = 0; i < (count + 1) * kp; i++)
			logs[i] = b[i] > -INFINITY ? b[i] : 0;
	else
		lda_log(b, (count + 1) * kp, logs);
	for (size_t n = 0; n < count; n++)
		offset[n] = c->logs ? -c->scale[from + n] : (c->t->shift[c->x[from + n + 1]] - c->scale[from + n]) * LN2;
}

/* log g_1(i) of a state that is possible. */
static double log_first(const struct hmm_chain *c, size_t i)
{
	const struct hmm_tables *t = c->t;
	double joint = t->log_initial[i] + t->log_emit[(size_t)c->x[0] * t->kp + i];
	if (c->logs)
		return joint + (c->message[i] > -INFINITY ? c->message[i] : HMM_LOG_ZERO) - c->z;
	return joint + (c->message[i] > 0 ? log(c->message[i]) : HMM_LOG_ZERO) + t->shift[c->x[0]] * LN2 - log(c->z);
}

/* g_1 and w_1 = g_1 / b_1 (in logs: g_1), and the first shares of the sums. */
static void begin(const struct hmm_chain *q, const struct hmm_chain *now, double *w, struct sum *h, struct sum *kl)
{
	const struct hmm_tables *t = q->t;
	for (size_t i = 0; i < t->kp; i++) {
		double e = t->emit[(size_t)q->x[0] * t->kp + i], joint = t->initial[i] * e;
		w[i] = 0;
		if (i >= t->k || !(t->initial[i] > 0 && e > 0 && q->message[i] > (q->logs ? -INFINITY : 0)))
			continue;
		double first = log_first(q, i), g = q->logs ? exp(first) : joint / q->z * q->message[i];
		w[i] = q->logs ? g : joint / q->z;
		sum_add(h, -g * first);
		if (now)
			sum_add(kl, g * (first - log_first(now, i)));
	}
}

/* The same as hmm_kernel_forward with messages in logs; w is g. */
static void forward_logs(struct hmm_span *s)
{
	const struct hmm_tables *q = s->q;
	size_t k = q->k, kp = q->kp;
	for (size_t n = 0; n < s->count; n++) {
		size_t at = s->from + n, x = s->x[at + 1];
		const double *logs = s->logs + n * kp, *next = s->message + (at + 1) * kp, *there = s->logs_now + n * kp;
		memset(s->next, 0, kp * sizeof *s->next);
		for (size_t i = 0; i < k; i++)
			for (size_t j = 0; j < k && s->w[i] > 0; j++) {
				if (!(q->rows[i * kp + j] > 0 && q->emit[x * kp + j] > 0 && next[j] > -INFINITY))
					continue;
				double log_c = ((q->log_rows[i * kp + j] + (q->log_emit[x * kp + j] + logs[kp + j])) + s->offset[n]) - logs[i];
				double xi = s->w[i] * exp(log_c);
				s->counts[i * kp + j] += xi;
				s->next[j] += xi;
				s->h[j] += xi * log_c;
				if (s->now)
					s->kl[j] += xi * (log_c - (((s->now->log_rows[i * kp + j] + (s->now->log_emit[x * kp + j] +
					                            there[kp + j])) + s->offset_now[n]) - there[i]));
			}
		memcpy(s->message + at * kp, s->w, kp * sizeof *s->w);
		memcpy(s->w, s->next, kp * sizeof *s->w);
	}
}

/* Rounding must not pile up over a long sequence: g_t sums to 1. */
static void normalize(const struct hmm_chain *q, size_t at, double *w)
{
	double sum = 0;
	for (size_t i = 0; i < q->t->k; i++)
		sum += q->logs ? w[i] : w[i] * q->message[at * q->t->kp + i];
	for (size_t i = 0; i < q->t->k; i++)
		w[i] /= sum;
}

size_t hmm_scratch_size(const struct hmm_shape *s)
{
	return 8 * hmm_room(s->kp) + 2 * hmm_room((HMM_SPAN + 1) * s->kp) + 2 * HMM_SPAN;
}

static double *cut(double **room, size_t doubles)
{
	double *at = *room;
	*room += hmm_room(doubles);
	return at;
}

static void walk(struct hmm_chain *q, const struct hmm_chain *now, struct hmm_span *s, double *room, struct sum *h,
                 struct sum *kl)
{
	size_t kp = q->t->kp, rows = (HMM_SPAN + 1) * kp, last = q->length - 1;
	double *logs = cut(&room, rows), *logs_now = cut(&room, rows), *offset = cut(&room, HMM_SPAN), *offset_now = room;
	s->logs = logs;
	s->offset = offset;
	s->logs_now = now ? logs_now : logs;
	s->offset_now = offset_now;
	for (s->from = 0; s->from < last; s->from += s->count) {
		s->count = last - s->from < HMM_SPAN ? last - s->from : HMM_SPAN;
		take_logs(q, s->from, s->count, logs, offset);
		if (now)
			take_logs(now, s->from, s->count, logs_now, offset_now);
		memset(s->h, 0, kp * sizeof *s->h);
		memset(s->kl, 0, kp * sizeof *s->kl);
		normalize(q, s->from, s->w);
		if (q->logs)
			forward_logs(s);
		else
			hmm_kernel_forward(s);
		for (size_t i = 0; i < kp; i++)
			s->h[i] = -s->h[i];
		add_lanes(h, s->h, kp);
		add_lanes(kl, s->kl, kp);
	}
}

void hmm_forward(struct hmm_chain *q, const struct hmm_chain *now, double *counts, double *scratch, struct hmm_sums *out)
{
	size_t kp = q->t->kp, last = q->length - 1;
	struct sum h = {0}, kl = {0};
	struct hmm_span s = {.q = q->t, .now = now ? now->t : NULL, .x = q->x, .scale = q->scale, .message = q->message,
	                     .counts = counts};
	double **parts[] = {&s.w, &s.next, &s.v, &s.e, &s.u, &s.du, &s.h, &s.kl};
	for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++)
		*parts[i] = cut(&scratch, kp);
	memset(counts, 0, q->t->k * kp * sizeof *counts);
	if (!(q->log_p > -INFINITY)) { /* no path at all: checks keep such a theta out */
		memset(q->message, 0, q->length * kp * sizeof *q->message);
		*out = (struct hmm_sums){0};
		return;
	}
	begin(q, now, s.w, &h, &kl);
	walk(q, now, &s, scratch, &h, &kl);
	normalize(q, last, s.w);
	for (size_t i = 0; i < kp; i++)
		q->message[last * kp + i] = q->logs ? s.w[i] : s.w[i] * q->message[last * kp + i];
	*out = (struct hmm_sums){sum_of(&h), sum_of(&kl)};
	if (now && (out->kl > -HMM_NEVER || !(now->log_p > -INFINITY)))
		out->kl = INFINITY;
}
