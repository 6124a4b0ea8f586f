/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The view Landscape: pictures as text, the command and the keys, when it asks for a job, and that nothing is drawn outside. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/buf.h"
#include "fit.h"
#include "fixture.h"

/* A session and a screen that shows the landscape. */
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
		assert_int_equal(job.kind, JOB_LANDSCAPE);
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
		v->ui.view = &view_landscape;
		set(v, "threads", "1");
	}
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

static enum em_status try(struct shown *v, const char *words, struct em_err *err)
{
	char copy[256], *argv[12];
	int argc = 0;
	const char *line = NULL;
	snprintf(copy, sizeof copy, "%s", words);
	for (char *save = NULL, *w = strtok_r(copy, " ", &save); w && argc < 12; w = strtok_r(NULL, " ", &save))
		argv[argc++] = w;
	return ui_command(&v->ui, v->pic, argc, argv, &line, err);
}

static void command(struct shown *v, const char *words)
{
	struct em_err err = {0};
	if (try(v, words, &err))
		fail_msg("%s: %s", words, err.msg);
}

static struct canvas *alone(struct shown *v, int w, int h, enum glyphs glyphs)
{
	struct canvas *c = canvas_new(w, h, glyphs);
	assert_non_null(c);
	c->mono = v->ui.mono;
	view_landscape.draw(&v->ui, v->pic, c, canvas_rect(c));
	return c;
}

static void golden(struct shown *v, const char *name, int w, int h, enum glyphs glyphs, bool styles)
{
	char path[96];
	ask(v);
	assert_false(ask(v));
	struct canvas *c = alone(v, w, h, glyphs);
	snprintf(path, sizeof path, "landscape-%s-%dx%d-%s", name, w, h,
	         glyphs == GLYPHS_ASCII ? "ascii" : v->ui.mono ? "mono" : "utf8");
	golden_check(c, path, styles);
	canvas_free(c);
}

static bool shows(struct shown *v, const char *text)
{
	struct canvas *c = alone(v, 118, 32, GLYPHS_UTF8);
	bool found = fixture_shows(c, text);
	canvas_free(c);
	return found;
}

/* ---- pictures ---- */

static void test_goldens(void **state)
{
	(void)state;
	struct shown v = {0};
	open_example(&v, "coins");
	golden(&v, "coins-start", 78, 20, GLYPHS_UTF8, false);
	step(&v, EM_PHASE, 1);
	golden(&v, "coins-e", 78, 20, GLYPHS_UTF8, true);
	golden(&v, "coins-e", 78, 20, GLYPHS_ASCII, false);
	golden(&v, "coins-e", 118, 32, GLYPHS_UTF8, false);
	step(&v, EM_PHASE, 1);
	golden(&v, "coins-m", 78, 20, GLYPHS_UTF8, false);
	v.ui.mono = true;
	golden(&v, "coins-m", 78, 20, GLYPHS_UTF8, true);
	v.ui.mono = false;
	step(&v, EM_PHASE, 4);
	command(&v, "landscape map");
	golden(&v, "coins-map", 78, 20, GLYPHS_UTF8, true);
	golden(&v, "coins-map", 78, 20, GLYPHS_ASCII, false);
	golden(&v, "coins-map", 118, 32, GLYPHS_UTF8, false);
	open_example(&v, "linkage");
	step(&v, EM_PHASE, 2);
	command(&v, "landscape pi");
	golden(&v, "linkage-pi", 78, 20, GLYPHS_UTF8, false);
	golden(&v, "linkage-pi", 38, 8, GLYPHS_ASCII, false);
	if (fit_brief()) {
		close_shown(&v);
		return;
	}
	open_example(&v, "faithful");
	step(&v, EM_PHASE, 3);
	command(&v, "landscape move");
	golden(&v, "faithful-e", 78, 20, GLYPHS_UTF8, false);
	command(&v, "landscape map");
	golden(&v, "faithful-map", 118, 32, GLYPHS_UTF8, false);
	command(&v, "landscape covariances 1 1 2");
	golden(&v, "faithful-covariance", 78, 20, GLYPHS_UTF8, false);
	set(&v, "model", "factor");
	step(&v, EM_PHASE, 6);
	command(&v, "landscape loadings 1 2 noise 1");
	golden(&v, "factor-map", 78, 20, GLYPHS_UTF8, false);
	open_example(&v, "icecream");
	step(&v, EM_PHASE, 4);
	command(&v, "landscape transitions 1 2");
	golden(&v, "icecream-transitions", 78, 20, GLYPHS_UTF8, false);
	open_example(&v, "paradox");
	step(&v, EM_PHASE, 4);
	command(&v, "landscape move");
	golden(&v, "paradox-m", 78, 20, GLYPHS_UTF8, false);
	close_shown(&v);
}

