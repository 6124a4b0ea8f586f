/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The real program on a terminal: what it shows, what it answers, and how it leaves the terminal behind. */
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "place.h"
#include "program.h"

/* ---- start and end ---- */

static void test_start_and_quit(void **state)
{
	(void)state;
	int x, y;
	struct pty *p = open_plain();
	assert_true(pty_shows(p, "gazette"));
	assert_true(pty_alternate(p));
	assert_true(pty_mouse(p));
	assert_true(pty_paste_mode(p));
	assert_false(pty_cursor(p, &x, &y));
	pty_send(p, "q");
	check_end(p, 0);
}

static void test_first_frame_before_the_data(void **state)
{
	(void)state;
	const char *fifo = in_place("fifo");
	assert_int_equal(mkfifo(fifo, 0600), 0);
	int fd = open(fifo, O_RDWR | O_CLOEXEC);
	assert_true(fd >= 0);
	struct pty *p = open_options((struct pty_options){.args = ARGS("-k", "2", "-"), .input = fifo});
	pty_wait_live(p, "a debugger for expectation-maximization");
	pty_send(p, ":he"); /* the prompt works meanwhile */
	pty_wait_live(p, ":he");
	pty_send(p, "\033");
	static const char text[] = "harbour boats in the harbour\nonion soup with onion\nboats and soup in the harbour\n";
	assert_int_equal(write(fd, text, sizeof text - 1), sizeof text - 1);
	close(fd);
	pty_wait(p, "next E");
	pty_send(p, "n");
	pty_wait(p, "E done");
	check_quit(p);
}

static void test_quit_while_input_never_ends(void **state)
{
	(void)state;
	const char *fifo = in_place("fifo");
	assert_int_equal(mkfifo(fifo, 0600), 0);
	int fd = open(fifo, O_RDWR | O_CLOEXEC);
	struct pty *p = open_options((struct pty_options){.args = ARGS("-"), .input = fifo});
	pty_wait_live(p, "a debugger for expectation-maximization");
	pty_send(p, "QQ");
	check_end(p, 0);
	close(fd);
}

static void test_data_that_cannot_be_opened(void **state)
{
	(void)state;
	struct pty *p = open_args(ARGS("/nowhere/at-all.csv"));
	check_status(p, 2);
	assert_true(pty_shows(p, "elbow: /nowhere/at-all.csv"));
	check_left_clean(p);
	pty_free(p);
}

static void test_commands_of_the_start(void **state)
{
	(void)state;
	struct pty *p = open_args(ARGS("-e", "finish 2; next", "-e", "view topics", "-e", "nonsense", "-e", "view trace"));
	pty_wait(p, "nonsense");
	assert_true(pty_shows(p, "iteration 3: E done"));
	assert_true(pty_shows(p, "[4 Topics]"));
	check_quit(p);
}

/* ---- keys ---- */

static void test_keys_move_the_ledger(void **state)
{
	(void)state;
	struct pty *p = open_plain();
	pty_send(p, "n");
	pty_wait(p, "iteration 1: E done, next M");
	pty_send(p, "n");
	pty_wait(p, "iteration 1: M done, next E");
	pty_send(p, "f");
	pty_wait(p, "iteration 2: M done, next E");
	pty_send(p, "b");
	pty_wait(p, "step 3 of 4: E 2 done, next M");
	pty_send(p, "bbb");
	pty_wait(p, "step 0 of 4");
	pty_send(p, "s");
	pty_wait(p, "iteration 1: inside E");
	check_quit(p);
}

static void test_a_break_stops(void **state)
{
	(void)state;
	struct pty *p = open_plain();
	pty_send(p, ":break iteration = 2\r");
	pty_wait(p, "break 1: iteration = 2");
	pty_send(p, "c");
	pty_wait(p, "break 1: iteration = 2 holds");
	assert_true(pty_shows(p, "iteration 2: E done, next M"));
	pty_send(p, ":bind F6 continue; delete 1; bind F6\r"); /* a key of one's own goes on; what follows are commands of their own */
	pty_wait(p, "F6       continue");
	pty_send(p, " ");
	pty_wait_gone(p, "any key closes");
	pty_send(p, "\033[17~");
	pty_wait(p, "converged");
	check_quit(p);
}

