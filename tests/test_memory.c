/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Every allocation fails once: the call says so, nothing leaks, and what stood before still stands.
 * The linker hands malloc and its kin to the wrappers below (see the Makefile). */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "command/breaks.h"
#include "command/formula.h"
#include "command/world.h"
#include "elbow/landscape.h"
#include "elbow/session_file.h"
#include "elbow/store.h"
#include "evidence/posterior.h"
#include "fit.h"
#include "small.h"

static atomic_long countdown = -1; /* -1: never fail */

static bool fails(void)
{
	return atomic_load(&countdown) >= 0 && atomic_fetch_sub(&countdown, 1) == 0;
}

void *__real_malloc(size_t n);
void *__real_calloc(size_t n, size_t size);
void *__real_realloc(void *p, size_t n);
void *__real_aligned_alloc(size_t to, size_t n);
char *__real_strdup(const char *s);
void *__wrap_malloc(size_t n);
void *__wrap_calloc(size_t n, size_t size);
void *__wrap_realloc(void *p, size_t n);
void *__wrap_aligned_alloc(size_t to, size_t n);
char *__wrap_strdup(const char *s);

void *__wrap_malloc(size_t n)
{
	return fails() ? NULL : __real_malloc(n);
}
void *__wrap_calloc(size_t n, size_t size)
{
	return fails() ? NULL : __real_calloc(n, size);
}
void *__wrap_realloc(void *p, size_t n)
{
	return fails() ? NULL : __real_realloc(p, n);
}
void *__wrap_aligned_alloc(size_t to, size_t n)
{
	return fails() ? NULL : __real_aligned_alloc(to, n);
}
char *__wrap_strdup(const char *s)
{
	return fails() ? NULL : __real_strdup(s);
}

/* Tries `attempt` with the 1st, 2nd, ... allocation failing until it gets through; returns how many failed. */
static int sweep(enum em_status (*attempt)(void *self, struct em_err *err), void *self)
{
	for (int n = 0; n < 20000; n++) {
		struct em_err err = {0};
		atomic_store(&countdown, n);
		enum em_status st = attempt(self, &err);
		bool reached = atomic_load(&countdown) < 0;
		atomic_store(&countdown, -1);
		if (st == EM_OK && !reached)
			return n;
		if (st != EM_OK) {
			assert_int_equal(st, EM_MEMORY);
			assert_int_equal(err.code, EM_MEMORY);
			assert_non_null(strstr(err.msg, "memory"));
		}
	}
	fail_msg("never got through");
	return 0;
}

struct opening {
	const char *path;
	struct em_settings *settings;
};

static enum em_status open_corpus(void *self, struct em_err *err)
{
	struct opening *o = self;
	struct em_corpus *c = NULL;
	enum em_status st = em_corpus_open(o->path, o->settings, &c, err);
	if (!st)
		em_corpus_free(c);
	return st;
}

static void test_opening_a_corpus(void **state)
{
	(void)state;
	char path[] = "/tmp/elbow-test-XXXXXX.csv";
	int fd = mkstemps(path, 4);
	assert_true(fd >= 0);
	static const char text[] = "id,title,text\n1,One,\"Boats and nets, boats again\"\n2,Two,\"nets \"\"mended\"\" daily\"\n";
	assert_int_equal(write(fd, text, sizeof text - 1), sizeof text - 1);
	close(fd);
	const struct em_setting_table *tables[] = {&em_corpus_settings};
	struct opening o = {path, em_settings_new(tables, 1)};
	assert_true(sweep(open_corpus, &o) > 5);
	em_settings_release(o.settings);
	unlink(path);
}

static enum em_status open_table(void *self, struct em_err *err)
{
	struct opening *o = self;
	struct em_data *d = NULL;
	enum em_status st = em_data_open(EM_DATA_POINTS, o->path, o->settings, &d, err);
	if (!st)
		em_data_free(d);
	return st;
}

/* Calls that say what is wrong with a table allocate too. */
static enum em_status refuse_table(void *self, struct em_err *err)
{
	enum em_status st = open_table(self, err);
	return st == EM_INPUT ? EM_OK : st;
}

static void test_opening_a_table(void **state)
{
	(void)state;
	static const char *const text[] = {"a,b\n1,2\n3,4\n", ",b\n1,2\n", "a,b\n1,\"x\"\n", "c,d\n1,2\n", "a,a\n1,2\n"};
	static const char *const columns[] = {"", "1,2", "b,a"};
	const struct em_setting_table *tables[] = {&em_points_settings};
	for (size_t i = 0; i < 15; i++) {
		char path[] = "/tmp/elbow-test-XXXXXX.csv";
		int fd = mkstemps(path, 4);
		assert_true(fd >= 0);
		assert_int_equal(write(fd, text[i / 3], strlen(text[i / 3])), strlen(text[i / 3]));
		close(fd);
		struct em_settings *plain = em_settings_new(tables, 1);
		struct opening o = {path, NULL};
		assert_int_equal(em_settings_with(plain, "columns", columns[i % 3], &o.settings, NULL), EM_OK);
		assert_true(sweep(i == 0 ? open_table : refuse_table, &o) > 5);
		em_settings_release(plain);
		em_settings_release(o.settings);
		unlink(path);
	}
}

