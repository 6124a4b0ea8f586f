/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The frame, the views bound, trace, terms and help: pictures of them, what they say, and that no size breaks them. */
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
#include "fixture.h"
#include "view/pane.h"

static const struct {
	int w, h;
} sizes[] = {{80, 24}, {100, 30}, {200, 60}, {40, 10}};

static void check_shows(const struct canvas *c, const char *text)
{
	if (fixture_shows(c, text))
		return;
	struct buf b = {0};
	canvas_text(c, &b);
	print_error("no \"%s\" in\n%s", text, b.s);
	buf_free(&b);
	fail();
}

static void see(struct fixture *f, int w, int h, const char *text)
{
	struct canvas *c = fixture_screen(f, w, h, GLYPHS_UTF8);
	check_shows(c, text);
	canvas_free(c);
}

static void see_not(struct fixture *f, int w, int h, const char *text)
{
	struct canvas *c = fixture_screen(f, w, h, GLYPHS_UTF8);
	if (fixture_shows(c, text))
		fail_msg("\"%s\" is on the screen", text);
	canvas_free(c);
}

/* ---- pictures ---- */

static void picture(struct fixture *f, const struct view *v, int w, int h, enum glyphs glyphs, const char *tag)
{
	char name[96];
	struct canvas *c = canvas_new(w, h, glyphs);
	assert_non_null(c);
	f->ui.glyphs = glyphs;
	v->draw(&f->ui, &f->pic, c, canvas_rect(c));
	snprintf(name, sizeof name, "%s%s-%dx%d-%s", v->name, tag, w, h, glyphs == GLYPHS_ASCII ? "ascii" : "utf8");
	golden_check(c, name, false);
	canvas_free(c);
}

static void test_pictures(void **state)
{
	(void)state;
	const struct view *views[] = {&view_bound, &view_trace, &view_terms};
	struct fixture f;
	fixture_open(&f, NULL, NULL);
	fixture_step(&f, EM_PHASE, 7);
	for (size_t v = 0; v < 3; v++)
		for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
			picture(&f, views[v], sizes[i].w, sizes[i].h, GLYPHS_UTF8, "");
			picture(&f, views[v], sizes[i].w, sizes[i].h, GLYPHS_ASCII, "");
		}
	f.ui.trace_gain = true;
	picture(&f, &view_trace, 80, 24, GLYPHS_UTF8, "-gain");
	fixture_goto(&f, 4);
	picture(&f, &view_trace, 80, 24, GLYPHS_UTF8, "-gain-back");
	f.ui.trace_gain = false;
	picture(&f, &view_trace, 80, 24, GLYPHS_UTF8, "-back");
	fixture_step(&f, EM_UNIT, 2);
	picture(&f, &view_bound, 80, 24, GLYPHS_UTF8, "-inside");
	fixture_close(&f);
	fixture_open(&f, "evidence_budget", "0", NULL);
	picture(&f, &view_bound, 80, 24, GLYPHS_UTF8, "-start-unknown");
	fixture_step(&f, EM_PHASE, 4);
	for (size_t v = 0; v < 3; v++)
		picture(&f, views[v], 80, 24, GLYPHS_UTF8, "-unknown");
	fixture_close(&f);
}

static void test_frame_pictures(void **state)
{
	(void)state;
	struct fixture f;
	fixture_open(&f, NULL, NULL);
	fixture_step(&f, EM_PHASE, 7);
	for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
		char name[64];
		struct canvas *c = fixture_screen(&f, sizes[i].w, sizes[i].h, i % 2 ? GLYPHS_ASCII : GLYPHS_UTF8);
		snprintf(name, sizeof name, "screen-%dx%d", sizes[i].w, sizes[i].h);
		golden_check(c, name, i == 0);
		canvas_free(c);
	}
	fixture_close(&f);
}

/* ---- what the views say ---- */

static void test_bound_tells_the_identity(void **state)
{
	(void)state;
	struct fixture f;
	fixture_open(&f, NULL, NULL);
	for (int step = 0; step < 6; step++) {
		const struct em_entry *e = &f.pic.run->ledger[f.pic.run->position];
		int d = e->kl >= 10 ? 1 : e->kl >= 0.1 ? 3 : 6;
		see(&f, 80, 24, number_fixed(e->elbo, d).s);
		see(&f, 80, 24, number_fixed(e->log_evidence, d).s);
		see(&f, 80, 24, number_fixed(e->kl, d).s);
		see(&f, 80, 24, "   exact\n");
		see(&f, 80, 24, step % 2 ? "Next: M-step" : "Next: E-step");
		fixture_step(&f, EM_PHASE, 1);
	}
	fixture_close(&f);
}

