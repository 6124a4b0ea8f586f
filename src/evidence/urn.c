/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The exact evidence of one document under LDA: p(w) summed over the counts m of its words' topics, word by word as in
 * Polya's urn,
 *
 *     a'(m + e_k) += a(m) (alpha_k + m_k)/(A + n) beta_kw        A = sum alpha, n = sum m
 *
 * where a(m) = p(w_1..w_n, counts m). Every term is positive; the sum of a after a word, over the sum before, is the
 * predictive probability of that word.
 *
 * Range. A state below TINY is dropped. What it could still have brought is bounded: whatever topics the words to come take,
 * a state x with the counts x_k is worth at most
 *     prod_k (alpha_k+x_k)_r / (alpha_k)_r  <=  2^N (1 + N/(L alpha))^L,    alpha = min alpha_k, L = min(K, N/2)
 * times any other state. safe() asks that all the dropped ones together stay below 1e-14 of the sum; where they might not (two
 * or three topics and many hundreds of words), the sum is done in numbers with an exponent of their own. So the order of
 * the words does not matter. */
#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "elbow/document.h"
#include "evidence/posterior.h"

enum { EM_URN_TOPICS = 64, PATIENCE = 1 << 15 /* states between two looks at cancelled */ };
#define EM_URN_STATES 5e6 /* tens of bytes each */
#define TINY 0x1p-960

/* A state is the first K-1 counts; the last is n - s, s their sum. States lie graded by s, within a grade in the order of
 * the combinadic of the partial sums. So an index does not depend on n: topic K leaves it, topic j < K leads from a state
 * of grade s-1 to one of grade s, and a pass from high grades to low updates in place. */
struct way { /* into a state, by one more of topic j */
	uint32_t weight; /* index of its weight: j, and the count of j before */
	uint32_t from;
};

/* m 2^(256 e), 2^-256 <= m < 2^64; or m = 0. */
struct wide {
	double m;
	int32_t e;
};

struct urn {
	size_t k, n;       /* topics, tokens */
	bool narrow;       /* doubles are wide enough */
	bool halted;       /* cancelled once is cancelled for good */
	bool (*cancelled)(void *);
	void *self;
	double *choose;    /* [n+k+2][k]: binomial coefficients */
	size_t *grade;     /* [n+2]: first state of a grade; the last is the number of states */
	uint32_t *first;   /* [states+1]: its first way */
	struct way *way;   /* at most states * min(n, k-1) */
	double *a;         /* [states] */
	double *weight;    /* [k][n+1]: (alpha_j + m) beta_j / scale, for one word */
	struct wide *wide_a, *wide_weight; /* the same, where not narrow */
};

static bool stopped(struct urn *u)
{
	u->halted = u->halted || (u->cancelled && u->cancelled(u->self));
	return u->halted;
}

static double binomial(size_t n, size_t k)
{
	double c = 1;
	for (size_t i = 1; i <= k; i++)
		c = c * (double)(n - k + i) / (double)i;
	return c;
}

double em_urn_cost(size_t k, size_t tokens)
{
	double states = k > 0 && k <= EM_URN_TOPICS ? binomial(tokens + k - 1, k - 1) : HUGE_VAL;
	return states <= EM_URN_STATES ? 2e-9 * states * (double)(tokens + k) : HUGE_VAL;
}

/* The next composition of the same sum in combinadic order; false after the last. */
static bool next_composition(uint32_t *m, size_t parts)
{
	size_t j = 0;
	while (j + 1 < parts && m[j + 1] == 0)
		j++;
	if (j + 1 >= parts)
		return false;
	/* The smallest partial sum that can grow does, by one, and those before it fall to 0. */
	uint32_t sum = 1;
	for (size_t i = 0; i <= j; i++) {
		sum += m[i];
		m[i] = 0;
	}
	m[j] = sum;
	m[j + 1]--;
	return true;
}

/* The ways into the states of grade s. One count less lowers the partial sums from there on by one, so the rank of the
 * state before is a prefix of this state's rank and a suffix of the lowered one's. */
