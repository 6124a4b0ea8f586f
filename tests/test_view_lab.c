/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The view Lab: pictures as text, its numbers, keys, when it asks for a job, what it says elsewhere, and that nothing is drawn outside. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/number.h"
#include "command/study.h"
#include "fit.h"
#include "fixture.h"
#include "view/order.h"

/* A session and a screen that shows the lab. */
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
		assert_int_equal(job.count, v->ui.document);
		assert_string_equal(job.name, v->ui.view == &view_lab ? "lab" : "");
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
	v->ui.view = &view_lab;
	v->ui.document = v->ui.lab_place = 0;
	v->ui.lab_sweep = SIZE_MAX;
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

/* Returns the command line that it wants run, or NULL. */
static const char *run(struct shown *v, const char *words)
{
	char copy[64], *argv[4], *save = NULL;
	int argc = 0;
	const char *line = NULL;
	struct em_err err = {0};
	snprintf(copy, sizeof copy, "%s", words);
	for (char *w = strtok_r(copy, " ", &save); w && argc < 4; w = strtok_r(NULL, " ", &save))
		argv[argc++] = w;
	if (ui_command(&v->ui, v->pic, argc, argv, &line, &err))
		fail_msg("%s: %s", words, err.msg);
	return line;
}

static struct canvas *picture_at(struct shown *v, int w, int h, enum glyphs glyphs)
{
	struct canvas *c = canvas_new(w, h, glyphs);
	assert_non_null(c);
	v->ui.glyphs = glyphs;
	v->ui.area = canvas_rect(c);
	view_lab.draw(&v->ui, v->pic, c, v->ui.area);
	return c;
}

static void golden(struct shown *v, const char *name, int w, int h, enum glyphs glyphs)
{
	char path[96];
	snprintf(path, sizeof path, "lab-%s-%dx%d-%s", name, w, h, glyphs == GLYPHS_ASCII ? "ascii" : "utf8");
	struct canvas *c = picture_at(v, w, h, glyphs);
	golden_check(c, path, false);
	canvas_free(c);
}

static bool shows(struct shown *v, const char *text)
{
	struct canvas *c = picture_at(v, 118, 32, GLYPHS_UTF8);
	bool yes = fixture_shows(c, text);
	canvas_free(c);
	return yes;
}

/* The view's part of screens of 80x24 and 120x36. */
static void test_goldens(void **state)
{
	(void)state;
	static const char *const names[] = {"basins", "saddle", "oneword"};
	struct shown v = {0};
	for (size_t i = 0; i < 3; i++) {
		open_example(&v, names[i]);
		step(&v, EM_PHASE, 1);
		assert_true(ask(&v));
		golden(&v, names[i], 78, 20, GLYPHS_UTF8);
		golden(&v, names[i], 118, 32, GLYPHS_UTF8);
		if (i == 0)
			golden(&v, names[i], 78, 20, GLYPHS_ASCII);
	}
	open_example(&v, "basins");
	step(&v, EM_PHASE, 1);
	assert_true(ask(&v));
	run(&v, "down 3"); /* where the usual start ends */
	run(&v, "left 100");
	golden(&v, "basins-usual", 78, 20, GLYPHS_UTF8);
	close_shown(&v);
}

/* What is drawn are the lab's numbers, and these are those of pencil and paper. */
static void test_numbers(void **state)
{
	(void)state;
	struct shown v = {0};
	open_example(&v, "saddle");
	step(&v, EM_PHASE, 1);
	assert_true(ask(&v));
	const struct em_lab *x = v.pic->study->lab;
	/* p(w) of the words a, c: E[theta_1^2] = .1 x 1.1 / (.2 x 1.2), E[theta_1 theta_2] = .1 x .1 / (.2 x 1.2) */
	double square = 0.11 / 0.24, cross = 0.01 / 0.24;
	fit_near(x->log_p, log(2 * square * 0.5 * 0.2 + cross * (0.25 + 0.04)), 1e-12);
	assert_int_equal(x->places, 3);
	fit_near(x->place[0].elbo, x->place[1].elbo, 1e-9);
	assert_true(x->place[2].saddle && x->place[2].usual && !x->place[0].saddle && !x->place[1].saddle);
	fit_near(x->place[2].gamma[0], 1.1, 1e-12);
	assert_true(shows(&v, "3 places, 1 of them a saddle"));
	assert_true(shows(&v, number_fixed(x->log_p, 4).s));
	for (size_t i = 0; i < x->places; i++) {
		assert_true(shows(&v, number_fixed(x->place[i].elbo, 4).s));
		assert_true(shows(&v, number_fixed(x->log_p - x->place[i].elbo, 4).s));
		assert_true(x->place[i].elbo < x->log_p);
	}
	close_shown(&v);
}

