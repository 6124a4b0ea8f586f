/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The one file that knows readline, whose state is global and single, hence the statics. On the screen its streams lead nowhere,
 * its terminal functions are off, and its input is a queue into which all bytes of a key go at once, so that characters of
 * several bytes and keys with Alt arrive whole. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <readline/readline.h>

#include <readline/history.h>

#include "base/buf.h"
#include "base/text.h"
#include "command/command.h"
#include "term/past.h"
#include "term/prompt.h"

enum { QUEUE = 64, ESC_BYTE = 27 };

static bool on_screen, is_open, finished;
static enum prompt_kind open_kind;
static char *result;                     /* the line that was accepted, NULL for the end of input */
static unsigned char queue[QUEUE];
static size_t queue_at, queue_n;
static struct past pasts[2];
static FILE *null_in, *null_out;
static const struct em_settings *settings; /* only while a key is fed */
static struct cmd_completions choices;
static bool menu_open;
static char **menu_words;                /* NULL-terminated, owned */
static struct buf look;

/* ---- what readline calls ---- */

static int get_byte(FILE *stream)
{
	(void)stream;
	return queue_at < queue_n ? queue[queue_at++] : EOF;
}

static int byte_waits(void)
{
	return queue_at < queue_n;
}

static void draw_nothing(void)
{
}

static void on_line(char *line)
{
	rl_callback_handler_remove();
	result = line;
	finished = true;
	is_open = false;
}

static char **no_file_names(const char *text, int from, int to)
{
	(void)text;
	(void)from;
	(void)to;
	rl_attempted_completion_over = 1;
	return NULL;
}

/* ---- completion ---- */

static void forget_menu(void)
{
	for (char **p = menu_words; p && *p; p++)
		free(*p);
	free(menu_words);
	menu_words = NULL;
	cmd_completions_free(&choices);
	menu_open = false;
}

static bool find_choices(void)
{
	cmd_completions_free(&choices);
	return open_kind == PROMPT_COMMAND && settings &&
	       cmd_complete(settings, rl_line_buffer, (size_t)rl_point, &choices) == EM_OK && choices.count > 0;
}

/* What all choices begin with, cut between characters. */
static size_t common(void)
{
	size_t n = strlen(choices.word[0]);
	for (size_t i = 1; i < choices.count; i++)
		for (size_t j = 0; j < n; j++)
			if (choices.word[i][j] != choices.word[0][j])
				n = j;
	while (n > 0 && ((unsigned char)choices.word[0][n] & 0xc0) == 0x80)
		n--;
	return n;
}

static void replace_word(const char *with, size_t n, bool whole)
{
	size_t typed = (size_t)rl_point - choices.from;
	if (n < typed)
		return;
	char *copy = strndup(with, n);
	if (!copy)
		return;
	rl_begin_undo_group();
	rl_delete_text((int)choices.from, rl_point);
	rl_point = (int)choices.from;
	rl_insert_text(copy);
	if (whole && (n == 0 || with[n - 1] != '/') && rl_line_buffer[rl_point] != ' ')
		rl_insert_text(" ");
	rl_end_undo_group();
	free(copy);
}

static void print_choices(void)
{
	size_t wide = 0, column = 0;
	for (size_t i = 0; i < choices.count; i++)
		if (text_width(choices.word[i]) > wide)
			wide = text_width(choices.word[i]);
	rl_crlf();
	for (size_t i = 0; i < choices.count; i++) {
		struct buf b = {0};
		text_safe(&b, choices.word[i], strlen(choices.word[i]));
		bool last = (column += wide + 2) + wide > 78 || i + 1 == choices.count;
		fprintf(rl_outstream, "%s%*s", b.s ? b.s : "", last ? 0 : (int)(wide + 2 - text_width(choices.word[i])), "");
		if (last)
			fputc('\n', rl_outstream);
		column = last ? 0 : column;
		buf_free(&b);
	}
	rl_forced_update_display();
}

static int complete(int count, int key)
{
	(void)count;
	(void)key;
	bool again = menu_open;
	if (!find_choices()) {
		forget_menu();
		return 0;
	}
	size_t before = (size_t)rl_point - choices.from, n = common();
	replace_word(choices.word[0], n, choices.count == 1);
	if (choices.count == 1)
		forget_menu();
	else if (on_screen)
		menu_open = true;
	else if (n <= before || again)
		print_choices();
	return 0;
}

/* An open list follows what is typed. */
static void follow(void)
{
	if (!menu_open)
		return;
	if (!find_choices() || (choices.count == 1 && strlen(choices.word[0]) == (size_t)rl_point - choices.from)) {
		forget_menu();
		return;
	}
}

