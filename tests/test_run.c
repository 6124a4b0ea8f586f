/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The step machine on small corpora: the identity, the order of the ELBO, exact ways back, the same bits everywhere. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "elbow/points.h"
#include "fit.h"
#include "small.h"

/* Under valgrind, which is after lost and wild memory, a part of the cases is enough. */
static bool brief(void)
{
	return getenv("ELBOW_VALGRIND") != NULL;
}

struct rig {
	struct em_corpus *corpus;
	struct em_data data;
	struct em_settings *settings;
	struct em_run *run;
	struct em_err err;
};

static void open_rig(struct rig *g, struct em_corpus *c, struct em_settings *s)
{
	*g = (struct rig){.corpus = c, .settings = s};
	g->data = (struct em_data){EM_DATA_CORPUS, "small", c->docs, c, NULL, NULL};
	if (em_run_new(em_model_named("lda"), &g->data, s, &em_evidence_exact, NULL, NULL, &g->run, &g->err))
		fail_msg("%s", g->err.msg);
}

static void close_rig(struct rig *g)
{
	em_run_free(g->run);
	em_settings_release(g->settings);
	small_free(g->corpus);
}

static void must(struct rig *g, enum em_status st)
{
	if (st)
		fail_msg("%s", g->err.msg);
}

static const struct em_snapshot *look(struct rig *g)
{
	const struct em_snapshot *s = NULL;
	must(g, em_run_snapshot(g->run, &s, &g->err));
	return s;
}

static void step(struct rig *g, enum em_size size)
{
	must(g, em_run_step(g->run, size, NULL, &g->err));
}

/* The identity, the signs and the sums of one snapshot, from its own numbers. */
static void check_identity(const struct em_snapshot *s)
{
	const struct em_entry *e = s->ledger + s->position;
	double terms = 0, elbo = 0, log_p = 0;
	for (size_t i = 0; i < s->problem->layout.terms; i++)
		terms += e->terms[i];
	for (size_t n = 0; n < s->problem->layout.observations; n++) {
		elbo += s->obs[n].elbo;
		log_p += s->obs[n].log_evidence;
		assert_true(s->obs[n].elbo <= s->obs[n].log_evidence + 1e-9);
	}
	double size = 1 + fabs(e->elbo);
	assert_true(fabs(terms - e->elbo) < 1e-10 * size);
	assert_true(fabs(elbo - e->elbo) < 1e-10 * size);
	assert_true(fabs(e->energy + e->entropy - e->elbo) < 1e-10 * size);
	assert_int_equal(e->evidence, EM_EVIDENCE_EXACT);
	assert_true(fabs(log_p - e->log_evidence) < 1e-10 * size);
	assert_true(fabs(e->elbo + e->kl - e->log_evidence) < 1e-10 * size);
	assert_true(e->kl > -1e-9);
	assert_true(e->log_evidence < 0);
}

static void test_identity_on_random_corpora(void **state)
{
	(void)state;
	static const char *const ks[] = {"1", "2", "3", "4"};
	static const char *const alphas[] = {"0.05", "0.4", "1", "3"};
	static const char *const updates[] = {"fixed", "symmetric", "vector"};
	static const char *const starts[] = {"guarded", "warm"};
	for (uint64_t seed = 1; seed <= (brief() ? 4 : 24); seed++) {
		struct rig g;
		open_rig(&g, small_random(seed, 3 + seed % 7, 4 + seed % 9, 14),
		         small_settings("components", ks[seed % 4], "alpha", alphas[seed / 4 % 4], "alpha_update",
		                        updates[seed % 3], "e_start", starts[seed % 2], "e_order",
		                        seed % 5 ? "batch" : "sequential", "e_sweeps", seed % 6 ? "100" : "2", NULL));
		double last = em_run_entry(g.run)->elbo;
		for (int i = 0; i < 16; i++) {
			const struct em_snapshot *s = look(&g);
			check_identity(s);
			em_snapshot_release(s);
			step(&g, EM_PHASE);
			const struct em_entry *e = em_run_entry(g.run);
			assert_true(e->elbo >= last - e->allowance);
			assert_true(e->allowance < 1e-6);
			last = e->elbo;
		}
		close_rig(&g);
	}
}

