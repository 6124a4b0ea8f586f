/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Typing at the real program: the prompt on the screen, its history and completion, and the prompt without a screen. */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include <cmocka.h>

#include "place.h"
#include "program.h"

/* ---- the prompt ---- */

static void test_escape_closes_the_prompt(void **state)
{
	(void)state;
	int x, y;
	struct pty *p = open_plain();
	pty_send(p, ":view tr");
	pty_wait(p, ":view tr");
	assert_true(pty_cursor(p, &x, &y));
	assert_int_equal(x, 8);
	assert_int_equal(y, 29);
	pty_send(p, "\033");
	pty_wait_gone(p, ":view tr");
	assert_false(pty_cursor(p, &x, &y));
	pty_send(p, ":x\177\177"); /* backspace out of it */
	pty_send(p, "2");
	pty_wait(p, "[2 Trace]");
	check_quit(p);
}

static void test_text_of_many_bytes(void **state)
{
	(void)state;
	int x, y;
	struct pty *p = open_plain();
	pty_send(p, ":αxβ作");
	pty_wait(p, ":αxβ作");
	assert_true(pty_cursor(p, &x, &y));
	assert_int_equal(x, 1 + 3 + 2);
	pty_key(p, "Left");
	pty_key(p, "Left");
	pty_send(p, "é");
	pty_wait(p, ":αxéβ作");
	pty_send(p, "\001\033f\177"); /* Alt-f: a word on */
	pty_wait_gone(p, "作");
	assert_true(pty_shows(p, ":αxéβ"));
	pty_send(p, "\025"); /* up to the cursor is gone */
	pty_wait_gone(p, ":αxé");
	pty_send(p, "\033");
	pty_wait(p, "unit");
	check_quit(p);
}

static void test_long_line_scrolls(void **state)
{
	(void)state;
	int x, y;
	struct pty *p = open_options((struct pty_options){.w = 40, .h = 12});
	pty_wait(p, "next E");
	pty_send(p, ":# ");
	for (int i = 0; i < 10; i++)
		pty_send(p, "0123456789作");
	pty_send(p, "end");
	pty_wait(p, "作end");
	assert_true(pty_cursor(p, &x, &y));
	assert_in_range(x, 30, 39);
	pty_key(p, "Home");
	pty_wait(p, ":# 0123456789作");
	pty_cursor(p, &x, &y);
	assert_int_equal(x, 1);
	pty_send(p, "\033");
	pty_wait_gone(p, ":#");
	check_quit(p);
}

static void test_completion(void **state)
{
	(void)state;
	struct pty *p = open_plain();
	pty_send(p, ":scr\t");
	pty_wait(p, ":screenshot");
	pty_send(p, "\025vie\ttop\t\r");
	pty_wait(p, "[4 Topics]");
	pty_send(p, ":f\t");
	pty_wait(p, "find-previous");
	assert_true(pty_shows(p, "an iteration: E and M")); /* what it does is told with it */
	pty_send(p, "i"); /* the list follows */
	pty_wait_gone(p, "find-previous");
	pty_send(p, "\t 2\r");
	pty_wait(p, "iteration 2: M done");
	pty_send(p, ":set gly\tas\t\r");
	pty_wait_gone(p, "α");
	check_quit(p);
}

static void test_reverse_search(void **state)
{
	(void)state;
	struct pty *p = open_plain();
	pty_send(p, ":view topics\r");
	pty_wait(p, "[4 Topics]");
	pty_send(p, ":# β作 noted\r");
	pty_wait_gone(p, ":#");
	pty_send(p, ":view terms\r");
	pty_wait(p, "[3 Terms]");
	pty_send(p, ":\022topi");
	pty_wait(p, "`topi': view topics");
	pty_send(p, "\r");
	pty_wait(p, "[4 Topics]");
	pty_send(p, ":\022β");
	pty_wait(p, "`β': # β作 noted");
	pty_send(p, "\033"); /* ends the search, not the line */
	pty_wait(p, ":# β作 noted");
	pty_send(p, "\033");
	pty_wait_gone(p, ":#");
	pty_send(p, ":\022zzz");
	pty_wait(p, "zzz");
	pty_send(p, "\003");
	pty_wait_gone(p, "zzz");
	pty_send(p, "1");
	pty_wait(p, "[1 Bound]");
	check_quit(p);
}

