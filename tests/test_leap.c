/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * SQUAREM: macro steps that never lower the bound, come to the same place sooner, and can be gone back over. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "command/race.h"
#include "command/session.h"
#include "engine/leap.h"
#include "fit.h"

static void perform(struct session *s, struct job job)
{
	struct em_err err;
	if (session_perform(s, &job, NULL, &err))
		fail_msg("%s", err.msg);
}

static void set(struct session *s, const char *name, const char *value)
{
	struct job job = {.kind = JOB_SET};
	snprintf(job.name, sizeof job.name, "%s", name);
	snprintf(job.text, sizeof job.text, "%s", value);
	perform(s, job);
}

static struct session *open_example(const char *name, const char *accelerate)
{
	struct session *s = session_new(NULL);
	struct job job = {.kind = JOB_EXAMPLE};
	snprintf(job.name, sizeof job.name, "%s", name);
	perform(s, job);
	set(s, "accelerate", accelerate);
	return s;
}

static void finish(struct session *s, size_t n)
{
	perform(s, (struct job){.kind = JOB_STEP, .size = EM_ITERATION, .count = n});
}

/* E-steps until the ELBO is within 1e-8 of `best`, from the example's start; stops at `most`. */
static size_t e_steps_to(const char *example, const char *accelerate, double best, size_t most)
{
	struct session *s = open_example(example, accelerate);
	size_t n = 0;
	while (n < most) {
		const struct picture *p = session_picture(s);
		const struct em_entry *e = p->run->ledger + p->run->position;
		double elbo = e->elbo;
		n = e->e_steps;
		picture_release(p);
		if (elbo >= best - 1e-8)
			break;
		finish(s, n < 100 ? 1 : 10);
	}
	session_free(s);
	return n;
}

/* The tests of the SQUAREM package on Hasselblad's counts: EM needs over 2000 evaluations, SQUAREM below 100; our start is nearer. */
static void test_deaths(void **state)
{
	(void)state;
	size_t fast = e_steps_to("deaths", "squarem", -1989.945859883, 100);
	assert_true(fast < 100);
	if (!fit_brief())
		assert_true(e_steps_to("deaths", "none", -1989.945859883, 3000) > 10 * fast);
}

/* Every entry rises, counts its E-steps, says what came of its leap; and the place is the same. */
static void test_monotone(void **state)
{
	(void)state;
	static const char *const examples[] = {"coins", "faithful", "waiting", "three", "deaths", "icecream", "linkage", "digits", "paradox"};
	size_t taken = 0, refused = 0;
	for (size_t i = 0; i < sizeof examples / sizeof examples[0]; i++) {
		struct session *s = open_example(examples[i], "squarem");
		finish(s, 12);
		const struct picture *p = session_picture(s);
		const struct em_entry *e = p->run->ledger;
		for (size_t j = 1; j < p->run->entries; j++) {
			assert_true(e[j].gain >= -e[j].allowance && e[j].elbo >= e[j - 1].elbo - e[j].allowance);
			assert_true(e[j].leap && e[j].phase == EM_M && e[j].iteration == j && e[j].size == EM_ITERATION);
			assert_int_equal(e[j].e_steps - e[j - 1].e_steps, e[j].leap == EM_LEAP_NONE ? 2 : 3);
			assert_string_equal(em_entry_name(e + j), "S");
			taken += e[j].leap == EM_LEAPT;
			refused += e[j].leap == EM_LEAP_REFUSED;
		}
		picture_release(p);
		session_free(s);
	}
	assert_true(taken > 20 && refused > 0);
}

/* A refused leap leaves exactly what two plain iterations make. */
static void test_refused_is_two_iterations(void **state)
{
	(void)state;
	struct session *s = open_example("deaths", "squarem");
	size_t at = 0, before;
	for (size_t i = 0; i < 30 && !at; i++) {
		finish(s, 1);
		const struct picture *p = session_picture(s);
		const struct em_entry *e = p->run->ledger + p->run->position;
		at = e->leap == EM_LEAP_REFUSED ? p->run->position : 0;
		picture_release(p);
	}
	assert_true(at > 0);
	const struct picture *p = session_picture(s);
	double elbo = p->run->ledger[at].elbo;
	picture_release(p);
	perform(s, (struct job){.kind = JOB_GOTO, .count = at - 1});
	set(s, "accelerate", "none");
	finish(s, 2);
	p = session_picture(s);
	before = p->run->position;
	assert_int_equal(before, at + 3);
	assert_true(p->run->ledger[before].elbo == elbo);
	picture_release(p);
	session_free(s);
}

