/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The hidden Markov model: sums over all paths, a plain Baum-Welch in logarithms, Eisner's ice cream, vowels, and what
 * would underflow. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/buf.h"
#include "data/vowels.h"
#include "elbow/run.h"
#include "small.h"

struct fit {
	struct em_settings *settings;
	struct em_data *data;
	struct em_run *run;
};

/* Settings of the model, the run and the data; then name, value pairs, ended by NULL. */
static struct em_settings *options(va_list args)
{
	const struct em_setting_table *tables[] = {em_model_named("hmm")->settings, &em_run_settings, &em_sequences_settings};
	struct em_settings *s = em_settings_new(tables, 3), *next = NULL;
	struct em_err err = {0};
	for (const char *name; (name = va_arg(args, const char *));) {
		if (em_settings_with(s, name, va_arg(args, const char *), &next, &err))
			fail_msg("%s", err.msg);
		em_settings_release(s);
		s = next;
	}
	return s;
}

static struct em_data *read(const char *text, size_t size, const struct em_settings *s)
{
	struct em_sequences *q = NULL;
	struct em_data *d = NULL;
	struct em_err err = {0};
	if (em_sequences_from("test", text, size, s, &q, &err) || em_data_of("test", NULL, NULL, q, &d, &err))
		fail_msg("%s", err.msg);
	return d;
}

/* theta in the model's layout from initial [K], transitions [K][columns], emissions [K][V] one behind the other. */
static double *theta_of(const struct em_layout *l, const double *values)
{
	double *theta = calloc(l->theta_size, sizeof *theta);
	for (unsigned a = 0; a < l->theta_arrays; a++) {
		const struct em_array *r = l->theta + a;
		for (size_t i = 0; i < r->dim[0]; i++)
			for (size_t j = 0; j < (r->rank > 1 ? r->dim[1] : 1); j++)
				theta[r->offset + i * r->stride[0] + j * r->stride[1]] = *values++;
	}
	return theta;
}

static double at(const struct em_array *r, const double *v, size_t i, size_t j)
{
	return v[r->offset + i * r->stride[0] + j * r->stride[1]];
}

/* A run on a text, from given values (NULL: by init). */
static struct fit open_fit(const char *text, const double *values, ...)
{
	struct fit f = {0};
	struct em_err err = {0};
	struct em_layout l;
	struct em_given given = {0};
	va_list args;
	va_start(args, values);
	f.settings = options(args);
	va_end(args);
	f.data = read(text, strlen(text), f.settings);
	assert_int_equal(em_model_named("hmm")->layout(f.data, f.settings, &l, &err), EM_OK);
	double *theta = values ? theta_of(&l, values) : NULL;
	given.theta = theta;
	if (em_run_new(em_model_named("hmm"), f.data, f.settings, NULL, &given, NULL, &f.run, &err))
		fail_msg("%s", err.msg);
	free(theta);
	return f;
}

static void close_fit(struct fit *f)
{
	em_run_free(f->run);
	em_data_free(f->data);
	em_settings_release(f->settings);
}

static const struct em_snapshot *look(const struct fit *f)
{
	const struct em_snapshot *s = NULL;
	assert_int_equal(em_run_snapshot(f->run, &s, NULL), EM_OK);
	return s;
}

static void step(const struct fit *f, enum em_size size)
{
	struct em_err err = {0};
	if (em_run_step(f->run, size, NULL, &err))
		fail_msg("%s", err.msg);
}

static void near(double got, double want, double room, const char *what)
{
	if (!(fabs(got - want) <= room * (1 + fabs(want))))
		fail_msg("%s: %.17g, expected %.17g", what, got, want);
}

/* ---- every path ---- */

/* p(x, path) under a theta that need not be normalized. path in base K, the first state lowest. */
static double joint(const struct em_snapshot *s, const double *theta, size_t n, size_t path)
{
	const struct em_layout *l = &s->problem->layout;
	const struct em_sequences *x = s->problem->data->sequences;
	const struct em_array *pi = l->theta, *a = pi + 1, *b = pi + 2;
	size_t k = l->components, was = 0;
	double p = 1;
	for (size_t t = x->row[n]; t < x->row[n + 1]; t++, path /= k) {
		size_t z = path % k;
		p *= (t == x->row[n] ? at(pi, theta, z, 0) : at(a, theta, was, z)) * at(b, theta, z, x->symbol[t]);
		was = z;
	}
	return a->dim[1] > k ? p * at(a, theta, was, k) : p;
}

