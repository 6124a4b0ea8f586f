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

#include "elbow/store.h"
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
	sweep(go_back, &x);
	em_run_free(x.run);
	em_settings_release(x.settings);
	small_free(c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_opening_a_corpus),
		cmocka_unit_test(test_a_run),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