/* Killed in the middle, and there again. */
static void test_a_session_survives(void **state)
{
	(void)state;
	char path[200];
	snprintf(path, sizeof path, "%s", in_place("kept.elbow"));
	struct pty *p = open_args(ARGS("--session", path));
	pty_wait(p, "every step goes into");
	pty_send(p, "nnn");
	pty_wait(p, "iteration 2: E done, next M");
	pty_send(p, ":label here\r");
	pty_wait_gone(p, ":label");
	pty_signal(p, SIGKILL);
	assert_int_equal(pty_exit(p), 128 + SIGKILL);
	pty_free(p);
	p = open_args(ARGS(path));
	pty_wait(p, "session: gazette with 3 steps; stands at E 2 (step 3)");
	assert_true(pty_shows(p, "iteration 2: E done, next M"));
	pty_send(p, "bb");
	pty_wait(p, "step 1 of 3: E 1 done, next M");
	pty_send(p, ":goto here\r");
	pty_wait(p, "iteration 2: E done, next M");
	pty_send(p, ":save ");
	pty_send(p, path);
	pty_send(p, "\r");
	pty_wait(p, "exists; add !");
	pty_send(p, ":why\r");
	pty_wait(p, "no steady rate yet");
	pty_send(p, " ");
	pty_wait_gone(p, "any key closes");
	check_quit(p);
}

static void test_views_and_help(void **state)
{
	(void)state;
	struct pty *p = open_plain();
	pty_send(p, "4");
	pty_wait(p, "[4 Topics]");
	pty_send(p, "\t");
	pty_wait(p, "[5 Documents]");
	pty_send(p, "\033[Z");
	pty_wait(p, "[4 Topics]");
	pty_send(p, "?");
	pty_wait(p, "[? help]");
	pty_send(p, "q");
	pty_wait(p, "[4 Topics]");
	pty_key(p, "F1");
	pty_wait(p, "[? help]");
	pty_send(p, "\033");
	pty_wait(p, "[4 Topics]");
	pty_send(p, "\033"); /* at the top Esc does not quit */
	pty_wait(p, "q quits");
	pty_send(p, "!");
	pty_wait(p, "! does nothing here");
	check_quit(p);
}

static void test_redraw(void **state)
{
	(void)state;
	struct pty *p = open_plain();
	pty_send(p, "5");
	pty_wait(p, "[5 Documents]");
	pty_spoil(p);
	assert_false(pty_shows(p, "Documents"));
	pty_send(p, "\014");
	pty_wait(p, "[5 Documents]");
	assert_true(pty_shows(p, "gazette"));
	check_quit(p);
}

static void test_long_text_lies_over_the_screen(void **state)
{
	(void)state;
	struct pty *p = open_plain();
	pty_send(p, ":show settings\r");
	pty_wait(p, "any other key closes");
	assert_true(pty_shows(p, "components"));
	pty_send(p, "G");
	pty_wait(p, "glyphs");
	pty_send(p, "x");
	pty_wait_gone(p, "any other key closes");
	assert_true(pty_shows(p, "next E"));
	check_quit(p);
}

/* A line with several commands means the same as in batch mode: each waits for the one before. */
static void test_commands_wait_for_each_other(void **state)
{
	(void)state;
	char line[700], text[4096];
	const char *path = in_place("trace.csv");
	struct pty *p = open_plain();
	snprintf(line, sizeof line, ":finish 3; export trace %s; view terms\r", path);
	pty_send(p, line);
	pty_wait(p, "[3 Terms]");
	FILE *f = fopen(path, "r");
	assert_non_null(f);
	int rows = 0;
	while (fgets(text, sizeof text, f))
		rows++;
	fclose(f);
	assert_int_equal(rows, 1 + 7); /* the names, the start, three iterations of two */
	snprintf(line, sizeof line, ":export trace %s; view trace\r", path);
	pty_send(p, line); /* fails: it exists; the rest is not run */
	pty_wait(p, "exists");
	assert_true(pty_shows(p, "[3 Terms]"));
	check_quit(p);
}

