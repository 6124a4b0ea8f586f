/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * p(w|alpha,beta) = E[prod_w (sum_k theta_k beta_kw)^c_w], theta ~ Dir(alpha), is the mean of a polynomial of degree N. The
 * topics take their shares one after another, theta_1 = t_1, theta_2 = (1-t_1) t_2, ..., where t_k ~ Beta(alpha_k, the
 * alphas to come) are independent: so Gauss's rule for each t_k, floor(N/2) + 1 nodes of it, makes the mean exact, of any
 * alpha. Fewer do: a product of N factors is met to a relative eps by polynomials of degree sqrt(2 N log(2/eps)). All terms
 * are positive. */
#include "evidence/quadrature.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/special.h"
#include "elbow/document.h"
#include "evidence/jacobi.h"
#include "base/vec.h"

_Static_assert((int)QUAD_LANES == (int)VEC_LANES, "lanes");
#define LOW 0x1p-240 /* products of four factors above it, and a fifth, are normal numbers */
enum { BLOCK = 4, PATIENCE = 1 << 14 /* words of a lane between two looks at cancelled */ };

size_t quad_tokens(const struct em_document *d)
{
	size_t n = 0;
	for (size_t w = 0; w < d->pairs; w++)
		n += d->count[w];
	return n;
}

size_t quad_nodes(size_t tokens)
{
	size_t exact = tokens / 2 + 1, enough = (size_t)ceil(3.5 * sqrt((double)tokens)) + 4;
	return exact < enough ? exact : enough;
}

static double top_of(const struct em_document *d, size_t w)
{
	const double *row = d->beta + d->term[w] * d->stride;
	double top = row[0];
	for (size_t i = 1; i < d->topics; i++)
		top = fmax(top, row[i]);
	return top;
}

bool quad_known(const struct em_document *d, double *log_p)
{
	double sum = 0;
	for (size_t w = 0; w < d->pairs; w++)
		sum += d->count[w] ? d->count[w] * log(top_of(d, w)) : 0;
	*log_p = sum;
	return d->topics == 1 || quad_tokens(d) == 0 || isinf(sum);
}

/* ---- one document's tables ---- */

static size_t padded(size_t nodes)
{
	return (nodes + QUAD_LANES - 1) / QUAD_LANES * QUAD_LANES;
}

/* Words with equal counts stand together: their factors are multiplied, and one log serves them all. */
static void sort_words(struct quad *q, const struct em_document *d)
{
	size_t n = 0;
	for (size_t w = 0; w < d->pairs; w++)
		if (d->count[w])
			q->word[n++] = w;
	q->pairs = n;
	for (size_t gap = n / 2; gap > 0; gap /= 2)
		for (size_t i = gap; i < n; i++)
			for (size_t j = i; j >= gap; j -= gap) {
				size_t a = q->word[j - gap], b = q->word[j];
				if (d->count[a] < d->count[b] || (d->count[a] == d->count[b] && a < b))
					break;
				q->word[j - gap] = b;
				q->word[j] = a;
			}
	for (size_t i = 0; i < n; i++) {
		double c = d->count[q->word[i]];
		if (i == 0 || c > q->count[q->groups - 1])
			q->count[q->groups++] = c;
		q->end[q->groups - 1] = i + 1;
	}
}

enum em_status quad_new(struct quad *q, const struct em_document *d, size_t first, size_t nodes0, size_t nodes,
                        const struct em_stop *stop, struct em_err *err)
{
	size_t k = d->topics, pairs = d->pairs + QUAD_LANES, room = 0;
	*q = (struct quad){.k = k, .stop = stop};
	for (size_t s = 0; s + 1 < k; s++) {
		q->stick[s].nodes = s ? nodes : nodes0;
		q->stick[s].padded = padded(q->stick[s].nodes);
		room += 3 * q->stick[s].padded;
	}
	size_t doubles = room + 2 * k * pairs + pairs, bytes = (doubles * sizeof(double) + 2 * pairs * sizeof(size_t) + 63) / 64 * 64;
	q->block = aligned_alloc(64, bytes);
	if (!q->block)
		return em_no_memory(err);
	memset(q->block, 0, bytes);
	double *at = q->block;
	for (size_t s = 0; s + 1 < k; s++) {
		struct quad_stick *x = q->stick + s;
		x->t = at;
		x->u = at + x->padded;
		x->log_weight = at + 2 * x->padded;
		at += 3 * x->padded;
		for (size_t i = x->nodes; i < x->padded; i++) {
			x->t[i] = x->u[i] = 0.5;
			x->log_weight[i] = -INFINITY;
		}
	}
	q->rel = at;
	q->partial = at + k * pairs;
	q->count = at + 2 * k * pairs;
	q->word = (size_t *)(void *)(q->count + pairs);
	q->end = q->word + pairs;
	sort_words(q, d);
	for (size_t i = 0; i < k; i++)
		q->topic[i] = i == 0 ? first : i <= first ? i - 1 : i;
	for (size_t i = 0; i < q->pairs; i++) {
		size_t w = q->word[i];
		double top = top_of(d, w);
		q->offset += d->count[w] * log(top);
		for (size_t j = 0; j < k; j++)
			q->rel[j * q->pairs + i] = d->beta[d->term[w] * d->stride + q->topic[j]] / top;
	}
	return EM_OK;
}

