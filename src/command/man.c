/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "command/man.h"

#include <stdio.h>
#include <string.h>

const struct man_option man_options[] = {
	{'m', "model", "NAME", "the model; default lda"},
	{'k', "components", "N", "number of components (topics)"},
	{'s', "set", "NAME=VALUE", "any setting, repeatable"},
	{0, "seed", "N", "seed of every random choice; default 1, never the clock"},
	{0, "init", "FILE", "start from the θ in a state file"},
	{'e', "execute", "COMMAND", "a command to run, repeatable, in order"},
	{'x', "script", "FILE", "a file of commands to run"},
	{'b', "batch", NULL, "no screen, no prompt: run -e and -x, or the main job, and exit"},
	{0, "session", "FILE", "keep the session in a file, step by step; one that is there goes on"},
	{0, "prompt", NULL, "the prompt without the screen"},
	{0, "no-config", NULL, "leave out ~/.config/elbow/init"},
	{0, "json", NULL, "batch mode with one line of JSON a step, and one for the verdict; no other output"},
	{0, "example", "NAME", "a built-in data set; the default is gazette"},
	{0, "man", NULL, "print the man page"},
	{'h', "help", NULL, "print this"},
	{'V', "version", NULL, "print the version"},
	{0, NULL, NULL, NULL},
};

void man_usage(struct buf *b)
{
	buf_puts(b, "elbow [options] [DATA]\n\n"
	            "A debugger for expectation-maximization. DATA: as the model takes them, a corpus (a folder of .txt, a .csv\n"
	            "or .tsv, LDA-C .ldac/.dat), a table of numbers (.csv, .tsv) or sequences, one a line; a session file;\n"
	            "- for standard input; nothing for the built-in corpus.\n\n");
	for (const struct man_option *o = man_options; o->name; o++) {
		char left[64];
		snprintf(left, sizeof left, "%c%c%s --%s %s", o->letter ? '-' : ' ', o->letter ? o->letter : ' ',
		         o->letter ? "," : " ", o->name, o->argument ? o->argument : "");
		buf_printf(b, "  %-28s %s\n", left, o->help);
	}
	buf_puts(b, "\nelbow -b -e help lists the commands, elbow -b -e 'show settings' the settings.\n");
}

/* Text for roff: a backslash, a hyphen, a dot or quote at the start of a line mean something there. */
static void roff(struct buf *b, const char *s)
{
	if (*s == '.' || *s == '\'')
		buf_puts(b, "\\&");
	for (; *s; s++)
		if (*s == '\\')
			buf_puts(b, "\\e");
		else if (*s == '-')
			buf_puts(b, "\\-");
		else
			buf_putc(b, *s);
}

static void item(struct buf *b, const char *bold, const char *italic, const char *text)
{
	buf_puts(b, ".TP\n\\fB");
	roff(b, bold);
	buf_puts(b, "\\fR");
	if (italic && *italic) {
		buf_puts(b, " \\fI");
		roff(b, italic);
		buf_puts(b, "\\fR");
	}
	buf_putc(b, '\n');
	roff(b, text);
	buf_putc(b, '\n');
}

static void man_commands(struct buf *b)
{
	buf_puts(b, ".SH COMMANDS\nThe same at the prompt (:), in scripts and after -e. A name may be cut while it is unique; the letters that are keys of steps (s w n e m f c b) are commands too.\n");
	for (int g = 0; g < CMD_GROUPS; g++) {
		buf_printf(b, ".SS %s\n", cmd_group_title((enum cmd_group)g));
		for (size_t i = 0; cmd_at(i); i++) {
			const struct cmd *c = cmd_at(i);
			if ((int)c->group != g)
				continue;
			item(b, c->name, c->synopsis, c->summary);
			buf_puts(b, ".br\n");
			roff(b, c->help);
			buf_puts(b, "\n.br\nExample: \\fB");
			roff(b, c->example);
			buf_puts(b, "\\fR\n");
		}
	}
}

static void man_keys(struct buf *b)
{
	buf_puts(b, ".SH KEYS\n");
	for (size_t i = 0; cmd_key_at(i); i++) {
		const struct cmd_key *k = cmd_key_at(i);
		char line[160];
		snprintf(line, sizeof line, "%s%s%s", k->context, k->context[0] ? ": " : "", k->line);
		item(b, k->key, "", line);
	}
}

static void man_settings(struct buf *b, const struct em_settings *s)
{
	const char *group = NULL;
	const struct em_setting *row;
	buf_puts(b, ".SH SETTINGS\n");
	for (size_t i = 0; (row = em_settings_at(s, i)); i++) {
		char left[300] = "";
		if (!group || strcmp(group, em_settings_group(s, i)) != 0)
			buf_printf(b, ".SS %s\n", group = em_settings_group(s, i));
		for (size_t j = 0; row->choices && row->choices[j]; j++)
			snprintf(left + strlen(left), sizeof left - strlen(left), "%s%s", j ? "|" : "", row->choices[j]);
		item(b, row->name, left, row->help);
		if (row->fallback[0])
			buf_printf(b, ".br\nDefault: %s\n", row->fallback);
	}
}

void man_page(struct buf *b, const struct em_settings *s)
{
	buf_puts(b, ".TH ELBOW 1 \"\" \"elbow " ELBOW_VERSION "\" \"User commands\"\n.SH NAME\nelbow \\- a debugger for "
	            "expectation\\-maximization\n.SH SYNOPSIS\n.B elbow\n[\\fIoptions\\fR] [\\fIDATA\\fR]\n"
	            ".SH DESCRIPTION\nOpens a latent\\-variable model on real data, advances it by single E or M steps or parts of "
	            "one, forward and back, and shows after each the identity log p(X|θ) = ELBO + KL from live numbers. "
	            "DATA is what the model takes: a corpus (a folder of .txt files, a .csv or .tsv, LDA\\-C .ldac or .dat), a "
	            "table of numbers (.csv, .tsv) or sequences, one a line; or \\- for standard input. Without it an example "
	            "of the model is opened, the built\\-in corpus if none is named. Without a terminal on standard output, or with \\-\\-batch and no "
	            "command, it fits and prints a report.\n.SH OPTIONS\n");
	for (const struct man_option *o = man_options; o->name; o++) {
		char left[80];
		snprintf(left, sizeof left, "%s%c%s--%s", o->letter ? "-" : "", o->letter ? o->letter : ' ',
		         o->letter ? ", " : "", o->name);
		item(b, left[0] == ' ' ? left + 1 : left, o->argument, o->help);
	}
	man_commands(b);
	man_keys(b);
	man_settings(b, s);
	buf_puts(b, ".SH EXIT STATUS\n0 done, 1 the ELBO fell, or the run ended broken, or something failed, 2 usage or input error, 3 stopped at max_iterations.\n"
	            ".SH ENVIRONMENT\n\\fBNO_COLOR\\fR not empty: no colour. \\fBXDG_STATE_HOME\\fR (else ~/.local/state): elbow/history "
	            "in it keeps what was typed at the prompt. \\fBXDG_CONFIG_HOME\\fR (else ~/.config): the commands in elbow/init are run at the start, on the screen "
	            "and at the prompt, before those of \\-e and \\-x; an error in it is told and stops nothing.\n");
}