struct running {
	struct em_data data;
	struct em_settings *settings;
	struct em_run *run;
};

static enum em_status new_run(void *self, struct em_err *err)
{
	struct running *x = self;
	struct em_run *r = NULL;
	enum em_status st = em_run_new(em_model_named("lda"), &x->data, x->settings, &em_evidence_exact, NULL, NULL, &r, err);
	if (!st)
		em_run_free(r);
	return st;
}

static enum em_status one_step(void *self, struct em_err *err)
{
	struct running *x = self;
	size_t step = em_run_entry(x->run)->step;
	double elbo = em_run_entry(x->run)->elbo;
	enum em_status st = em_run_step(x->run, EM_PHASE, NULL, err);
	if (st) { /* whole or not at all */
		assert_int_equal(em_run_entry(x->run)->step, step);
		assert_true(em_run_entry(x->run)->elbo == elbo);
	}
	return st;
}

static enum em_status take_snapshot(void *self, struct em_err *err)
{
	const struct em_snapshot *s = NULL;
	enum em_status st = em_run_snapshot(((struct running *)self)->run, &s, err);
	if (!st)
		em_snapshot_release(s);
	return st;
}

/* A line or map asks for memory at each of its points; the first few tell. */
static void fail_to_look(const struct running *x)
{
	struct em_landscape_ask ask[] = {{.kind = EM_ALONG_MOVE, .zoom = 1}, {.kind = EM_ALONG_ONE, .zoom = 1}, {.kind = EM_OVER_TWO, .zoom = 1}};
	const struct em_snapshot *s = NULL;
	struct em_err err = {0};
	assert_int_equal(em_run_snapshot(x->run, &s, &err), EM_OK);
	assert_true(em_landscape_coordinate(s->problem, 0, &ask[1].x));
	size_t kinds = em_landscape_pair(s->problem, &ask[2].x, &ask[2].y) ? 3 : 2;
	em_snapshot_release(s);
	for (size_t k = 0; k < kinds; k++)
		for (int n = 0; n < 18; n++) {
			struct em_landscape *l = NULL;
			atomic_store(&countdown, n);
			enum em_status st = em_run_landscape(x->run, ask + k, NULL, &l, &err);
			bool reached = atomic_load(&countdown) < 0;
			atomic_store(&countdown, -1);
			assert_int_equal(st, reached ? EM_MEMORY : EM_OK);
			assert_true(n > 4 || reached);
			em_landscape_free(l);
		}
}

static enum em_status go_back(void *self, struct em_err *err)
{
	struct running *x = self;
	enum em_status st = em_run_goto(x->run, 1, NULL, err);
	return st ? st : em_run_goto(x->run, 3, NULL, err);
}

static void test_a_run(void **state)
{
	(void)state;
	struct em_corpus *c = small_random(1, 6, 8, 10);
	struct em_err err = {0};
	struct running x = {.data = {EM_DATA_CORPUS, "x", c->docs, c, NULL, NULL},
	                    .settings = small_settings("components", "2", "alpha_update", "vector", "threads", "1", NULL)};
	assert_true(sweep(new_run, &x) > 5);
	assert_int_equal(em_run_new(em_model_named("lda"), &x.data, x.settings, &em_evidence_exact, NULL, NULL, &x.run, &err),
	                 EM_OK);
	for (int i = 0; i < 6; i++)
		assert_true(sweep(one_step, &x) > 3);
	assert_true(sweep(take_snapshot, &x) > 2);
	fail_to_look(&x);
	sweep(go_back, &x);
	em_run_free(x.run);
	em_settings_release(x.settings);
	small_free(c);
}

static enum em_status all_evidence(void *self, struct em_err *err)
{
	struct em_posterior *p = NULL;
	double x;
	enum em_status st = em_quadrature_log_evidence(self, &x, &x, NULL, err);
	if (!st)
		st = em_partitions_log_evidence(self, &x, NULL, err);
	for (enum exact_method m = EXACT_URN; m <= EXACT_PARTITIONS && !st; m++) {
		st = posterior_by(self, m, true, NULL, &p, err);
		if (!st)
			em_posterior_free(p);
	}
	return st;
}