static void test_e_leaves_log_p_and_m_leaves_entropy(void **state)
{
	(void)state;
	struct rig g;
	open_rig(&g, small_random(7, 8, 9, 12), small_settings("components", "3", NULL));
	for (int i = 0; i < 6; i++) {
		struct em_entry before = *em_run_entry(g.run);
		step(&g, EM_PHASE);
		const struct em_entry *e = em_run_entry(g.run);
		if (e->phase == EM_E) {
			assert_true(e->log_evidence == before.log_evidence);
			assert_true(fabs((before.kl - e->kl) - e->gain) < 1e-9);
		} else {
			assert_true(e->entropy == before.entropy);
			assert_int_equal(e->iteration, before.iteration);
		}
	}
	close_rig(&g);
}

static void same_state(const struct em_snapshot *a, const struct em_snapshot *b)
{
	const struct em_layout *l = &a->problem->layout;
	assert_memory_equal(a->theta, b->theta, l->theta_size * sizeof(double));
	assert_memory_equal(a->q, b->q, l->observations * l->q_stride * sizeof(double));
	const struct em_entry *x = a->ledger + a->position, *y = b->ledger + b->position;
	assert_memory_equal(&x->elbo, &y->elbo, sizeof(double));
	assert_memory_equal(x->terms, y->terms, sizeof x->terms);
	assert_memory_equal(&x->kl, &y->kl, sizeof(double));
}

static void test_same_bits_on_any_thread_count(void **state)
{
	(void)state;
	static const char *const threads[] = {"2", "3", "7"};
	struct rig one;
	open_rig(&one, small_random(3, 60, 30, 20), small_settings("threads", "1", "alpha_update", "vector", NULL));
	for (int i = 0; i < 8; i++)
		step(&one, EM_PHASE);
	const struct em_snapshot *a = look(&one);
	for (size_t t = 0; t < 3; t++) {
		struct rig many;
		open_rig(&many, small_random(3, 60, 30, 20),
		         small_settings("threads", threads[t], "alpha_update", "vector", NULL));
		for (int i = 0; i < 8; i++)
			step(&many, EM_PHASE);
		const struct em_snapshot *b = look(&many);
		same_state(a, b);
		em_snapshot_release(b);
		close_rig(&many);
	}
	em_snapshot_release(a);
	close_rig(&one);
}

/* Units and sweeps lead to the very q of a whole phase. */
static void units_against_phase(const char *order, const char *how, const char *sweeps)
{
	struct rig whole, parts;
	open_rig(&whole, small_random(5, 9, 8, 10), small_settings("components", "3", "e_order", order, "e_start", how,
	                                                           "e_sweeps", sweeps, "alpha_update", "symmetric", NULL));
	open_rig(&parts, small_random(5, 9, 8, 10), small_settings("components", "3", "e_order", order, "e_start", how,
	                                                           "e_sweeps", sweeps, "alpha_update", "symmetric", NULL));
	for (int phase = 0; phase < 6; phase++) {
		step(&whole, EM_PHASE);
		size_t count = 0;
		do {
			step(&parts, phase % 2 == 0 && count % 3 == 2 ? EM_SWEEP : EM_UNIT);
			assert_true(++count < 3000);
		} while (em_run_entry(parts.run)->phase != EM_E && em_run_entry(parts.run)->phase != EM_M);
		assert_true(count > 1);
		const struct em_snapshot *a = look(&whole), *b = look(&parts);
		const struct em_layout *l = &a->problem->layout;
		assert_memory_equal(a->theta, b->theta, l->theta_size * sizeof(double));
		assert_memory_equal(a->q, b->q, l->observations * l->q_stride * sizeof(double));
		assert_true(fabs(em_run_entry(whole.run)->elbo - em_run_entry(parts.run)->elbo) < 1e-9);
		assert_int_equal(em_run_entry(whole.run)->iteration, em_run_entry(parts.run)->iteration);
		em_snapshot_release(a);
		em_snapshot_release(b);
	}
	close_rig(&whole);
	close_rig(&parts);
}