/* ---- size ---- */

static bool shows_its_size(struct pty *p, const void *arg)
{
	int w, h;
	char size[32];
	(void)arg;
	pty_size(p, &w, &h);
	if (w >= 40 && h >= 10)
		return strstr(pty_row(p, 0), " elbow") == pty_row(p, 0) &&
		       (strstr(pty_row(p, h - 1), "unit") || strstr(pty_row(p, h - 1), " of 8"));
	snprintf(size, sizeof size, "%dx%d: too small", w, h);
	if (h > 3)
		size[w < (int)strlen(size) ? w / 2 : (int)strlen(size)] = '\0'; /* cut, perhaps with dots */
	return h <= 3 ? pty_row(p, 0)[0] != '\0' : pty_shows(p, size);
}

static void test_sizes(void **state)
{
	(void)state;
	static const int sizes[][2] = {{80, 24},  {40, 10}, {39, 10}, {40, 9}, {20, 5},  {8, 2},   {3, 3},
	                               {160, 50}, {1, 1},   {2, 1},   {1, 8},  {300, 100}, {60, 16}, {100, 30}};
	struct pty *p = open_plain();
	for (int v = '1'; v <= '6'; v++) {
		char key[2] = {(char)v, 0};
		pty_send(p, key);
		for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
			pty_resize(p, sizes[i][0], sizes[i][1]);
			pty_wait_for(p, shows_its_size, NULL, false, "a frame of the new size");
		}
	}
	check_quit(p);
}

static void test_resize_storm(void **state)
{
	(void)state;
	struct pty *p = open_plain();
	unsigned random = 7;
	for (int i = 0; i < 300; i++) {
		random = random * 1103515245 + 12345;
		pty_resize(p, (int)(random >> 16) % 300 + 1, (int)(random >> 8 & 0xffff) % 100 + 1);
		if (i % 10 == 0)
			pty_send(p, i % 20 ? "n" : "\t");
	}
	pty_resize(p, 100, 30);
	pty_wait_for(p, shows_its_size, NULL, false, "a frame of the last size");
	check_quit(p);
}

/* ---- signals ---- */

static void test_suspend(void **state)
{
	(void)state;
	struct pty *p = open_plain();
	for (int i = 0; i < 5; i++) {
		pty_send(p, "\032");
		pty_stopped(p);
		check_left_clean(p);
		pty_resize(p, 90 + i, 25); /* it looks again at its size when it comes back */
		pty_continue(p);
		pty_wait_for(p, shows_its_size, NULL, false, "the screen again");
		assert_true(pty_alternate(p));
		assert_true(pty_mouse(p));
		assert_true(pty_paste_mode(p));
		pty_send(p, "n");
		pty_wait(p, i % 2 ? "M done" : "E done");
	}
	check_quit(p);
}

static void test_suspend_while_a_job_runs(void **state)
{
	(void)state;
	struct pty *p = open_busy();
	for (int i = 0; i < 10; i++) {
		pty_send(p, "\032");
		pty_stopped(p);
		check_left_clean(p);
		pty_continue(p);
		pty_wait_live(p, "Ctrl-C stops");
	}
	pty_send(p, "\003");
	pty_wait(p, "stopped");
	check_quit(p);
}

/* Stopped and continued without being asked. */
static void test_stopped_from_outside(void **state)
{
	(void)state;
	struct pty *p = open_plain();
	pty_signal(p, SIGSTOP);
	pty_stopped(p);
	pty_spoil(p);
	pty_continue(p);
	pty_wait(p, "gazette");
	check_quit(p);
}