static void test_unknown_is_never_drawn_as_exact(void **state)
{
	(void)state;
	struct fixture f;
	fixture_open(&f, "evidence_budget", "0", NULL);
	fixture_step(&f, EM_PHASE, 3);
	see(&f, 80, 24, "unknown, ≥ 0");
	see(&f, 80, 24, "evidence_budget");
	see_not(&f, 80, 24, " exact\n");
	fixture_command(&f, "view trace");
	see(&f, 80, 24, "log p unknown");
	see_not(&f, 80, 24, "exact");
	see_not(&f, 80, 24, "KL");
	fixture_command(&f, "view terms");
	see(&f, 80, 24, "unknown by log p");
	fixture_close(&f);
}

static void test_an_estimate_shows_its_error(void **state)
{
	(void)state;
	struct fixture f;
	fixture_open(&f, NULL, NULL);
	fixture_step(&f, EM_PHASE, 2);
	for (size_t i = 0; i < f.snapshot.entries; i++) {
		f.ledger[i].evidence = EM_EVIDENCE_ESTIMATE;
		f.ledger[i].log_evidence_se = 0.25;
	}
	see(&f, 80, 24, "estimate ± 0.50"); /* twice the standard error */
	see_not(&f, 80, 24, "exact");
	fixture_command(&f, "view trace");
	see(&f, 80, 24, "estimate ± 0.50"); /* twice the standard error */
	fixture_close(&f);
}

static void test_terms_sum(void **state)
{
	(void)state;
	struct fixture f;
	fixture_open(&f, NULL, NULL);
	fixture_step(&f, EM_PHASE, 3);
	fixture_command(&f, "view terms");
	const struct em_entry *e = &f.pic.run->ledger[3];
	see(&f, 80, 24, number_fixed(e->energy, pane_places(&f.snapshot)).s);
	see(&f, 80, 24, number_fixed(e->entropy, pane_places(&f.snapshot)).s);
	see(&f, 80, 24, number_fixed(e->terms[2], pane_places(&f.snapshot)).s);
	see(&f, 80, 24, "how well the documents' topic shares fit");
	fixture_command(&f, "down 3");
	see(&f, 80, 24, "energy: the sum of the rows above");
	char click[64];
	snprintf(click, sizeof click, "click 5 %d", f.ui.plot.y + 6); /* below the blank line */
	fixture_command(&f, click);
	see(&f, 80, 24, "H[q(z)]: how open");
	fixture_command(&f, "end");
	see(&f, 80, 24, "log p(X|θ): the evidence itself");
	see(&f, 80, 24, number_short(exp(-e->elbo / (double)f.corpus->tokens), 4).s);
	fixture_close(&f);
}

static void test_trace_moves_and_goes(void **state)
{
	(void)state;
	struct fixture f;
	fixture_open(&f, NULL, NULL);
	fixture_step(&f, EM_PHASE, 12);
	fixture_command(&f, "view trace");
	see(&f, 80, 24, "step 12 (now)");
	fixture_command(&f, "left 2");
	see(&f, 80, 24, "Enter goes to step 10");
	assert_string_equal(fixture_command(&f, "enter"), "goto 10");
	fixture_goto(&f, 10);
	see(&f, 80, 24, "step 10 (now)");
	see(&f, 80, 24, "step 10 of 12"); /* in the top line */
	fixture_command(&f, "end");
	see(&f, 80, 24, "step 12 (undone)");
	fixture_command(&f, "home");
	see(&f, 80, 24, "step 0 ");
	fixture_command(&f, "right 4");
	fixture_command(&f, "zoom in");
	see(&f, 80, 24, "steps 1 to 7 of 12");
	fixture_command(&f, "right 5");
	see(&f, 80, 24, "steps 3 to 9 of 12");
	fixture_command(&f, "zoom all");
	see_not(&f, 80, 24, "shows all");
	fixture_command(&f, "gain");
	see(&f, 80, 24, "M-steps");
	char click[64];
	snprintf(click, sizeof click, "click %d %d", f.ui.plot.x, f.ui.plot.y + 1);
	fixture_command(&f, click);
	see(&f, 80, 24, "step 0 ");
	snprintf(click, sizeof click, "click %d %d", f.ui.plot.x + f.ui.plot.w - 1, f.ui.plot.y + 1);
	fixture_command(&f, click);
	see(&f, 80, 24, "step 12 (undone)");
	fixture_close(&f);
}

