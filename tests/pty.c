/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "pty.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>
#include <vterm.h>

enum { DEADLINE = 30, TAIL = 2048, BATCH = 4096 };

/* What the small shell tells. */
struct news {
	char kind; /* 'p' started, 's' stopped, 'x' ended */
	int value;
	struct termios mode;
};

struct pty {
	int master, news, orders; /* the terminal; from and to the shell */
	pid_t shell, pid;
	VTerm *vt;
	VTermScreen *screen;
	int w, h;
	bool alternate, mouse, cursor;
	bool stale;               /* something was sent since the last fence */
	bool at_fence;
	char waiting[BATCH];      /* read, not yet shown */
	size_t waits;
	char *all;                /* everything that came out */
	size_t all_n, all_room;
	bool stopped, ended;
	int status;
	struct termios before, after;
	char row[4 * 1024];
	bool swallow;             /* what the terminal answers is looked at, not sent */
	size_t swallowed;
};

/* ---- the small shell ---- */

static void tell(int fd, char kind, int value)
{
	struct news n;
	memset(&n, 0, sizeof n);
	n.kind = kind;
	n.value = value;
	tcgetattr(0, &n.mode);
	if (write(fd, &n, sizeof n) != (ssize_t)sizeof n)
		_exit(99);
}

static void run_program(const struct pty_options *o)
{
	const char *path = getenv("ELBOW"), *leaks = getenv("LSAN_OPTIONS"), *env[32], *argv[32];
	char home[600], term[100], locale[100], suppressions[700];
	int n = 0, a = 0;
	snprintf(suppressions, sizeof suppressions, "LSAN_OPTIONS=%s", leaks ? leaks : "");
	snprintf(home, sizeof home, "HOME=%s", o->home ? o->home : "/nonexistent");
	snprintf(term, sizeof term, "TERM=%s", o->term ? o->term : "xterm-256color");
	snprintf(locale, sizeof locale, "LC_ALL=%s", o->locale ? o->locale : "C.UTF-8");
	env[n++] = "PATH=/usr/bin:/bin";
	env[n++] = "TZ=UTC";
	env[n++] = "INPUTRC=/dev/null";
	env[n++] = "NCURSES_NO_PADDING=1"; /* padding is made of the bytes that fences are made of */
	env[n++] = "NCURSES_GPM_TERMS=none"; /* no mouse daemon of this machine */
	env[n++] = "OMP_NUM_THREADS=2";
	env[n++] = suppressions;
	env[n++] = home;
	env[n++] = locale;
	if (!o->term || *o->term)
		env[n++] = term;
	if (!o->no_fence)
		env[n++] = "ELBOW_SYNC_FD=1"; /* a zero byte on the terminal itself: in order, and no terminal shows it */
	for (const char *const *e = o->env; e && *e && n < 30; e++)
		env[n++] = *e;
	env[n] = NULL;
	argv[a++] = path;
	for (const char *const *arg = o->args; arg && *arg && a < 30; arg++)
		argv[a++] = *arg;
	argv[a] = NULL;
	if (o->input) {
		int fd = open(o->input, O_RDONLY);
		if (fd < 0 || dup2(fd, 0) < 0)
			_exit(98);
		close(fd);
	}
	execve(path, (char *const *)(uintptr_t)argv, (char *const *)(uintptr_t)env);
	_exit(97);
}

/* A job in the foreground, as shells do it; it ends when nobody gives orders any more. */
static void small_shell(const struct pty_options *o, int news, int orders)
{
	for (int fd = 3; fd < 256; fd++) /* what the tests have open is not the program's */
		if (fd != news && fd != orders)
			close(fd);
	signal(SIGTTOU, SIG_IGN);
	signal(SIGHUP, SIG_IGN);
	signal(SIGINT, SIG_IGN);
	signal(SIGTSTP, SIG_IGN);
	signal(SIGQUIT, SIG_IGN);
	pid_t pid = fork();
	if (pid == 0) {
		setpgid(0, 0);
		tcsetpgrp(0, getpid());
		for (int sig = 1; sig < 32; sig++)
			signal(sig, SIG_DFL);
		run_program(o);
	}
	setpgid(pid, pid);
	tell(news, 'p', (int)pid);
	int status;
	char order;
	while (waitpid(pid, &status, WUNTRACED) == pid || errno == EINTR) {
		if (!WIFSTOPPED(status)) {
			tell(news, 'x', WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status));
			break;
		}
		tell(news, 's', WSTOPSIG(status));
		if (read(orders, &order, 1) != 1)
			break;
		tcsetpgrp(0, pid);
		kill(-pid, SIGCONT);
	}
	while (read(orders, &order, 1) > 0) /* the terminal stays until the last byte was read from it */
		;
	_exit(0);
}

