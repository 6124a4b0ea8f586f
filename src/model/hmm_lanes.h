/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The kernels for vectors of LANES doubles; hmm_kernel.c includes this once for each width, with IN(name) to tell the
 * names apart. Every sum over states runs in their order, each in its lane: the bits do not depend on the width. */

typedef double IN(vec) __attribute__((vector_size(LANES * 8)));
typedef int64_t IN(ivec) __attribute__((vector_size(LANES * 8)));
#define GET(x) (*(const IN(vec) *)(const void *)(x))
#define PUT(x) (*(IN(vec) *)(void *)(x))

/* b_t = A (e b_t+1) for times from .. end-1; true when a message is below HMM_TINY. */
INLINE bool IN(messages)(const struct hmm_chain *c, size_t from, size_t end, double *restrict v, size_t kp)
{
	const struct hmm_tables *t = c->t;
	const double *columns = t->columns;
	size_t k = t->k;
	IN(ivec) tiny = {0};
	for (size_t at = end; at-- > from;) {
		const double *e = t->emit + (size_t)c->x[at + 1] * kp, *next = c->message + (at + 1) * kp;
		double *to = c->message + at * kp;
		for (size_t j = 0; j < kp; j += LANES)
			PUT(v + j) = GET(e + j) * GET(next + j);
		for (size_t i = 0; i < kp; i += LANES) {
			IN(vec) even = v[0] * GET(columns + i), odd = {0};
			for (size_t j = 1; j + 1 < k; j += 2) {
				odd += v[j] * GET(columns + j * kp + i);
				even += v[j + 1] * GET(columns + (j + 1) * kp + i);
			}
			if (k % 2 == 0)
				odd += v[k - 1] * GET(columns + (k - 1) * kp + i);
			even += odd;
			PUT(to + i) = even;
			tiny |= even < HMM_TINY;
		}
		c->scale[at] = 0;
	}
	bool any = false;
	for (int l = 0; l < LANES; l++)
		any |= tiny[l] != 0;
	return any;
}

/* One transition, with the chain's conditional c = A_ij e_j b_t+1(j) / b_t(i) and xi = g_t(i) c = w_i A_ij v_j. */
INLINE void IN(transition)(struct hmm_span *s, size_t at, const double *logs, const double *logs_now, bool both, size_t kp)
{
	const struct hmm_tables *q = s->q, *now = s->now;
	const double *next = s->message + (at + 1) * kp;
	for (size_t j = 0; j < kp; j += LANES) {
		IN(vec) reach = {0}, vj = GET(s->v + j), uj = GET(s->u + j), h = GET(s->h + j), duj = {0}, kl = {0};
		if (both) {
			duj = GET(s->du + j);
			kl = GET(s->kl + j);
		}
		for (size_t i = 0; i < q->k; i++) {
			IN(vec) p = s->w[i] * GET(q->rows + i * kp + j), xi = p * vj, la = GET(q->log_rows + i * kp + j);
			reach += p;
			PUT(s->counts + i * kp + j) += xi;
			h += xi * ((la + uj) - logs[i]);
			if (both)
				kl += xi * (((la - GET(now->log_rows + i * kp + j)) + duj) - (logs[i] - logs_now[i]));
		}
		PUT(s->h + j) = h;
		if (both)
			PUT(s->kl + j) = kl;
		/* A state that cannot go on has a message of 0 and nothing to divide by. */
		IN(ivec) alive = GET(next + j) > 0.0;
		PUT(s->next + j) = (IN(vec))((IN(ivec))(GET(s->e + j) * reach) & alive);
	}
}

INLINE void IN(forward)(struct hmm_span *s, bool both, size_t kp)
{
	const struct hmm_tables *q = s->q, *now = s->now;
	for (size_t n = 0; n < s->count; n++) {
		size_t at = s->from + n, x = (size_t)s->x[at + 1] * kp;
		const double *logs = s->logs + n * kp, *logs_now = both ? s->logs_now + n * kp : NULL;
		double *message = s->message + at * kp, factor = power(-s->scale[at]);
		for (size_t j = 0; j < kp; j += LANES) {
			IN(vec) e = factor * GET(q->emit + x + j), le = GET(q->log_emit + x + j), l = GET(logs + kp + j);
			PUT(s->e + j) = e;
			PUT(s->v + j) = e * GET(message + kp + j);
			PUT(s->u + j) = (le + l) + s->offset[n];
			if (both)
				PUT(s->du + j) = ((le - GET(now->log_emit + x + j)) + (l - GET(logs_now + kp + j))) +
				                 (s->offset[n] - s->offset_now[n]);
			PUT(message + j) *= GET(s->w + j); /* now the marginal */
		}
		IN(transition)(s, at, logs, logs_now, both, kp);
		double *w = s->w;
		s->w = s->next;
		s->next = w;
	}
}

INLINE double IN(gather)(const double *g, const uint32_t *x, size_t length, size_t kp, const double *table, double *counts)
{
	double sum = 0, lost = 0;
	for (size_t from = 0; from < length; from += HMM_SPAN) {
		size_t end = from + HMM_SPAN < length ? from + HMM_SPAN : length;
		IN(vec) part = {0};
		for (size_t at = from; at < end; at++)
			for (size_t j = 0; j < kp; j += LANES) {
				size_t row = (size_t)x[at] * kp + j;
				IN(vec) here = GET(g + at * kp + j);
				part += here * GET(table + row);
				if (counts)
					PUT(counts + row) += here;
			}
		double total = 0;
		for (int l = 0; l < LANES; l++)
			total += part[l];
		double y = total - lost, t = sum + y; /* Kahan: all parts have one sign */
		lost = (t - sum) - y;
		sum = t;
	}
	return sum;
}

#undef GET
#undef PUT