static double sum_paths(const struct em_snapshot *s, const double *theta, size_t n, double *p)
{
	const struct em_sequences *x = s->problem->data->sequences;
	size_t paths = 1;
	double sum = 0;
	for (size_t t = x->row[n]; t < x->row[n + 1]; t++)
		paths *= s->problem->layout.components;
	for (size_t z = 0; z < paths; z++)
		sum += p[z] = joint(s, theta, n, z);
	for (size_t z = 0; z < paths; z++)
		p[z] /= sum;
	p[paths] = -1;
	return log(sum);
}

/* q of entry 0 is uniform over all possible paths; later it is the posterior under what it was made with. */
static const double *made_of(const struct em_snapshot *s, size_t n, double *room)
{
	if (s->position)
		return em_snapshot_made(s, n);
	memcpy(room, s->theta, s->problem->layout.theta_size * sizeof *room);
	for (size_t i = 0; i < s->problem->layout.theta_size; i++)
		room[i] = room[i] > 0;
	return room;
}

/* log p, KL, entropy, marginals and shares of each sequence against the sums over its paths. */
static void against_paths(const struct fit *f)
{
	const struct em_snapshot *s = look(f);
	const struct em_sequences *x = f->data->sequences;
	size_t k = s->problem->layout.components;
	double *room = calloc(s->problem->layout.theta_size, sizeof *room), *q = calloc(100000, sizeof *q);
	double *post = calloc(100000, sizeof *post), h_all = 0;
	for (size_t n = 0; n < x->count; n++) {
		size_t length = x->row[n + 1] - x->row[n];
		double kl = 0, h = 0, occupancy[8] = {0}, got[8], part[64];
		if (!length)
			continue;
		const double *made = made_of(s, n, room);
		sum_paths(s, made, n, q);
		double log_p = sum_paths(s, s->theta, n, post);
		assert_int_equal(s->problem->model->parts(s->problem, made, s->q, n, 0, length, part, NULL), EM_OK);
		for (size_t z = 0; q[z] >= 0; z++) {
			if (q[z] > 0) {
				kl += q[z] * log(q[z] / post[z]);
				h -= q[z] * log(q[z]);
			}
			for (size_t t = 0, rest = z; t < length; t++, rest /= k) {
				occupancy[rest % k] += q[z] / (double)length;
				part[t * k + rest % k] -= q[z];
			}
		}
		for (size_t i = 0; i < length * k; i++)
			near(part[i], 0, 1e-12, "marginal");
		s->problem->model->shares(s->problem, s->q + n * s->problem->layout.q_stride, n, got);
		for (size_t i = 0; i < k; i++)
			near(got[i], occupancy[i], 1e-12, "share");
		near(s->obs[n].log_evidence, log_p, 1e-12, "log p");
		near(s->obs[n].kl, kl, 1e-12, "KL");
		near(s->obs[n].elbo, log_p - kl, 1e-12, "ELBO");
		h_all += h;
	}
	near(s->ledger[s->position].terms[3], h_all, 1e-12, "entropy");
	free(room);
	free(q);
	free(post);
	em_snapshot_release(s);
}

static void test_every_path(void **state)
{
	(void)state;
	static const char *const arithmetic[] = {"scaled", "log"}, *const final[] = {"none", "stop"};
	static const char *const components[] = {"1", "2", "3", "5"};
	for (size_t c = 0; c < 16; c++) {
		struct fit f = open_fit(c < 12 ? "a b a c c\n\nb\nc c a b\n" : "a a b\nb a b b", NULL, "components", components[c / 4],
		                        "arithmetic", arithmetic[c % 2], "final", final[c / 2 % 2], NULL);
		for (int i = 0; i < 7; i++) {
			against_paths(&f);
			step(&f, i < 4 ? EM_PHASE : EM_UNIT);
		}
		close_fit(&f);
	}
}