static size_t fill_grade(struct urn *u, size_t s, size_t ways)
{
	size_t parts = u->k - 1, sum[EM_URN_TOPICS];
	uint32_t m[EM_URN_TOPICS] = {0};
	m[parts - 1] = (uint32_t)s;
	for (size_t i = u->grade[s]; i < u->grade[s + 1]; i++) {
		double prefix = 0, suffix = 0;
		if (i % PATIENCE == 0 && stopped(u))
			break;
		u->first[i] = (uint32_t)ways;
		for (size_t j = 0, r = 0; j < parts; j++)
			sum[j] = r += m[j];
		for (size_t j = 0; s > 0 && j + 1 < parts; j++) /* lowered where the sum is 0 is a way that does not exist */
			suffix += sum[j] ? u->choose[(sum[j] + j - 1) * u->k + j + 1] : 0;
		for (size_t j = 0; j < parts; j++) {
			if (m[j]) {
				size_t from = u->grade[s - 1] + (size_t)(prefix + suffix + 0.5);
				u->way[ways++] = (struct way){(uint32_t)(j * (u->n + 1) + m[j] - 1), (uint32_t)from};
			}
			if (j + 1 < parts) {
				prefix += u->choose[(sum[j] + j) * u->k + j + 1];
				suffix -= s > 0 && sum[j] ? u->choose[(sum[j] + j - 1) * u->k + j + 1] : 0;
			}
		}
		next_composition(m, parts);
	}
	return ways;
}

static void fill_tables(struct urn *u)
{
	size_t ways = 0;
	for (size_t s = 0; s <= u->n; s++)
		ways = fill_grade(u, s, ways);
	u->first[u->grade[u->n + 1]] = (uint32_t)ways;
}

static void urn_free(struct urn *u)
{
	free(u->choose);
	free(u->grade);
	free(u->first);
	free(u->way);
	free(u->a);
	free(u->weight);
	free(u->wide_a);
	free(u->wide_weight);
}

static bool reserve(struct urn *u, size_t states)
{
	size_t k = u->k, n = u->n, ways = states * (k - 1 < n ? k - 1 : n), weights = k * (n + 1);
	u->choose = calloc((n + k + 2) * k, sizeof *u->choose);
	u->grade = calloc(n + 2, sizeof *u->grade);
	u->first = calloc(states + 1, sizeof *u->first);
	u->way = malloc((ways + 1) * sizeof *u->way);
	if (u->narrow) {
		u->a = calloc(states, sizeof *u->a);
		u->weight = calloc(weights, sizeof *u->weight);
	} else {
		u->wide_a = calloc(states, sizeof *u->wide_a);
		u->wide_weight = calloc(weights, sizeof *u->wide_weight);
	}
	return u->choose && u->grade && u->first && u->way && (u->narrow ? u->a && u->weight : u->wide_a && u->wide_weight);
}

static enum em_status urn_new(struct urn *u, struct em_err *err)
{
	size_t k = u->k, n = u->n, parts = k - 1;
	double states = binomial(n + k - 1, k - 1);
	if (k > EM_URN_TOPICS || states > EM_URN_STATES)
		return em_fail(err, EM_USAGE, "%zu words and %zu topics have %.3g states; the exact sum goes to %.3g states and %d topics",
		               n, k, states, EM_URN_STATES, EM_URN_TOPICS);
	if (!reserve(u, (size_t)(states + 0.5))) {
		urn_free(u);
		return em_no_memory(err);
	}
	for (size_t i = 0; i < n + k + 2; i++)
		for (size_t j = 0; j < k; j++)
			u->choose[i * k + j] = i >= j ? binomial(i, j) : 0;
	for (size_t s = 0; s <= n; s++)
		u->grade[s + 1] = u->grade[s] + (size_t)(binomial(s + parts - 1, parts - 1) + 0.5);
	fill_tables(u);
	return EM_OK;
}

/* ---- the sum in doubles ---- */

static bool safe(size_t k, size_t n, const double *alpha)
{
	double least = INFINITY, total = 0, words = (double)n, lead = fmin((double)k, words / 2);
	for (size_t j = 0; j < k; j++) {
		least = fmin(least, alpha[j]);
		total += alpha[j];
	}
	/* Dropped at each of n words, under a sum no less than alpha / (total + n). */
	double room = log(words + 1) + log(binomial(n + k - 1, k - 1)) + log((total + words) / least);
	double regain = words * log(2) + (lead > 0 ? lead * log1p(words / (lead * least)) : 0);
	return log(TINY) + room + regain < log(1e-14);
}