/* LDA, where log p is known only in the ledger; and no line. */
static void test_texts(void **state)
{
	(void)state;
	struct shown v = {0};
	if (fit_brief())
		return;
	open_example(&v, "gazette");
	step(&v, EM_PHASE, 1);
	golden(&v, "gazette-e", 78, 20, GLYPHS_UTF8, false);
	step(&v, EM_PHASE, 1);
	golden(&v, "gazette-m", 78, 20, GLYPHS_UTF8, false);
	step(&v, EM_UNIT, 1);
	golden(&v, "gazette-inside", 78, 20, GLYPHS_UTF8, false);
	open_example(&v, "gazette");
	step(&v, EM_UNIT, 1);
	golden(&v, "gazette-why", 78, 20, GLYPHS_UTF8, false);
	open_example(&v, "three");
	set(&v, "init", "observations");
	perform(&v, &(struct job){.kind = JOB_RESTART});
	struct em_err err = {0};
	for (int i = 0; i < 60 && !session_perform(v.session, &(struct job){.kind = JOB_STEP, .size = EM_PHASE, .count = 1}, NULL, &err); i++)
		;
	assert_int_not_equal(err.code, EM_OK);
	picture_release(v.pic);
	v.pic = session_picture(v.session);
	golden(&v, "three-why", 78, 20, GLYPHS_UTF8, false);
	assert_true(shows(&v, "The M-step has no result: "));
	close_shown(&v);
}

/* Words of the screen with single blanks between them: sentences break anywhere. */
static bool says(struct shown *v, int w, int h, const char *text)
{
	struct buf b = {0};
	struct canvas *c = alone(v, w, h, GLYPHS_UTF8);
	canvas_text(c, &b);
	canvas_free(c);
	char *s = buf_take(&b), *to = s;
	assert_non_null(s);
	for (const char *from = s; *from; from++) {
		char x = *from == '\n' ? ' ' : *from;
		if (x != ' ' || to == s || to[-1] != ' ')
			*to++ = x;
	}
	*to = '\0';
	bool found = strstr(s, text) != NULL;
	free(s);
	return found;
}

/* What an M-step does to log p is said as it is: of an exact model it gains more than the bound, of LDA it may fall. */
static void test_what_log_p_does(void **state)
{
	(void)state;
	struct shown v = {0};
	open_example(&v, "paradox");
	step(&v, EM_PHASE, 5);
	assert_true(ask(&v));
	const struct em_landscape *l = v.pic->landscape;
	assert_true(l->best.log_p < l->made.log_p && l->best.bound > l->made.bound);
	assert_true(says(&v, 78, 20, "it may fall"));
	assert_false(says(&v, 78, 20, "more, for the posterior"));
	open_example(&v, "coins");
	step(&v, EM_PHASE, 3);
	assert_true(ask(&v));
	l = v.pic->landscape;
	assert_true(l->best.log_p - l->made.log_p > l->best.bound - l->made.bound);
	assert_true(says(&v, 78, 20, "more, for the posterior"));
	close_shown(&v);
}

/* Inside an E-step the bound has left the curve at the old theta: it touches nowhere. */
static void test_inside_e(void **state)
{
	(void)state;
	struct shown v = {0};
	open_example(&v, "coins");
	step(&v, EM_PHASE, 2);
	ask(&v);
	assert_true(shows(&v, "q made: touches"));
	step(&v, EM_UNIT, 1);
	assert_true(ask(&v));
	assert_true(v.pic->landscape->made.log_p - v.pic->landscape->made.bound > 1e-4);
	assert_false(shows(&v, "touches"));
	close_shown(&v);
}

/* ---- asking ---- */

