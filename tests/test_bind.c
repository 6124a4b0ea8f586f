/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Keys of the user's own: their names, which can be had, and what the command says of them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/buf.h"
#include "command/binds.h"
#include "command/command.h"
#include "view/ui.h"

struct rig {
	struct session *session;
	struct cmd_front front;
	struct buf said;
	struct em_err err;
};

static enum em_status perform(void *self, const struct job *job, struct em_err *err)
{
	return session_perform(((struct rig *)self)->session, job, NULL, err);
}

static void note(void *self, const char *text)
{
	buf_printf(&((struct rig *)self)->said, "%s\n", text);
}

static void begin(struct rig *r)
{
	*r = (struct rig){.session = session_new(&ui_settings)};
	assert_non_null(r->session);
	r->front = (struct cmd_front){.self = r, .session = r->session, .submit = perform, .print = note};
}

static void end(struct rig *r)
{
	buf_free(&r->said);
	session_free(r->session);
}

static enum em_status line(struct rig *r, const char *text)
{
	buf_free(&r->said);
	return cmd_execute(&r->front, text, &r->err);
}

static void says(struct rig *r, const char *text, const char *answer)
{
	if (line(r, text))
		fail_msg("%s: %s", text, r->err.msg);
	assert_string_equal(r->said.s ? r->said.s : "", answer);
}

static void refuses(struct rig *r, const char *text, const char *part)
{
	assert_int_equal(line(r, text), EM_USAGE);
	if (!strstr(r->err.msg, part))
		fail_msg("%s: %s", text, r->err.msg);
}

static void test_names(void **state)
{
	(void)state;
	static const char *const good[][2] = {
		{"x", "x"}, {"X", "X"}, {"F5", "F5"}, {"f12", "F12"}, {"Ctrl-A", "C-a"}, {"C-a", "C-a"}, {"^A", "C-a"}, {"ctrl-m", "Enter"},
		{"C-i", "Tab"}, {"Alt-x", "M-x"}, {"M-X", "M-X"}, {"space", "Space"}, {"Shift-Tab", "S-Tab"}, {"pgdn", "PgDn"}, {"é", "é"},
		{"^", "^"}, {"-", "-"}, {"F", "F"}, {"C-Space", "C-Space"}, {"Del", "Del"}};
	static const char *const bad[] = {"", "F0", "F25", "F5x", "xy", "Ctrl-", "C-é", "\033", "\001", "\377", "éé", "Click", "C-1"};
	static const char *const kept[] = {"q", "Q", ":", "?", "0", "7", "F1", "Esc", "^[", "Ctrl-C", "C-z", "^L"};
	char key[16];
	struct em_err err;
	for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
		if (bind_key(good[i][0], key, &err))
			fail_msg("%s: %s", good[i][0], err.msg);
		assert_string_equal(key, good[i][1]);
	}
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		assert_int_equal(bind_key(bad[i], key, &err), EM_USAGE);
		assert_non_null(strstr(err.msg, "is no key"));
	}
	for (size_t i = 0; i < sizeof kept / sizeof kept[0]; i++) {
		assert_int_equal(bind_key(kept[i], key, &err), EM_USAGE);
		assert_non_null(strstr(err.msg, "stays what it is"));
	}
}

static void test_command(void **state)
{
	(void)state;
	struct rig r;
	begin(&r);
	says(&r, "bind", "no keys of yours: bind F5 finish 5 makes one\n");
	says(&r, "bind f5 finish 5", "");
	says(&r, "bind x \"finish 2; show step\"", "");
	says(&r, "bind ';' print \"topics[1]\"   ", "");
	says(&r, "bind \"#\" ':set '", "");
	says(&r, "bind", "F5       finish 5\nx        finish 2; show step\n;        print \"topics[1]\"\n#        :set\n");
	says(&r, "bind F5", "F5       finish 5\n");
	says(&r, "bind F5 back", "");
	says(&r, "bind F5", "F5       back\n");
	says(&r, "bind w", "w        sweep (of elbow)\n");
	says(&r, "bind F9", "F9 is not bound\n");
	const struct picture *p = session_picture(r.session);
	assert_int_equal(p->bound, 4);
	assert_string_equal(p->binds[0].line, "back");
	picture_release(p);
	says(&r, "unbind x; unbind F5; unbind '#'; bind", ";        print \"topics[1]\"\n");
	refuses(&r, "unbind x", "no key of yours");
	refuses(&r, "bind q step", "stays");
	refuses(&r, "bind F5 bogus", "no command");
	refuses(&r, "bind F5 ''", "unbind F5");
	refuses(&r, "unbind", "takes KEY");
	end(&r);
}

static void test_room(void **state)
{
	(void)state;
	struct rig r;
	char text[600];
	begin(&r);
	memset(text, 0, sizeof text);
	strcpy(text, "bind F5 find ");
	memset(text + 13, 'y', 260);
	refuses(&r, text, "up to 255 bytes");
	for (int i = 0; i < BINDS; i++) {
		snprintf(text, sizeof text, "bind %s%c finish", i < 26 ? "" : i < 52 ? "M-" : "M-", i < 26 ? 'A' + i : i < 52 ? 'a' + i - 26 : 'A' + i - 52);
		if (i == 16)
			strcpy(text, "bind F2 finish"); /* Q is kept */
		assert_int_equal(line(&r, text), EM_OK);
	}
	refuses(&r, "bind F5 finish", "64 keys are bound");
	says(&r, "bind A back", ""); /* one that is bound can change */
	end(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_command),
		cmocka_unit_test(test_room),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