static void test_keys(void **state)
{
	(void)state;
	struct shown v = {0};
	open_example(&v, "basins");
	step(&v, EM_PHASE, 1);
	run(&v, "down"); /* before there is anything to move in */
	run(&v, "right");
	assert_true(ask(&v));
	run(&v, "home");
	run(&v, "up 9");
	const struct em_lab *x = v.pic->study->lab;
	assert_int_equal(x->places, 4);
	assert_true(shows(&v, "place 1, after sweep 2 of 2"));
	run(&v, "left");
	assert_true(shows(&v, "place 1, after sweep 1 of 2"));
	run(&v, "left 5");
	assert_true(shows(&v, "place 1, after sweep 0 of 2"));
	run(&v, "right");
	assert_true(shows(&v, "place 1, after sweep 1 of 2"));
	run(&v, "right 7");
	assert_true(shows(&v, "place 1, after sweep 2 of 2"));
	run(&v, "home");
	assert_true(shows(&v, "place 1, after sweep 0 of 2"));
	run(&v, "end");
	assert_true(shows(&v, "place 1, after sweep 2 of 2"));
	run(&v, "home");
	run(&v, "down"); /* another place begins at its end */
	assert_true(shows(&v, "place 2, after sweep 2 of 2") && shows(&v, "▸ 2"));
	run(&v, "down 9");
	char text[64];
	snprintf(text, sizeof text, "place 4, after sweep %zu of %zu: ELBO %s", x->place[3].sweeps, x->place[3].sweeps, number_fixed(x->place[3].elbo, 4).s);
	assert_true(shows(&v, text) && shows(&v, "▸ 4"));
	run(&v, "up");
	assert_true(shows(&v, "▸ 3"));
	run(&v, "up 9");
	assert_true(shows(&v, "▸ 1"));
	close_shown(&v);
}

/* Once of a document as long as nothing moves; again where it came and another's took its place; never where it would fail again. */
static void test_wants(void **state)
{
	(void)state;
	struct shown v = {0};
	struct job job;
	open_example(&v, "paradox");
	step(&v, EM_PHASE, 1);
	assert_true(shows(&v, "are being made"));
	assert_true(ui_wants(&v.ui, v.pic, &job));
	assert_false(ui_wants(&v.ui, v.pic, &job)); /* on its way, or stopped */
	run(&v, "lab");
	assert_true(ask(&v));
	assert_false(ask(&v));
	assert_true(shows(&v, "document 1 of 2"));
	run(&v, "next-document");
	assert_true(shows(&v, "are being made"));
	assert_true(ask(&v));
	assert_int_equal(v.pic->study->n, 1);
	assert_true(shows(&v, "document 2 of 2"));
	assert_false(ask(&v));
	run(&v, "previous-document");
	assert_true(ask(&v));
	assert_false(ask(&v));
	run(&v, "lab 2");
	assert_int_equal(v.ui.document, 1);
	assert_true(ask(&v));
	assert_false(ask(&v));
	step(&v, EM_PHASE, 1); /* another theta */
	assert_true(shows(&v, "are being made"));
	assert_true(ask(&v));
	assert_false(ask(&v));
	/* The Reader's document is the lab's, and its study will do; the lab's is more than the Reader's. */
	run(&v, "view reader");
	assert_false(ask(&v));
	run(&v, "previous-document");
	assert_true(ask(&v));
	assert_null(v.pic->study->lab);
	run(&v, "next-document");
	assert_true(ask(&v));
	assert_false(ask(&v));
	run(&v, "view lab");
	assert_true(ask(&v));
	assert_non_null(v.pic->study->lab);
	run(&v, "previous-document");
	assert_true(ask(&v));
	run(&v, "view reader");
	assert_false(ask(&v));
	run(&v, "view lab");
	assert_false(ask(&v));
	close_shown(&v);
}