static void test_interrupt_stops_the_job(void **state)
{
	(void)state;
	struct pty *p = open_busy();
	pty_send(p, "\003");
	pty_wait(p, "stopped");
	assert_true(pty_shows(p, "start, next E")); /* nothing changed */
	pty_send(p, "4");
	pty_wait(p, "[4 Topics]");
	pty_send(p, "s");
	pty_wait(p, "inside E");
	check_quit(p);
}

static void test_interrupt_at_rest(void **state)
{
	(void)state;
	struct pty *p = open_plain();
	pty_send(p, "\003");
	pty_wait(p, "press Q to quit");
	pty_send(p, "2");
	pty_wait(p, "[2 Trace]");
	assert_false(pty_shows(p, "press Q"));
	pty_send(p, ":fini");
	pty_wait(p, ":fini");
	pty_send(p, "\003"); /* gives up the line that is being typed */
	pty_wait_gone(p, ":fini");
	pty_send(p, "\003");
	pty_wait(p, "press Q to quit");
	check_quit(p);
}

static void test_quit_asks_while_a_job_runs(void **state)
{
	(void)state;
	struct pty *p = open_busy();
	pty_send(p, "q");
	pty_wait_live(p, "Q quits and gives it up");
	pty_send(p, "2");
	pty_wait_live(p, "[2 Trace]");
	pty_wait_live(p, "Ctrl-C stops");
	pty_send(p, "Q");
	pty_wait_live(p, "Q quits and gives it up");
	check_quit(p);
}

static void test_keys_are_answered_while_a_job_runs(void **state)
{
	(void)state;
	struct pty *p = open_busy();
	pty_send(p, "5");
	pty_wait_live(p, "[5 Documents]");
	pty_key(p, "Down");
	pty_wait_live(p, "▸    2");
	pty_send(p, "nn"); /* these wait their turn */
	pty_send(p, ":view tr\t");
	pty_wait_live(p, ":view trace");
	pty_send(p, "\r");
	pty_wait_live(p, "[2 Trace]");
	pty_resize(p, 80, 24);
	pty_wait_for(p, shows_its_size, NULL, true, "a frame of the new size");
	pty_send(p, "\003"); /* and go with it */
	pty_wait(p, "stopped");
	assert_true(pty_shows(p, "start, next E"));
	check_quit(p);
}

/* Estimates of log p that would take for ever make way for a step, and end when told to. */
static void test_a_step_comes_before_estimates(void **state)
{
	(void)state;
	struct pty *p = open_args(ARGS("-s", "evidence_budget=0", "-s", "refine=off"));
	pty_wait(p, "next E");
	pty_send(p, ":evidence draws 10000000\r");
	pty_wait_live(p, "estimates");
	pty_send(p, "n");
	pty_wait(p, "E done, next M");
	pty_send(p, ":evidence draws 10000000\r");
	pty_wait_live(p, "estimates");
	pty_send(p, "\003");
	pty_wait(p, "what was found is kept");
	assert_true(pty_shows(p, "E done, next M"));
	check_quit(p);
}

static void test_terminate(void **state)
{
	(void)state;
	struct pty *p = open_plain();
	pty_signal(p, SIGTERM);
	check_end(p, 128 + SIGTERM);
	p = open_busy();
	pty_signal(p, SIGTERM);
	check_end(p, 128 + SIGTERM);
}

static void test_hang_up(void **state)
{
	(void)state;
	struct pty *p = open_plain();
	pty_hang_up(p);
	assert_int_equal(pty_exit(p), 128 + SIGHUP);
	pty_free(p);
	p = open_plain();
	pty_signal(p, SIGHUP);
	check_end(p, 128 + SIGHUP);
}