static void test_history(void **state)
{
	(void)state;
	char text[256] = "";
	struct stat st;
	struct pty *p = open_plain();
	pty_send(p, ":view terms\r:view topics\r:view terms\r/harbour\r");
	pty_wait(p, "[3 Terms]");
	pty_send(p, "q");
	check_end(p, 0);
	const char *path = in_place(".local/state/elbow/history");
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	FILE *f = fopen(path, "r");
	size_t n = fread(text, 1, sizeof text - 1, f);
	fclose(f);
	text[n] = '\0';
	assert_string_equal(text, "view topics\nview terms\n"); /* no doubles; searches are kept apart */
	p = open_plain();
	pty_send(p, ":");
	pty_key(p, "Up");
	pty_wait(p, ":view terms");
	pty_key(p, "Up");
	pty_wait(p, ":view topics");
	pty_send(p, "\033");
	pty_wait_gone(p, ":view");
	pty_send(p, "/");
	pty_key(p, "Up");
	pty_wait(p, "/harbour");
	pty_send(p, "\033");
	pty_wait_gone(p, "/harbour");
	check_quit(p);
}

/* Where nothing can be written the program works all the same, and says so once. */
static void test_history_nowhere(void **state)
{
	(void)state;
	FILE *f = fopen(in_place(".local"), "w"); /* a file in the way of the folder */
	assert_non_null(f);
	fclose(f);
	struct pty *p = open_plain();
	pty_send(p, ":view terms\r/harbour\r");
	pty_wait(p, "[3 Terms]");
	pty_send(p, "q");
	pty_wait_live(p, "Not a directory; what was typed");
	check_status(p, 0);
	pty_free(p);
}

static void write_config(const char *text)
{
	assert_int_equal(mkdir(in_place(".config"), 0700), 0);
	assert_int_equal(mkdir(in_place(".config/elbow"), 0700), 0);
	FILE *f = fopen(in_place(".config/elbow/init"), "w");
	assert_non_null(f);
	fputs(text, f);
	fclose(f);
}

/* The user's file comes before the command line's; what is wrong in it is told and stops nothing. */
static void test_config(void **state)
{
	(void)state;
	write_config("# mine\nbind F5 finish 2\nnonsense\nbind x \"finish; view trace\"\nfinish\n");
	struct pty *p = open_args(ARGS("-e", "next"));
	pty_wait(p, "init:3: no command \"nonsense\"");
	assert_true(pty_shows(p, "iteration 2: E done, next M")); /* after the file's finish */
	pty_send(p, " ");
	pty_send(p, "\033[15~");
	pty_wait(p, "iteration 3: M done");
	pty_send(p, "x");
	pty_wait(p, "[2 Trace]");
	assert_true(pty_shows(p, "iteration 4: M done"));
	pty_send(p, ":unbind F5; bind F5\r");
	pty_wait(p, "F5 is not bound"); /* a key typed before that is still the old one */
	pty_send(p, "\033[15~");
	pty_wait(p, "F5 does nothing here");
	check_quit(p);
	p = open_args(ARGS("-s", "config=off"));
	pty_wait(p, "start, next E");
	pty_send(p, "\033[15~");
	pty_wait(p, "F5 does nothing here");
	check_quit(p);
}

static void test_search(void **state)
{
	(void)state;
	struct pty *p = open_plain();
	pty_send(p, "5");
	pty_wait(p, "[5 Documents]");
	pty_send(p, "/pancake \r");
	pty_wait(p, "▸   2");
	pty_send(p, "/a\"b\\;c\r"); /* not a command line, whatever is in it */
	pty_wait(p, "a\"b\\;c");
	assert_true(pty_shows(p, "[5 Documents]"));
	check_quit(p);
}

