/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The one file that knows curses. State is static as that of curses is. */
#define NCURSES_NOMACROS 1
#include <curses.h>
#include <term.h>

#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>
#include <wchar.h>

#include "base/buf.h"
#include "term/painter.h"

#ifndef NCURSES_WIDECHAR
#error "curses with wide characters is needed (ncursesw)"
#endif

/* Codes of our own, beyond those of curses. */
enum { KEY_PASTE_BEGIN = KEY_MAX + 64, KEY_PASTE_END, KEY_REPORT_SGR, KEY_REPORT_OLD };
enum { PASTE_MOST = 65536, PAIRS = PALETTE_COLORS * PALETTE_COLORS };

enum depth { DEPTH_MONO, DEPTH_8, DEPTH_16, DEPTH_256, DEPTH_DIRECT };

static SCREEN *screen;
static FILE *keys_from;          /* /dev/tty, or NULL for standard input */
static int keys_fd = -1;
static struct termios mode_before;
static bool has_mode, lent, mouse, mouse_on, pastes;
static enum depth depth;
static bool has_default;
static struct cell *shown;       /* what curses was told last, row by row */
static int shown_w, shown_h;
static int pair_of[PAIRS];       /* 0: not asked for yet */
static int pair_fg[PAIRS], pair_bg[PAIRS], pairs;
static int theme_of_pairs = -1;
static struct buf paste;
static bool pasting, paste_ready;
static struct report report;     /* of the mouse, as far as it came */
static wint_t held;              /* a key read ahead, behind Esc */
static bool has_held, held_is_code;
static int closed_reads;

/* ---- open, close, lend ---- */

/* Sequences that terminfo has no names for, only where the terminal speaks that dialect. */
static void say(const char *bytes)
{
	if (pastes && write(STDOUT_FILENO, bytes, strlen(bytes)) < 0)
		return; /* the terminal has gone; the loop will hear of it */
}

static void set_depth(void)
{
	depth = DEPTH_MONO;
	has_default = false;
	if (!has_colors() || start_color() == ERR)
		return;
	has_default = use_default_colors() == OK;
	depth = COLORS >= 0x1000000 ? DEPTH_DIRECT : COLORS >= 256 ? DEPTH_256 : COLORS >= 16 ? DEPTH_16 : DEPTH_8;
	if (COLORS < 8)
		depth = DEPTH_MONO;
}

static enum painter_fault open_keys(void)
{
	if (isatty(STDIN_FILENO)) {
		keys_fd = STDIN_FILENO;
		return PAINTER_OK;
	}
	keys_from = fopen("/dev/tty", "r");
	if (!keys_from)
		return PAINTER_NO_TTY;
	keys_fd = fileno(keys_from);
	return PAINTER_OK;
}

static void close_keys(void)
{
	if (keys_from)
		fclose(keys_from);
	keys_from = NULL;
	keys_fd = -1;
}

enum painter_fault painter_open(const char *term)
{
	enum painter_fault fault = isatty(STDOUT_FILENO) ? open_keys() : PAINTER_NO_TTY;
	if (fault)
		return fault;
	has_mode = tcgetattr(keys_fd, &mode_before) == 0;
	set_escdelay(25);
	use_env(FALSE); /* LINES and COLUMNS would freeze the size */
	use_tioctl(TRUE);
	screen = newterm(term, stdout, keys_from ? keys_from : stdin);
	if (!screen) {
		close_keys();
		return PAINTER_NO_SCREEN;
	}
	set_term(screen);
	const char *cup = tigetstr("cup");
	if (!cup || cup == (const char *)-1) {
		painter_close();
		return PAINTER_NO_SCREEN;
	}
	pastes = strncmp(cup, "\033[", 2) == 0;
	cbreak();
	noecho();
	nonl();
	keypad(stdscr, TRUE);
	nodelay(stdscr, TRUE);
	leaveok(stdscr, FALSE);
	curs_set(0);
	define_key("\033[200~", KEY_PASTE_BEGIN);
	define_key("\033[201~", KEY_PASTE_END);
	mouse = pastes && tigetstr("kmous") && tigetstr("kmous") != (char *)-1;
	if (mouse) {
		define_key("\033[<", KEY_REPORT_SGR);
		define_key("\033[M", KEY_REPORT_OLD);
	}
	set_depth();
	theme_of_pairs = -1;
	lent = mouse_on = false;
	painter_resize();
	say("\033[?2004h");
	return PAINTER_OK;
}