/* ---- reading ---- */

static void remember(struct pty *p, const char *bytes, size_t n)
{
	if (p->all_n + n > p->all_room) {
		p->all_room = 2 * p->all_room + n + BATCH;
		p->all = realloc(p->all, p->all_room);
		assert_non_null(p->all);
	}
	memcpy(p->all + p->all_n, bytes, n);
	p->all_n += n;
}

static void take_news(struct pty *p)
{
	struct news n;
	if (read(p->news, &n, sizeof n) != (ssize_t)sizeof n) {
		p->ended = true;
		return;
	}
	p->after = n.mode;
	if (n.kind == 'p') {
		p->pid = n.value;
	} else if (n.kind == 's') {
		p->stopped = true;
	} else {
		p->ended = true;
		p->status = n.value;
	}
}

/* Shows what was read up to the next fence; true when it came to one. */
static bool show_to_fence(struct pty *p)
{
	char *end = memchr(p->waiting, '\0', p->waits);
	size_t n = end ? (size_t)(end - p->waiting) + 1 : p->waits;
	vterm_input_write(p->vt, p->waiting, end ? n - 1 : n);
	p->waits -= n;
	memmove(p->waiting, p->waiting + n, p->waits);
	p->at_fence = end != NULL;
	if (end)
		p->stale = false;
	return p->at_fence;
}

static long now(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return (long)t.tv_sec;
}

/* Waits for bytes or news; false at the deadline. */
static bool read_some(struct pty *p, long deadline)
{
	struct pollfd f[2] = {{p->master, POLLIN, 0}, {p->ended ? -1 : p->news, POLLIN, 0}};
	long left = deadline - now();
	int n = left > 0 ? poll(f, 2, (int)left * 1000) : 0;
	if (n < 0 && errno == EINTR)
		return true;
	if (n <= 0)
		return false;
	if (f[0].revents & POLLIN) {
		ssize_t got = read(p->master, p->waiting + p->waits, sizeof p->waiting - p->waits);
		if (got > 0) {
			remember(p, p->waiting + p->waits, (size_t)got);
			p->waits += (size_t)got;
		}
	}
	if (f[1].revents)
		take_news(p);
	return true;
}

static void give_up(struct pty *p, const char *what)
{
	pty_dump(p);
	pty_free(p);
	fail_msg("waited in vain: %s", what);
}

void pty_wait_for(struct pty *p, pty_test *test, const void *arg, bool live, const char *what)
{
	long deadline = now() + DEADLINE;
	if (((p->at_fence && !p->stale) || live) && test(p, arg))
		return;
	for (;;) {
		while (p->waits > 0)
			if ((show_to_fence(p) || live) && test(p, arg))
				return;
		if (p->ended || !read_some(p, deadline))
			give_up(p, what);
	}
}

static bool has_text(struct pty *p, const void *arg)
{
	return pty_shows(p, arg);
}

static bool has_not(struct pty *p, const void *arg)
{
	return !pty_shows(p, arg);
}

void pty_wait(struct pty *p, const char *text)
{
	pty_wait_for(p, has_text, text, false, text);
}

void pty_wait_gone(struct pty *p, const char *text)
{
	pty_wait_for(p, has_not, text, false, text);
}

void pty_wait_live(struct pty *p, const char *text)
{
	pty_wait_for(p, has_text, text, true, text);
}