static void test_crash_restores_the_terminal(void **state)
{
	(void)state;
	static const int signals[] = {SIGSEGV, SIGABRT, SIGBUS, SIGFPE, SIGILL, SIGQUIT};
	const char *env[] = {"ASAN_OPTIONS=handle_segv=0:handle_abort=0:handle_sigbus=0:handle_sigfpe=0:handle_sigill=0", NULL};
	for (size_t i = 0; i < sizeof signals / sizeof signals[0]; i++) {
		struct pty *p = open_options((struct pty_options){.env = env});
		pty_wait(p, "next E");
		pty_send(p, ":fin");
		pty_wait(p, ":fin");
		pty_signal(p, signals[i]);
		check_end(p, 128 + signals[i]);
	}
}

/* ---- the mouse ---- */

static void test_mouse(void **state)
{
	(void)state;
	struct pty *p = open_plain();
	const char *row = pty_row(p, 1);
	pty_click(p, (int)(strstr(row, "Documents") - row), 1);
	pty_wait(p, "[5 Documents]");
	pty_wait(p, "▸   1");
	pty_wheel(p, 5);
	pty_wait(p, "▸   4");
	pty_wheel(p, 4);
	pty_wait(p, "▸   1");
	pty_click(p, 20, 9);
	pty_wait(p, "▸   6");
	pty_send(p, "\033[<0;21;9M\033[<0;21;9m"); /* press and release at once are a click too */
	pty_wait(p, "▸   5");
	pty_send(p, "\033[<65;9;9M\033[<65;9;9M\033[<65;9;9Mj"); /* nor is anything lost of a fast wheel */
	pty_wait(p, "▸  15");
	pty_send(p, "\033[M 5*\033[<3;1"); /* the old way; a new one that comes in parts */
	pty_wait(p, "▸   6");
	pty_send(p, "1;9M\033[<0;21;1");
	pty_send(p, "1M");
	pty_wait(p, "▸   7");
	pty_send(p, ":set mouse off\r");
	pty_wait_gone(p, ":set");
	pty_send(p, "1");
	pty_wait(p, "[1 Bound]");
	assert_false(pty_mouse(p));
	check_quit(p);
}

/* ---- terminals ---- */

static bool row_is_ascii(struct pty *p, const void *arg)
{
	int w, h;
	(void)arg;
	pty_size(p, &w, &h);
	for (int y = 0; y < h; y++)
		for (const char *s = pty_row(p, y); *s; s++)
			if ((unsigned char)*s > 126)
				return false;
	return pty_shows(p, "elbow");
}

static void test_kinds_of_terminal(void **state)
{
	(void)state;
	static const struct {
		const char *name;
		bool color, ascii;
	} kinds[] = {{"xterm-256color", true, false}, {"xterm", true, false},   {"linux", true, true},
	             {"vt100", false, false},         {"screen", true, false}, {"tmux-256color", true, false}};
	for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
		struct pty *p = open_options((struct pty_options){.term = kinds[i].name});
		pty_wait(p, "next E");
		assert_int_equal(pty_colored(p), kinds[i].color);
		assert_true(pty_marked(p));
		pty_send(p, "5");
		pty_wait(p, "[5 Documents]");
		pty_send(p, "\033[B:view topics\r"); /* a key, then a line */
		pty_wait(p, "[4 Topics]");
		assert_int_equal(row_is_ascii(p, NULL), kinds[i].ascii);
		pty_send(p, "q");
		check_status(p, 0);
		pty_free(p);
	}
}

static void test_locale_without_letters(void **state)
{
	(void)state;
	struct pty *p = open_options((struct pty_options){.locale = "C"});
	pty_wait(p, "next E");
	for (int v = '1'; v <= '6'; v++) {
		char key[2] = {(char)v, 0}, tab[4];
		snprintf(tab, sizeof tab, "[%c", v);
		pty_send(p, key);
		pty_wait(p, tab);
		assert_true(row_is_ascii(p, NULL));
	}
	pty_send(p, ":# \xce\xb1");
	pty_wait(p, ":# alpha");
	pty_send(p, "\033");
	pty_wait_gone(p, ":#");
	assert_true(row_is_ascii(p, NULL));
	check_quit(p);
}