/* Zeros stay, paths that cannot be have no share from the start on, and a state that nothing enters keeps its rows. */
static void test_zeros(void **state)
{
	(void)state;
	static const double values[] = {1, 0, 0,  .5, .5, 0,  0, .4, .6,  .2, .3, .5,  .5, .5, 0,  0, .5, .5,  .9, 0, .1};
	static const double lost[] = {.5, .5, 0,  .7, .3, 0,  .2, .8, 0,  .1, .2, .7,  .2, .8,  .6, .4,  .25, .75};
	for (int c = 0; c < 2; c++) {
		struct fit f = open_fit("a a b b c\na b c b b a\na", values, "components", "3", "arithmetic", c ? "log" : "scaled", NULL);
		for (int i = 0; i < 12; i++) {
			against_paths(&f);
			step(&f, EM_PHASE);
		}
		const struct em_snapshot *s = look(&f);
		const struct em_array *a = s->problem->layout.theta;
		const size_t zero[][3] = {{0, 1, 0}, {0, 2, 0}, {1, 0, 2}, {1, 1, 0}, {2, 0, 2}, {2, 1, 0}, {2, 2, 1}};
		for (size_t i = 0; i < sizeof zero / sizeof zero[0]; i++)
			assert_true(at(a + zero[i][0], s->theta, zero[i][1], zero[i][2]) == 0);
		em_snapshot_release(s);
		close_fit(&f);
		f = open_fit("a b b a b\nb b", lost, "components", "3", "arithmetic", c ? "log" : "scaled", NULL);
		for (int i = 0; i < 8; i++)
			step(&f, EM_PHASE);
		s = look(&f);
		a = s->problem->layout.theta;
		assert_true(at(a + 1, s->theta, 2, 0) == .1 && at(a + 1, s->theta, 2, 2) == .7);
		assert_true(at(a + 2, s->theta, 2, 0) == .25);
		em_snapshot_release(s);
		close_fit(&f);
	}
}

/* ---- a plain Baum-Welch: forward and backward in logarithms, everything stored ---- */

enum { K_MOST = 4, V_MOST = 8, T_MOST = 80 };
struct plain {
	size_t k, v;
	double pi[K_MOST], a[K_MOST][K_MOST], b[K_MOST][V_MOST];
};

static double lse(const double *v, size_t n)
{
	double top = -INFINITY, sum = 0;
	for (size_t i = 0; i < n; i++)
		top = fmax(top, v[i]);
	for (size_t i = 0; i < n; i++)
		sum += exp(v[i] - top);
	return top + log(sum);
}

static double plain_step(struct plain *m, const struct em_sequences *x)
{
	struct plain c = {.k = m->k, .v = m->v};
	double total = 0, term[K_MOST];
	for (size_t n = 0; n < x->count; n++) {
		double f[T_MOST][K_MOST], g[T_MOST][K_MOST];
		const uint32_t *s = x->symbol + x->row[n];
		size_t length = x->row[n + 1] - x->row[n];
		for (size_t t = 0; t < length; t++)
			for (size_t j = 0; j < m->k; j++) {
				for (size_t i = 0; i < m->k; i++)
					term[i] = t ? f[t - 1][i] + log(m->a[i][j]) : 0;
				f[t][j] = (t ? lse(term, m->k) : log(m->pi[j])) + log(m->b[j][s[t]]);
			}
		for (size_t t = length; t-- > 0;)
			for (size_t i = 0; i < m->k; i++) {
				for (size_t j = 0; j < m->k; j++)
					term[j] = t + 1 < length ? log(m->a[i][j]) + log(m->b[j][s[t + 1]]) + g[t + 1][j] : 0;
				g[t][i] = t + 1 < length ? lse(term, m->k) : 0;
			}
		if (!length)
			continue;
		double z = lse(f[length - 1], m->k);
		total += z;
		for (size_t t = 0; t < length; t++)
			for (size_t i = 0; i < m->k; i++) {
				c.b[i][s[t]] += exp(f[t][i] + g[t][i] - z);
				if (t == 0)
					c.pi[i] += exp(f[t][i] + g[t][i] - z);
				for (size_t j = 0; t + 1 < length && j < m->k; j++)
					c.a[i][j] += exp(f[t][i] + log(m->a[i][j]) + log(m->b[j][s[t + 1]]) + g[t + 1][j] - z);
			}
	}
	double first = 0;
	for (size_t i = 0; i < m->k; i++)
		first += c.pi[i];
	for (size_t i = 0; i < m->k; i++) {
		double row = 0, all = 0;
		for (size_t j = 0; j < m->k; j++)
			row += c.a[i][j];
		for (size_t v = 0; v < m->v; v++)
			all += c.b[i][v];
		m->pi[i] = c.pi[i] / first;
		for (size_t j = 0; j < m->k; j++)
			m->a[i][j] = c.a[i][j] / row;
		for (size_t v = 0; v < m->v; v++)
			m->b[i][v] = c.b[i][v] / all;
	}
	return total;
}