void pty_wait_mode(struct pty *p, bool usual)
{
	struct termios mode;
	long deadline = now() + DEADLINE;
	for (;;) {
		struct pollfd f = {.fd = p->master, .events = POLLIN};
		if (tcgetattr(p->master, &mode) == 0 && !!(mode.c_lflag & ICANON) == usual)
			return;
		if (now() > deadline)
			give_up(p, "the mode of the terminal");
		if (poll(&f, 1, 5) > 0) /* nothing tells of a change of mode */
			read_some(p, deadline);
		while (p->waits > 0)
			show_to_fence(p);
	}
}

/* ---- the terminal ---- */

static int on_property(VTermProp property, VTermValue *v, void *self)
{
	struct pty *p = self;
	if (property == VTERM_PROP_ALTSCREEN)
		p->alternate = v->boolean;
	else if (property == VTERM_PROP_CURSORVISIBLE)
		p->cursor = v->boolean;
	else if (property == VTERM_PROP_MOUSE)
		p->mouse = v->number != VTERM_PROP_MOUSE_NONE;
	return 1;
}

static void send_bytes(struct pty *p, const char *bytes, size_t n)
{
	p->stale = true;
	while (n > 0) {
		ssize_t done = write(p->master, bytes, n);
		if (done <= 0)
			give_up(p, "room for keys");
		bytes += done;
		n -= (size_t)done;
	}
}

static void on_output(const char *bytes, size_t n, void *self)
{
	struct pty *p = self;
	if (p->swallow)
		p->swallowed += n;
	else
		send_bytes(p, bytes, n);
}

static struct pty *new_terminal(const struct pty_options *o)
{
	static const VTermScreenCallbacks callbacks = {.settermprop = on_property};
	struct pty *p = calloc(1, sizeof *p);
	assert_non_null(p);
	p->w = o->w ? o->w : 100;
	p->h = o->h ? o->h : 30;
	p->cursor = true;
	p->vt = vterm_new(p->h, p->w);
	vterm_set_utf8(p->vt, 1);
	vterm_output_set_callback(p->vt, on_output, p);
	p->screen = vterm_obtain_screen(p->vt);
	vterm_screen_set_callbacks(p->screen, &callbacks, p);
	vterm_screen_enable_altscreen(p->screen, 1);
	vterm_screen_reset(p->screen, 1);
	return p;
}

struct pty *pty_start(const struct pty_options *o)
{
	int news[2], orders[2], slave;
	assert_non_null(getenv("ELBOW")); /* the path of the program */
	struct pty *p = new_terminal(o);
	struct winsize size = {.ws_row = (unsigned short)p->h, .ws_col = (unsigned short)p->w};
	assert_int_equal(pipe2(news, O_CLOEXEC), 0);
	assert_int_equal(pipe2(orders, O_CLOEXEC), 0);
	p->master = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
	assert_true(p->master >= 0 && grantpt(p->master) == 0 && unlockpt(p->master) == 0);
	slave = open(ptsname(p->master), O_RDWR | O_NOCTTY);
	assert_true(slave >= 0);
	assert_int_equal(ioctl(slave, TIOCSWINSZ, &size), 0);
	tcgetattr(slave, &p->before);
	fflush(stdout);
	p->shell = fork();
	assert_true(p->shell >= 0);
	if (p->shell == 0) {
		close(p->master);
		close(news[0]);
		close(orders[1]);
		setsid();
		ioctl(slave, TIOCSCTTY, 0);
		for (int fd = 0; fd < 3; fd++)
			dup2(slave, fd);
		close(slave);
		small_shell(o, news[1], orders[0]);
	}
	close(slave);
	close(news[1]);
	close(orders[0]);
	p->news = news[0];
	p->orders = orders[1];
	p->stale = true;
	while (p->pid == 0)
		if (!read_some(p, now() + DEADLINE) || p->ended)
			give_up(p, "the start");
	return p;
}

void pty_free(struct pty *p)
{
	if (!p)
		return;
	if (!p->ended && p->pid > 0)
		kill(p->pid, SIGKILL);
	if (p->master >= 0)
		close(p->master);
	close(p->orders);
	close(p->news);
	waitpid(p->shell, NULL, 0);
	vterm_free(p->vt);
	free(p->all);
	free(p);
}

/* ---- input ---- */

void pty_send(struct pty *p, const char *keys)
{
	send_bytes(p, keys, strlen(keys));
}