static void test_back_and_threads(void **state)
{
	(void)state;
	struct fit one, three;
	fit_open(&one, "lda accelerate=squarem", small_random(4, 30, 20, 25), NULL, NULL, "components", "3", "threads", "1",
	         "history_memory", "1", NULL);
	fit_open(&three, "lda accelerate=squarem", small_random(4, 30, 20, 25), NULL, NULL, "components", "3", "threads", "3", NULL);
	const struct em_snapshot *all[9];
	all[0] = fit_look(&one);
	for (size_t i = 1; i < 9; i++) {
		fit_step(&one, i == 4 ? EM_PHASE : EM_ITERATION); /* from inside an iteration its rest is plain */
		fit_step(&three, i == 4 ? EM_PHASE : EM_ITERATION);
		all[i] = fit_look(&one);
		assert_true(fit_entry(&one)->elbo == fit_entry(&three)->elbo);
		assert_true((fit_entry(&one)->leap != EM_LEAP_NO) == (i != 4 && i != 5));
	}
	uint64_t rng = 2;
	for (int i = 0; i < 20; i++) {
		size_t to = small_next(&rng) % 9;
		assert_int_equal(em_run_goto(one.run, to, NULL, &one.err), EM_OK);
		const struct em_snapshot *s = fit_look(&one);
		assert_memory_equal(s->theta, all[to]->theta, s->problem->layout.theta_size * sizeof(double));
		em_snapshot_release(s);
	}
	for (size_t i = 0; i < 9; i++)
		em_snapshot_release(all[i]);
	fit_close(&one);
	fit_close(&three);
}

/* A linear map of rate r is met exactly: from x0 the leap ends at its fixed point. */
static void test_the_leap_itself(void **state)
{
	(void)state;
	struct fit f;
	static const unsigned counts[] = {2, 1, 1, 3};
	double length, a[2 * 8 + 8] = {0}, b[24] = {0}, c[24] = {0}, out[24];
	fit_open(&f, "lda", small_corpus(2, 2, counts), NULL, NULL, "components", "2", NULL);
	const struct em_snapshot *s = fit_look(&f);
	assert_int_equal(s->problem->layout.theta_size, 24);
	/* theta = alpha[8], topics[2][8]; only alpha moves, its root by a factor of .9 nearer to 2 each time */
	for (size_t k = 0; k < 2; k++) {
		double *const t[] = {a, b, c};
		double root = 1 + 0.5 * (double)k;
		for (int i = 0; i < 3; i++, root = 2 + 0.9 * (root - 2)) {
			t[i][k] = root * root;
			t[i][8 + k] = 0.25;
			t[i][16 + k] = 0.75;
		}
	}
	assert_true(leap_theta(s->problem, a, b, c, out, &length));
	fit_near(length, 10, 1e-9);
	fit_near(out[0], 4, 1e-9);
	fit_near(out[1], 4, 1e-9);
	fit_near(out[8], 0.25, 1e-15);
	fit_near(out[17], 0.75, 1e-15);
	assert_false(leap_theta(s->problem, a, a, a, out, &length)); /* it stands still */
	em_snapshot_release(s);
	fit_close(&f);
}

static void test_race(void **state)
{
	(void)state;
	struct session *s = open_example("waiting", "none");
	struct em_err err;
	const struct picture *p = session_picture(s);
	char *said = NULL;
	assert_int_equal(race_run(p->run, 1000, NULL, &said, &err), EM_OK);
	assert_non_null(strstr(said, "plain EM"));
	assert_non_null(strstr(said, "SQUAREM"));
	assert_non_null(strstr(said, "−1 034.001750"));
	assert_non_null(strstr(said, "times the E-steps of plain EM"));
	free(said);
	said = NULL;
	assert_int_equal(race_run(p->run, 4, NULL, &said, &err), EM_OK);
	assert_non_null(strstr(said, ", the limit"));
	free(said);
	picture_release(p);
	session_free(s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_deaths),           cmocka_unit_test(test_monotone), cmocka_unit_test(test_refused_is_two_iterations),
	    cmocka_unit_test(test_back_and_threads), cmocka_unit_test(test_race),     cmocka_unit_test(test_the_leap_itself),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