/* Lines of up to T_MOST letters with a habit, some empty. */
static char *babble(uint64_t seed, size_t lines, size_t letters)
{
	struct buf b = {0};
	for (size_t n = 0; n < lines; n++) {
		size_t length = small_next(&seed) % T_MOST, last = 0;
		for (size_t t = 0; t < length; t++) {
			last = small_uniform(&seed) < .6 ? (last + 1) % letters : small_next(&seed) % letters;
			buf_printf(&b, "%c ", (int)('a' + last));
		}
		buf_putc(&b, '\n');
	}
	return buf_take(&b);
}

static void read_theta(const struct fit *f, struct plain *m)
{
	const struct em_snapshot *s = look(f);
	const struct em_array *a = s->problem->layout.theta;
	*m = (struct plain){.k = s->problem->layout.components, .v = f->data->sequences->symbols};
	for (size_t i = 0; i < m->k; i++) {
		m->pi[i] = at(a, s->theta, i, 0);
		for (size_t j = 0; j < m->k; j++)
			m->a[i][j] = at(a + 1, s->theta, i, j);
		for (size_t v = 0; v < m->v; v++)
			m->b[i][v] = at(a + 2, s->theta, i, v);
	}
	em_snapshot_release(s);
}

static void test_plain(void **state)
{
	(void)state;
	static const char *const components[] = {"2", "3", "4"};
	for (int c = 0; c < 3; c++) {
		char *text = babble((uint64_t)c + 11, 12, 5);
		struct fit f = open_fit(text, NULL, "components", components[c], NULL);
		struct plain want, got;
		double before = -INFINITY;
		read_theta(&f, &want);
		for (int i = 0; i < 12; i++) {
			double log_p = plain_step(&want, f.data->sequences);
			step(&f, EM_PHASE);
			near(em_run_entry(f.run)->log_evidence, log_p, 1e-11, "log p");
			near(em_run_entry(f.run)->elbo, log_p, 1e-11, "ELBO after E");
			assert_true(em_run_entry(f.run)->elbo >= before - 1e-9);
			before = em_run_entry(f.run)->elbo;
			assert_true(fabs(em_run_entry(f.run)->kl) < 1e-9);
			step(&f, EM_PHASE);
			read_theta(&f, &got);
			for (size_t k = 0; k < want.k; k++) {
				near(got.pi[k], want.pi[k], 1e-9, "initial");
				for (size_t j = 0; j < want.k; j++)
					near(got.a[k][j], want.a[k][j], 1e-9, "transition");
				for (size_t v = 0; v < want.v; v++)
					near(got.b[k][v], want.b[k][v], 1e-9, "emission");
			}
		}
		close_fit(&f);
		free(text);
	}
}

/* The two arithmetics, narrow and wide vectors, in units and phases, on one thread and three. */
static void test_alike(void **state)
{
	(void)state;
	static const char *const components[] = {"2", "4", "7", "16", "19"};
	char *text = babble(5, 30, 6);
	for (size_t c = 0; c < 5; c += getenv("ELBOW_VALGRIND") ? 3 : 1) {
		const char *k = components[c];
		struct fit one = open_fit(text, NULL, "components", k, "threads", "1", NULL);
		struct fit three = open_fit(text, NULL, "components", k, "threads", "3", NULL);
		struct fit logs = open_fit(text, NULL, "components", k, "arithmetic", "log", "threads", "1", NULL);
		for (int i = 0; i < 8; i++) {
			size_t start = em_run_entry(three.run)->iteration;
			step(&one, EM_PHASE);
			step(&logs, EM_PHASE);
			if (i % 4 < 2) /* an iteration in units, the next in phases */
				do
					step(&three, EM_UNIT);
				while (em_run_entry(three.run)->phase != (i % 2 ? EM_M : EM_E));
			else
				step(&three, EM_PHASE);
			assert_true(em_run_entry(three.run)->iteration >= start);
			const struct em_snapshot *a = look(&one), *b = look(&three), *l = look(&logs);
			const struct em_layout *lay = &a->problem->layout;
			assert_memory_equal(a->theta, b->theta, lay->theta_size * sizeof(double));
			assert_memory_equal(a->q, b->q, lay->observations * lay->q_stride * sizeof(double));
			const struct em_entry *ea = a->ledger + a->position, *el = l->ledger + l->position;
			if (!(i % 4 < 2))
				assert_true(ea->elbo == b->ledger[b->position].elbo);
			near(el->elbo, ea->elbo, 1e-11, "ELBO in logs");
			near(el->kl, ea->kl, 1e-9, "KL in logs");
			near(el->log_evidence, ea->log_evidence, 1e-11, "log p in logs");
			for (size_t t = 0; t < lay->theta_size; t++)
				near(l->theta[t], a->theta[t], 1e-10, "theta in logs");
			em_snapshot_release(a);
			em_snapshot_release(b);
			em_snapshot_release(l);
		}
		close_fit(&one);
		close_fit(&three);
		close_fit(&logs);
	}
	free(text);
}