void painter_close(void)
{
	if (!screen)
		return;
	if (!lent) {
		painter_mouse(false);
		say("\033[?2004l");
		curs_set(1);
		endwin();
	}
	if (has_mode)
		tcsetattr(keys_fd, TCSADRAIN, &mode_before);
	delscreen(screen);
	screen = NULL;
	close_keys();
	free(shown);
	shown = NULL;
	shown_w = shown_h = 0;
	buf_free(&paste);
	pasting = paste_ready = has_held = false;
	report_begin(&report, REPORT_NONE);
}

void painter_suspend(void)
{
	if (!screen || lent)
		return;
	bool on = mouse_on;
	painter_mouse(false);
	mouse_on = on; /* to be remembered, though off */
	say("\033[?2004l");
	curs_set(1);
	endwin();
	lent = true;
}

void painter_resume(void)
{
	if (!screen)
		return;
	bool on = mouse_on;
	lent = false;
	reset_prog_mode();
	painter_resize();
	painter_redraw();
	wrefresh(stdscr);
	say("\033[?2004h");
	mouse_on = !on; /* so that the next call says it to the terminal */
	painter_mouse(on);
}

void painter_redraw(void)
{
	free(shown);
	shown = NULL;
	clearok(curscr, TRUE);
}

int painter_fd(void)
{
	return keys_fd;
}

void painter_size(int *w, int *h)
{
	getmaxyx(stdscr, *h, *w);
}

void painter_resize(void)
{
	struct winsize size;
	int h = LINES, w = COLS;
	if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_row > 0 && size.ws_col > 0) {
		h = size.ws_row < 1000 ? size.ws_row : 1000;
		w = size.ws_col < 1000 ? size.ws_col : 1000;
	}
	if (is_term_resized(h, w)) {
		resizeterm(h, w);
		painter_redraw();
	}
}

bool painter_has_color(void)
{
	return depth != DEPTH_MONO;
}

void painter_mouse(bool on)
{
	if (on == mouse_on)
		return;
	mouse_on = on;
	if (mouse) /* asked for and read without curses, which makes clicks of presses and drops what comes in bursts */
		say(on ? "\033[?1000h\033[?1006h" : "\033[?1006l\033[?1000l");
}

/* Appends a capability without its padding. */
static size_t add_capability(char *out, size_t n, size_t size, const char *name)
{
	const char *s = tigetstr(name);
	if (!s || s == (const char *)-1)
		return n;
	for (; *s && n + 1 < size; s++) {
		const char *end = s[0] == '$' && s[1] == '<' ? strchr(s, '>') : NULL;
		if (end)
			s = end;
		else
			out[n++] = *s;
	}
	return n;
}

size_t painter_farewell(char *out, size_t size)
{
	static const char *const off[] = {"sgr0", "op", "rmkx", "cnorm", "rmcup"};
	static const char dialect[] = "\033[?1006l\033[?1000l\033[?2004l";
	size_t n = 0;
	if (pastes && sizeof dialect < size) {
		n = sizeof dialect - 1;
		memcpy(out, dialect, n);
	}
	for (size_t i = 0; i < sizeof off / sizeof off[0]; i++)
		n = add_capability(out, n, size, off[i]);
	return n;
}

const struct termios *painter_mode(void)
{
	return has_mode ? &mode_before : NULL;
}

/* ---- paint ---- */

static int number_of(enum theme theme, enum color color, bool ground)
{
	if (color == COLOR_DEFAULT)
		return has_default ? -1 : ground ? 0 : 7;
	uint32_t rgb = ground ? palette_background(theme, color) : palette_rgb(theme, color);
	switch (depth) {
	case DEPTH_DIRECT: return rgb < 8 ? 8 : (int)rgb; /* the first eight are those of old */
	case DEPTH_256: return palette_256(rgb);
	case DEPTH_16: return palette_16(rgb);
	default: return palette_8(rgb);
	}
}

/* The pair for two of our colours; 0, the terminal's own, when it has no more. */
static int pair_for(enum theme theme, struct style s)
{
	if (s.fg >= PALETTE_COLORS || s.bg >= PALETTE_COLORS || (s.fg == COLOR_DEFAULT && s.bg == COLOR_DEFAULT))
		return 0;
	int *cached = &pair_of[s.fg * PALETTE_COLORS + s.bg];
	if (*cached)
		return *cached;
	int fg = number_of(theme, s.fg, false), bg = number_of(theme, s.bg, true);
	if (fg == bg) /* few colours: text must not vanish in its ground */
		fg = has_default && bg != -1 ? -1 : 7;
	int i = 1;
	while (i <= pairs && (pair_fg[i] != fg || pair_bg[i] != bg))
		i++;
	if (i > pairs) {
		if (i >= PAIRS || i >= COLOR_PAIRS || init_extended_pair(i, fg, bg) == ERR)
			return 0;
		pair_fg[i] = fg;
		pair_bg[i] = bg;
		pairs = i;
	}
	return *cached = i;
}