static void test_paste(void **state)
{
	(void)state;
	struct pty *p = open_plain();
	pty_paste(p, "Qq:quit\r");
	pty_wait(p, "pasted text was dropped");
	pty_send(p, ":");
	pty_wait_gone(p, "pasted text");
	pty_paste(p, "view topics\r\nquit\r\033[Aβ\001");
	pty_wait(p, ":view topics quit [Aβ");
	pty_send(p, "\025view terms\r");
	pty_wait(p, "[3 Terms]");
	check_quit(p);
}

/* ---- the bare prompt ---- */

/* Where no screen can be, the same commands are read by readline. */
static void test_terminals_without_a_screen(void **state)
{
	(void)state;
	static const char *const kinds[] = {"dumb", "", "no-such-terminal"};
	for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
		struct pty *p = open_options((struct pty_options){.term = kinds[i], .no_fence = true});
		pty_wait_live(p, "elbow>");
		assert_false(pty_alternate(p));
		pty_send(p, "finish\r");
		pty_wait_live(p, "ELBO");
		pty_send(p, "quit\r");
		check_status(p, 0);
		assert_false(pty_said(p, "\033[?1049h"));
		pty_free(p);
	}
}

static struct pty *open_bare(const char *const *args, const char *input)
{
	return open_options((struct pty_options){.args = args, .input = input, .no_fence = true});
}

static void test_bare_prompt(void **state)
{
	(void)state;
	struct pty *p = open_bare(ARGS("--prompt"), NULL);
	pty_wait_live(p, "elbow>");
	pty_send(p, "expo\ttra\t");
	pty_wait_live(p, "elbow> export trace");
	pty_send(p, "\003"); /* gives up the line */
	pty_wait_live(p, "^C");
	pty_send(p, "nonsense\r");
	pty_wait_live(p, "no command \"nonsense\"");
	pty_send(p, "view topics\r");
	pty_wait_live(p, "topic");
	pty_send(p, "\032");
	pty_stopped(p);
	assert_true(pty_mode_restored(p));
	pty_continue(p);
	pty_send(p, "finish 2\r");
	pty_wait_live(p, "ELBO");
	pty_wait_mode(p, false);
	pty_send(p, "\004");
	check_status(p, 2); /* a command failed */
	pty_free(p);
}

static void test_bare_prompt_interrupted(void **state)
{
	(void)state;
	struct pty *p = open_bare(ARGS("--prompt", LONG, long_corpus()), NULL);
	pty_wait_live(p, "elbow>");
	pty_send(p, "next\r");
	pty_wait_mode(p, true); /* the job runs */
	pty_send(p, "\003");
	pty_wait_live(p, "stopped");
	pty_send(p, "show step\r");
	pty_wait_live(p, "start");
	pty_signal(p, SIGTERM);
	check_status(p, 128 + SIGTERM);
	pty_free(p);
}

static void test_lines_from_a_file(void **state)
{
	(void)state;
	struct pty *p = open_bare(ARGS("--prompt"), put("good", "finish 2\n# a remark\n\nshow verdict"));
	check_status(p, 0);
	assert_true(pty_said(p, "ELBO"));
	pty_free(p);
	p = open_bare(ARGS("--prompt"), put("bad", "nonsense\nfinish 1\n"));
	check_status(p, 2);
	assert_true(pty_said(p, "nonsense"));
	assert_true(pty_said(p, "ELBO"));
	pty_free(p);
}

int main(int argc, char *argv[])
{
	static const struct CMUnitTest tests[] = {
	    TEST(test_escape_closes_the_prompt),
	    TEST(test_text_of_many_bytes),
	    TEST(test_long_line_scrolls),
	    TEST(test_completion),
	    TEST(test_reverse_search),
	    TEST(test_history),
	    TEST(test_history_nowhere),
	    TEST(test_config),
	    TEST(test_search),
	    TEST(test_paste),
	    TEST(test_terminals_without_a_screen),
	    TEST(test_bare_prompt),
	    TEST(test_bare_prompt_interrupted),
	    TEST(test_lines_from_a_file),
	};
	program_arguments(argc, argv);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