static void test_back(void **state)
{
	(void)state;
	char *text = babble(8, 10, 4);
	struct fit f = open_fit(text, NULL, "components", "3", NULL);
	for (int i = 0; i < 5; i++)
		step(&f, EM_PHASE);
	struct em_entry was = *em_run_entry(f.run);
	const struct em_snapshot *a = look(&f);
	for (int i = 0; i < 7; i++)
		step(&f, EM_UNIT);
	assert_int_equal(em_run_goto(f.run, was.step, NULL, NULL), EM_OK);
	const struct em_snapshot *b = look(&f);
	assert_true(b->ledger[b->position].elbo == was.elbo);
	assert_memory_equal(a->theta, b->theta, a->problem->layout.theta_size * sizeof(double));
	em_snapshot_release(a);
	em_snapshot_release(b);
	close_fit(&f);
	free(text);
}

/* ---- published numbers ---- */

static const char ice[] = "2 3 3 2 3 2 3 2 2 3 1 3 3 1 1 1 2 1 1 1 3 1 2 1 1 1 2 3 3 2 3 2 2";
static const double ice_start[] = {.5, .5,  .8, .1, .1,  .1, .8, .1,  .7, .2, .1,  .1, .2, .7};

static void digits(double got, double want, double half, const char *what)
{
	if (!(fabs(got - want) <= half))
		fail_msg("%s: %.9g, published %.9g", what, got, want);
}

/* Eisner 2002: the numbers as printed. */
static void test_ice_cream(void **state)
{
	(void)state;
	for (int logs = 0; logs < 2; logs++) {
		struct fit f = open_fit(ice, ice_start, "final", "stop", "arithmetic", logs ? "log" : "scaled", NULL);
		step(&f, EM_PHASE);
		const struct em_snapshot *s = look(&f);
		const struct em_array *a = s->problem->layout.theta;
		digits(em_run_entry(f.run)->log_evidence, -41.537818, 5e-7, "log p");
		digits(exp(-em_run_entry(f.run)->log_evidence / 33), 3.5209, 5e-5, "perplexity");
		digits(s->mass[0], 14.6793, 5e-5, "cold days");
		digits(s->mass[1], 18.3207, 5e-5, "hot days");
		em_snapshot_release(s);
		step(&f, EM_PHASE);
		s = look(&f);
		static const double one[2][3] = {{.676502, .218819, .104678}, {.058372, .425087, .516541}};
		static const double ten[2][3] = {{.6407, .1481, .2112}, {.0002, .5341, .4657}};
		for (size_t k = 0; k < 2; k++)
			for (size_t v = 0; v < 3; v++)
				digits(at(a + 2, s->theta, k, v), one[k][v], 5.1e-7, "one step");
		em_snapshot_release(s);
		while (em_run_entry(f.run)->step < 20)
			step(&f, EM_PHASE);
		s = look(&f);
		for (size_t k = 0; k < 2; k++)
			for (size_t v = 0; v < 3; v++)
				digits(at(a + 2, s->theta, k, v), ten[k][v], 5.1e-5, "ten steps");
		digits(at(a + 1, s->theta, 0, 0), .9337, 5e-5, "stay cold");
		digits(at(a + 1, s->theta, 1, 1), .8650, 5e-5, "stay hot");
		em_snapshot_release(s);
		for (int i = 0; i < 2 * (logs ? 90 : 1500); i++) /* on through what underflows */
			step(&f, EM_PHASE);
		digits(em_run_entry(f.run)->log_evidence, -35.332895, 5e-7, "limit");
		close_fit(&f);
	}
}

