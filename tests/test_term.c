/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The parts of the terminal floor that need no terminal: history, text laid over the screen, the worker. */
#include <locale.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <cmocka.h>

#include "place.h"
#include "term/keys.h"
#include "term/overlay.h"
#include "term/past.h"
#include "term/worker.h"
#include "view/ui.h"

/* ---- history ---- */

static void check_list(const struct past_list *l, const char *expected)
{
	char all[512] = "";
	for (size_t i = 0; i < l->n; i++) {
		strcat(all, l->line[i]);
		strcat(all, "|");
	}
	assert_string_equal(all, expected);
}

static void test_past_keeps_no_doubles(void **state)
{
	(void)state;
	struct past p;
	past_open(&p, NULL, "history");
	past_add(&p, "one");
	past_add(&p, "two");
	past_add(&p, "  ");
	past_add(&p, "a\ttab");
	past_add(&p, "");
	past_add(&p, "one");
	check_list(&p.all, "two|one|");
	past_save(&p); /* nowhere to keep it: nothing happens */
	past_close(&p);
}

/* Two programs side by side: neither loses what the other typed. */
static void test_past_merges(void **state)
{
	(void)state;
	const char *directory = in_place("a/b");
	struct past p, q, r;
	struct stat st;
	past_open(&p, directory, "history");
	past_open(&q, directory, "history");
	past_add(&p, "one");
	past_add(&p, "two");
	past_add(&q, "three");
	past_add(&q, "one");
	past_save(&p);
	past_save(&q);
	past_open(&r, directory, "history");
	check_list(&r.all, "two|three|one|");
	assert_int_equal(stat(in_place("a/b/history"), &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	past_close(&p);
	past_close(&q);
	past_close(&r);
}

static void test_past_is_bounded(void **state)
{
	(void)state;
	struct past p;
	char line[32];
	past_open(&p, in_place(""), "history");
	for (int i = 0; i < PAST_MOST + 20; i++) {
		snprintf(line, sizeof line, "line %d", i);
		past_add(&p, line);
	}
	assert_int_equal(p.all.n, PAST_MOST);
	assert_string_equal(p.all.line[0], "line 20");
	past_save(&p);
	past_close(&p);
	put("history", "kept\nbad \001 line\n\nkept too"); /* whatever somebody did to it */
	past_open(&p, in_place(""), "history");
	check_list(&p.all, "kept|kept too|");
	past_close(&p);
}

/* ---- text over the screen ---- */

static bool shows(const struct canvas *c, const char *text)
{
	struct buf b = {0};
	canvas_text(c, &b);
	bool found = b.s && strstr(b.s, text);
	buf_free(&b);
	return found;
}

static void test_overlay(void **state)
{
	(void)state;
	struct overlay o = {0};
	struct canvas *c = canvas_new(40, 10, GLYPHS_UTF8);
	struct buf text = {0};
	overlay_set(&o, "first\n\n  name   a meaning that is too long for one line of these\nlast");
	overlay_draw(&o, c);
	assert_int_equal(o.lines, 5);
	assert_true(shows(c, "\n   name   a meaning that is too long\n          for one line of these\n last\n any key closes"));
	assert_false(overlay_key(&o, "Down")); /* nothing to scroll */
	assert_false(overlay_shown(&o));
	for (int i = 1; i <= 30; i++)
		buf_printf(&text, "row %d\n", i);
	overlay_set(&o, text.s);
	canvas_clear(c);
	overlay_draw(&o, c);
	assert_true(shows(c, "row 7") && !shows(c, "row 8"));
	assert_true(overlay_key(&o, "Space"));
	overlay_draw(&o, c);
	assert_true(shows(c, "row 8") && shows(c, "row 14"));
	assert_true(overlay_key(&o, "G"));
	overlay_draw(&o, c);
	assert_true(shows(c, "row 30"));
	canvas_resize(c, 40, 40);
	overlay_draw(&o, c);
	assert_true(shows(c, "row 1\n") && shows(c, "row 30"));
	for (int w = 0; w < 12; w++) { /* any size */
		canvas_resize(c, w, w);
		overlay_draw(&o, c);
	}
	assert_false(overlay_key(&o, "x"));
	overlay_free(&o);
	buf_free(&text);
	canvas_free(c);
}

/* ---- keys ---- */

static void check_char(wint_t ch, bool alt, const char *name, const char *bytes)
{
	struct key k = {0};
	if (alt)
		key_of_alt(ch, &k);
	else
		key_of_char(ch, &k);
	assert_string_equal(k.name, name);
	assert_int_equal(k.n, strlen(bytes));
	assert_memory_equal(k.bytes, bytes, k.n);
}

static void test_names_of_keys(void **state)
{
	(void)state;
	check_char('s', false, "s", "s");
	check_char('\n', false, "Enter", "\r");
	check_char(' ', false, "Space", " ");
	check_char(4, false, "C-d", "\004");
	check_char(28, false, "C-\\", "\034");
	check_char(27, false, "Esc", "\033");
	check_char(8, false, "Backspace", "\177");
	check_char('b', true, "M-b", "\033b");
	check_char(127, true, "M-Backspace", "\033\177");
	check_char(0x3b1, false, "α", "α");
	check_char(0x3b1, true, "M-α", "\033α");
}

/* The key of a whole report, "" for none. */
static const char *report(enum report_kind kind, const char *text)
{
	static char said[40];
	struct report r;
	struct key k = {0};
	report_begin(&r, kind);
	said[0] = '\0';
	for (; *text; text++) {
		assert_int_not_equal(r.kind, REPORT_NONE); /* all of it belongs to the report */
		if (report_add(&r, (unsigned char)*text, &k))
			snprintf(said, sizeof said, "%s %d %d", k.name, k.x, k.y);
	}
	assert_int_equal(r.kind, REPORT_NONE);
	return said;
}

static void test_reports_of_the_mouse(void **state)
{
	(void)state;
	assert_string_equal(report(REPORT_SGR, "0;1;1M"), "Click 0 0");
	assert_string_equal(report(REPORT_SGR, "0;1;1m"), "");
	assert_string_equal(report(REPORT_SGR, "64;300;20M"), "WheelUp 299 19");
	assert_string_equal(report(REPORT_SGR, "69;3;2M"), "WheelDown 2 1"); /* with Shift */
	assert_string_equal(report(REPORT_SGR, "2;3;2M"), "");
	assert_string_equal(report(REPORT_SGR, "32;3;2M"), "");
	assert_string_equal(report(REPORT_SGR, "0;0;1M"), "");
	assert_string_equal(report(REPORT_SGR, "0;1M"), "");
	assert_string_equal(report(REPORT_SGR, "0;x"), "");
	assert_string_equal(report(REPORT_SGR, "99999999999999999999999x"), "");
	assert_string_equal(report(REPORT_OLD, " !\""), "Click 0 1");
	assert_string_equal(report(REPORT_OLD, "a,-"), "WheelDown 11 12");
	assert_string_equal(report(REPORT_OLD, "#!!"), "");
}

/* ---- the worker ---- */

static struct outcome wait_for(struct worker *w, unsigned long ticket)
{
	struct outcome o = {0};
	struct pollfd p = {worker_fd(w), POLLIN, 0};
	do {
		while (worker_outcome(w, &o))
			if (o.ticket == ticket)
				return o;
		assert_int_equal(poll(&p, 1, 30000), 1);
		worker_drain(w);
	} while (true);
}

static void test_worker_performs_in_order(void **state)
{
	(void)state;
	struct session *s = session_new(&ui_settings);
	struct worker *w = worker_start(s);
	struct job open = {.kind = JOB_OPEN}, step = {.kind = JOB_STEP, .size = EM_PHASE, .count = 1}, bad = {.kind = JOB_SET};
	assert_non_null(w);
	strcpy(open.text, put("d.csv", "text\nboats harbour tide\nsoup onion tide\n"));
	strcpy(bad.name, "nonsense");
	unsigned long first = worker_submit(w, &open);
	worker_submit(w, &step);
	unsigned long third = worker_submit(w, &bad), last = worker_submit(w, &step);
	assert_true(first && third && last);
	assert_int_equal(wait_for(w, third).err.code, EM_USAGE);
	assert_int_equal(wait_for(w, last).err.code, EM_OK);
	assert_false(worker_busy(w));
	const struct picture *pic = session_picture(s);
	assert_int_equal(pic->run->position, 2);
	picture_release(pic);
	assert_true(worker_stop(w));
	session_free(s);
}

static void test_worker_cancels(void **state)
{
	(void)state;
	struct session *s = session_new(&ui_settings);
	struct worker *w = worker_start(s);
	struct job open = {.kind = JOB_OPEN}, run = {.kind = JOB_CONTINUE, .until = {UNTIL_ELBO, 1e9}};
	strcpy(open.text, put("d.csv", "text\nboats harbour tide boats\nsoup onion tide\nsoup boats onion\n"));
	wait_for(w, worker_submit(w, &open));
	unsigned long runs = worker_submit(w, &run), waits = worker_submit(w, &run);
	worker_cancel(w);
	assert_int_equal(wait_for(w, waits).err.code, EM_CANCELLED);
	struct pollfd p = {worker_fd(w), POLLIN, 0};
	while (worker_busy(w)) { /* the one that ran may end after the one that waited */
		assert_int_equal(poll(&p, 1, 30000), 1);
		worker_drain(w);
	}
	for (int i = 0; i < 200; i++) /* the queue has an end */
		if (!worker_submit(w, &run))
			runs = 0;
	assert_int_equal(runs, 0);
	assert_true(worker_stop(w)); /* in the middle of it all */
	session_free(s);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, make_place, drop_place)

int main(void)
{
	static const struct CMUnitTest tests[] = {
	    TEST(test_past_keeps_no_doubles), TEST(test_past_merges),      TEST(test_past_is_bounded),
	    TEST(test_names_of_keys),         TEST(test_reports_of_the_mouse),
	    TEST(test_overlay),               TEST(test_worker_performs_in_order), TEST(test_worker_cancels),
	};
	setlocale(LC_CTYPE, "C.UTF-8");
	return cmocka_run_group_tests(tests, NULL, NULL);
}