/* A few choices are shown with what they mean, many as words. */
static const char *const *menu(void)
{
	for (char **p = menu_words; p && *p; p++)
		free(*p);
	free(menu_words);
	menu_words = menu_open ? calloc(choices.count + 1, sizeof *menu_words) : NULL;
	if (!menu_words)
		return NULL;
	size_t wide = 0, n = 0;
	for (size_t i = 0; i < choices.count; i++)
		if (text_width(choices.word[i]) > wide)
			wide = text_width(choices.word[i]);
	for (size_t i = 0; i < choices.count; i++) {
		struct buf b = {0};
		text_safe(&b, choices.word[i], strlen(choices.word[i]));
		if (choices.count <= 8 && choices.summary[i])
			buf_printf(&b, "%*s%s", (int)(wide + 2 - text_width(choices.word[i])), "", choices.summary[i]);
		char *word = buf_take(&b);
		if (word)
			menu_words[n++] = word;
	}
	return (const char *const *)menu_words;
}

/* ---- setting up ---- */

static void bind_keys(void)
{
	static const struct {
		const char *sequence;
		rl_command_func_t *function;
	} more[] = {{"\\e[3~", rl_delete},
	            {"\\e[H", rl_beg_of_line},
	            {"\\e[F", rl_end_of_line},
	            {"\\e[5~", rl_history_search_backward},
	            {"\\e[6~", rl_history_search_forward}};
	rl_add_defun("elbow-complete", complete, -1);
	rl_bind_key('\t', complete);
	rl_bind_key_in_map('\t', complete, vi_insertion_keymap);
	for (size_t i = 0; i < sizeof more / sizeof more[0]; i++)
		rl_bind_keyseq_if_unbound(more[i].sequence, more[i].function);
}

bool prompt_setup(bool screen, const char *directory)
{
	on_screen = screen;
	is_open = finished = false;
	rl_readline_name = "elbow";
	rl_catch_signals = 0;
	rl_catch_sigwinch = 0;
	rl_change_environment = 0; /* LINES and COLUMNS would freeze the size of the screen */
	rl_attempted_completion_function = no_file_names;
	if (screen) {
		null_in = fopen("/dev/null", "r");
		null_out = fopen("/dev/null", "w");
		if (!null_in || !null_out) {
			prompt_teardown();
			return false;
		}
	}
	rl_instream = screen ? null_in : stdin;
	rl_outstream = screen ? null_out : stdout;
	rl_prep_term_function = screen ? NULL : rl_prep_terminal;
	rl_deprep_term_function = screen ? NULL : rl_deprep_terminal;
	rl_redisplay_function = screen ? draw_nothing : rl_redisplay;
	rl_getc_function = screen ? get_byte : rl_getc;
	rl_input_available_hook = screen ? byte_waits : NULL;
	rl_initialize();
	rl_variable_bind("bell-style", "none"); /* whatever the person's file says: a bell would reach the terminal */
	rl_variable_bind("convert-meta", "off"); /* bytes beyond ASCII are text in every locale */
	rl_variable_bind("input-meta", "on");
	rl_variable_bind("output-meta", "on");
	bind_keys();
	using_history();
	past_open(&pasts[PROMPT_COMMAND], directory, "history");
	past_open(&pasts[PROMPT_SEARCH], directory, "searches");
	return true;
}

void prompt_teardown(void)
{
	if (is_open)
		prompt_close();
	forget_menu();
	buf_free(&look);
	bool told = false;
	for (int i = 0; i < 2; i++) {
		bool kept = past_save(&pasts[i]);
		if (!kept && !told) {
			fprintf(stderr, "elbow: %s: %s; what was typed is not remembered\n", pasts[i].path, strerror(errno));
			told = true;
		}
		past_close(&pasts[i]);
	}
	clear_history();
	if (null_in)
		fclose(null_in);
	if (null_out)
		fclose(null_out);
	null_in = null_out = NULL;
	free(result);
	result = NULL;
}

static void load_history(enum prompt_kind kind)
{
	const struct past_list *l = &pasts[kind].all;
	clear_history();
	for (size_t i = 0; i < l->n; i++)
		add_history(l->line[i]);
	using_history();
}

/* ---- inside the screen ---- */

void prompt_open(enum prompt_kind kind, const char *text)
{
	if (is_open)
		prompt_close();
	open_kind = kind;
	load_history(kind);
	queue_at = queue_n = 0;
	finished = false;
	is_open = true;
	rl_callback_handler_install(kind == PROMPT_COMMAND ? ":" : "/", on_line);
	if (*text)
		rl_insert_text(text);
}

void prompt_close(void)
{
	if (!is_open)
		return;
	rl_callback_sigcleanup(); /* out of a search or an argument that was begun */
	rl_callback_handler_remove();
	rl_replace_line("", 1);
	rl_point = 0;
	is_open = false;
	forget_menu();
}

bool prompt_is_open(void)
{
	return is_open;
}