static void test_exact_evidence(void **state)
{
	(void)state;
	static const double alpha[] = {0.5, 1, 2}, beta[] = {0.6, 0.1, 0.3, 0.3, 0.1, 0.6};
	static const unsigned term[] = {0, 1}, count[] = {2, 2};
	struct em_document d = {3, 3, 2, alpha, beta, term, count};
	assert_true(sweep(all_evidence, &d) > 20);
}

struct example {
	const struct em_example *example;
	const struct em_model *model;
	struct em_settings *settings;
};

static enum em_status make_data(void *self, struct em_err *err)
{
	struct example *x = self;
	struct em_data *data = NULL;
	enum em_status st = x->example->make(x->settings, &data, err);
	if (!st)
		em_data_free(data);
	return st;
}

static enum em_status set_up(void *self, struct em_err *err)
{
	struct example *x = self;
	struct world *w = NULL;
	struct em_run *r = NULL;
	enum em_status st = world_preset(x->example, &x->settings, err);
	st = st ? st : world_open(x->model, "", x->example, x->settings, &w, err);
	st = st ? st : world_run(w, x->settings, "", NULL, &r, err);
	em_run_free(r);
	world_release(w);
	return st;
}

static const struct em_setting_table *model_row(void)
{
	static const struct em_setting rows[] = {
		{"model", EM_CHOICE, "lda", 0, 0, em_model_names, EM_EFFECT_REOPEN, "the latent-variable model"},
	};
	static const struct em_setting_table table = {"model", rows, 1};
	return &table;
}

/* Data, start and first steps of every model; large examples would only make the same allocations more often. */
static void test_every_model(void **state)
{
	(void)state;
	static const char *const pairs[][2] = {{"coins", "coins"},   {"linkage", "linkage"}, {"three", "gmm"},
	                                       {"deaths", "poisson"}, {"icecream", "hmm"},   {"faithful", "factor"}};
	struct em_err err = {0};
	for (size_t i = 0; i < sizeof pairs / sizeof pairs[0]; i++) {
		struct example x = {.example = em_example_named(pairs[i][0]), .model = em_model_named(pairs[i][1])};
		struct em_example e = *x.example;
		const char *const models[] = {pairs[i][1], NULL}, *const none[][2] = {{NULL, NULL}};
		if (strcmp(e.models[0], models[0]) != 0) {
			e.settings = none;
			e.starts = NULL;
		}
		e.models = models;
		x.example = &e;
		const struct em_setting_table *tables[] = {x.model->settings, &em_run_settings, em_data_settings(x.model->takes),
		                                           model_row()};
		struct em_settings *s = em_settings_new(tables, 4), *one = NULL;
		assert_int_equal(em_settings_with(s, "threads", "1", &one, &err), EM_OK);
		assert_int_equal(em_settings_with(one, "model", pairs[i][1], &x.settings, &err), EM_OK);
		em_settings_release(s);
		em_settings_release(one);
		assert_true(sweep(make_data, &x) > 2);
		assert_true(sweep(set_up, &x) > 5);
		struct world *w = NULL;
		assert_int_equal(world_open(x.model, "", x.example, x.settings, &w, &err), EM_OK);
		struct running run = {.settings = x.settings};
		assert_int_equal(world_run(w, x.settings, "", NULL, &run.run, &err), EM_OK);
		for (int n = 0; n < 4; n++)
			assert_true(sweep(one_step, &run) > 3);
		fail_to_look(&run);
		sweep(take_snapshot, &run);
		em_run_free(run.run);
		world_release(w);
		em_settings_release(x.settings);
	}
}

/* The models of corpora, on a corpus that is their data but no example. */
static void test_corpus_models(void **state)
{
	(void)state;
	static const char *const names[] = {"unigrams", "plsa"};
	for (size_t i = 0; i < 2; i++) {
		struct fit f;
		fit_open(&f, names[i], small_random(3, 4, 6, 8), NULL, NULL, "components", "2", "threads", "1", NULL);
		struct running run = {.settings = f.settings, .run = f.run};
		for (int n = 0; n < 4; n++)
			assert_true(sweep(one_step, &run) > 3);
		assert_true(sweep(take_snapshot, &run) > 2);
		fit_close(&f);
	}
}

static enum em_status evaluate(void *self, struct em_err *err)
{
	struct expr *e = NULL;
	struct expr_value v = {0};
	enum em_status st = expr_parse("max(share * 2 + gamma) > sum(exp(log(topics[1][*]))) and topics changes or hellinger(topics[1], topics[2]) > kl", &e, err);
	if (!st)
		st = expr_eval(e, self, &v, err);
	struct buf b = {0};
	if (!st)
		expr_parts(e, self, &b);
	buf_free(&b);
	expr_value_free(&v);
	expr_free(e);
	return st;
}