/* Adds the (n+1)-st word: states of n words become states of n+1. Returns the sum of all. */
static double add_word(struct urn *u, size_t n)
{
	double sum = 0;
	const double *last = u->weight + (u->k - 1) * (u->n + 1);
	for (size_t s = n + 2; s-- > 0;) {
		double stay = s <= n ? last[n - s] : 0;
		for (size_t i = u->grade[s]; i < u->grade[s + 1]; i++) {
			double x = stay * u->a[i];
			for (size_t j = u->first[i]; j < u->first[i + 1]; j++)
				x += u->weight[u->way[j].weight] * u->a[u->way[j].from];
			u->a[i] = x = x < TINY ? 0 : x;
			sum += x;
			if (i % PATIENCE == 0 && stopped(u))
				return NAN;
		}
	}
	return sum;
}

/* What a call sums over, in the order of the document. */
struct words {
	const double *alpha, *beta;
	size_t stride, pairs;
	const unsigned *term, *count;
	double total; /* of alpha */
};

/* The largest of beta of a word: the weights are taken relative to it. */
static double top_of(const double *row, size_t k)
{
	double top = row[0];
	for (size_t j = 1; j < k; j++)
		top = fmax(top, row[j]);
	return top;
}

static double sum_narrow(struct urn *u, const struct words *x)
{
	double log_p = 0, scale = 1;
	size_t i = 0;
	u->a[0] = 1;
	for (size_t w = 0; w < x->pairs; w++) {
		const double *row = x->beta + x->term[w] * x->stride;
		double top = top_of(row, u->k);
		if (!(top > 0) && x->count[w])
			return -INFINITY;
		for (unsigned c = 0; c < x->count[w]; c++, i++) {
			for (size_t j = 0; j < u->k; j++) {
				double *weight = u->weight + j * (u->n + 1), each = row[j] / top / ((x->total + (double)i) * scale);
				for (size_t m = 0; m <= i; m++)
					weight[m] = (x->alpha[j] + (double)m) * each;
			}
			scale = add_word(u, i);
			if (stopped(u))
				return NAN;
			log_p += log(scale) + log(top);
		}
	}
	return log_p;
}

/* ---- the sum in wide numbers ---- */

static struct wide widen(double m, int32_t e)
{
	if (m < 0x1p-256 && m > 0) {
		m *= 0x1p256;
		e--;
	} else if (m >= 0x1p64) {
		m *= 0x1p-256;
		e++;
	}
	return (struct wide){m, e};
}

static struct wide wide_of(double x)
{
	int32_t e = 0;
	for (; x > 0 && x < 0x1p-256; e--)
		x *= 0x1p256;
	return (struct wide){x, e};
}

/* x += y z */
static inline void add_product(struct wide *x, struct wide y, struct wide z)
{
	struct wide p = widen(y.m * z.m, y.e + z.e);
	if (p.m == 0 || (x->m > 0 && p.e < x->e - 1))
		return;
	if (p.e == x->e)
		x->m += p.m;
	else if (x->m > 0 && p.e == x->e - 1)
		x->m += p.m * 0x1p-256;
	else
		*x = (struct wide){p.m + (x->m > 0 && x->e == p.e - 1 ? x->m * 0x1p-256 : 0), p.e};
}

static void add_wide(struct urn *u, size_t n)
{
	const struct wide *last = u->wide_weight + (u->k - 1) * (u->n + 1);
	for (size_t s = n + 2; s-- > 0;)
		for (size_t i = u->grade[s]; i < u->grade[s + 1]; i++) {
			struct wide x = {0};
			if (s <= n)
				add_product(&x, last[n - s], u->wide_a[i]);
			for (size_t j = u->first[i]; j < u->first[i + 1]; j++)
				add_product(&x, u->wide_weight[u->way[j].weight], u->wide_a[u->way[j].from]);
			u->wide_a[i] = widen(x.m, x.e);
			if (i % PATIENCE == 0 && stopped(u))
				return;
		}
}

