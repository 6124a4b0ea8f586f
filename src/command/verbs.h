/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The functions behind the rows of the command table. */
#ifndef ELBOW_COMMAND_VERBS_H
#define ELBOW_COMMAND_VERBS_H

#include "command/command.h"
#include "elbow/store.h"

/* Scripts within scripts. */
struct cmd_nest {
	int depth;
	bool quit; /* nothing more of them runs */
};

/* parse.c: a script that is part of what runs already. */
enum em_status cmd_source(const struct cmd_call *c, const char *path, struct em_err *err);

/* steps.c */
enum em_status verb_step(const struct cmd_call *c, struct em_err *err);
enum em_status verb_sweep(const struct cmd_call *c, struct em_err *err);
enum em_status verb_next(const struct cmd_call *c, struct em_err *err);
enum em_status verb_finish(const struct cmd_call *c, struct em_err *err);
enum em_status verb_phase(const struct cmd_call *c, struct em_err *err);
enum em_status verb_back(const struct cmd_call *c, struct em_err *err);
enum em_status verb_goto(const struct cmd_call *c, struct em_err *err);
enum em_status verb_label(const struct cmd_call *c, struct em_err *err);
enum em_status verb_continue(const struct cmd_call *c, struct em_err *err);
enum em_status verb_restart(const struct cmd_call *c, struct em_err *err);
enum em_status verb_open(const struct cmd_call *c, struct em_err *err);
enum em_status verb_evidence(const struct cmd_call *c, struct em_err *err);
enum em_status verb_init(const struct cmd_call *c, struct em_err *err);
enum em_status verb_set(const struct cmd_call *c, struct em_err *err);
enum em_status verb_source(const struct cmd_call *c, struct em_err *err);
enum em_status verb_quit(const struct cmd_call *c, struct em_err *err);
enum em_status verb_ui(const struct cmd_call *c, struct em_err *err);
enum em_status verb_beside(const struct cmd_call *c, struct em_err *err);
/* branch, switch, branches, compare, restarts: by the command's name */
enum em_status verb_branch(const struct cmd_call *c, struct em_err *err);
enum em_status verb_study(const struct cmd_call *c, struct em_err *err);
/* break, watch, catch, delete, enable, disable: by the command's name */
/* binds.c: bind, unbind */
enum em_status verb_bind(const struct cmd_call *c, struct em_err *err);
enum em_status verb_point(const struct cmd_call *c, struct em_err *err);
enum em_status verb_audit(const struct cmd_call *c, struct em_err *err);
enum em_status verb_diagnose(const struct cmd_call *c, struct em_err *err);
enum em_status verb_race(const struct cmd_call *c, struct em_err *err);
enum em_status verb_selftest(const struct cmd_call *c, struct em_err *err);

/* files.c */
enum em_status verb_export(const struct cmd_call *c, struct em_err *err);
enum em_status verb_save(const struct cmd_call *c, struct em_err *err);
enum em_status verb_journal(const struct cmd_call *c, struct em_err *err);

/* look.c */
enum em_status verb_show(const struct cmd_call *c, struct em_err *err);
enum em_status verb_show_setting(const struct cmd_call *c, const char *name, struct em_err *err);
enum em_status verb_explain(const struct cmd_call *c, struct em_err *err);
enum em_status verb_info(const struct cmd_call *c, struct em_err *err);
enum em_status verb_print(const struct cmd_call *c, struct em_err *err);
enum em_status verb_help(const struct cmd_call *c, struct em_err *err);

/* evidence.c: bounds of log p that always hold, as text. Owned: *out. */
enum em_status evidence_frame(const struct em_snapshot *s, const struct em_evidence_ask *ask, const struct em_hooks *h, char **out, struct em_err *err);
/* KL in two, as a sentence without its full stop. */
void evidence_parts(const struct em_run_parts *x, char *out, size_t size);

#endif