static void test_units_make_the_same_phase(void **state)
{
	(void)state;
	units_against_phase("batch", "guarded", "50");
	units_against_phase("batch", "warm", "3");
	units_against_phase("sequential", "guarded", "50");
	units_against_phase("sequential", "cold", "4");
}

static void test_parts_keep_the_identity(void **state)
{
	(void)state;
	struct rig g;
	open_rig(&g, small_random(11, 6, 8, 10), small_settings("components", "2", "alpha_update", "vector", NULL));
	for (int i = 0; i < 60; i++) {
		const struct em_snapshot *s = look(&g);
		check_identity(s);
		assert_true(s->inside == (s->ledger[s->position].phase == EM_E_PART || s->ledger[s->position].phase == EM_M_PART));
		assert_true((s->stats == NULL) == (s->inside && !s->next_m));
		em_snapshot_release(s);
		step(&g, EM_UNIT);
	}
	close_rig(&g);
}

static void test_back_and_forth_is_exact(void **state)
{
	(void)state;
	struct rig g;
	const struct em_snapshot *all[24];
	open_rig(&g, small_random(13, 12, 10, 12), small_settings("components", "3", "alpha_update", "symmetric", NULL));
	all[0] = look(&g);
	for (size_t i = 1; i < 24; i++) {
		step(&g, i % 5 == 3 ? EM_UNIT : i % 7 == 5 ? EM_SWEEP : EM_PHASE);
		all[i] = look(&g);
	}
	uint64_t rng = 4;
	for (int i = 0; i < (brief() ? 6 : 60); i++) {
		size_t to = small_next(&rng) % 24;
		must(&g, em_run_goto(g.run, to, NULL, &g.err));
		const struct em_snapshot *s = look(&g);
		assert_int_equal(s->position, to);
		assert_int_equal(s->entries, 24);
		same_state(all[to], s);
		assert_true(s->inside == all[to]->inside && s->next_m == all[to]->next_m);
		const struct em_layout *l = &s->problem->layout;
		assert_memory_equal(all[to]->theta_before, s->theta_before, l->theta_size * sizeof(double));
		assert_memory_equal(all[to]->q_before, s->q_before, l->observations * l->q_stride * sizeof(double));
		em_snapshot_release(s);
	}
	for (size_t i = 0; i < 24; i++)
		em_snapshot_release(all[i]);
	close_rig(&g);
}

static void test_stepping_from_the_past_replaces_the_future(void **state)
{
	(void)state;
	struct rig g;
	open_rig(&g, small_random(13, 12, 10, 12), small_settings("components", "4", NULL));
	for (int i = 0; i < 8; i++)
		step(&g, EM_PHASE);
	double elbo3 = 0;
	must(&g, em_run_goto(g.run, 3, NULL, &g.err));
	elbo3 = em_run_entry(g.run)->elbo;
	must(&g, em_run_goto(g.run, 2, NULL, &g.err));
	step(&g, EM_PHASE); /* the same action: the ledger ahead stays */
	assert_true(em_run_entry(g.run)->elbo == elbo3);
	const struct em_snapshot *s = look(&g);
	assert_int_equal(s->entries, 9);
	em_snapshot_release(s);
	must(&g, em_run_goto(g.run, 2, NULL, &g.err));
	step(&g, EM_UNIT); /* another: it goes */
	s = look(&g);
	assert_int_equal(s->entries, 4);
	em_snapshot_release(s);
	assert_int_equal(em_run_goto(g.run, 4, NULL, &g.err), EM_USAGE);
	assert_string_equal(g.err.msg, "no step 4; the ledger has steps 0 to 3");
	close_rig(&g);
}