void quad_free(struct quad *q)
{
	free(q->block);
	q->block = NULL;
}

enum em_status quad_rules(struct quad *q, const struct em_document *d, size_t from, struct em_err *err)
{
	size_t most = 0;
	for (size_t s = from; s + 1 < q->k; s++)
		most = q->stick[s].nodes > most ? q->stick[s].nodes : most;
	double *work = malloc(4 * (most + 1) * sizeof *work), rest = 0;
	if (!work)
		return em_no_memory(err);
	for (size_t s = q->k; s-- > from;) {
		double a = d->alpha[q->topic[s]];
		if (s + 1 < q->k)
			jacobi_rule(a, rest, q->stick[s].nodes, q->stick[s].t, q->stick[s].u, q->stick[s].log_weight, work);
		rest += a;
	}
	free(work);
	return EM_OK;
}

/* ---- the walk ---- */

/* What eight nodes of the last stick have in common. */
struct front {
	size_t groups;
	const double *count;
	const size_t *end;
	const double *base, *one, *two; /* [pairs]: of the topics before, of the last two */
	double rest;                    /* what is left for the last two */
};

/* Kernel: sum_w c_w log s_w of eight nodes. Returns false where some s_w is too small for it. */
HOT static bool front_products(const struct front *f, const double *tp, const double *up, double *out)
{
	vec t = f->rest * VEC_GET(tp), u = f->rest * VEC_GET(up), logs = EACH(0.0);
	ivec low = {0};
	for (size_t g = 0, w = 0; g < f->groups; g++) {
		vec p = EACH(1.0), powers = EACH(0.0), mantissa;
		while (w < f->end[g]) {
			size_t stop = w + BLOCK < f->end[g] ? w + BLOCK : f->end[g];
			for (; w < stop; w++) {
				vec s = f->base[w] + t * f->one[w] + u * f->two[w];
				low |= s < EACH(LOW);
				p *= s;
			}
			ivec bits = (ivec)p;
			powers += (vec)(((bits >> 52) & 0x7ff) - 1023 + MAGIC_BITS) - MAGIC;
			p = (vec)((bits & 0x000fffffffffffffLL) | 0x3ff0000000000000LL);
		}
		VEC_LOG(mantissa, p);
		logs += f->count[g] * (mantissa + powers * M_LN2);
	}
	VEC_PUT(out) = logs;
	int64_t any = 0;
	for (int i = 0; i < VEC_LANES; i++)
		any |= low[i];
	return any == 0;
}

static void front_logs(const struct front *f, const double *t, const double *u, double *out)
{
	for (int lane = 0; lane < QUAD_LANES; lane++) {
		double sum = 0;
		for (size_t g = 0, w = 0; g < f->groups; g++)
			for (; w < f->end[g]; w++)
				sum += f->count[g] *
				       log(f->base[w] + f->rest * t[lane] * f->one[w] + f->rest * u[lane] * f->two[w]);
		out[lane] = sum;
	}
}

static void front_visit(struct quad *q, size_t first, double rest, double log_weight)
{
	const struct quad_stick *x = q->stick + q->k - 2;
	struct front f = {q->groups, q->count, q->end, q->partial + (q->k - 2) * q->pairs, q->rel + (q->k - 2) * q->pairs,
	                  q->rel + (q->k - 1) * q->pairs, rest};
	q->theta[q->k - 2] = rest;
	for (size_t i = 0; i < x->padded && !q->halted; i += QUAD_LANES) {
		_Alignas(64) double logs[QUAD_LANES];
		if (!front_products(&f, x->t + i, x->u + i, logs))
			front_logs(&f, x->t + i, x->u + i, logs);
		q->visit(q, q->k == 2 ? i : first, i, log_weight, logs);
		q->patience += q->pairs + 16;
		if (q->patience > PATIENCE) {
			q->patience = 0;
			q->halted = q->stop && q->stop->cancelled && q->stop->cancelled(q->stop->self);
		}
	}
}