static bool cancels(const char *bytes, size_t n)
{
	bool alone = n == 1 && bytes[0] == ESC_BYTE;
	bool searching = RL_ISSTATE(RL_STATE_ISEARCH | RL_STATE_NSEARCH) != 0;
	if (alone && menu_open) {
		forget_menu();
		return false;
	}
	if (alone && rl_editing_mode != 0 && !searching)
		return true;
	return n == 1 && !searching && rl_end == 0 && bytes[0] == 127;
}

enum prompt_end prompt_key(const struct em_settings *s, const char *bytes, size_t n, char **line,
                           enum prompt_kind *kind)
{
	*line = NULL;
	*kind = open_kind;
	bool closes_menu = menu_open && n == 1 && bytes[0] == ESC_BYTE;
	if (cancels(bytes, n)) {
		prompt_close();
		return PROMPT_CANCELLED;
	}
	if (closes_menu || n > QUEUE)
		return PROMPT_GOES_ON;
	settings = s;
	memcpy(queue, bytes, n);
	queue_at = 0;
	queue_n = n;
	while (queue_at < queue_n && is_open)
		rl_callback_read_char();
	if (is_open)
		follow();
	settings = NULL;
	if (!finished)
		return PROMPT_GOES_ON;
	finished = false;
	forget_menu();
	*line = result;
	result = NULL;
	if (!*line)
		return PROMPT_CANCELLED;
	past_add(&pasts[*kind], *line);
	return PROMPT_DONE;
}

void prompt_paste(const char *bytes, size_t n)
{
	struct buf b = {0};
	for (size_t i = 0; i < n; i++) {
		unsigned char c = (unsigned char)bytes[i];
		bool end = c == '\n' || c == '\r' || c == '\t';
		if (end && b.len > 0 && b.s[b.len - 1] != ' ')
			buf_putc(&b, ' ');
		else if (!end && c >= ' ' && c != 127)
			buf_putc(&b, bytes[i]);
	}
	while (b.len > 0 && b.s[b.len - 1] == ' ')
		b.s[--b.len] = '\0';
	if (b.len > 0 && !b.failed && is_open) {
		rl_begin_undo_group();
		rl_insert_text(b.s);
		rl_end_undo_group();
		follow();
	}
	buf_free(&b);
}

/* Control characters as ^X, the rest safe. Readline wraps what has no width in \001 and \002. */
static void add_visible(struct buf *out, const char *bytes, size_t n)
{
	for (size_t i = 0; i < n;) {
		unsigned char c = (unsigned char)bytes[i];
		if (c == 1 || c == 2) {
			i++;
		} else if (c < ' ' || c == 127) {
			buf_putc(out, '^');
			buf_putc(out, (char)(c ^ 64));
			i++;
		} else {
			struct text_char t;
			size_t length = text_next(bytes + i, n - i, &t);
			text_safe(out, bytes + i, length);
			i += length ? length : 1;
		}
	}
}

struct prompt_look prompt_look(const struct canvas *c)
{
	struct prompt_look out = {.cursor = 0};
	const char *prompt = rl_display_prompt ? rl_display_prompt : "";
	look.len = 0;
	add_visible(&look, prompt, strlen(prompt));
	add_visible(&look, rl_line_buffer, (size_t)rl_point);
	if (look.failed || !look.s)
		return out;
	size_t drop = 0, point = look.len;
	struct text_char t;
	while (drop < point && canvas_width(c, look.s + drop) > c->w - 1)
		drop += text_next(look.s + drop, point - drop, &t);
	out.cursor = canvas_width(c, look.s + drop);
	add_visible(&look, rl_line_buffer + rl_point, (size_t)(rl_end - rl_point));
	out.menu = menu();
	out.text = look.failed ? NULL : look.s + drop;
	return out;
}

/* ---- on the bare terminal ---- */

void prompt_bare_begin(const char *prompt)
{
	open_kind = PROMPT_COMMAND;
	load_history(open_kind);
	finished = false;
	is_open = true;
	rl_callback_handler_install(prompt, on_line);
}

bool prompt_bare_read(const struct em_settings *s, char **line)
{
	settings = s;
	rl_callback_read_char();
	settings = NULL;
	if (!finished)
		return false;
	finished = false;
	*line = result;
	result = NULL;
	if (*line)
		past_add(&pasts[PROMPT_COMMAND], *line);
	return true;
}

void prompt_bare_interrupt(void)
{
	rl_callback_sigcleanup();
	fputs("^C\n", rl_outstream);
	rl_replace_line("", 1);
	rl_point = 0;
	rl_on_new_line();
	rl_redisplay();
}

void prompt_bare_suspend(void)
{
	if (is_open)
		rl_deprep_terminal();
}

void prompt_bare_resume(void)
{
	if (!is_open)
		return;
	rl_prep_terminal(1);
	rl_on_new_line();
	rl_redisplay();
}

void prompt_bare_end(void)
{
	if (is_open)
		rl_callback_handler_remove();
	is_open = false;
}
