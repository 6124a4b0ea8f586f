/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The exact posterior beside q in the Reader: pictures as text, what is asked for, what stays unknown. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/number.h"
#include "command/study.h"
#include "fit.h"
#include "fixture.h"
#include "view/order.h"

/* A session and a screen that shows the Reader. */
struct shown {
	struct session *session;
	const struct picture *pic;
	struct ui ui;
};

static void perform(struct shown *v, const struct job *job)
{
	struct em_err err = {0};
	if (session_perform(v->session, job, NULL, &err))
		fail_msg("%s", err.msg);
	picture_release(v->pic);
	v->pic = session_picture(v->session);
}

/* What the loop does when nothing else goes on. */
static bool ask(struct shown *v)
{
	struct job job;
	bool wants = ui_wants(&v->ui, v->pic, &job);
	if (wants) {
		assert_int_equal(job.kind, JOB_STUDY);
		perform(v, &job);
	}
	return wants;
}

static void set(struct shown *v, const char *name, const char *text)
{
	struct job job = {.kind = JOB_SET};
	snprintf(job.name, sizeof job.name, "%s", name);
	snprintf(job.text, sizeof job.text, "%s", text);
	perform(v, &job);
}

static void open_example(struct shown *v, const char *name)
{
	struct job open = {.kind = JOB_EXAMPLE};
	if (!v->session) {
		v->session = session_new(&ui_settings);
		assert_non_null(v->session);
		v->pic = session_picture(v->session);
		ui_init(&v->ui);
		set(v, "threads", "1");
	}
	v->ui.view = &view_reader;
	v->ui.document = 0;
	v->ui.simplex = v->ui.why = false;
	snprintf(open.name, sizeof open.name, "%s", name);
	perform(v, &open);
}

static void step(struct shown *v, enum em_size size, size_t count)
{
	perform(v, &(struct job){.kind = JOB_STEP, .size = size, .count = count});
}

static void close_shown(struct shown *v)
{
	ui_close(&v->ui);
	picture_release(v->pic);
	session_free(v->session);
	*v = (struct shown){0};
}

static enum em_status run(struct shown *v, const char *name, struct em_err *err)
{
	char copy[64], *argv[] = {copy};
	const char *line = NULL;
	snprintf(copy, sizeof copy, "%s", name);
	return ui_command(&v->ui, v->pic, 1, argv, &line, err);
}

static struct canvas *picture_at(struct shown *v, int w, int h, enum glyphs glyphs)
{
	struct canvas *c = canvas_new(w, h, glyphs);
	assert_non_null(c);
	v->ui.glyphs = glyphs;
	v->ui.area = (struct rect){1, 0, w - 2, h};
	view_reader.draw(&v->ui, v->pic, c, v->ui.area);
	return c;
}

static void golden(struct shown *v, const char *name, int w, int h, enum glyphs glyphs)
{
	char path[96];
	snprintf(path, sizeof path, "posterior-%s-%dx%d-%s", name, w, h, glyphs == GLYPHS_ASCII ? "ascii" : "utf8");
	struct canvas *c = picture_at(v, w, h, glyphs);
	golden_check(c, path, false);
	canvas_free(c);
}

static bool shows(struct shown *v, int w, int h, const char *text)
{
	struct canvas *c = picture_at(v, w, h, GLYPHS_UTF8);
	bool yes = fixture_shows(c, text);
	canvas_free(c);
	return yes;
}

static void test_goldens(void **state)
{
	(void)state;
	static const char *const names[] = {"oneword", "saddle", "basins", "gazette"};
	struct shown v = {0};
	for (size_t i = 0; i < (fit_brief() ? 3 : 4); i++) {
		open_example(&v, names[i]);
		step(&v, EM_PHASE, 1);
		assert_true(ask(&v));
		assert_false(ask(&v));
		char name[32];
		golden(&v, names[i], 80, 20, GLYPHS_UTF8);
		assert_int_equal(run(&v, "posterior", NULL), EM_OK);
		snprintf(name, sizeof name, "%s-picture", names[i]);
		golden(&v, name, 80, 20, GLYPHS_UTF8);
		if (i == 1 || i == 2)
			golden(&v, name, 80, 20, GLYPHS_ASCII);
		golden(&v, name, 120, 32, GLYPHS_UTF8);
		assert_int_equal(run(&v, "posterior", NULL), EM_OK);
		assert_int_equal(run(&v, "arithmetic", NULL), EM_OK);
		snprintf(name, sizeof name, "%s-why", names[i]);
		golden(&v, name, 120, 32, GLYPHS_UTF8);
	}
	if (!fit_brief()) {
		open_example(&v, "gazette");
		set(&v, "components", "3");
		step(&v, EM_ITERATION, 3);
		assert_true(ask(&v));
		assert_int_equal(run(&v, "posterior", NULL), EM_OK);
		golden(&v, "gazette-3-picture", 80, 20, GLYPHS_UTF8);
		golden(&v, "gazette-3-picture", 200, 56, GLYPHS_UTF8);
	}
	close_shown(&v);
}