static void test_asks_once(void **state)
{
	(void)state;
	struct shown v = {0};
	struct job job;
	open_example(&v, "coins");
	assert_true(shows(&v, "looking"));
	assert_true(ask(&v));
	assert_false(ask(&v));
	assert_true(shows(&v, "after start"));
	step(&v, EM_PHASE, 1);
	assert_true(shows(&v, "of step 0, looking")); /* the old picture until the new one is there */
	assert_true(says(&v, 78, 20, "of step 0, looking") && says(&v, 40, 12, "of step 0, looking"));
	assert_true(shows(&v, "This q was not made"));
	assert_true(ask(&v));
	assert_true(shows(&v, "after E 1"));
	/* stopped: not over and over */
	step(&v, EM_PHASE, 1);
	assert_true(ui_wants(&v.ui, v.pic, &job));
	assert_false(ui_wants(&v.ui, v.pic, &job));
	assert_true(shows(&v, "of step 1, stopped"));
	command(&v, "landscape");
	assert_true(ask(&v));
	assert_true(shows(&v, "after M 1"));
	/* nothing has moved: the same step of another run, again and again */
	for (int i = 0; i < 4; i++) {
		perform(&v, &(struct job){.kind = JOB_RESTART});
		assert_true(shows(&v, "looking"));
		assert_true(ask(&v));
		assert_false(ask(&v));
	}
	command(&v, "view bound");
	step(&v, EM_PHASE, 1);
	assert_false(ask(&v)); /* it is not shown */
	close_shown(&v);
}

/* A parameter of one model is none of the next. */
static void test_other_model(void **state)
{
	(void)state;
	struct shown v = {0};
	open_example(&v, "coins");
	step(&v, EM_PHASE, 1);
	command(&v, "landscape bias 2");
	assert_true(ask(&v));
	assert_true(shows(&v, "Along bias[2]"));
	open_example(&v, "deaths");
	step(&v, EM_PHASE, 1);
	assert_true(ask(&v));
	assert_true(shows(&v, "Along the M-step's move"));
	open_example(&v, "coins"); /* and back */
	assert_true(ask(&v));
	assert_true(shows(&v, "Along bias[2]"));
	set(&v, "components", "1");
	assert_true(ask(&v));
	assert_true(shows(&v, "Along the M-step's move"));
	close_shown(&v);
}

/* ---- commands ---- */

static void test_refuses(void **state)
{
	(void)state;
	static const char *const bad[][3] = {
		{"coins", "landscape topics 1", "no parameter \"topics\""},   {"coins", "landscape bias 3", "not from 1 to 2"},
		{"coins", "landscape bias 0", "not from 1 to 2"},             {"coins", "landscape bias 1 2", "no parameter \"2\""},
		{"coins", "landscape bias 1 bias 2 bias 1", "too much"},      {"coins", "landscape bias 1 bias 1", "two different"},
		{"coins", "landscape bias 99999999999999999999", "1 to 2"},   {"coins", "landscape bias 1x", "not from 1 to 2"},
		{"coins", "landscape move on", "nothing after"},              {"coins", "landscape next 2", "nothing after"},
		{"linkage", "landscape map", "nothing to map"},               {"linkage", "landscape pi 1 pi 1", "two different"},
	};
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		struct shown v = {0};
		struct em_err err = {0};
		open_example(&v, bad[i][0]);
		assert_int_equal(try(&v, bad[i][1], &err), EM_USAGE);
		if (!strstr(err.msg, bad[i][2]))
			fail_msg("%s: %s", bad[i][1], err.msg);
		assert_true(v.ui.landscape.ask.zoom == 0);
		close_shown(&v);
	}
}

static void same_ask(const struct em_landscape_ask *a, const struct em_landscape_ask *b)
{
	assert_true(em_landscape_same(a, b));
}

/* Right goes through all there is and comes back; left the same way. */
static void test_round(void **state)
{
	(void)state;
	static const struct {
		const char *example;
		size_t all; /* the move, the parameters, the map */
	} round[] = {{"coins", 1 + 4 + 1}, {"linkage", 1 + 1}, {"faithful", 1 + 2 + 4 + 6 + 1}, {"deaths", 1 + 4 + 1}, {"icecream", 1 + 14 + 1}};
	for (size_t i = 0; i < (fit_brief() ? 2 : sizeof round / sizeof round[0]); i++) {
		struct shown v = {0};
		struct em_landscape_ask seen[20];
		open_example(&v, round[i].example);
		step(&v, EM_PHASE, 1);
		for (size_t n = 0; n < round[i].all; n++) {
			assert_true(ask(&v));
			seen[n] = v.pic->landscape->ask;
			assert_string_equal(v.pic->landscape->why, "");
			for (size_t m = 0; m < n; m++)
				assert_false(em_landscape_same(seen + n, seen + m));
			command(&v, "right");
		}
		assert_true(ask(&v));
		same_ask(&v.pic->landscape->ask, seen);
		for (size_t n = round[i].all; n-- > 0;) {
			command(&v, "left");
			assert_true(ask(&v));
			same_ask(&v.pic->landscape->ask, seen + n);
		}
		close_shown(&v);
	}
}