static void test_history_within_memory(void **state)
{
	(void)state;
	struct rig small, large;
	size_t docs = brief() ? 40 : 400, iterations = brief() ? 6 : 20;
	open_rig(&small, small_random(17, docs, 300, 40),
	         small_settings("components", "16", "history_memory", "1", "evidence_budget", "0", NULL));
	open_rig(&large, small_random(17, docs, 300, 40), small_settings("components", "16", "evidence_budget", "0", NULL));
	for (size_t i = 0; i < iterations; i++) {
		step(&small, EM_ITERATION);
		step(&large, EM_ITERATION);
	}
	for (size_t to = 2 * iterations; to > 0; to -= 7) {
		must(&small, em_run_goto(small.run, to, NULL, &small.err));
		must(&large, em_run_goto(large.run, to, NULL, &large.err));
		const struct em_snapshot *a = look(&small), *b = look(&large);
		same_state(a, b);
		em_snapshot_release(a);
		em_snapshot_release(b);
		if (to < 7)
			break;
	}
	close_rig(&small);
	close_rig(&large);
}

struct counter {
	atomic_int calls;
	int limit;
	int steps;
};

static bool after(void *self)
{
	struct counter *c = self;
	return atomic_fetch_add(&c->calls, 1) >= c->limit;
}

static void stepped(void *self, const struct em_entry *e)
{
	(void)e;
	((struct counter *)self)->steps++;
}

static void test_cancel_leaves_the_run_as_it_was(void **state)
{
	(void)state;
	for (int limit = 0; limit < 60; limit += brief() ? 31 : 7) {
		struct rig g, twin;
		open_rig(&g, small_random(19, 20, 12, 12), small_settings("components", "4", NULL));
		open_rig(&twin, small_random(19, 20, 12, 12), small_settings("components", "4", NULL));
		step(&g, EM_PHASE);
		step(&twin, EM_PHASE);
		struct counter c = {.limit = limit};
		struct em_hooks h = {.self = &c, .cancelled = after, .stepped = stepped};
		enum em_status st = em_run_step(g.run, EM_ITERATION, &h, &g.err);
		if (st) {
			assert_int_equal(st, EM_CANCELLED);
			const struct em_snapshot *a = look(&g), *b = look(&twin);
			assert_int_equal(a->position, 1 + (size_t)c.steps);
			if (c.steps == 0)
				same_state(a, b);
			em_snapshot_release(a);
			em_snapshot_release(b);
		}
		must(&g, em_run_goto(g.run, 1, NULL, &g.err));
		step(&g, EM_ITERATION);
		step(&twin, EM_ITERATION);
		const struct em_snapshot *a = look(&g), *b = look(&twin);
		same_state(a, b);
		em_snapshot_release(a);
		em_snapshot_release(b);
		close_rig(&g);
		close_rig(&twin);
	}
}

static void test_phases_by_name(void **state)
{
	(void)state;
	struct rig g;
	open_rig(&g, small_random(23, 6, 8, 10), small_settings("alpha_update", "vector", NULL));
	step(&g, EM_UNIT);
	must(&g, em_run_phase(g.run, true, NULL, &g.err)); /* m inside E: E ends first */
	const struct em_snapshot *s = look(&g);
	assert_int_equal(s->entries, 4);
	assert_int_equal(s->ledger[2].phase, EM_E);
	assert_int_equal(s->ledger[3].phase, EM_M);
	em_snapshot_release(s);
	must(&g, em_run_phase(g.run, true, NULL, &g.err)); /* a second M finds the maximum where it is */
	assert_true(fabs(em_run_entry(g.run)->gain) < 1e-6);
	step(&g, EM_PHASE);
	step(&g, EM_UNIT);
	assert_int_equal(em_run_entry(g.run)->phase, EM_M_PART);
	must(&g, em_run_phase(g.run, false, NULL, &g.err));
	assert_int_equal(em_run_entry(g.run)->phase, EM_E);
	assert_int_equal(em_run_entry(g.run)->iteration, 3);
	step(&g, EM_UNIT);
	step(&g, EM_ITERATION); /* finish from the middle ends that iteration */
	assert_int_equal(em_run_entry(g.run)->phase, EM_M);
	assert_int_equal(em_run_entry(g.run)->iteration, 3);
	close_rig(&g);
}

