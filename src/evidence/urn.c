/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The exact evidence of one document under LDA: p(w) summed over the counts m of its words' topics, word by word as in
 * Polya's urn,
 *
 *     a'(m + e_k) += a(m) (alpha_k + m_k)/(A + n) beta_kw        A = sum alpha, n = sum m
 *
 * where a(m) = p(w_1..w_n, counts m). Every term is positive; the sum of a after a word, over the sum before, is the
 * predictive probability of that word. */
#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "elbow/evidence.h"

#define EM_URN_STATES 2e7 /* 20 bytes and more each */

/* A state is the first K-1 counts; the last is n - s, s their sum. States lie graded by s, within a grade in the order of
 * the combinadic of the partial sums. So an index does not depend on n: topic K leaves it, topic j < K leads from a state
 * of grade s-1 to one of grade s, and a pass from high grades to low updates in place. */
struct urn {
	size_t k, n;       /* topics, tokens */
	double *choose;    /* [n+k+1][k]: binomial coefficients */
	size_t *grade;     /* [n+2]: first state of a grade; the last is the number of states */
	uint32_t *prev;    /* [states][k-1]: the state with one less of topic j */
	uint32_t *count;   /* [states][k-1] */
	double *a;         /* [states] */
	double *weight;    /* [k][n+1]: (alpha_j + m) beta_j / scale, for one word */
};

static double binomial(size_t n, size_t k)
{
	double c = 1;
	for (size_t i = 1; i <= k; i++)
		c = c * (double)(n - k + i) / (double)i;
	return c;
}

double em_urn_cost(size_t k, size_t tokens)
{
	return 2e-9 * (double)tokens * binomial(tokens + k - 1, k - 1);
}