static void test_keys(void **state)
{
	(void)state;
	static const char *const keys[][2] = {{".", "landscape next"}, {",", "landscape previous"}, {"x", "landscape map"},
	                                      {"v", "landscape move"}, {"+", "zoom in"}, {"-", "zoom out"}};
	for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++)
		assert_string_equal(cmd_key_find("landscape", keys[i][0])->line, keys[i][1]);
	assert_string_equal(cmd_key_find("", "7")->line, "view landscape");
	struct shown v = {0};
	open_example(&v, "coins");
	step(&v, EM_PHASE, 3);
	assert_true(ask(&v));
	double wide = v.pic->landscape->x[v.pic->landscape->points - 1] - v.pic->landscape->x[0];
	command(&v, "zoom in");
	assert_true(ask(&v));
	assert_true(v.pic->landscape->x[v.pic->landscape->points - 1] - v.pic->landscape->x[0] < wide);
	command(&v, "zoom out");
	command(&v, "zoom out");
	assert_true(ask(&v));
	assert_true(v.pic->landscape->x[v.pic->landscape->points - 1] - v.pic->landscape->x[0] > wide);
	command(&v, "landscape bias 1");
	for (int i = 0; i < 14; i++)
		command(&v, "zoom in");
	assert_true(ask(&v));
	assert_true(v.pic->landscape->ask.zoom == 1024);
	for (int i = 0; i < 14; i++)
		command(&v, "zoom out");
	assert_true(v.ui.landscape.ask.zoom == 1);
	/* from any view */
	command(&v, "view bound");
	command(&v, "landscape map");
	assert_string_equal(v.ui.view->name, "landscape");
	close_shown(&v);
}

/* ---- any size ---- */

static void any_size(struct shown *v)
{
	for (int w = 1; w < 130; w += fit_brief() ? 26 : w < 12 ? 1 : w < 42 ? 5 : 17)
		for (int h = 1; h < 44; h += h < 8 ? 1 : 7) {
			struct canvas *c = canvas_new(w + 4, h + 4, h % 2 ? GLYPHS_ASCII : GLYPHS_UTF8);
			view_landscape.draw(&v->ui, v->pic, c, (struct rect){2, 2, w, h});
			for (int y = 0; y < c->h; y++)
				for (int x = 0; x < c->w; x++)
					if (!rect_has((struct rect){2, 2, w, h}, x, y) && canvas_at(c, x, y).code != ' ')
						fail_msg("%dx%d: a cell outside is drawn", w, h);
			canvas_free(c);
		}
}

static void test_any_size(void **state)
{
	(void)state;
	static const char *const names[] = {"coins", "three", "faithful"};
	for (size_t i = 0; i < (fit_brief() ? 1 : 3); i++) {
		struct shown v = {0};
		open_example(&v, names[i]);
		any_size(&v);
		for (int n = 0; n < 4; n++) {
			command(&v, n < 2 ? "landscape move" : n == 2 ? "landscape map" : "landscape weights 1");
			step(&v, EM_PHASE, n < 2 ? 1 : 0);
			ask(&v);
			any_size(&v);
		}
		close_shown(&v);
	}
}

int main(void)
{
	enum { LONG = 7 }; /* the first so many draw much of the same */
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_goldens),
		cmocka_unit_test(test_texts),
		cmocka_unit_test(test_what_log_p_does),
		cmocka_unit_test(test_round),
		cmocka_unit_test(test_other_model),
		cmocka_unit_test(test_any_size),
		cmocka_unit_test(test_asks_once),
		cmocka_unit_test(test_inside_e),
		cmocka_unit_test(test_refuses),
		cmocka_unit_test(test_keys),
	};
	size_t from = fit_brief() ? LONG : 0;
	return _cmocka_run_group_tests("landscape", tests + from, sizeof tests / sizeof tests[0] - from, NULL, NULL);
}