static void test_a_decrease_is_marked(void **state)
{
	(void)state;
	struct fixture f;
	fixture_open(&f, NULL, NULL);
	fixture_step(&f, EM_PHASE, 6);
	fixture_command(&f, "view trace");
	see_not(&f, 80, 24, "fell");
	f.ledger[5].decreased = true;
	see(&f, 80, 24, "fell");
	fixture_command(&f, "left");
	see(&f, 80, 24, "FELL");
	f.snapshot.verdict.kind = EM_DECREASED;
	see(&f, 80, 24, "fell   iteration 3: M done"); /* in the top line */
	fixture_close(&f);
}

static void test_a_bar_is_a_link(void **state)
{
	(void)state;
	struct fixture f;
	fixture_open(&f, NULL, NULL);
	fixture_step(&f, EM_PHASE, 3);
	see(&f, 80, 24, "start");
	char click[64];
	snprintf(click, sizeof click, "click %d %d", f.ui.plot.x, f.ui.plot.y + 2);
	assert_string_equal(fixture_command(&f, click), "goto 0");
	snprintf(click, sizeof click, "click %d %d", f.ui.plot.x + f.ui.plot.w - 1, f.ui.plot.y + 2);
	assert_string_equal(fixture_command(&f, click), "goto 3");
	assert_null(fixture_command(&f, "click 0 3"));
	fixture_close(&f);
}

/* Everything in the tables is in the help. */
static void test_help_is_whole(void **state)
{
	(void)state;
	struct fixture f;
	fixture_open(&f, NULL, NULL);
	fixture_command(&f, "view trace");
	fixture_command(&f, "help");
	struct canvas *c = fixture_screen(&f, 100, 600, GLYPHS_UTF8);
	for (size_t i = 0; cmd_at(i); i++) {
		check_shows(c, cmd_at(i)->name);
		char start[32];
		snprintf(start, sizeof start, "%.24s", cmd_at(i)->summary);
		check_shows(c, start);
	}
	for (size_t i = 0; cmd_key_at(i); i++)
		if (cmd_key_find("trace", cmd_key_at(i)->key) == cmd_key_at(i))
			check_shows(c, cmd_key_at(i)->key);
	for (size_t i = 0; em_settings_at(f.settings, i); i++)
		check_shows(c, em_settings_at(f.settings, i)->name);
	canvas_free(c);
	see(&f, 80, 24, "The view Trace");
	struct canvas *short_one = fixture_screen(&f, 80, 24, GLYPHS_UTF8);
	canvas_free(short_one);
	fixture_command(&f, "find tolerance");
	see(&f, 80, 24, "tolerance = 0.01");
	fixture_command(&f, "home");
	see(&f, 80, 24, "The view Trace");
	fixture_command(&f, "down 5");
	see_not(&f, 80, 24, "The view Trace");
	fixture_command(&f, "leave");
	assert_ptr_equal(f.ui.view, &view_trace);
	fixture_close(&f);
}

/* ---- the frame ---- */

static void test_views_by_name(void **state)
{
	(void)state;
	struct fixture f;
	fixture_open(&f, NULL, NULL);
	const char *const ways[][2] = {{"view terms", "terms"},    {"view 2", "trace"},     {"view DOC", "documents"},
	                               {"view next", "reader"},    {"view 9", "jensen"},    {"view next", "bound"},
	                               {"view previous", "jensen"}, {"view help", "help"},   {"leave", "jensen"},
	                               {"view topics", "topics"}};
	for (size_t i = 0; i < sizeof ways / sizeof ways[0]; i++) {
		fixture_command(&f, ways[i][0]);
		assert_string_equal(f.ui.view->name, ways[i][1]);
	}
	char *wrong[] = {"view", "t"};
	const char *line;
	struct em_err err = {0};
	assert_int_equal(ui_command(&f.ui, &f.pic, 2, wrong, &line, &err), EM_USAGE);
	assert_non_null(strstr(err.msg, "bound, trace, terms, topics, documents, reader"));
	fixture_command(&f, "view bound");
	char *sort[] = {"sort", "name"};
	assert_int_equal(ui_command(&f.ui, &f.pic, 2, sort, &line, &err), EM_USAGE);
	struct canvas *c = fixture_screen(&f, 80, 24, GLYPHS_UTF8);
	canvas_free(c);
	fixture_command(&f, "click 19 1");
	assert_string_equal(f.ui.view->name, "terms");
	fixture_command(&f, "click 76 1");
	assert_string_equal(f.ui.view->name, "help");
	fixture_close(&f);
}