static void test_empty_documents_count_zero(void **state)
{
	(void)state;
	unsigned with[] = {2, 1, 0, 0, 0, 0, 0, 1, 3, 0, 0, 0}, without[] = {2, 1, 0, 0, 1, 3};
	struct rig a, b;
	open_rig(&a, small_corpus(4, 3, with), small_settings("components", "2", "alpha_update", "symmetric", NULL));
	open_rig(&b, small_corpus(2, 3, without), small_settings("components", "2", "alpha_update", "symmetric", NULL));
	for (int i = 0; i < 6; i++) {
		step(&a, EM_PHASE);
		step(&b, EM_PHASE);
		assert_true(fabs(em_run_entry(a.run)->elbo - em_run_entry(b.run)->elbo) < 1e-12);
		assert_true(fabs(em_run_entry(a.run)->kl - em_run_entry(b.run)->kl) < 1e-12);
	}
	const struct em_snapshot *s = look(&a);
	assert_true(s->obs[1].elbo == 0 && s->obs[1].log_evidence == 0 && s->obs[3].elbo == 0);
	em_snapshot_release(s);
	close_rig(&a);
	close_rig(&b);
}

/* math: two documents on which log p falls at every M-step while the ELBO rises. */
static void test_log_p_may_fall(void **state)
{
	(void)state;
	unsigned counts[] = {2, 1, 1, 2, 1, 2};
	struct rig g = {.corpus = small_corpus(2, 3, counts)};
	g.settings = small_settings("components", "2", "alpha", "0.2", "e_tolerance", "1e-12", "e_sweeps", "5000",
	                            "e_start", "cold", NULL);
	g.data = (struct em_data){EM_DATA_CORPUS, "small", 2, g.corpus, NULL, NULL};
	_Alignas(64) double theta[8 + 3 * 8] = {0.2, 0.2};
	static const double beta[3][2] = {{.3, .5}, {.5, .1}, {.2, .4}};
	for (size_t v = 0; v < 3; v++)
		memcpy(theta + 8 + v * 8, beta[v], sizeof beta[v]);
	struct em_given given = {.theta = theta};
	must(&g, em_run_new(em_model_named("lda"), &g.data, g.settings, &em_evidence_exact, &given, NULL, &g.run, &g.err));
	static const double elbo[] = {-12.1439, -11.5745}, kl[] = {1.9206, 0.8541}, log_p[] = {-10.2232, -10.7204};
	for (int i = 0; i < 2; i++) {
		step(&g, EM_PHASE);
		const struct em_entry *e = em_run_entry(g.run);
		assert_true(fabs(e->elbo - elbo[i]) < 5.1e-5);
		assert_true(fabs(e->kl - kl[i]) < 5.1e-5);
		assert_true(fabs(e->log_evidence - log_p[i]) < 5.1e-5);
	}
	static const double later[] = {-10.7312, -10.7395};
	for (int i = 0; i < 2; i++) {
		step(&g, EM_ITERATION);
		assert_true(fabs(em_run_entry(g.run)->log_evidence - later[i]) < 5.1e-5);
	}
	close_rig(&g);
}

