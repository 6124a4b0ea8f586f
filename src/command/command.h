/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The one language of elbow: a table of commands that the prompt, scripts, keys, help, completion and man page share. */
#ifndef ELBOW_COMMAND_COMMAND_H
#define ELBOW_COMMAND_COMMAND_H

#include <stdbool.h>
#include <stddef.h>

#include "command/session.h"

#define ELBOW_VERSION "0.1"

/* The front end that carries commands out: the screen, the bare prompt, or batch mode. */
struct cmd_front {
	void *self;
	struct session *session;
	/* Batch: performs the job at once. Screen: hands it to the worker. */
	enum em_status (*submit)(void *self, const struct job *job, struct em_err *err);
	/* Text for the person, whole lines; safe for a terminal already. */
	void (*print)(void *self, const char *text);
	/* A command of the screen: view, up, down, sort, zoom, find, screenshot ... argv[0] is its full name. */
	enum em_status (*ui)(void *self, int argc, char *const argv[], struct em_err *err);
	void (*quit)(void *self);
	bool has_screen; /* `help` without a name shows the view */
};

struct cmd_call {
	const struct cmd_front *front;
	const struct picture *picture; /* the newest */
	const struct cmd *command;
	int argc;                      /* words after the name */
	char *const *argv;             /* argv[0] is the first word after the name */
	const char *rest;              /* the same words as they were typed, quotes and all */
	bool bang;                     /* "export! ..." or "export ... !" */
	struct cmd_nest *nest;         /* the line or scripts that this is part of */
};

enum cmd_group { CMD_STEP, CMD_DATA, CMD_LOOK, CMD_MOVE, CMD_OUT, CMD_OTHER, CMD_GROUPS };

struct cmd {
	const char *name;
	enum cmd_group group;
	const char *synopsis;  /* arguments: "[N]", "trace|state|topics|documents FILE" */
	int min_args, max_args;/* max -1: any */
	const char *const *words; /* completions of the first argument, NULL-terminated, or NULL */
	bool files;            /* complete file names */
	enum em_status (*run)(const struct cmd_call *call, struct em_err *err);
	const char *summary;   /* one line */
	const char *help;      /* a paragraph */
	const char *example;
};

const struct cmd *cmd_at(size_t i); /* NULL past the last */
const char *cmd_group_title(enum cmd_group g);
/* A full name or a unique prefix; EM_USAGE names the candidates or the nearest. */
enum em_status cmd_find(const char *name, const struct cmd **out, struct em_err *err);

/* Runs one line: blank and #-comments do nothing; words split at blanks, "double" and 'single' quotes, backslash;
 * commands separated by ';' run in order until one fails. */
enum em_status cmd_execute(const struct cmd_front *front, const char *line, struct em_err *err);
/* Runs a script file; an error becomes FILE:LINE: .... */
enum em_status cmd_script(const struct cmd_front *front, const char *path, struct em_err *err);

/* Completion of line at byte offset `at`: candidates for the word that ends there. Owned: cmd_completions_free. */
struct cmd_completions {
	char **word;
	const char **summary; /* borrowed, may hold NULLs */
	size_t count, from;   /* the word begins at byte `from` */
};
enum em_status cmd_complete(const struct em_settings *s, const char *line, size_t at, struct cmd_completions *out);
void cmd_completions_free(struct cmd_completions *c);

/* Keys: one table. context is a view's name or "" for everywhere; key names as key_name() gives them:
 * "s" "C-d" "Enter" "Tab" "S-Tab" "Up" "PgDn" "Home" "F1" "?" ":" "/" "Esc" "Space" "WheelUp". */
struct cmd_key {
	const char *context, *key, *line; /* line: a command line; ":" and "/" open the prompt */
	const char *hint;                 /* two or three words for the bottom line and help */
};
const struct cmd_key *cmd_key_at(size_t i); /* NULL past the last */
/* The view's own binding first, then the general one; NULL when unbound. */
const struct cmd_key *cmd_key_find(const char *context, const char *key);

#endif