/* What is drawn are the numbers of the study, and these are those of the posterior. */
static void test_numbers(void **state)
{
	(void)state;
	struct shown v = {0};
	struct em_document d;
	struct em_posterior *p;
	struct em_err err = {0};
	open_example(&v, "basins");
	step(&v, EM_PHASE, 1);
	assert_true(ask(&v));
	assert_true(study_of(v.pic->run, 0, &d));
	assert_int_equal(em_posterior_new(&d, NULL, &p, &err), EM_OK);
	for (size_t k = 0; k < 3; k++) {
		assert_memory_equal(&p->mean[k], &v.pic->study->posterior->mean[k], sizeof p->mean[k]);
		char range[64];
		snprintf(range, sizeof range, "%.3f–%.3f", p->low[k], p->high[k]);
		assert_true(shows(&v, 120, 32, number_fixed(p->mean[k], 3).s));
		assert_true(shows(&v, 120, 32, range));
	}
	const struct em_obs *o = &v.pic->run->obs[0];
	const struct em_split *x = &v.pic->study->split;
	fit_near(x->theta + x->price, o->kl, 1e-9);
	assert_true(shows(&v, 120, 32, number_fixed(x->price, 3).s));
	em_posterior_free(p);
	close_shown(&v);
}

/* Of another document, or of what has moved since, nothing is shown. */
static void test_stale(void **state)
{
	(void)state;
	struct shown v = {0};
	open_example(&v, "gazette");
	step(&v, EM_ITERATION, 1);
	assert_true(ask(&v));
	assert_true(shows(&v, 80, 20, "exact 0."));
	order_select(&v.ui, 1);
	assert_false(shows(&v, 80, 20, "price"));
	assert_true(ask(&v));
	assert_int_equal(v.pic->study->n, 1);
	assert_true(shows(&v, 80, 20, "price"));
	step(&v, EM_PHASE, 1);
	assert_null(v.pic->study);
	assert_false(shows(&v, 80, 20, "price"));
	assert_true(ask(&v));
	v.ui.view = &view_bound;
	assert_false(ask(&v));
	close_shown(&v);
}

/* Too dear, out of reach: said so, and no number of the posterior. */
static void test_unknown(void **state)
{
	(void)state;
	struct shown v = {0};
	open_example(&v, "gazette");
	step(&v, EM_ITERATION, 1);
	struct picture pic = *v.pic;
	struct study x = {.n = 0, .version = pic.version, .cost = 180, .split = {-200, 0.01, NAN, 0.4}};
	const struct picture *kept = v.pic;
	pic.study = &x;
	v.pic = &pic;
	assert_true(shows(&v, 80, 20, "unknown: it would take 3 min; `study 1` makes it"));
	assert_false(shows(&v, 80, 20, "exact 0."));
	x.cost = HUGE_VAL;
	assert_true(shows(&v, 80, 20, "unknown: it is out of reach"));
	v.ui.simplex = true;
	canvas_free(picture_at(&v, 80, 20, GLYPHS_UTF8));
	v.pic = kept;
	close_shown(&v);
}

/* Exact models have nothing of it. */
static void test_exact_models(void **state)
{
	(void)state;
	static const char *const names[] = {"coins", "faithful"};
	struct shown v = {0};
	for (size_t i = 0; i < 2; i++) {
		open_example(&v, names[i]);
		step(&v, EM_PHASE, 1);
		assert_false(ask(&v));
		assert_false(shows(&v, 120, 32, "price"));
	}
	open_example(&v, "basins");
	set(&v, "e_step", "exact");
	step(&v, EM_PHASE, 1);
	assert_false(ask(&v));
	assert_false(shows(&v, 120, 32, "price"));
	close_shown(&v);
}

static void test_sizes(void **state)
{
	(void)state;
	struct shown v = {0};
	static const char *const names[] = {"saddle", "basins"};
	for (size_t i = 0; i < 2; i++) {
		open_example(&v, names[i]);
		step(&v, EM_ITERATION, 1);
		assert_true(ask(&v));
		for (int mode = 0; mode < 4; mode++) {
			v.ui.simplex = mode & 1;
			v.ui.why = mode & 2;
			for (int w = 1; w < 100; w += fit_brief() ? 23 : 3)
				for (int h = 1; h < 40; h += fit_brief() ? 7 : 1)
					canvas_free(picture_at(&v, w, h, (w + h) % 2 ? GLYPHS_UTF8 : GLYPHS_ASCII));
		}
	}
	close_shown(&v);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_goldens), cmocka_unit_test(test_numbers), cmocka_unit_test(test_stale),
		cmocka_unit_test(test_unknown), cmocka_unit_test(test_exact_models), cmocka_unit_test(test_sizes),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
