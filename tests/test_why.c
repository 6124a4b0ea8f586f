/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Why: each culprit provoked and named, what would cure it made by hand, and the run as it was. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "command/command.h"
#include "command/held.h"
#include "elbow/why.h"
#include "fit.h"

static struct em_err err;

static enum em_status submit(void *self, const struct job *job, struct em_err *e)
{
	return session_perform(self, job, NULL, e);
}

static void print(void *self, const char *text)
{
	(void)self;
	(void)text;
}

static enum em_status command(struct session *s, const char *line)
{
	const struct cmd_front front = {s, s, submit, print, NULL, NULL, false};
	return cmd_execute(&front, line, &err);
}

/* A session after these commands; the last may end in a breach. */
static struct session *after(const char *const *lines)
{
	struct session *s = session_new(NULL);
	assert_non_null(s);
	for (; *lines; lines++) {
		enum em_status st = command(s, *lines);
		if (st && ((st != EM_BREACH && st != EM_FAILED) || lines[1]))
			fail_msg("%s: %s", *lines, err.msg);
	}
	return s;
}

#define AFTER(...) after((const char *const[]){__VA_ARGS__, NULL})

static double elbo(struct session *s)
{
	return em_run_entry(s->run)->elbo;
}

/* The answer; the run is as it was. */
static struct em_why ask(struct session *s, enum em_cause cause)
{
	struct em_why w;
	const struct em_snapshot *a = NULL, *b = NULL;
	assert_int_equal(em_run_snapshot(s->run, &a, &err), EM_OK);
	assert_int_equal(em_run_why(s->run, NULL, &w, &err), EM_OK);
	assert_int_equal(em_run_snapshot(s->run, &b, &err), EM_OK);
	assert_int_equal(a->entries, b->entries);
	assert_int_equal(a->position, b->position);
	assert_memory_equal(a->theta, b->theta, a->problem->layout.theta_size * sizeof(double));
	assert_string_equal(a->verdict.text, b->verdict.text);
	em_snapshot_release(a);
	em_snapshot_release(b);
	if (w.cause != cause)
		fail_msg("%s and not %s:\n%s", em_cause_name(w.cause), em_cause_name(cause), w.text);
	assert_true(strlen(w.text) + 1 < sizeof w.text);
	return w;
}

static void says(const struct em_why *w, const char *part)
{
	if (!strstr(w->text, part))
		fail_msg("not \"%s\" in: %s", part, w->text);
}

/* The same steps under the cure, by hand: `lines` after standing before them. */
static void by_hand(struct session *s, const struct em_why *w, size_t before, const char *steps)
{
	char line[80];
	double from, end = elbo(s);
	snprintf(line, sizeof line, "goto %zu", before);
	assert_int_equal(command(s, line), EM_OK);
	from = elbo(s);
	if (!isnan(w->gain))
		fit_near(end - from, w->gain, 1e-12 * fabs(end));
	snprintf(line, sizeof line, "set %s %s", w->setting, w->value);
	assert_int_equal(command(s, line), EM_OK);
	if (command(s, steps))
		fail_msg("%s: %s", steps, err.msg);
	assert_true(elbo(s) - from == w->cured);
	session_free(s);
}

static void test_nothing(void **state)
{
	(void)state;
	struct session *s = AFTER("open example coins");
	ask(s, EM_CAUSE_START);
	assert_int_equal(command(s, "step"), EM_OK);
	ask(s, EM_CAUSE_START);
	assert_int_equal(command(s, "finish 3"), EM_OK);
	ask(s, EM_CAUSE_NONE);
	assert_int_equal(command(s, "continue"), EM_OK);
	struct em_why w = ask(s, EM_CAUSE_NONE);
	says(&w, "Nothing is wrong");
	assert_string_equal(w.setting, "");
	session_free(s);
}

static void test_edit(void **state)
{
	(void)state;
	struct session *s = AFTER("open example coins", "continue", "set bias[1] 0.1", "e");
	struct em_why w = ask(s, EM_CAUSE_EDIT);
	says(&w, "bias from 0.79");
	assert_true(w.gain < -1);
	char line[40];
	snprintf(line, sizeof line, "goto %zu", w.step - 1);
	says(&w, line);
	assert_int_equal(command(s, "continue"), EM_OK); /* made up for */
	ask(s, EM_CAUSE_NONE);
	session_free(s);
}

static void test_sweeps(void **state)
{
	(void)state;
	struct session *s = AFTER("open \"\" evidence_budget=0", "set components 3", "set e_sweeps 1", "finish 3");
	struct em_why w = ask(s, EM_CAUSE_SWEEPS);
	assert_string_equal(w.setting, "e_sweeps");
	assert_string_equal(w.value, "10");
	says(&w, "140 documents ran into the sweep limit (e_sweeps=1)");
	assert_true(w.cured > w.gain);
	by_hand(s, &w, w.step - 2, "finish");
}

