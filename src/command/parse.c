/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * From a line of text to commands that run. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/text.h"
#include "command/verbs.h"

enum { WORDS = 64, NESTED = 16 };

/* Takes one word off *at into out (which has room for all of the rest); false at the end of the command. */
static enum em_status word(const char **at, char **out, bool *got, struct em_err *err)
{
	const char *p = *at + strspn(*at, " \t\r\n");
	char quote = 0;
	*got = *p && *p != ';' && *p != '#';
	while (*p && *got) {
		if (quote && *p == quote)
			quote = 0;
		else if (!quote && (*p == '"' || *p == '\''))
			quote = *p;
		else if (*p == '\\' && quote != '\'' && p[1])
			*(*out)++ = *++p;
		else if (!quote && strchr(" \t\r\n;", *p))
			break;
		else
			*(*out)++ = *p;
		p++;
	}
	*(*out)++ = '\0';
	*at = p;
	return quote ? em_fail(err, EM_USAGE, "a quote %c is not closed", quote) : EM_OK;
}

static enum em_status unknown(const char *name, struct em_err *err)
{
	const struct cmd *near = NULL;
	size_t best = SIZE_MAX;
	for (size_t i = 0; cmd_at(i); i++) {
		size_t d = text_distance(name, cmd_at(i)->name);
		if (d < best && text_near(name, cmd_at(i)->name)) {
			best = d;
			near = cmd_at(i);
		}
	}
	if (near)
		return em_fail(err, EM_USAGE, "no command \"%s\"; did you mean %s?", name, near->name);
	return em_fail(err, EM_USAGE, "no command \"%s\"; help lists them", name);
}

/* A letter that is the key of a step is that step at the prompt too, whatever else begins with it. */
static const struct cmd *step_by_key(const char *name)
{
	const struct cmd_key *k = name[0] && !name[1] ? cmd_key_find("", name) : NULL;
	for (size_t i = 0; k && cmd_at(i); i++)
		if (cmd_at(i)->group == CMD_STEP && strcmp(cmd_at(i)->name, k->line) == 0)
			return cmd_at(i);
	return NULL;
}

enum em_status cmd_find(const char *name, const struct cmd **out, struct em_err *err)
{
	char list[200] = "";
	const struct cmd *near = NULL;
	size_t n = strlen(name), found = 0;
	*out = step_by_key(name);
	for (size_t i = 0; !*out && cmd_at(i); i++) {
		if (strcmp(cmd_at(i)->name, name) == 0)
			*out = cmd_at(i);
		else if (n && strncmp(cmd_at(i)->name, name, n) == 0) {
			size_t at = strlen(list);
			snprintf(list + at, sizeof list - at, "%s%s", found ? ", " : "", cmd_at(i)->name);
			near = cmd_at(i);
			found++;
		}
	}
	if (!*out && found == 1)
		*out = near;
	if (*out)
		return EM_OK;
	return found ? em_fail(err, EM_USAGE, "\"%s\" could be %s; type more of it", name, list) : unknown(name, err);
}

static enum em_status run(const struct cmd_front *front, struct cmd_nest *nest, int argc, char *argv[], const char *rest,
                          struct em_err *err)
{
	const struct cmd *c;
	size_t n = strlen(argv[0]);
	bool bang = n > 1 && argv[0][n - 1] == '!';
	if (bang)
		argv[0][n - 1] = '\0';
	if (argc > 2 && strcmp(argv[argc - 1], "!") == 0) {
		bang = true;
		argc--;
	}
	enum em_status st = cmd_find(argv[0], &c, err);
	if (st)
		return st;
	int args = argc - 1;
	if (args < c->min_args || (c->max_args >= 0 && args > c->max_args))
		return em_fail(err, EM_USAGE, "%s takes %s; for example: %s", c->name,
		               c->synopsis[0] ? c->synopsis : "nothing after it", c->example);
	struct cmd_call call = {.front = front, .picture = session_picture(front->session), .command = c, .argc = args,
	                        .argv = argv + 1, .rest = rest, .bang = bang, .nest = nest};
	st = c->run(&call, err);
	picture_release(call.picture);
	return st;
}

static enum em_status run_line(const struct cmd_front *front, struct cmd_nest *nest, const char *line,
                               struct em_err *err)
{
	char *room = malloc(3 * strlen(line) + WORDS + 3);
	enum em_status st = EM_OK;
	if (!room)
		return em_no_memory(err);
	while (!st && !nest->quit && *line && *line != '#') {
		char *argv[WORDS + 1], *out = room;
		int argc = 0;
		bool got = true;
		const char *after = line;
		while (!st && got) {
			if (argc == WORDS) {
				st = em_fail(err, EM_USAGE, "more than %d words in a command", WORDS);
				break;
			}
			argv[argc] = out;
			st = word(&line, &out, &got, err);
			argc += got;
			after = argc == 1 && got ? line : after;
		}
		argv[argc] = NULL;
		while (after < line && strchr(" \t\r\n", *after))
			after++;
		memcpy(out, after, (size_t)(line - after));
		out[line - after] = '\0';
		if (!st && argc)
			st = run(front, nest, argc, argv, out, err);
		if (*line == ';')
			line++;
	}
	free(room);
	return st;
}

enum em_status cmd_execute(const struct cmd_front *front, const char *line, struct em_err *err)
{
	struct cmd_nest nest = {0};
	return run_line(front, &nest, line, err);
}

static enum em_status run_script(const struct cmd_front *front, struct cmd_nest *nest, const char *path,
                                 struct em_err *err)
{
	struct file_bytes f;
	struct em_err own = {0};
	if (nest->depth == NESTED)
		return em_fail(err, EM_USAGE, "%s: scripts run each other more than %d deep; does it run itself?", path, NESTED);
	enum em_status st = file_map(path, &f, err);
	if (st)
		return st;
	size_t number = 0;
	nest->depth++;
	for (size_t at = 0; at < f.size && !st && !nest->quit;) {
		const char *end = memchr(f.bytes + at, '\n', f.size - at);
		size_t n = end ? (size_t)(end - f.bytes) - at : f.size - at;
		char *line = strndup(f.bytes + at, n);
		number++;
		at += n + 1;
		st = line ? run_line(front, nest, line, &own) : em_no_memory(&own);
		free(line);
	}
	nest->depth--;
	file_unmap(&f);
	return st ? em_fail(err, st, "%s:%zu: %s", path, number, own.msg) : EM_OK;
}

enum em_status cmd_script(const struct cmd_front *front, const char *path, struct em_err *err)
{
	struct cmd_nest nest = {0};
	return run_script(front, &nest, path, err);
}

enum em_status cmd_source(const struct cmd_call *c, const char *path, struct em_err *err)
{
	return run_script(c->front, c->nest, path, err);
}
