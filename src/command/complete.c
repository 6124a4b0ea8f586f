/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What may stand at the cursor: from the tables of commands and settings, and the file system. */
#include <ctype.h>
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/buf.h"
#include "command/command.h"
#include "command/expr.h"

static void offer(struct cmd_completions *c, const char *typed, const char *word, const char *summary)
{
	if (strncmp(word, typed, strlen(typed)) != 0)
		return;
	char **words = realloc(c->word, (c->count + 1) * sizeof *words);
	if (words)
		c->word = words;
	const char **summaries = realloc(c->summary, (c->count + 1) * sizeof *summaries);
	if (summaries)
		c->summary = summaries;
	char *copy = words && summaries ? strdup(word) : NULL;
	if (!copy)
		return;
	c->word[c->count] = copy;
	c->summary[c->count++] = summary;
}

static void offer_files(struct cmd_completions *c, const char *typed)
{
	const char *slash = strrchr(typed, '/');
	size_t n = slash ? (size_t)(slash - typed) + 1 : 0;
	char *folder = n ? strndup(typed, n) : strdup(".");
	DIR *d = folder ? opendir(folder) : NULL;
	for (struct dirent *e; d && (e = readdir(d));) {
		struct buf b = {0};
		struct stat st;
		if (e->d_name[0] == '.' && typed[n] != '.')
			continue;
		buf_add(&b, typed, n);
		buf_puts(&b, e->d_name);
		if (!b.failed && stat(b.s, &st) == 0 && S_ISDIR(st.st_mode))
			buf_putc(&b, '/');
		if (!b.failed)
			offer(c, typed, b.s, NULL);
		buf_free(&b);
	}
	if (d)
		closedir(d);
	free(folder);
}

static void offer_settings(struct cmd_completions *c, const struct em_settings *s, const char *typed)
{
	for (size_t i = 0; em_settings_at(s, i); i++)
		offer(c, typed, em_settings_at(s, i)->name, em_settings_at(s, i)->help);
}

static void offer_values(struct cmd_completions *c, const struct em_settings *s, const char *name, const char *typed)
{
	static const char *const on_off[] = {"on", "off", NULL};
	const struct em_setting *row = em_settings_row(s, name);
	const char *const *choices = !row ? NULL : row->type == EM_SWITCH ? on_off : row->choices;
	for (size_t i = 0; choices && choices[i]; i++)
		offer(c, typed, choices[i], NULL);
	if (row && row->type == EM_TEXT)
		offer_files(c, typed);
}

static int by_word(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static bool takes_expression(const struct cmd *c, int at_word, const char *first)
{
	static const char *const all[] = {"print", "break", "watch", "explain"};
	for (size_t i = 0; i < sizeof all / sizeof all[0]; i++)
		if (strcmp(c->name, all[i]) == 0)
			return true;
	return strcmp(c->name, "continue") == 0 && at_word > 1 && strcmp(first, "until") == 0;
}

/* Names and functions for the last word of an expression; arrays as the command lists them. */
static void offer_expression(struct cmd_completions *out, const struct cmd *c, const char *typed)
{
	static const char *const words[] = {"and", "or", "not", "falls", "rises", "changes"};
	const char *help, *name;
	for (size_t i = 0; (name = expr_word(i, &help)); i++) {
		char call[40];
		snprintf(call, sizeof call, "%s%s", name, expr_word_is_function(i) ? "(" : "");
		offer(out, typed, call, help);
	}
	for (size_t i = 0; *typed && i < sizeof words / sizeof words[0]; i++)
		offer(out, typed, words[i], NULL);
	bool arrays = strcmp(c->name, "continue") != 0;
	for (size_t i = 0; arrays && c->words && c->words[i]; i++) {
		bool there = false;
		for (size_t j = 0; j < out->count; j++)
			there |= strcmp(out->word[j], c->words[i]) == 0;
		if (!there)
			offer(out, typed, c->words[i], NULL);
	}
}

/* The argument number `at_word` (1 is the first) of command c. */
static void offer_argument(struct cmd_completions *out, const struct cmd *c, int at_word, const char *first,
                           const struct em_settings *s, const char *typed)
{
	if (strcmp(c->name, "set") == 0) {
		if (at_word == 1)
			offer_settings(out, s, typed);
		else if (at_word == 2)
			offer_values(out, s, first, typed);
		return;
	}
	if (strcmp(c->name, "help") == 0 && at_word == 1) {
		for (size_t i = 0; cmd_at(i); i++)
			offer(out, typed, cmd_at(i)->name, cmd_at(i)->summary);
		offer_settings(out, s, typed);
		return;
	}
	bool opens = strcmp(c->name, "open") == 0;
	if (opens && at_word == 2 && strcmp(first, "example") == 0)
		for (size_t i = 0; em_example_at(i); i++)
			offer(out, typed, em_example_at(i)->name, em_example_at(i)->title);
	if (takes_expression(c, at_word, first)) {
		if (strcmp(c->name, "continue") == 0 && at_word == 2)
			offer(out, typed, "converged", NULL);
		offer_expression(out, c, typed);
		return;
	}
	for (size_t i = 0; at_word == 1 && c->words && c->words[i]; i++)
		offer(out, typed, c->words[i], NULL);
	if (c->files && at_word == (c->words && !opens ? 2 : 1)) {
		offer_files(out, typed);
		if (out->count > 1) /* commands stay in the order of the table; files have none */
			qsort(out->word, out->count, sizeof *out->word, by_word);
	}
}

enum em_status cmd_complete(const struct em_settings *s, const char *line, size_t at, struct cmd_completions *out)
{
	*out = (struct cmd_completions){0};
	size_t from = 0;
	for (size_t i = 0; i < at && line[i]; i++)
		if (line[i] == ';')
			from = i + 1;
	char *copy = strndup(line + from, at - from), *word[8], *save = NULL;
	if (!copy)
		return EM_MEMORY;
	bool fresh = at == from || strchr(" \t", line[at - 1]);
	int count = 0;
	for (char *w = strtok_r(copy, " \t", &save); w && count < 8; w = strtok_r(NULL, " \t", &save))
		word[count++] = w;
	const char *typed = fresh || count == 0 ? "" : word[count - 1];
	int at_word = fresh ? count : count - 1;
	out->from = at - strlen(typed);
	const struct cmd *c;
	struct em_err none;
	if (at_word <= 0) {
		for (size_t i = 0; cmd_at(i); i++)
			offer(out, typed, cmd_at(i)->name, cmd_at(i)->summary);
	} else {
		size_t n = strlen(word[0]);
		if (n > 1 && word[0][n - 1] == '!')
			word[0][n - 1] = '\0';
		bool known = !cmd_find(word[0], &c, &none);
		if (known && takes_expression(c, at_word, count > 1 ? word[1] : "")) { /* the name at the end of it */
			size_t n_typed = strlen(typed), tail = 0;
			while (tail < n_typed && (isalnum((unsigned char)typed[n_typed - tail - 1]) || typed[n_typed - tail - 1] == '_'))
				tail++;
			typed += n_typed - tail;
			out->from = at - tail;
		}
		if (known)
			offer_argument(out, c, at_word, count > 1 ? word[1] : "", s, typed);
	}
	free(copy);
	return EM_OK;
}

void cmd_completions_free(struct cmd_completions *c)
{
	for (size_t i = 0; i < c->count; i++)
		free(c->word[i]);
	free(c->word);
	free(c->summary);
	*c = (struct cmd_completions){0};
}
