/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "program.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/buf.h"
#include "place.h"

struct pty *open_options(struct pty_options o)
{
	o.home = in_place("");
	return pty_start(&o);
}

struct pty *open_args(const char *const *args)
{
	return open_options((struct pty_options){.args = args});
}

struct pty *open_plain(void)
{
	struct pty *p = open_args(NULL);
	pty_wait(p, "next E");
	return p;
}

const char *long_corpus(void)
{
	struct buf b = {0};
	for (unsigned d = 0; d < 8000; d++) {
		buf_puts(&b, "60");
		for (unsigned i = 0; i < 60; i++)
			buf_printf(&b, " %u:1", 33 * i + (d * 37 + i * (d % 31 + 1) * 29) % 33);
		buf_putc(&b, '\n');
	}
	const char *path = put_bytes("long.ldac", b.s, b.len);
	buf_free(&b);
	return path;
}

struct pty *open_busy(void)
{
	struct pty *p = open_args(ARGS(LONG, long_corpus()));
	pty_wait(p, "next E");
	pty_send(p, "n");
	pty_wait_live(p, "Ctrl-C stops");
	return p;
}

void check_left_clean(struct pty *p)
{
	int x, y;
	if (pty_alternate(p) || pty_mouse(p) || pty_paste_mode(p) || !pty_cursor(p, &x, &y) || !pty_mode_restored(p)) {
		pty_dump(p);
		fail_msg("the terminal is not as it was: alternate %d, mouse %d, paste %d, cursor %d, mode %d", pty_alternate(p),
		         pty_mouse(p), pty_paste_mode(p), pty_cursor(p, &x, &y), pty_mode_restored(p));
	}
}

void check_status(struct pty *p, int status)
{
	int got = pty_exit(p);
	if (got != status)
		pty_dump(p);
	assert_int_equal(got, status);
	assert_true(pty_mode_restored(p));
}

void check_end(struct pty *p, int status)
{
	check_status(p, status);
	check_left_clean(p);
	pty_free(p);
}

void check_quit(struct pty *p)
{
	pty_send(p, "Q");
	check_end(p, 0);
}

void program_arguments(int argc, char *argv[])
{
	if (argc > 1)
		setenv("ELBOW", argv[1], 1);
	if (argc > 2)
		cmocka_set_test_filter(argv[2]);
	signal(SIGPIPE, SIG_IGN);
}