static size_t rank_of(const struct urn *u, const uint32_t *m)
{
	size_t sum = 0, rank = 0;
	for (size_t j = 1; j + 1 < u->k; j++) {
		sum += m[j - 1];
		rank += (size_t)u->choose[(sum + j - 1) * u->k + j];
	}
	sum += u->k > 1 ? m[u->k - 2] : 0;
	return u->grade[sum] + rank;
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

static void fill_tables(struct urn *u)
{
	size_t parts = u->k - 1;
	uint32_t m[64];
	for (size_t s = 0; s <= u->n; s++) {
		memset(m, 0, sizeof m);
		m[parts - 1] = (uint32_t)s;
		for (size_t i = u->grade[s]; i < u->grade[s + 1]; i++) {
			memcpy(u->count + i * parts, m, parts * sizeof *m);
			for (size_t j = 0; j < parts; j++) {
				if (m[j] == 0) {
					u->prev[i * parts + j] = 0;
					continue;
				}
				m[j]--;
				u->prev[i * parts + j] = (uint32_t)rank_of(u, m);
				m[j]++;
			}
			next_composition(m, parts);
		}
	}
}

static void urn_free(struct urn *u)
{
	free(u->choose);
	free(u->grade);
	free(u->prev);
	free(u->count);
	free(u->a);
	free(u->weight);
}

static enum em_status urn_new(struct urn *u, size_t k, size_t n, struct em_err *err)
{
	*u = (struct urn){.k = k, .n = n};
	double states = binomial(n + k - 1, k - 1);
	if (k > 64 || states > EM_URN_STATES)
		return em_fail(err, EM_USAGE, "%zu words and %zu topics have %.3g states; the exact sum goes to %.3g", n, k,
		               states, (double)EM_URN_STATES);
	size_t m = (size_t)(states + 0.5), parts = k - 1;
	u->choose = calloc((n + k + 2) * k, sizeof *u->choose);
	u->grade = calloc(n + 2, sizeof *u->grade);
	u->prev = calloc(m * parts + 1, sizeof *u->prev);
	u->count = calloc(m * parts + 1, sizeof *u->count);
	u->a = calloc(m, sizeof *u->a);
	u->weight = calloc(k * (n + 1), sizeof *u->weight);
	if (!u->choose || !u->grade || !u->prev || !u->count || !u->a || !u->weight) {
		urn_free(u);
		return em_no_memory(err);
	}
	for (size_t i = 0; i < n + k + 2; i++)
		for (size_t j = 0; j < k; j++)
			u->choose[i * k + j] = i >= j ? binomial(i, j) : 0;
	for (size_t s = 0; s <= n; s++)
		u->grade[s + 1] = u->grade[s] + (size_t)(binomial(s + parts - 1, parts - 1) + 0.5);
	fill_tables(u);
	u->a[0] = 1;
	return EM_OK;
}

/* Adds the (n+1)-st word: states of n words become states of n+1. Returns the sum of all. */
static double add_word(struct urn *u, size_t n)
{
	size_t parts = u->k - 1;
	double sum = 0, *last = u->weight + parts * (u->n + 1);
	for (size_t s = n + 2; s-- > 0;) {
		double stay = s <= n ? last[n - s] : 0;
		for (size_t i = u->grade[s]; i < u->grade[s + 1]; i++) {
			double x = stay * u->a[i];
			const uint32_t *count = u->count + i * parts, *prev = u->prev + i * parts;
			for (size_t j = 0; j < parts; j++)
				if (count[j])
					x += u->weight[j * (u->n + 1) + count[j] - 1] * u->a[prev[j]];
			u->a[i] = x;
			sum += x;
		}
	}
	return sum;
}

struct place {
	double at;
	size_t word;
};

static int earlier(const void *a, const void *b)
{
	const struct place *x = a, *y = b;
	if (x->at != y->at)
		return x->at < y->at ? -1 : 1;
	return x->word < y->word ? -1 : x->word > y->word;
}

/* The words of the document with the repeats of each spread out evenly: a long run of one word would let states that later
 * words need sink below the smallest double. */
static struct place *spread(size_t pairs, const unsigned *count, size_t n)
{
	struct place *order = calloc(n + 1, sizeof *order);
	size_t at = 0;
	for (size_t w = 0; order && w < pairs; w++)
		for (unsigned i = 0; i < count[w]; i++)
			order[at++] = (struct place){(i + 0.5) / count[w], w};
	if (order)
		qsort(order, n, sizeof *order, earlier);
	return order;
}

enum em_status em_urn_log_evidence(size_t k, const double *alpha, const double *beta, size_t stride, size_t pairs,
                                   const unsigned *term, const unsigned *count, double *out,
                                   bool (*cancelled)(void *), void *self, struct em_err *err)
{
	size_t n = 0;
	double log_p = 0, total = 0, scale = 1;
	for (size_t w = 0; w < pairs; w++)
		n += count[w];
	for (size_t j = 0; j < k; j++)
		total += alpha[j];
	if (k == 1) {
		for (size_t w = 0; w < pairs; w++)
			log_p += count[w] * log(beta[term[w] * stride]);
		*out = log_p;
		return EM_OK;
	}
	struct urn u;
	enum em_status st = urn_new(&u, k, n, err);
	if (st)
		return st;
	struct place *order = spread(pairs, count, n);
	if (!order) {
		urn_free(&u);
		return em_no_memory(err);
	}
	for (size_t i = 0; i < n && !st; i++) {
		const double *row = beta + (size_t)term[order[i].word] * stride;
		for (size_t j = 0; j < k; j++)
			for (size_t m = 0; m <= i; m++)
				u.weight[j * (n + 1) + m] = (alpha[j] + (double)m) * row[j] / ((total + (double)i) * scale);
		scale = add_word(&u, i);
		log_p += log(scale);
		if (cancelled && cancelled(self))
			st = em_fail(err, EM_CANCELLED, "cancelled; the run stands where it stood");
	}
	free(order);
	urn_free(&u);
	*out = log_p;
	return st;
}