static void descend(struct quad *q, size_t s, size_t first, double rest, double log_weight)
{
	if (s + 2 == q->k) {
		front_visit(q, first, rest, log_weight);
		return;
	}
	const struct quad_stick *x = q->stick + s;
	const double *rel = q->rel + s * q->pairs, *before = q->partial + s * q->pairs;
	double *after = q->partial + (s + 1) * q->pairs;
	for (size_t i = 0; i < x->nodes && !q->halted; i++) {
		double theta = q->theta[s] = rest * x->t[i];
		for (size_t w = 0; w < q->pairs; w++)
			after[w] = before[w] + theta * rel[w];
		descend(q, s + 1, s ? first : i, rest * x->u[i], log_weight + x->log_weight[i]);
	}
}

enum em_status quad_walk(struct quad *q, struct em_err *err)
{
	q->patience = PATIENCE; /* the first look comes soon */
	descend(q, 0, 0, 1, 0);
	return q->halted ? em_fail(err, EM_CANCELLED, "cancelled; the run stands where it stood") : EM_OK;
}

/* ---- evidence ---- */

struct total {
	double top;
	_Alignas(64) double sum[QUAD_LANES];
};

HOT static void total_add(struct total *t, double log_weight, const double *weights, const double *logs)
{
	vec v = VEC_GET(logs) + VEC_GET(weights) + log_weight, e;
	double most = v[0];
	for (int i = 1; i < VEC_LANES; i++)
		most = v[i] > most ? v[i] : most;
	if (most == -INFINITY)
		return;
	if (most > t->top) {
		double older = exp(t->top - most);
		t->top = most;
		VEC_PUT(t->sum) = VEC_GET(t->sum) * older;
	}
	v -= t->top;
	VEC_EXP(e, v);
	VEC_PUT(t->sum) = VEC_GET(t->sum) + e;
}

static void add(struct quad *q, size_t first, size_t last, double log_weight, const double *logs)
{
	(void)first;
	total_add(q->sink, log_weight, q->stick[q->k - 2].log_weight + last, logs);
}

static enum em_status evidence(const struct em_document *d, size_t nodes, double *out, const struct em_stop *stop,
                               struct em_err *err)
{
	struct total total = {.top = -INFINITY};
	struct quad q;
	enum em_status st = quad_new(&q, d, 0, nodes, nodes, stop, err);
	if (st)
		return st;
	q.visit = add;
	q.sink = &total;
	st = quad_rules(&q, d, 0, err);
	if (!st)
		st = quad_walk(&q, err);
	if (!st) {
		vec sum = VEC_GET(total.sum);
		*out = q.offset + (total.top + log(LANE_SUM(sum)));
	}
	quad_free(&q);
	return st;
}

double em_quadrature_cost(size_t k, size_t tokens, size_t distinct)
{
	double m = (double)quad_nodes(tokens), points = pow(m, (double)k - 1), words = (double)distinct;
	if (k <= 1 || tokens == 0)
		return 1e-8 * words;
	if (k > QUAD_TOPICS || points > 1e9)
		return HUGE_VAL;
	return (double)(k - 1) * 20e-9 * m * m + points * (0.4e-9 * words + 5e-9) + points / m * 1e-9 * words;
}

enum em_status em_quadrature_log_evidence(const struct em_document *d, double *out, double *error,
                                          const struct em_stop *stop, struct em_err *err)
{
	size_t tokens = quad_tokens(d), nodes = quad_nodes(tokens);
	double spare = NAN;
	if (error)
		*error = 0;
	if (quad_known(d, out))
		return EM_OK;
	if (isinf(em_quadrature_cost(d->topics, tokens, d->pairs)))
		return em_fail(err, EM_USAGE, "%zu words and %zu topics are too many nodes; quadrature goes to 1e9 nodes and %d topics",
		               tokens, d->topics, QUAD_TOPICS);
	enum em_status st = evidence(d, nodes, out, stop, err);
	if (st || !error)
		return st;
	*error = 0x1p-52 * ((double)nodes + (double)d->pairs + fabs(*out));
	if (nodes > tokens / 2)
		return EM_OK;
	st = evidence(d, nodes + (nodes + 3) / 4, &spare, stop, err);
	*error += fabs(spare - *out);
	return st;
}