/* No state is ever scaled: relative to the largest betas, all are probabilities. */
static double sum_wide(struct urn *u, const struct words *x)
{
	static const struct wide one = {1, 0};
	struct wide sum = {0};
	double log_p = 0;
	size_t i = 0;
	u->wide_a[0] = one;
	for (size_t w = 0; w < x->pairs; w++) {
		const double *row = x->beta + x->term[w] * x->stride;
		double top = top_of(row, u->k);
		if (!(top > 0) && x->count[w])
			return -INFINITY;
		log_p += x->count[w] ? x->count[w] * log(top) : 0;
		for (unsigned c = 0; c < x->count[w]; c++, i++) {
			for (size_t j = 0; j < u->k; j++) {
				struct wide *weight = u->wide_weight + j * (u->n + 1), each = wide_of(row[j] / top);
				for (size_t m = 0; m <= i; m++) {
					struct wide share = wide_of((x->alpha[j] + (double)m) / (x->total + (double)i));
					weight[m] = widen(share.m * each.m, share.e + each.e);
				}
			}
			add_wide(u, i);
			if (stopped(u))
				return NAN;
		}
	}
	for (size_t s = 0; s < u->grade[u->n + 1]; s++)
		add_product(&sum, one, u->wide_a[s]);
	return log_p + log(sum.m) + 256 * log(2) * sum.e;
}

/* p(n_k = n | w) from the last states. */
static void read_counts(const struct urn *u, double *counts)
{
	struct wide most = {0};
	double sum = 0;
	memset(counts, 0, u->k * (u->n + 1) * sizeof *counts);
	for (size_t i = 0; !u->narrow && i < u->grade[u->n + 1]; i++)
		if (u->wide_a[i].m > 0 && (most.m == 0 || u->wide_a[i].e > most.e))
			most = u->wide_a[i];
	for (size_t s = 0; s <= u->n; s++) {
		uint32_t m[EM_URN_TOPICS] = {0};
		m[u->k - 2] = (uint32_t)s;
		for (size_t i = u->grade[s]; i < u->grade[s + 1]; i++) {
			double x = u->narrow ? u->a[i] : ldexp(u->wide_a[i].m, 256 * (u->wide_a[i].e - most.e));
			for (size_t j = 0; j + 1 < u->k; j++)
				counts[j * (u->n + 1) + m[j]] += x;
			counts[(u->k - 1) * (u->n + 1) + u->n - s] += x;
			sum += x;
			next_composition(m, u->k - 1);
		}
	}
	for (size_t i = 0; i < u->k * (u->n + 1); i++)
		counts[i] /= sum;
}

/* counts may be NULL. K >= 2. */
static enum em_status run_urn(struct words *x, size_t k, double *out, double *counts, const struct em_stop *stop,
                              struct em_err *err)
{
	struct urn u = {.k = k, .cancelled = stop ? stop->cancelled : NULL, .self = stop ? stop->self : NULL};
	for (size_t w = 0; w < x->pairs; w++)
		u.n += x->count[w];
	for (size_t j = 0; j < k; j++)
		x->total += x->alpha[j];
	u.narrow = safe(k, u.n, x->alpha);
	enum em_status st = urn_new(&u, err);
	if (st)
		return st;
	*out = stopped(&u) ? NAN : u.narrow ? sum_narrow(&u, x) : sum_wide(&u, x);
	if (!u.halted && counts)
		read_counts(&u, counts);
	urn_free(&u);
	return u.halted ? em_fail(err, EM_CANCELLED, "cancelled; the run stands where it stood") : EM_OK;
}

enum em_status urn_counts(const struct em_document *d, double *counts, const struct em_stop *stop, struct em_err *err)
{
	struct words x = {d->alpha, d->beta, d->stride, d->pairs, d->term, d->count, 0};
	double log_p;
	return run_urn(&x, d->topics, &log_p, counts, stop, err);
}

enum em_status em_urn_log_evidence(size_t k, const double *alpha, const double *beta, size_t stride, size_t pairs,
                                   const unsigned *term, const unsigned *count, double *out,
                                   bool (*cancelled)(void *), void *self, struct em_err *err)
{
	struct words x = {alpha, beta, stride, pairs, term, count, 0};
	struct em_stop stop = {cancelled, self};
	double log_p = 0;
	if (k == 1) {
		for (size_t w = 0; w < pairs; w++)
			log_p += count[w] ? count[w] * log(beta[term[w] * stride]) : 0;
		*out = log_p;
		return EM_OK;
	}
	enum em_status st = run_urn(&x, k, &log_p, NULL, &stop, err);
	if (!st)
		*out = log_p;
	return st;
}