static void draw_status(struct fixture *f, const struct ui_status *st, int w, int h, const char *const *texts)
{
	struct canvas *c = canvas_new(w, h, GLYPHS_UTF8);
	ui_draw(&f->ui, &f->pic, st, c);
	for (; *texts; texts++)
		check_shows(c, *texts);
	canvas_free(c);
}

static void test_bottom_line(void **state)
{
	(void)state;
	static const char *const menu[] = {"export", "exit", "e", NULL};
	struct fixture f;
	fixture_open(&f, NULL, NULL);
	draw_status(&f, &(struct ui_status){.message = "no such file"}, 80, 24, (const char *[]){"no such file", NULL});
	draw_status(&f, &(struct ui_status){.busy = true, .what = "E-step", .done = 1200, .of = 34300}, 80, 24,
	            (const char *[]){"E-step", "1 200 of 34 300", "stops", NULL});
	draw_status(&f, &(struct ui_status){.prompt = ":ex", .menu = menu}, 80, 24,
	            (const char *[]){":ex", "export", "exit", NULL});
	f.pic.run = NULL;
	draw_status(&f, &(struct ui_status){.busy = true, .what = "reading"}, 80, 24,
	            (const char *[]){"reading", "log p(X|θ)", NULL});
	draw_status(&f, &(struct ui_status){0}, 80, 24, (const char *[]){"Nothing is open", NULL});
	draw_status(&f, &(struct ui_status){0}, 30, 8, (const char *[]){"30x8: too small", "needs 40x10", NULL});
	f.pic.run = &f.snapshot;
	draw_status(&f, &(struct ui_status){0}, 39, 24, (const char *[]){"too small", "ELBO", NULL});
	fixture_close(&f);
}

static void test_hostile_names(void **state)
{
	(void)state;
	struct fixture f;
	fixture_open(&f, NULL, NULL);
	f.pic.name = "\x1b]0;title\a\xff\xfe\n\xe2\x80\xae" "abc";
	for (size_t i = 0; ui_view_at(i); i++) {
		struct buf b = {0};
		f.ui.view = ui_view_at(i);
		struct canvas *c = fixture_screen(&f, 120, 40, GLYPHS_UTF8);
		canvas_text(c, &b);
		for (size_t at = 0; at < b.len; at++)
			assert_true(b.s[at] == '\n' || (unsigned char)b.s[at] >= 0x20);
		assert_null(strstr(b.s, "\xe2\x80\xae"));
		buf_free(&b);
		canvas_free(c);
	}
	fixture_close(&f);
}

static void sweep(struct fixture *f, int stride)
{
	for (size_t v = 0; v < 7; v++) {
		f->ui.view = v < 6 ? ui_view_at(v) : &view_help;
		for (int h = 1; h <= 30; h += stride)
			for (int w = 1; w <= 90; w += stride) {
				struct canvas *c = canvas_new(w, h, (w + h) % 2 ? GLYPHS_UTF8 : GLYPHS_ASCII);
				struct ui_status st = {.prompt = w % 5 ? NULL : ":x"};
				ui_draw(&f->ui, &f->pic, &st, c);
				canvas_clear(c);
				f->ui.view->draw(&f->ui, &f->pic, c, canvas_rect(c));
				canvas_free(c);
			}
	}
}

static void test_any_size(void **state)
{
	(void)state;
	bool slow = getenv("ELBOW_VALGRIND") != NULL;
	struct fixture f;
	fixture_open(&f, NULL, NULL);
	sweep(&f, slow ? 13 : 5);
	fixture_step(&f, EM_PHASE, 3);
	fixture_step(&f, EM_UNIT, 1);
	sweep(&f, slow ? 11 : 1);
	fixture_goto(&f, 1);
	sweep(&f, slow ? 17 : 7);
	fixture_close(&f);
	fixture_open(&f, "evidence_budget", "0", "alpha_update", "vector", NULL);
	fixture_step(&f, EM_PHASE, 4);
	sweep(&f, slow ? 17 : 7);
	fixture_close(&f);
}