static void test_vowels(void **state)
{
	(void)state;
	bool brief = getenv("ELBOW_VALGRIND") != NULL; /* too short a run to find anything */
	struct fit f = {0};
	struct em_err err = {0};
	const struct em_setting_table *tables[] = {em_model_named("hmm")->settings, &em_run_settings};
	f.settings = em_settings_new(tables, 2);
	assert_int_equal(vowels_make(f.settings, &f.data, &err), EM_OK);
	if (em_run_new(em_model_named("hmm"), f.data, f.settings, NULL, NULL, NULL, &f.run, &err))
		fail_msg("%s", err.msg);
	for (int i = 0; i < (brief ? 6 : 600); i++)
		step(&f, EM_PHASE);
	const struct em_snapshot *s = look(&f);
	const struct em_array *b = s->problem->layout.theta + 2;
	const struct em_sequences *x = f.data->sequences;
	int vowels = -1;
	for (size_t v = 0; v < x->symbols; v++) {
		const char *l = x->alphabet[v];
		double here = at(b, s->theta, 0, v), there = at(b, s->theta, 1, v);
		if (brief || l[1] || !strchr("aeioutnsrdlbcfgmpwv", *l))
			continue;
		int state_of = here > there ? 0 : 1;
		bool vowel = strchr("aeiou", *l) != NULL;
		if (vowels < 0)
			vowels = vowel ? state_of : 1 - state_of;
		if (fmin(here, there) > .4 * fmax(here, there) || (state_of == vowels) != vowel)
			fail_msg("%s: %g and %g", l, here, there);
	}
	struct em_item top[5];
	assert_int_equal(s->problem->model->describe(s->problem, s->theta, brief ? 0 : (size_t)vowels, top, 5), 5);
	assert_true((brief || strchr(" e", *top[0].label)) && top[0].weight >= top[1].weight && top[3].weight >= top[4].weight);
	em_snapshot_release(s);
	close_fit(&f);
}

/* ---- the edges ---- */

/* log p of a text under values, and that the run goes on from there. */
static double evidence(const char *text, const double *values, const char *k, const char *arithmetic)
{
	struct fit f = open_fit(text, values, "components", k, "arithmetic", arithmetic, NULL);
	double log_p = em_run_entry(f.run)->log_evidence;
	for (int i = 0; i < 4; i++)
		step(&f, EM_PHASE);
	close_fit(&f);
	return log_p;
}

static char *many(const char *word, size_t times, const char *end)
{
	struct buf b = {0};
	for (size_t i = 0; i < times; i++)
		buf_puts(&b, word);
	buf_puts(&b, end);
	return buf_take(&b);
}

/* Two states that never meet differ by 10^-5 a symbol: their messages leave the range of doubles, in both directions. */
static void test_far_apart(void **state)
{
	(void)state;
	static const double either[] = {.5, .5,  1, 0,  0, 1,  1 - 1e-5, 1e-5,  1e-5, 1 - 1e-5};
	static const double poor[] = {0, 1,  1, 0,  0, 1,  1 - 1e-5, 1e-5,  1e-5, 1 - 1e-5};
	static const double later[] = {1, 0,  1 - 1e-300, 1e-300,  0, 1,  1 - 1e-300, 1e-300,  .5, .5};
	static const double tiny[] = {.5, .5,  .5, .5,  .5, .5,  1 - 1e-200, 1e-200,  1 - 2e-200, 2e-200};
	char *text = many("a ", 300, "b b a");
	for (int c = 0; c < 2; c++) {
		const char *how = c ? "log" : "scaled";
		double one = 301 * log1p(-1e-5) + 2 * log(1e-5), other = 301 * log(1e-5) + 2 * log1p(-1e-5);
		near(evidence(text, either, "2", how), log(.5) + one, 1e-13, "either");
		near(evidence(text, poor, "2", how), other, 1e-13, "the poor state alone");
		/* Some path leaves the first state by a chance of 10^-300, or meets b there by as little. */
		double leave = log(1e-300) + 3 * log(.5) + log1p((1 - pow(.5, 300)));
		near(evidence(text, later, "2", how), leave, 1e-3, "one way");
		near(evidence(text, tiny, "2", how), 2 * log(1.5e-200), 1e-12, "tiny");
	}
	near(evidence(text, later, "2", "scaled"), evidence(text, later, "2", "log"), 1e-12, "one way, either arithmetic");
	free(text);
}