static void test_verdicts(void **state)
{
	(void)state;
	struct em_entry e[9] = {{0}};
	double elbo[9] = {-300, -290, -261, -260, -257.46, -257, -256.4, -256.4, -256.4};
	for (size_t i = 0; i < 9; i++)
		e[i] = (struct em_entry){.step = i, .iteration = (i + 1) / 2, .elbo = elbo[i], .allowance = 1e-9,
		                         .phase = i == 0 ? EM_INIT : i % 2 ? EM_E : EM_M};
	struct em_verdict v = em_verdict_on(e, 6, 0.01, "document");
	assert_int_equal(v.kind, EM_NOT_CONVERGED);
	assert_true(fabs(v.rate - 0.299435) < 1e-6);
	assert_true(fabs(e[6].elbo + v.to_come - -255.946935) < 1e-6); /* Aitken's limit */
	assert_int_equal(em_verdict_on(e, 8, 0.01, "document").kind, EM_CONVERGED);
	assert_int_equal(em_verdict_on(e, 0, 0.01, "document").kind, EM_NOT_CONVERGED);
	e[8].decreased = true;
	e[8].gain = -1;
	assert_int_equal(em_verdict_on(e, 8, 0.01, "document").kind, EM_DECREASED);
	struct em_entry flat[3] = {{.elbo = -5, .allowance = 1e-9}, {.elbo = -5, .allowance = 1e-9, .phase = EM_E},
	                           {.elbo = -5, .allowance = 1e-9, .phase = EM_M}};
	assert_int_equal(em_verdict_on(flat, 2, 0.01, "document").kind, EM_STALLED);
	struct em_entry twice[5] = {{.elbo = -9, .allowance = 1e-9}};
	for (size_t i = 1; i < 5; i++) /* E E M M of one iteration */
		twice[i] = (struct em_entry){.step = i, .iteration = 1, .elbo = i < 3 ? -7 : -5, .allowance = 1e-9,
		                             .phase = i < 3 ? EM_E : EM_M};
	assert_int_equal(em_verdict_on(twice, 2, 0.01, "document").kind, EM_NOT_CONVERGED);
	assert_int_equal(em_verdict_on(twice, 4, 0.01, "document").kind, EM_NOT_CONVERGED);
}

/* Equal coins never part: that is no convergence. One that differs by little does. */
static void test_saddle(void **state)
{
	(void)state;
	static const char *const column[] = {"heads", "tosses"};
	static const double x[] = {5, 10, 9, 10, 8, 10, 4, 10, 7, 10};
	for (int c = 0; c < 2; c++) {
		struct em_points *points = NULL;
		struct em_data *data = NULL;
		struct em_err err = {0};
		assert_int_equal(em_points_from(5, 2, column, x, &points, &err), EM_OK);
		assert_int_equal(em_data_of("five", NULL, points, NULL, &data, &err), EM_OK);
		const struct em_layout *l;
		double theta[64] = {0};
		struct fit f;
		fit_open(&f, "coins", NULL, data, NULL, "components", "2", NULL);
		const struct em_snapshot *s = fit_look(&f);
		l = &s->problem->layout;
		memcpy(theta, s->theta, l->theta_size * sizeof *theta);
		theta[l->theta[1].offset] = .6;
		theta[l->theta[1].offset + l->theta[1].stride[0]] = c ? .6001 : .6;
		struct em_given given = {.theta = theta};
		struct em_run *run = NULL;
		assert_int_equal(em_run_new(em_model_named("coins"), data, f.settings, NULL, &given, NULL, &run, &f.err), EM_OK);
		for (int i = 0; i < 200; i++)
			assert_int_equal(em_run_step(run, EM_PHASE, NULL, &f.err), EM_OK);
		em_snapshot_release(s);
		assert_int_equal(em_run_snapshot(run, &s, NULL), EM_OK);
		assert_int_equal(s->verdict.kind, c ? EM_CONVERGED : EM_STALLED);
		assert_true(c || strstr(s->verdict.text, "coins 1 and 2 are the same"));
		em_snapshot_release(s);
		em_run_free(run);
		fit_close(&f);
	}
}