static void test_no_color(void **state)
{
	(void)state;
	const char *env[] = {"NO_COLOR=1", NULL}, *empty[] = {"NO_COLOR=", NULL};
	struct pty *p = open_options((struct pty_options){.env = env});
	pty_wait(p, "next E");
	assert_false(pty_colored(p));
	assert_true(pty_marked(p));
	pty_send(p, ":set color always\r");
	pty_wait_gone(p, ":set");
	pty_send(p, "3");
	pty_wait(p, "[3 Terms]");
	assert_true(pty_colored(p));
	check_quit(p);
	p = open_options((struct pty_options){.env = empty});
	pty_wait(p, "next E");
	assert_true(pty_colored(p));
	check_quit(p);
}

static void test_standard_input_as_data(void **state)
{
	(void)state;
	const char *path = put("lines.txt", "harbour boats in the harbour\nonion soup with onion\nboats soup harbour\n");
	struct pty *p = open_options((struct pty_options){.args = ARGS("-k", "2", "-"), .input = path});
	pty_wait(p, "3 documents");
	pty_send(p, "f");
	pty_wait(p, "iteration 1: M done");
	pty_send(p, "q");
	check_end(p, 0);
}

/* Names from data: wide, combined, broken, hostile. */
static void test_text_from_data(void **state)
{
	(void)state;
	const char *path = put("names.csv", "title,text\n"
	                                    "\"作業日誌 e\xcc\x81\",harbour boats tide\n"
	                                    "\"a\033]0;stolen\007\033[2Jb\",onion soup boats\n"
	                                    "\"broken \xff\xfe name\",tide soup harbour\n");
	struct pty *p = open_args(ARGS("-k", "2", "-e", "view documents", path));
	pty_wait(p, "[5 Documents]");
	pty_wait(p, "作業日誌 e\xcc\x81 ");
	assert_true(pty_shows(p, "broken"));
	assert_false(pty_said(p, "\033]0;"));
	assert_false(pty_said(p, "\xff"));
	int at = 0;
	while (!strstr(pty_row(p, at), "作業"))
		at++;
	char wide[512];
	snprintf(wide, sizeof wide, "%s", pty_row(p, at));
	pty_key(p, "Down");
	pty_wait(p, "▸ 2");
	pty_send(p, "\014"); /* the same when drawn anew as when changed bit by bit */
	pty_key(p, "Up");
	pty_wait(p, "▸ 1");
	assert_string_equal(pty_row(p, at), wide);
	check_quit(p);
}

int main(int argc, char *argv[])
{
	static const struct CMUnitTest tests[] = {
	    TEST(test_start_and_quit),
	    TEST(test_first_frame_before_the_data),
	    TEST(test_quit_while_input_never_ends),
	    TEST(test_data_that_cannot_be_opened),
	    TEST(test_commands_of_the_start),
	    TEST(test_keys_move_the_ledger),
	    TEST(test_a_break_stops),
	    TEST(test_a_session_survives),
	    TEST(test_views_and_help),
	    TEST(test_redraw),
	    TEST(test_long_text_lies_over_the_screen),
	    TEST(test_commands_wait_for_each_other),
	    TEST(test_sizes),
	    TEST(test_resize_storm),
	    TEST(test_suspend),
	    TEST(test_suspend_while_a_job_runs),
	    TEST(test_stopped_from_outside),
	    TEST(test_interrupt_stops_the_job),
	    TEST(test_interrupt_at_rest),
	    TEST(test_quit_asks_while_a_job_runs),
	    TEST(test_keys_are_answered_while_a_job_runs),
	    TEST(test_a_step_comes_before_estimates),
	    TEST(test_terminate),
	    TEST(test_hang_up),
	    TEST(test_crash_restores_the_terminal),
	    TEST(test_mouse),
	    TEST(test_kinds_of_terminal),
	    TEST(test_locale_without_letters),
	    TEST(test_no_color),
	    TEST(test_standard_input_as_data),
	    TEST(test_text_from_data),
	};
	program_arguments(argc, argv);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