/* A long line, and one of another state in the middle. */
static void test_long(void **state)
{
	(void)state;
	static const double values[] = {.5, .5,  .999, .001,  .001, .999,  .9, .1,  .2, .8};
	char *text = many("a a a b ", 12000, "");
	struct fit f = open_fit(text, values, "components", "2", NULL);
	for (int i = 0; i < 4; i++)
		step(&f, EM_PHASE);
	const struct em_snapshot *s = look(&f);
	near(s->mass[0] + s->mass[1], 48000, 1e-13, "times");
	em_snapshot_release(s);
	close_fit(&f);
	free(text);
}

static void test_degenerate(void **state)
{
	(void)state;
	static const struct {
		const char *text, *k;
	} cases[] = {{"a", "1"}, {"a", "3"}, {"a a a", "1"}, {"a a a\n\n\n", "2"}, {"a b", "9"}, {"\n\na\n", "2"}, {"a\nb\nc", "2"}};
	for (size_t c = 0; c < sizeof cases / sizeof cases[0]; c++)
		for (int o = 0; o < 4; o++) {
			struct fit f = open_fit(cases[c].text, NULL, "components", cases[c].k, "final", o & 1 ? "stop" : "none",
			                        "arithmetic", o & 2 ? "log" : "scaled", NULL);
			for (int i = 0; i < 8; i++)
				step(&f, EM_PHASE);
			if (c == 3 && !(o & 1))
				near(em_run_entry(f.run)->log_evidence, 0, 1e-12, "one symbol");
			close_fit(&f);
		}
	/* A sequence of one symbol with a stop: both are learned at once. */
	struct fit f = open_fit("a\na\na", NULL, "components", "1", "final", "stop", NULL);
	for (int i = 0; i < 3; i++)
		step(&f, EM_PHASE);
	near(em_run_entry(f.run)->log_evidence, 0, 1e-12, "one time each");
	close_fit(&f);
}

static void refuse(const char *text, const double *values, const char *final, const char *want)
{
	const struct em_setting_table *tables[] = {em_model_named("hmm")->settings, &em_run_settings, &em_sequences_settings};
	struct em_settings *s = em_settings_new(tables, 3), *with = NULL;
	struct em_err err = {0};
	struct em_layout l;
	struct em_run *r = NULL;
	assert_int_equal(em_settings_with(s, "final", final, &with, &err), EM_OK);
	struct em_data *d = read(text, strlen(text), s);
	assert_int_equal(em_model_named("hmm")->layout(d, with, &l, &err), EM_OK);
	double *theta = theta_of(&l, values);
	struct em_given given = {.theta = theta};
	assert_int_not_equal(em_run_new(em_model_named("hmm"), d, with, NULL, &given, NULL, &r, &err), EM_OK);
	if (!strstr(err.msg, want))
		fail_msg("\"%s\" is not in \"%s\"", want, err.msg);
	free(theta);
	em_data_free(d);
	em_settings_release(s);
	em_settings_release(with);
}

static void test_refusals(void **state)
{
	(void)state;
	static const double sum[] = {.5, .6,  .5, .5,  .5, .5,  .5, .5,  .5, .5};
	static const double row[] = {.5, .5,  .5, .4,  .5, .5,  .5, .5,  .5, .5};
	static const double less[] = {.5, .5,  .5, .5,  .5, .5,  1.5, -.5,  .5, .5};
	static const double blind[] = {1, 0,  1, 0,  0, 1,  1, 0,  0, 1};
	static const double endless[] = {1, 0,  1, 0, 0,  0, .5, .5,  .5, .5,  .5, .5};
	refuse("a b", sum, "none", "initial sums to 1.1");
	refuse("a b", row, "none", "transitions[1] sums to 0.9");
	refuse("a b", less, "none", "emissions[1][2] is -0.5");
	refuse("a a\n\na a b", blind, "none", "line 3 is impossible from symbol 3 (\"b\") on");
	refuse("a b", endless, "stop", "line 1 is impossible: no state that it can end in");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_path), cmocka_unit_test(test_zeros),      cmocka_unit_test(test_plain),
		cmocka_unit_test(test_alike),      cmocka_unit_test(test_back),       cmocka_unit_test(test_ice_cream),
		cmocka_unit_test(test_vowels),     cmocka_unit_test(test_far_apart),  cmocka_unit_test(test_long),
		cmocka_unit_test(test_degenerate), cmocka_unit_test(test_refusals),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