static attr_t attributes(struct style s)
{
	attr_t a = A_NORMAL;
	if (s.attr & ATTR_BOLD)
		a |= A_BOLD;
	if (s.attr & ATTR_UNDERLINE)
		a |= A_UNDERLINE;
	if (s.attr & ATTR_DIM)
		a |= A_DIM;
	if (s.attr & ATTR_REVERSE)
		a |= A_REVERSE;
	return a;
}

/* Without colour a ground is shown by reversing, and what is dim by that. */
static attr_t plain_attributes(struct style s)
{
	attr_t a = attributes(s);
	if (s.bg == COLOR_BAR || s.bg == COLOR_SELECTION)
		a ^= A_REVERSE;
	else if (s.fg == COLOR_DIM)
		a |= A_DIM;
	return a;
}

static void put_cell(int x, int y, const struct cell *cell, int width, enum theme theme)
{
	wchar_t text[CELL_MARKS + 2] = {(wchar_t)cell->code};
	int n = 1, pair = 0;
	bool odd = wcwidth(text[0]) != width; /* curses and the canvas must agree on where the next one goes */
	if (odd)
		text[0] = MB_CUR_MAX > 1 ? 0xfffd : '?';
	for (int i = 0; i < CELL_MARKS && !odd; i++)
		if (cell->marks[i] && wcwidth((wchar_t)cell->marks[i]) == 0)
			text[n++] = (wchar_t)cell->marks[i];
	attr_t a = depth == DEPTH_MONO || theme == THEME_MONO ? plain_attributes(cell->style) : attributes(cell->style);
	if (depth != DEPTH_MONO && theme != THEME_MONO)
		pair = pair_for(theme, cell->style);
	cchar_t c;
	if (setcchar(&c, text, a, (short)(pair > 255 ? 255 : pair), &pair) == ERR)
		return;
	mvwadd_wch(stdscr, y, x, &c); /* ERR at the lower right corner, where the cursor cannot go on; it is drawn */
	if (odd && width == 2) {
		text[0] = ' ';
		setcchar(&c, text, a, (short)(pair > 255 ? 255 : pair), &pair);
		mvwadd_wch(stdscr, y, x + 1, &c);
	}
}

static void put_row(const struct canvas *c, int y, int w, enum theme theme)
{
	const struct cell *row = &c->cells[(size_t)y * (size_t)c->w];
	for (int x = 0; x < w; x++) {
		bool wide = x + 1 < c->w && row[x + 1].code == 0;
		if (row[x].code && !(wide && x + 1 >= w))
			put_cell(x, y, &row[x], wide ? 2 : 1, theme);
	}
}

static bool remember(const struct canvas *c)
{
	if (shown && shown_w == c->w && shown_h == c->h)
		return true;
	free(shown);
	shown = calloc((size_t)c->w * (size_t)c->h + 1, sizeof *shown);
	shown_w = c->w;
	shown_h = c->h;
	return false;
}

void painter_paint(const struct canvas *c, enum theme theme, int x, int y)
{
	int w, h;
	if (!screen || lent)
		return;
	painter_size(&w, &h);
	bool all = !remember(c);
	if (theme != (enum theme)theme_of_pairs) {
		memset(pair_of, 0, sizeof pair_of);
		pairs = 0;
		theme_of_pairs = (int)theme;
		all = true;
	}
	if (all)
		werase(stdscr);
	for (int row = 0; row < c->h && row < h; row++) {
		size_t at = (size_t)row * (size_t)c->w, n = (size_t)c->w * sizeof *shown;
		if (!all && shown && memcmp(&shown[at], &c->cells[at], n) == 0)
			continue;
		put_row(c, row, c->w < w ? c->w : w, theme);
		if (shown)
			memcpy(&shown[at], &c->cells[at], n);
	}
	bool cursor = x >= 0 && x < w && y >= 0 && y < h;
	curs_set(cursor);
	wmove(stdscr, cursor ? y : 0, cursor ? x : 0);
	wnoutrefresh(stdscr);
	doupdate();
}

/* ---- keys ---- */

struct name {
	int code;
	const char *name, *bytes;
};