void pty_key(struct pty *p, const char *name)
{
	static const struct {
		const char *name;
		VTermKey key;
	} keys[] = {{"Up", VTERM_KEY_UP},         {"Down", VTERM_KEY_DOWN},     {"Left", VTERM_KEY_LEFT},
	            {"Right", VTERM_KEY_RIGHT},   {"Home", VTERM_KEY_HOME},     {"End", VTERM_KEY_END},
	            {"PgUp", VTERM_KEY_PAGEUP},   {"PgDn", VTERM_KEY_PAGEDOWN}, {"Del", VTERM_KEY_DEL},
	            {"F1", VTERM_KEY_FUNCTION(1)}};
	for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++)
		if (strcmp(keys[i].name, name) == 0) {
			vterm_keyboard_key(p->vt, keys[i].key, VTERM_MOD_NONE);
			return;
		}
	fail_msg("no key %s", name);
}

void pty_click(struct pty *p, int x, int y)
{
	vterm_mouse_move(p->vt, y, x, VTERM_MOD_NONE);
	vterm_mouse_button(p->vt, 1, true, VTERM_MOD_NONE);
	vterm_mouse_button(p->vt, 1, false, VTERM_MOD_NONE);
}

void pty_wheel(struct pty *p, int button)
{
	vterm_mouse_button(p->vt, button, true, VTERM_MOD_NONE);
}

void pty_paste(struct pty *p, const char *text)
{
	vterm_keyboard_start_paste(p->vt);
	send_bytes(p, text, strlen(text));
	vterm_keyboard_end_paste(p->vt);
}

void pty_resize(struct pty *p, int w, int h)
{
	struct winsize size = {.ws_row = (unsigned short)h, .ws_col = (unsigned short)w};
	p->stale = true;
	p->w = w;
	p->h = h;
	vterm_set_size(p->vt, h, w);
	assert_int_equal(ioctl(p->master, TIOCSWINSZ, &size), 0);
}

void pty_signal(struct pty *p, int sig)
{
	p->stale = true;
	assert_int_equal(kill(p->pid, sig), 0);
}

void pty_hang_up(struct pty *p)
{
	close(p->master);
	p->master = -1;
}

/* ---- what is seen ---- */

static size_t add_utf8(char *out, uint32_t c)
{
	int more = c < 0x80 ? 0 : c < 0x800 ? 1 : c < 0x10000 ? 2 : 3;
	static const unsigned char first[] = {0, 0xc0, 0xe0, 0xf0};
	out[0] = (char)(first[more] | (c >> (6 * more)));
	for (int i = 1; i <= more; i++)
		out[i] = (char)(0x80 | (c >> (6 * (more - i)) & 0x3f));
	return (size_t)more + 1;
}

const char *pty_row(struct pty *p, int y)
{
	size_t n = 0, end = 0;
	VTermScreenCell cell;
	for (int x = 0; x < p->w && n + 32 < sizeof p->row; x++) {
		if (!vterm_screen_get_cell(p->screen, (VTermPos){.row = y, .col = x}, &cell))
			break;
		if (cell.chars[0] == (uint32_t)-1) /* behind a wide one */
			continue;
		if (cell.chars[0] == 0)
			p->row[n++] = ' ';
		for (int i = 0; i < VTERM_MAX_CHARS_PER_CELL && cell.chars[i]; i++)
			n += add_utf8(p->row + n, cell.chars[i]);
		if (p->row[n - 1] != ' ')
			end = n;
	}
	p->row[end] = '\0';
	return p->row;
}

bool pty_shows(struct pty *p, const char *text)
{
	for (int y = 0; y < p->h; y++)
		if (strstr(pty_row(p, y), text))
			return true;
	return false;
}

void pty_size(const struct pty *p, int *w, int *h)
{
	*w = p->w;
	*h = p->h;
}

bool pty_alternate(const struct pty *p)
{
	return p->alternate;
}

bool pty_cursor(const struct pty *p, int *x, int *y)
{
	VTermPos at;
	vterm_state_get_cursorpos(vterm_obtain_state(p->vt), &at);
	*x = at.col;
	*y = at.row;
	return p->cursor;
}