/* Seeds 1 and 3 are of those where a cold E-step loses: once left too early, once in another optimum. */
static void test_cold(void **state)
{
	(void)state;
	if (fit_brief())
		return;
	struct session *s = AFTER("open \"\" evidence_budget=0", "set components 8", "set alpha 0.01", "set e_start cold", "set e_sweeps 1", "break elbo falls", "finish 100");
	struct em_why w = ask(s, EM_CAUSE_SWEEPS);
	says(&w, "the documents were left before they came back");
	says(&w, "In pieces: 73 of 140 documents lost");
	assert_true(w.gain < 0 && w.cured > 0);
	by_hand(s, &w, w.step - 1, "e");
	s = AFTER("open \"\" evidence_budget=0", "set components 8", "set alpha 0.01", "set seed 3", "set e_start cold", "break elbo falls", "finish 100");
	w = ask(s, EM_CAUSE_COLD);
	says(&w, "In pieces: 1 of 140 documents lost 3.735 nats together, most document 81");
	says(&w, "With e_start=warm the same step gives +0.001649 nats");
	assert_string_equal(w.setting, "e_start");
	by_hand(s, &w, w.step - 1, "e");
}

static void test_bugs(void **state)
{
	(void)state;
	struct session *s = AFTER("open example saddle", "set bug prior", "finish");
	struct em_why w = ask(s, EM_CAUSE_BUG);
	says(&w, "The next step was not made");
	says(&w, "bug=prior");
	w.gain = NAN;
	by_hand(s, &w, em_run_entry(s->run)->step - 1, "finish");
	s = AFTER("open example paradox", "set bug cold", "finish 2");
	w = ask(s, EM_CAUSE_BUG);
	says(&w, "bug=cold");
	session_free(s);
}

static void test_saddle_and_collapse(void **state)
{
	(void)state;
	struct session *s = AFTER("open example waiting", "set means[1][1] 70", "set means[2][1] 70", "set covariances[1][1][1] 100", "set covariances[2][1][1] 100",
	                          "continue");
	struct em_why w = ask(s, EM_CAUSE_SADDLE);
	assert_true(w.cured > 50);
	session_free(s);
	s = AFTER("open example three init=random", "continue");
	w = ask(s, EM_CAUSE_COLLAPSE);
	says(&w, "collapses");
	says(&w, "floor");
	session_free(s);
	s = AFTER("open example faithful floor=3", "finish 4");
	w = ask(s, EM_CAUSE_FLOOR);
	says(&w, "the floor acts");
	assert_string_equal(w.setting, "floor");
	assert_true(w.cured > w.gain);
	session_free(s);
}

static void test_alpha(void **state)
{
	(void)state;
	char path[] = "/tmp/elbow-test-XXXXXX.ldac", line[200];
	int fd = mkstemps(path, 5);
	assert_true(fd >= 0);
	dprintf(fd, "2 0:3 1:2\n2 0:3 1:2\n2 0:3 1:2\n"); /* alike, so that alpha goes to infinity */
	close(fd);
	snprintf(line, sizeof line, "open %s components=2 alpha_update=symmetric alpha=999 evidence_budget=0 tolerance=1e-9", path);
	struct session *s = AFTER(line, "finish 4");
	struct em_why w = ask(s, EM_CAUSE_ALPHA);
	says(&w, "its maximum lies at the end of its range");
	assert_string_equal(w.setting, "alpha_update");
	session_free(s);
	unlink(path);
}

/* Hasselblad's data are slow and nothing is wrong with them; the E-steps that are told are those it takes. */
static void test_slow(void **state)
{
	(void)state;
	struct session *s = AFTER("open example deaths", fit_brief() ? "finish 60" : "finish 300");
	const struct picture *p = session_picture(s);
	double target = p->run->ledger[p->run->position].elbo + p->run->verdict.to_come - em_settings_number(p->run->problem->settings, "tolerance");
	bool steady = p->run->verdict.steady;
	picture_release(p);
	struct em_why w = ask(s, steady ? EM_CAUSE_SLOW : EM_CAUSE_NONE);
	if (steady) {
		says(&w, "of the information is missing");
		assert_string_equal(w.setting, "accelerate");
		size_t from = em_run_entry(s->run)->e_steps;
		assert_int_equal(command(s, "set accelerate squarem"), EM_OK);
		while (elbo(s) < target)
			assert_int_equal(command(s, "finish"), EM_OK);
		assert_int_equal(em_run_entry(s->run)->e_steps - from, (size_t)w.cured);
	}
	session_free(s);
}

static void test_apart(void **state)
{
	(void)state;
	struct session *s = AFTER("open example paradox", "finish 2");
	const struct em_entry *e = em_run_entry(s->run);
	struct em_why w;
	assert_int_equal(em_run_why(s->run, NULL, &w, &err), EM_OK);
	assert_true(e->gain > 0 && e->evidence == EM_EVIDENCE_EXACT);
	says(&w, "By the way: this M-step raised the bound");
	says(&w, "lowered log p by 0.0107 nats");
	assert_int_equal(command(s, "why"), EM_OK); /* the command says the same */
	assert_string_equal(s->said, w.text);
	session_free(s);
}

static bool at_once(void *self)
{
	(void)self;
	return true;
}

static void test_cancel(void **state)
{
	(void)state;
	struct session *s = AFTER("open \"\" evidence_budget=0", "set e_sweeps 1", "finish 2");
	const struct em_hooks h = {.cancelled = at_once};
	struct em_why w;
	assert_int_equal(em_run_why(s->run, &h, &w, &err), EM_CANCELLED);
	session_free(s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_nothing), cmocka_unit_test(test_edit),  cmocka_unit_test(test_sweeps),
	                                   cmocka_unit_test(test_cold),    cmocka_unit_test(test_bugs),  cmocka_unit_test(test_saddle_and_collapse),
	                                   cmocka_unit_test(test_alpha),   cmocka_unit_test(test_slow),  cmocka_unit_test(test_apart),
	                                   cmocka_unit_test(test_cancel)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