/* `study` is of the document that is selected; a lab that is there is made with it. */
static void test_study(void **state)
{
	(void)state;
	struct shown v = {0};
	open_example(&v, "paradox");
	step(&v, EM_PHASE, 1);
	run(&v, "lab 2");
	assert_string_equal(run(&v, "study"), "study 2");
	run(&v, "view reader");
	run(&v, "previous-document");
	assert_string_equal(run(&v, "study"), "study 1");
	run(&v, "lab 2");
	assert_true(ask(&v));
	perform(&v, &(struct job){.kind = JOB_STUDY, .count = 1, .m = true});
	assert_true(v.pic->study->lab && v.pic->study->posterior);
	assert_false(ask(&v));
	perform(&v, &(struct job){.kind = JOB_STUDY, .count = 0, .m = true});
	assert_null(v.pic->study->lab);
	assert_true(ask(&v)); /* the lab's own went with it */
	assert_int_equal(v.pic->study->n, 1);
	assert_false(ask(&v));
	close_shown(&v);
}

/* LDA too, but without a word there is nothing to find out. */
static void test_empty(void **state)
{
	(void)state;
	char path[] = "/tmp/elbow-test-XXXXXX.ldac";
	int fd = mkstemps(path, 5);
	assert_true(fd >= 0 && write(fd, "2 0:1 1:2\n0\n1 2:3\n", 18) == 18);
	close(fd);
	struct shown v = {0};
	struct em_err err = {0};
	struct job open = {.kind = JOB_OPEN};
	open_example(&v, "paradox");
	snprintf(open.text, sizeof open.text, "%s", path);
	perform(&v, &open);
	assert_int_equal(v.pic->run->problem->layout.observations, 3);
	step(&v, EM_PHASE, 1);
	run(&v, "lab 2");
	assert_false(ask(&v));
	assert_true(shows(&v, "This document is empty"));
	assert_int_equal(session_perform(v.session, &(struct job){.kind = JOB_STUDY, .count = 1, .m = true}, NULL, &err), EM_USAGE);
	assert_non_null(strstr(err.msg, "document 2 is empty"));
	run(&v, "lab 3");
	assert_true(ask(&v));
	close_shown(&v);
	unlink(path);
}

static void test_elsewhere(void **state)
{
	(void)state;
	static const char *const names[] = {"coins", "faithful"};
	struct shown v = {0};
	for (size_t i = 0; i < 2; i++) {
		open_example(&v, names[i]);
		step(&v, EM_PHASE, 1);
		assert_false(ask(&v));
		assert_true(shows(&v, "The lab is for a document of LDA by mean field"));
		run(&v, "down");
		run(&v, "right");
	}
	open_example(&v, "basins");
	set(&v, "e_step", "exact");
	step(&v, EM_PHASE, 1);
	assert_false(ask(&v));
	assert_true(shows(&v, "The lab is for a document of LDA by mean field"));
	close_shown(&v);
}

/* Not a cell beside the view's own, at any size, from a cell up. */
static void any_size(struct shown *v)
{
	for (int w = 1; w < 125; w += fit_brief() ? 31 : w < 30 ? 1 : 7)
		for (int h = 1; h < 40; h += fit_brief() ? 9 : h < 16 ? 1 : 5) {
			struct canvas *c = canvas_new(w + 4, h + 2, (w + h) % 2 ? GLYPHS_UTF8 : GLYPHS_ASCII);
			assert_non_null(c);
			v->ui.glyphs = (w + h) % 2 ? GLYPHS_UTF8 : GLYPHS_ASCII;
			v->ui.area = (struct rect){2, 1, w, h};
			view_lab.draw(&v->ui, v->pic, c, v->ui.area);
			for (int y = 0; y < c->h; y++)
				for (int x = 0; x < c->w; x++)
					if (!rect_has(v->ui.area, x, y) && canvas_at(c, x, y).code != ' ')
						fail_msg("%dx%d: a cell outside is drawn", w, h);
			canvas_free(c);
		}
}

static void test_sizes(void **state)
{
	(void)state;
	struct shown v = {0};
	static const char *const names[] = {"basins", "saddle", "coins"};
	for (size_t i = 0; i < (fit_brief() ? 1 : 3); i++) {
		open_example(&v, names[i]);
		step(&v, EM_PHASE, 1);
		any_size(&v); /* being made, or none */
		ask(&v);
		any_size(&v);
		run(&v, "down 9");
		any_size(&v);
	}
	close_shown(&v);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_goldens), cmocka_unit_test(test_numbers), cmocka_unit_test(test_keys),      cmocka_unit_test(test_wants),
	    cmocka_unit_test(test_study),   cmocka_unit_test(test_sizes),   cmocka_unit_test(test_elsewhere),
	    cmocka_unit_test(test_empty),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