/* A ledger of many steps, some without a number. */
static void test_long_ledger(void **state)
{
	(void)state;
	enum { STEPS = 20000 };
	struct fixture f;
	fixture_open(&f, NULL, NULL);
	fixture_step(&f, EM_PHASE, 2);
	struct em_entry *ledger = calloc(STEPS, sizeof *ledger);
	assert_non_null(ledger);
	for (size_t i = 0; i < STEPS; i++) {
		ledger[i] = f.ledger[1 + i % 2];
		ledger[i].step = i;
		ledger[i].iteration = i / 2 + 1;
		ledger[i].elbo = -123456.7 + 1000 * tanh((double)i / 900);
		ledger[i].gain = i % 97 ? 1e-3 / (double)(i + 1) : -1e-5;
		if (i % 3 == 0)
			ledger[i].log_evidence = ledger[i].kl = NAN, ledger[i].evidence = EM_EVIDENCE_NONE;
	}
	f.snapshot.ledger = ledger;
	f.snapshot.entries = STEPS;
	f.snapshot.position = STEPS - 1;
	fixture_command(&f, "view trace");
	see(&f, 80, 24, "step 19 999 (now)");
	fixture_command(&f, "gain");
	see(&f, 80, 24, "gain, nats");
	fixture_command(&f, "view bound");
	see(&f, 80, 24, "M 10000");
	free(ledger);
	fixture_close(&f);
}

static void test_settings_and_screenshot(void **state)
{
	(void)state;
	int w = 0, h = 0;
	assert_true(ui_size("120x36", &w, &h) && w == 120 && h == 36);
	assert_false(ui_size("120", &w, &h) || ui_size("0x5", &w, &h) || ui_size("80x24x3", &w, &h) || ui_size("", &w, &h) ||
	             ui_size("99999x1", &w, &h));
	struct fixture f;
	fixture_open(&f, "theme", "light", "glyphs", "ascii", "mouse", "off", "color", "never", NULL);
	ui_apply(&f.ui, f.settings, true);
	assert_true(f.ui.light && f.ui.mono && !f.ui.mouse && f.ui.glyphs == GLYPHS_ASCII);
	struct canvas *c = fixture_screen(&f, 80, 24, GLYPHS_UTF8);
	struct em_err err = {0};
	assert_int_equal(ui_screenshot(&f.ui, c, "/tmp/elbow-shot.png", true, &err), EM_USAGE);
	assert_non_null(strstr(err.msg, ".txt or .svg"));
	char dir[] = "/tmp/elbow-shot-XXXXXX", path[64];
	assert_non_null(mkdtemp(dir));
	static const char *const ends[] = {"txt", "svg"};
	for (int i = 0; i < 2; i++) {
		char text[16] = "";
		snprintf(path, sizeof path, "%s/a.%s", dir, ends[i]);
		assert_int_equal(ui_screenshot(&f.ui, c, path, false, &err), EM_OK);
		assert_int_not_equal(ui_screenshot(&f.ui, c, path, false, &err), EM_OK); /* it is there already */
		FILE *in = fopen(path, "rb");
		assert_non_null(in);
		assert_true(fread(text, 1, 6, in) == 6);
		fclose(in);
		assert_string_equal(text, i ? "<svg x" : " elbow");
		unlink(path);
	}
	rmdir(dir);
	canvas_free(c);
	fixture_close(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_pictures),
	    cmocka_unit_test(test_frame_pictures),
	    cmocka_unit_test(test_bound_tells_the_identity),
	    cmocka_unit_test(test_unknown_is_never_drawn_as_exact),
	    cmocka_unit_test(test_an_estimate_shows_its_error),
	    cmocka_unit_test(test_terms_sum),
	    cmocka_unit_test(test_trace_moves_and_goes),
	    cmocka_unit_test(test_a_decrease_is_marked),
	    cmocka_unit_test(test_a_bar_is_a_link),
	    cmocka_unit_test(test_help_is_whole),
	    cmocka_unit_test(test_views_by_name),
	    cmocka_unit_test(test_bottom_line),
	    cmocka_unit_test(test_hostile_names),
	    cmocka_unit_test(test_any_size),
	    cmocka_unit_test(test_long_ledger),
	    cmocka_unit_test(test_settings_and_screenshot),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
