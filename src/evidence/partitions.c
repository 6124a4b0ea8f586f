/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Summed over theta, a choice of topics z has the probability
 *     p(w,z) = Gamma(A)/Gamma(A+N) prod_k Gamma(alpha_k+n_k)/Gamma(alpha_k) prod_n beta_{z_n,w_n},    A = sum alpha.
 * It depends on z only through s_k, how many of each distinct word w topic k takes, and sum_k s_k = c, the document. There
 * are prod_w c_w! / prod_k s_kw! such z. So with
 *     g_k(s) = Gamma(alpha_k+|s|)/Gamma(alpha_k) prod_w beta_kw^s_w / s_w!
 *     p(w) = Gamma(A)/Gamma(A+N) prod_w c_w! sum_{s_1+..+s_K=c} prod_k g_k(s_k),
 * and that sum is the convolution g_1 * .. * g_K at c over the sub-multisets of the document, taken topic after topic:
 *     F_k(c') = sum_{s<=c'} F_{k-1}(c'-s) g_k(s).
 * One convolution has P = prod_w (c_w+1)(c_w+2)/2 terms, 3^N where all words differ: linear in K. All terms are positive.
 *
 * Range. beta is taken relative to the word's largest, and each value times lambda^|s|, with lambda such that the last one
 * is p(w)/prod top, at most 1. The product over any topics is at most
 *     M = max_s (A)_|s| lambda^|s| / prod s_w!,
 * since the product over topics with beta 1 is that of one topic with the sum of the alphas. A value below `least` is dropped,
 * at most 2 K P times, each at the cost of least M^2. least is 2^-500 at first, so that no product is subnormal and slow;
 * where 1e-15 of the result might be lost, 2^-1022; and where that is too much, it is done in logs. */
#include "evidence/partitions.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/special.h"
#include "elbow/document.h"
#include "evidence/posterior.h"
#include "evidence/quadrature.h"

enum { PATIENCE = 1 << 15 };
#define MOST_STATES 4e6

double em_partitions_cost(size_t k, size_t pairs, const unsigned *count)
{
	double states = 1, terms = 1;
	for (size_t w = 0; w < pairs; w++) {
		states *= count[w] + 1.0;
		terms *= (count[w] + 1.0) * (count[w] + 2.0) / 2;
	}
	if (states > MOST_STATES || pairs > PARTITION_WORDS)
		return HUGE_VAL;
	return k > 2 ? (double)(k - 2) * (0.6e-9 * terms + 6e-9 * states) + 12e-9 * states : 12e-9 * states;
}

static bool stopped(struct partitions *p)
{
	p->halted = p->halted || (p->stop && p->stop->cancelled && p->stop->cancelled(p->stop->self));
	return p->halted;
}

static void spend(struct partitions *p, size_t work)
{
	p->patience += work;
	if (p->patience > PATIENCE) {
		p->patience = 0;
		stopped(p);
	}
}

static void scale(struct partitions *p)
{
	double total = 0, factorials = 0, n = (double)p->tokens;
	for (size_t i = 0; i < p->k; i++)
		total += p->d->alpha[i];
	for (size_t w = 0; w < p->pairs; w++)
		factorials += special_lgamma((double)p->most[w] + 1);
	double rising = 0;
	for (size_t i = 0; i < p->tokens; i++)
		rising += log(total + (double)i);
	/* Each factor of g on its own is moderate then, too. */
	p->log_word = factorials / n;
	p->log_rise = -rising / n;
}

static void turn(struct partitions *p)
{
	for (size_t i = 0, j = p->pairs; i + 1 < j; i++) {
		size_t most = p->most[i], word = p->word[i];
		p->most[i] = p->most[--j];
		p->word[i] = p->word[j];
		p->most[j] = most;
		p->word[j] = word;
	}
}

enum em_status partitions_new(struct partitions *p, const struct em_document *d, const struct em_stop *stop, struct em_err *err)
{
	*p = (struct partitions){.k = d->topics, .d = d, .stop = stop, .states = 1, .pair_sum = 1};
	if (isinf(em_partitions_cost(d->topics, d->pairs, d->count)))
		return em_fail(err, EM_USAGE, "%zu distinct words are too many; the sum by topics goes to %.3g parts of a document",
		               d->pairs, MOST_STATES);
	for (size_t w = 0; w < d->pairs; w++) {
		size_t at = p->pairs;
		if (!d->count[w])
			continue;
		for (; at > 0 && d->count[w] < p->most[at - 1]; at--) {
			p->most[at] = p->most[at - 1];
			p->word[at] = p->word[at - 1];
		}
		p->most[at] = d->count[w];
		p->word[at] = w;
		p->pairs++;
		p->tokens += d->count[w];
		p->pair_sum *= (d->count[w] + 1.0) * (d->count[w] + 2.0) / 2;
	}
	if (p->pairs < 3 || p->most[2] > 1)
		turn(p);
	for (size_t w = 0; w < p->pairs; w++) {
		const double *row = d->beta + d->term[p->word[w]] * d->stride;
		p->stride[w] = p->states;
		p->states *= p->most[w] + 1;
		for (size_t i = 0; i < d->topics; i++)
			p->top[w] = fmax(p->top[w], row[i]);
		p->offset += (double)p->most[w] * log(p->top[w]);
	}
	size_t doubles = 3 * p->states + p->tokens + 1;
	p->block = malloc(doubles * sizeof(double) + p->states * sizeof *p->size);
	if (!p->block)
		return em_no_memory(err);
	p->own = p->block;
	p->before = p->own + p->states;
	p->after = p->before + p->states;
	p->rising = p->after + p->states;
	p->size = (uint32_t *)(void *)(p->rising + p->tokens + 1);
	p->size[0] = 0;
	for (size_t w = 0; w < p->pairs; w++)
		for (size_t i = p->stride[w]; i < p->stride[w] * (p->most[w] + 1); i++)
			p->size[i] = (uint32_t)(p->size[i - p->stride[w]] + 1);
	scale(p);
	return EM_OK;
}

void partitions_free(struct partitions *p)
{
	free(p->block);
	p->block = NULL;
}

static void drop(const struct partitions *p, double *f)
{
	for (size_t i = 0; i < p->states && !p->logs; i++)
		f[i] = f[i] < p->least ? 0 : f[i];
}

void partitions_topic(struct partitions *p, size_t i)
{
	double *g = p->own, alpha = p->d->alpha[i], log_rising = 0, each = exp(p->log_word);
	for (size_t n = 0; n <= p->tokens; n++) {
		double x = log_rising + (double)n * p->log_rise;
		p->rising[n] = p->logs ? x : exp(x);
		log_rising += log(alpha + (double)n);
	}
	g[0] = p->logs ? 0 : 1;
	for (size_t w = 0; w < p->pairs; w++) {
		double rel = p->d->beta[p->d->term[p->word[w]] * p->d->stride + i] / p->top[w];
		size_t block = p->stride[w];
		p->absent[w] = rel == 0;
		for (size_t s = 1; s <= p->most[w]; s++) {
			double f = rel * each / (double)s, lf = p->logs ? log(f) : 0;
			for (size_t j = s * block; j < (s + 1) * block; j++)
				g[j] = p->logs ? g[j - block] + lf : g[j - block] * f;
		}
	}
	for (size_t j = 0; j < p->states; j++)
		g[j] = p->logs ? g[j] + p->rising[p->size[j]] : g[j] * p->rising[p->size[j]];
	drop(p, g);
}

/* ---- convolutions ---- */

/* Three words that occur once: all 27 terms. */
static void eight(const double *f, const double *h, double *out)
{
	out[0] += f[0] * h[0];
	out[1] += f[0] * h[1] + f[1] * h[0];
	out[2] += f[0] * h[2] + f[2] * h[0];
	out[3] += (f[0] * h[3] + f[3] * h[0]) + (f[1] * h[2] + f[2] * h[1]);
	out[4] += f[0] * h[4] + f[4] * h[0];
	out[5] += (f[0] * h[5] + f[5] * h[0]) + (f[1] * h[4] + f[4] * h[1]);
	out[6] += (f[0] * h[6] + f[6] * h[0]) + (f[2] * h[4] + f[4] * h[2]);
	out[7] += ((f[0] * h[7] + f[7] * h[0]) + (f[1] * h[6] + f[6] * h[1])) +
	          ((f[2] * h[5] + f[5] * h[2]) + (f[3] * h[4] + f[4] * h[3]));
}

static void convolve(struct partitions *p, size_t words, const double *f, const double *h, double *out)
{
	if (words == 3 && p->stride[3] == 8) {
		eight(f, h, out);
		return;
	}
	if (words == 0) {
		*out += *f * *h;
		return;
	}
	size_t w = words - 1, stride = p->stride[w], most = p->most[w], most_h = p->absent[w] ? 0 : most;
	for (size_t b = 0; b <= most_h && !p->halted; b++) {
		if (w > 0)
			for (size_t a = 0; a + b <= most; a++)
				convolve(p, w, f + a * stride, h + b * stride, out + (a + b) * stride);
		else
			for (size_t a = 0; a + b <= most; a++)
				out[a + b] += f[a] * h[b];
		spend(p, most + 9);
	}
}

/* log(exp x + exp y) */
static double log_add(double x, double y)
{
	double most = fmax(x, y);
	return most == -INFINITY ? most : most + log1p(exp(-fabs(x - y)));
}

static void convolve_logs(struct partitions *p, size_t words, const double *f, const double *h, double *out)
{
	if (words == 0) {
		*out = log_add(*out, *f + *h);
		spend(p, 20);
		return;
	}
	size_t w = words - 1, stride = p->stride[w], most = p->most[w];
	for (size_t b = 0; b <= (p->absent[w] ? 0 : most) && !p->halted; b++)
		for (size_t a = 0; a + b <= most; a++)
			convolve_logs(p, w, f + a * stride, h + b * stride, out + (a + b) * stride);
}

void partitions_convolve(struct partitions *p, const double *f, const double *h, double *out)
{
	for (size_t i = 0; i < p->states; i++)
		out[i] = p->logs ? -INFINITY : 0;
	/* p->stride[3] is that of no word where there are three. */
	p->stride[p->pairs] = p->states;
	if (p->logs)
		convolve_logs(p, p->pairs, f, h, out);
	else
		convolve(p, p->pairs, f, h, out);
	drop(p, out);
}

/* log M */
static double log_most(const struct partitions *p)
{
	double total = 0, most = 0, rising = 0, factorials = 0, counts[PARTITION_WORDS] = {0};
	for (size_t i = 0; i < p->k; i++)
		total += p->d->alpha[i];
	/* Of the s of one size, prod s_w! is least where they are as even as the document allows. */
	for (size_t n = 0; n < p->tokens; n++) {
		size_t least = p->pairs;
		for (size_t w = 0; w < p->pairs; w++)
			if (counts[w] < (double)p->most[w] && (least == p->pairs || counts[w] < counts[least]))
				least = w;
		factorials += log(++counts[least]);
		rising += log(total + (double)n) + p->log_word + p->log_rise;
		most = fmax(most, rising - factorials);
	}
	return most;
}

/* The product at the whole document, all topics in. */
static double last(struct partitions *p)
{
	double sum = p->logs ? -INFINITY : 0;
	for (size_t i = 0, j = p->states - 1; i < p->states; i++, j--)
		sum = p->logs ? log_add(sum, p->before[i] + p->own[j]) : sum + p->before[i] * p->own[j];
	return p->logs ? sum : log(sum);
}

static double by_topics(struct partitions *p)
{
	partitions_topic(p, 0);
	memcpy(p->before, p->own, p->states * sizeof *p->own);
	for (size_t i = 1; i < p->k; i++) {
		partitions_topic(p, i);
		if (i + 1 == p->k || stopped(p))
			break;
		partitions_convolve(p, p->before, p->own, p->after);
		double *swap = p->before;
		p->before = p->after;
		p->after = swap;
	}
	return last(p);
}

enum em_status partitions_sum(struct partitions *p, double *log_p, struct em_err *err)
{
	static const double least[] = {0x1p-500, 0x1p-1022};
	double x = NAN, room = log(1e-15) - log(2 * (double)p->k * p->pair_sum) - 2 * log_most(p);
	for (size_t i = 0; i < 3 && !stopped(p); i++) {
		p->logs = i == 2;
		p->least = p->logs ? 0 : least[i];
		x = by_topics(p);
		if (p->logs || (isfinite(x) && log(p->least) - x < room))
			break;
	}
	if (p->halted)
		return em_fail(err, EM_CANCELLED, "cancelled; the run stands where it stood");
	*log_p = p->offset + x;
	return EM_OK;
}

enum em_status em_partitions_log_evidence(const struct em_document *d, double *out, const struct em_stop *stop, struct em_err *err)
{
	struct partitions p;
	if (quad_known(d, out))
		return EM_OK;
	enum em_status st = partitions_new(&p, d, stop, err);
	if (st)
		return st;
	st = partitions_sum(&p, out, err);
	partitions_free(&p);
	return st;
}

/* ---- the posterior ---- */

/* What topic i takes: the weight of each s is g_i(s) H(c - s), H the product over the others. */
static void take(struct partitions *p, size_t i, const double *others, double *counts, double *z)
{
	double *mine = counts + i * (p->tokens + 1), top = 0, sum = 0;
	if (p->logs) {
		top = -INFINITY;
		for (size_t s = 0; s < p->states; s++)
			top = fmax(top, p->own[s] + others[p->states - 1 - s]);
	}
	for (size_t s = 0; s < p->states; s++) {
		double x = p->own[s], y = others[p->states - 1 - s], f = p->logs ? exp(x + y - top) : x * y;
		mine[p->size[s]] += f;
		sum += f;
		for (size_t w = 0; w < p->pairs && f > 0; w++)
			z[p->word[w] * p->k + i] += f * (double)(s / p->stride[w] % (p->most[w] + 1)) / (double)p->most[w];
	}
	for (size_t n = 0; n <= p->tokens; n++)
		mine[n] /= sum;
	for (size_t w = 0; w < p->pairs; w++)
		z[p->word[w] * p->k + i] /= sum;
}

/* The product over no topics. */
static void unit(const struct partitions *p, double *f)
{
	for (size_t s = 0; s < p->states; s++)
		f[s] = p->logs ? (s ? -INFINITY : 0) : s == 0;
}

/* ahead[i]: the product over topics before i. Then back from the last, with the product over those after it. */
static enum em_status take_all(struct partitions *p, double *ahead, double *counts, double *z, struct em_err *err)
{
	size_t n = p->states;
	unit(p, ahead);
	unit(p, p->before);
	for (size_t i = 0; i + 1 < p->k && !stopped(p); i++) {
		partitions_topic(p, i);
		partitions_convolve(p, ahead + i * n, p->own, ahead + (i + 1) * n);
	}
	for (size_t i = p->k; i-- > 0 && !stopped(p);) {
		memset(p->absent, 0, sizeof p->absent);
		partitions_convolve(p, ahead + i * n, p->before, p->after);
		partitions_topic(p, i);
		take(p, i, p->after, counts, z);
		partitions_convolve(p, p->before, p->own, p->after);
		double *swap = p->before;
		p->before = p->after;
		p->after = swap;
	}
	return p->halted ? em_fail(err, EM_CANCELLED, "cancelled; the run stands where it stood") : EM_OK;
}

enum em_status partitions_posterior(const struct em_document *d, double *log_p, double *counts, double *z,
                                    const struct em_stop *stop, struct em_err *err)
{
	struct partitions p;
	enum em_status st = partitions_new(&p, d, stop, err);
	if (st)
		return st;
	double *ahead = malloc(p.k * p.states * sizeof *ahead);
	st = ahead ? partitions_sum(&p, log_p, err) : em_no_memory(err);
	if (!st)
		st = take_all(&p, ahead, counts, z, err);
	free(ahead);
	partitions_free(&p);
	return st;
}