static enum em_status stop(void *self, struct em_err *err)
{
	struct breaks b = {0};
	struct buf said = {0};
	enum em_status st = breaks_add(&b, "break", "elbo rises", self, &said, err);
	if (!st)
		st = breaks_add(&b, "watch", "topics[1][*]", self, &said, err);
	if (!st)
		st = breaks_add(&b, "catch", "empty", self, &said, err);
	if (!st) {
		breaks_check(&b, self, &said);
		breaks_renew(&b, self, &said);
		breaks_list(&b, &said);
	}
	buf_free(&said);
	breaks_free(&b);
	return st;
}

static enum em_status tell(void *self, struct em_err *err)
{
	const struct em_corpus *c = ((const struct em_snapshot *)self)->problem->data->corpus;
	char phi[40];
	snprintf(phi, sizeof phi, "phi[1][%u]", c->term[0] + 1);
	const char *const texts[] = {"elbo", "gamma[1][1]", phi, "topics[1][1]", "kl + 1"};
	enum em_status st = EM_OK;
	struct buf b = {0};
	for (size_t i = 0; i < sizeof texts / sizeof texts[0] && !st; i++)
		st = formula_explain(self, texts[i], &b, err);
	buf_free(&b);
	return st;
}

/* A change of theta that q follows, one that it does not, and one of q; whole or not at all. */
static enum em_status edit(void *self, struct em_err *err)
{
	struct running *x = self;
	static const struct em_edit edits[] = {{"topics", {0, 1, 0}, 0.3}, {"topics", {0, 1, 0}, 0}, {"gamma", {2, 1, 0}, 4}};
	enum em_status st = EM_OK;
	for (size_t i = 0; i < 3 && !st; i++) {
		size_t step = em_run_entry(x->run)->step;
		st = em_run_edit(x->run, edits + i, NULL, err);
		assert_int_equal(em_run_entry(x->run)->step, step + !st);
	}
	return st;
}

static void test_debugger(void **state)
{
	(void)state;
	struct fit f;
	fit_open(&f, "lda", small_random(3, 4, 6, 8), NULL, NULL, "components", "2", "threads", "1", NULL);
	fit_step(&f, EM_ITERATION);
	const struct em_snapshot *s = fit_look(&f);
	void *self = (void *)(uintptr_t)s;
	assert_true(sweep(evaluate, self) > 5);
	assert_true(sweep(stop, self) > 5);
	assert_true(sweep(tell, self) > 5);
	em_snapshot_release(s);
	struct running run = {.settings = f.settings, .run = f.run};
	assert_true(sweep(edit, &run) > 10);
	fit_close(&f);
}

/* Into a session file and out of it again. */
static enum em_status keep(void *self, struct em_err *err)
{
	struct running *x = self;
	const struct em_problem *p = em_run_problem(x->run);
	const struct em_setting_table *tables[] = {p->model->settings, &em_run_settings, em_data_settings(p->data->kind)};
	struct em_file_branch head = {.name = "main", .data.model = "lda", .position = em_run_entry(x->run)->step};
	struct em_file *f = NULL;
	struct em_file_kept k = {0};
	struct em_run *again = NULL;
	size_t lost;
	enum em_status st = em_file_create(NULL, &f, err);
	if (!st)
		st = em_file_begin(f, err);
	if (!st)
		st = em_file_put_branch(f, 0, &head, x->settings, x->run, 0, true, err);
	if (!st)
		st = em_file_commit(f, err);
	if (!st)
		st = em_file_ledger(f, 0, tables, 3, &k, err);
	if (!st) {
		assert_false(k.damaged);
		assert_int_equal(k.count, em_run_entries(x->run));
	}
	if (!st)
		st = em_run_revive(p->model, p->data, x->settings, NULL, k.all, k.count, k.count - 1, NULL, &again, &lost, err);
	em_run_free(again);
	em_file_kept_free(&k);
	em_file_close(f);
	return st;
}

static void test_sessions(void **state)
{
	(void)state;
	struct fit f;
	fit_open(&f, "lda", small_random(3, 4, 6, 8), NULL, NULL, "components", "2", "threads", "1", NULL);
	fit_step(&f, EM_ITERATION);
	fit_step(&f, EM_UNIT);
	struct running run = {.settings = f.settings, .run = f.run};
	assert_true(sweep(keep, &run) > 20);
	fit_close(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_opening_a_corpus),
		cmocka_unit_test(test_opening_a_table),
		cmocka_unit_test(test_a_run), cmocka_unit_test(test_exact_evidence),
		cmocka_unit_test(test_every_model),
		cmocka_unit_test(test_corpus_models), cmocka_unit_test(test_debugger), cmocka_unit_test(test_sessions),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