bool pty_mouse(const struct pty *p)
{
	return p->mouse;
}

/* The terminal would mark a paste: it is asked to, and what it says is counted. */
bool pty_paste_mode(struct pty *p)
{
	p->swallow = true;
	p->swallowed = 0;
	vterm_keyboard_start_paste(p->vt);
	p->swallow = false;
	return p->swallowed > 0;
}

static bool any_cell(struct pty *p, bool (*test)(const VTermScreenCell *))
{
	VTermScreenCell cell;
	for (int y = 0; y < p->h; y++)
		for (int x = 0; x < p->w; x++)
			if (vterm_screen_get_cell(p->screen, (VTermPos){.row = y, .col = x}, &cell) && test(&cell))
				return true;
	return false;
}

static bool is_colored(const VTermScreenCell *c)
{
	return !VTERM_COLOR_IS_DEFAULT_FG(&c->fg) || !VTERM_COLOR_IS_DEFAULT_BG(&c->bg);
}

static bool is_marked(const VTermScreenCell *c)
{
	return c->attrs.bold || c->attrs.underline || c->attrs.reverse;
}

bool pty_colored(struct pty *p)
{
	return any_cell(p, is_colored);
}

bool pty_marked(struct pty *p)
{
	return any_cell(p, is_marked);
}

bool pty_said(const struct pty *p, const char *bytes)
{
	return p->all_n && memmem(p->all, p->all_n, bytes, strlen(bytes)) != NULL;
}

void pty_spoil(struct pty *p)
{
	static const char rubbish[] = "\033[2J\033[5;5Hrubbish";
	vterm_input_write(p->vt, rubbish, sizeof rubbish - 1);
}

void pty_dump(struct pty *p)
{
	int x, y;
	bool shown = pty_cursor(p, &x, &y);
	fprintf(stderr, "--- %dx%d, cursor %d,%d %s, %s screen%s\n", p->w, p->h, x, y, shown ? "shown" : "hidden",
	        p->alternate ? "alternate" : "main", p->ended ? ", ended" : p->stopped ? ", stopped" : "");
	for (int i = 0; i < p->h; i++)
		fprintf(stderr, "|%s\n", pty_row(p, i));
	fputs("--- last bytes: ", stderr);
	for (size_t i = p->all_n > TAIL ? p->all_n - TAIL : 0; i < p->all_n; i++) {
		unsigned char c = (unsigned char)p->all[i];
		if (c >= ' ' && c != 127 && c != '\\')
			fputc(c, stderr);
		else
			fprintf(stderr, "\\%03o", c);
	}
	fputs("\n---\n", stderr);
}

/* ---- the end ---- */

/* Shows what is still in the terminal: all of it was written before the news came. */
static void drain(struct pty *p)
{
	struct pollfd f = {.fd = p->master, .events = POLLIN};
	do
		while (p->waits > 0)
			show_to_fence(p);
	while (p->master >= 0 && poll(&f, 1, 50) > 0 && (f.revents & POLLIN) && read_some(p, now() + 2));
}

int pty_exit(struct pty *p)
{
	long deadline = now() + DEADLINE;
	while (!p->ended) {
		while (p->waits > 0)
			show_to_fence(p);
		if (!read_some(p, deadline))
			give_up(p, "the end of the program");
	}
	drain(p);
	return p->status;
}

void pty_stopped(struct pty *p)
{
	long deadline = now() + DEADLINE;
	while (!p->stopped) {
		while (p->waits > 0)
			show_to_fence(p);
		if (p->ended || !read_some(p, deadline))
			give_up(p, "the program to stop");
	}
	drain(p);
}

void pty_continue(struct pty *p)
{
	p->stopped = false;
	p->stale = true;
	assert_int_equal(write(p->orders, "c", 1), 1);
}

bool pty_mode_restored(const struct pty *p)
{
	return p->after.c_iflag == p->before.c_iflag && p->after.c_oflag == p->before.c_oflag &&
	       p->after.c_cflag == p->before.c_cflag && p->after.c_lflag == p->before.c_lflag &&
	       memcmp(p->after.c_cc, p->before.c_cc, sizeof p->before.c_cc) == 0;
}