static const struct name names[] = {
    {KEY_UP, "Up", "\033[A"},         {KEY_DOWN, "Down", "\033[B"},     {KEY_RIGHT, "Right", "\033[C"},
    {KEY_LEFT, "Left", "\033[D"},     {KEY_HOME, "Home", "\033[H"},     {KEY_END, "End", "\033[F"},
    {KEY_PPAGE, "PgUp", "\033[5~"},   {KEY_NPAGE, "PgDn", "\033[6~"},   {KEY_IC, "Ins", "\033[2~"},
    {KEY_DC, "Del", "\033[3~"},       {KEY_BACKSPACE, "Backspace", "\177"}, {KEY_BTAB, "S-Tab", "\033[Z"},
    {KEY_ENTER, "Enter", "\r"},       {KEY_SLEFT, "S-Left", ""},        {KEY_SRIGHT, "S-Right", ""},
    {KEY_SR, "S-Up", ""},             {KEY_SF, "S-Down", ""},           {KEY_A1, "Home", "\033[H"},
    {KEY_A3, "PgUp", "\033[5~"},      {KEY_C1, "End", "\033[F"},        {KEY_C3, "PgDn", "\033[6~"},
};

/* A key that curses has a code for. */
static bool code_key(int code, struct key *k)
{
	if (code >= KEY_F(1) && code <= KEY_F(24)) {
		key_set(k, "", "");
		snprintf(k->name, sizeof k->name, "F%d", code - KEY_F0);
		return true;
	}
	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
		if (names[i].code == code) {
			key_set(k, names[i].name, names[i].bytes);
			return true;
		}
	return false; /* a resize, a break, something new */
}

/* The next key of curses; false when there is none. */
static bool next(wint_t *ch, bool *is_code)
{
	if (has_held) {
		*ch = held;
		*is_code = held_is_code;
		has_held = false;
		return true;
	}
	if (MB_CUR_MAX == 1) { /* characters are bytes, those beyond ASCII too, which wget_wch would drop */
		int c = wgetch(stdscr);
		*ch = (wint_t)c;
		*is_code = c > UCHAR_MAX;
		return c != ERR;
	}
	int r = wget_wch(stdscr, ch);
	*is_code = r == KEY_CODE_YES;
	return r != ERR;
}

/* Esc and a character at once is how terminals send Alt. */
static void alt_key(struct key *k)
{
	wint_t ch;
	bool is_code;
	key_set(k, "Esc", "\033");
	if (!next(&ch, &is_code))
		return;
	if (is_code || ch == 27) {
		held = ch;
		held_is_code = is_code;
		has_held = true;
		return;
	}
	key_of_alt(ch, k);
}

static void add_to_paste(wint_t ch, bool is_code)
{
	char bytes[KEY_BYTES];
	if (!is_code && paste.len < PASTE_MOST)
		buf_add(&paste, bytes, key_bytes(ch, bytes));
}

/* Readable, yet nothing to read, again and again: the other side has gone. */
static enum event none_or_closed(void)
{
	struct pollfd p = {.fd = keys_fd, .events = POLLIN};
	if (poll(&p, 1, 0) <= 0) {
		closed_reads = 0;
		return EVENT_NONE;
	}
	if (p.revents & (POLLHUP | POLLERR | POLLNVAL))
		return EVENT_CLOSED;
	return ++closed_reads > 20 ? EVENT_CLOSED : EVENT_NONE;
}

enum event painter_event(struct key *key, const char **bytes, size_t *n)
{
	wint_t ch;
	bool is_code;
	*key = (struct key){0};
	if (!screen || lent)
		return EVENT_NONE;
	while (!paste_ready) {
		if (!next(&ch, &is_code))
			return none_or_closed();
		closed_reads = 0;
		if (is_code && ch == KEY_PASTE_BEGIN) {
			paste.len = 0;
			pasting = true;
		} else if (is_code && ch == KEY_PASTE_END) {
			paste_ready = pasting;
			pasting = false;
		} else if (pasting) {
			add_to_paste(ch, is_code);
		} else if (is_code && (ch == KEY_REPORT_SGR || ch == KEY_REPORT_OLD)) {
			report_begin(&report, ch == KEY_REPORT_SGR ? REPORT_SGR : REPORT_OLD);
		} else if (report.kind && !is_code) {
			if (report_add(&report, ch, key))
				return EVENT_KEY;
		} else if (is_code) {
			report_begin(&report, REPORT_NONE);
			if (code_key((int)ch, key))
				return EVENT_KEY;
		} else {
			if (ch == 27)
				alt_key(key);
			else
				key_of_char(ch, key);
			return EVENT_KEY;
		}
	}
	paste_ready = false;
	*bytes = paste.len ? paste.s : "";
	*n = paste.len;
	return EVENT_PASTE;
}

bool painter_pasting(void)
{
	return pasting;
}

void painter_paste_over(void)
{
	paste_ready = pasting;
	pasting = false;
}