/* Estimates stand beside the ledger's numbers: near the exact ones, the same bits again, and no step is the other for them. */
static void test_estimates(void **state)
{
	(void)state;
	struct rig exact, dear;
	struct em_corpus *one = small_random(5, 12, 9, 20), *two = small_random(5, 12, 9, 20);
	open_rig(&exact, one, small_settings("components", "3", "threads", "1", NULL));
	open_rig(&dear, two, small_settings("components", "3", "threads", brief() ? "1" : "2", "evidence_budget", "0", NULL));
	double first = 0;
	for (int i = 0; i < 5; i++) {
		assert_int_equal(em_run_step(exact.run, EM_PHASE, NULL, &exact.err), EM_OK);
		assert_int_equal(em_run_step(dear.run, EM_PHASE, NULL, &dear.err), EM_OK);
		const struct em_entry *truth = em_run_entry(exact.run), *e = em_run_entry(dear.run);
		assert_true(truth->elbo == e->elbo); /* whatever was estimated before */
		if (i > 0 && i % 2 == 0) { /* an E-step: theta, and so the estimate, is that of the M-step before */
			assert_int_equal(e->evidence, EM_EVIDENCE_ESTIMATE);
			assert_true(e->log_evidence == first && e->kl == first - e->elbo);
			continue;
		}
		assert_int_equal(e->evidence, EM_EVIDENCE_NONE);
		assert_int_equal(em_run_estimate(dear.run, 1000, NULL, &dear.err), EM_OK);
		e = em_run_entry(dear.run);
		first = e->log_evidence;
		assert_int_equal(e->evidence, EM_EVIDENCE_ESTIMATE);
		assert_true(e->log_evidence_se > 0 && fabs(first - truth->log_evidence) < 5 * e->log_evidence_se);
		assert_int_equal(em_run_estimate(dear.run, 1000, NULL, &dear.err), EM_OK);
		assert_true(em_run_entry(dear.run)->log_evidence == first);
		assert_int_equal(em_run_estimate(exact.run, 1000, NULL, &exact.err), EM_OK); /* nothing to do */
		assert_int_equal(em_run_entry(exact.run)->evidence, EM_EVIDENCE_EXACT);
		if (i != 3)
			continue;
		const struct em_snapshot *s = NULL;
		assert_int_equal(em_run_snapshot(dear.run, &s, NULL), EM_OK);
		double sum = 0;
		for (size_t n = 0; n < 12; n++)
			sum += s->obs[n].guess.log_p;
		assert_true(fabs(sum - first) < 1e-9 * fabs(first));
		em_snapshot_release(s);
	}
	close_rig(&exact);
	close_rig(&dear);
}

static void test_settings_between_steps(void **state)
{
	(void)state;
	struct rig g;
	open_rig(&g, small_random(29, 10, 9, 12), small_settings("components", "2", NULL));
	step(&g, EM_ITERATION);
	const struct em_snapshot *s = look(&g);
	double alpha = s->theta[0];
	must(&g, em_run_set(g.run, "alpha_update", "vector", &g.err));
	assert_int_equal(em_run_set(g.run, "components", "3", &g.err), EM_USAGE);
	assert_int_equal(em_run_set(g.run, "alpha_update", "sideways", &g.err), EM_USAGE);
	step(&g, EM_ITERATION);
	const struct em_snapshot *t = look(&g);
	assert_true(t->theta[0] != alpha && t->theta[0] != t->theta[1]);
	assert_true(s->theta[0] == alpha); /* the old picture stays what it was */
	must(&g, em_run_goto(g.run, 1, NULL, &g.err));
	must(&g, em_run_goto(g.run, 4, NULL, &g.err));
	const struct em_snapshot *u = look(&g);
	same_state(t, u);
	em_snapshot_release(s);
	em_snapshot_release(t);
	em_snapshot_release(u);
	close_rig(&g);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_identity_on_random_corpora),
		cmocka_unit_test(test_e_leaves_log_p_and_m_leaves_entropy),
		cmocka_unit_test(test_same_bits_on_any_thread_count),
		cmocka_unit_test(test_units_make_the_same_phase),
		cmocka_unit_test(test_parts_keep_the_identity),
		cmocka_unit_test(test_back_and_forth_is_exact),
		cmocka_unit_test(test_stepping_from_the_past_replaces_the_future),
		cmocka_unit_test(test_history_within_memory),
		cmocka_unit_test(test_cancel_leaves_the_run_as_it_was),
		cmocka_unit_test(test_phases_by_name),
		cmocka_unit_test(test_empty_documents_count_zero),
		cmocka_unit_test(test_log_p_may_fall),
		cmocka_unit_test(test_verdicts),
		cmocka_unit_test(test_saddle),
		cmocka_unit_test(test_estimates),
		cmocka_unit_test(test_settings_between_steps),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
