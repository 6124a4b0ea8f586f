/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What a run stands on: data, the example they may be, and the start that example was published with. */
#ifndef ELBOW_COMMAND_WORLD_H
#define ELBOW_COMMAND_WORLD_H

#include "elbow/example.h"
#include "elbow/run.h"

/* Shared by the pictures of a run. */
struct world;

/* The data of an example, or at a path as this model takes them ("": the built-in corpus). Owned: world_release. */
enum em_status world_open(const struct em_model *model, const char *path, const struct em_example *example,
                          const struct em_settings *settings, struct world **out, struct em_err *err);
struct world *world_retain(struct world *w); /* NULL passes through */
void world_release(struct world *w);
const struct em_data *world_data(const struct world *w);
/* em_data_sum of them, made once. One thread at a time. */
uint64_t world_sum(struct world *w);
const struct em_example *world_example(const struct world *w); /* NULL: none */

/* A run of the model that `all` names: from the state file init names, else from the example's published start where
 * the setting `init` says given, else as `init` says. The screen's settings and the session's are none of its. */
enum em_status world_run(const struct world *w, const struct em_settings *all, const char *init,
                         const struct em_hooks *h, struct em_run **out, struct em_err *err);

/* The model that the settings name. */
const struct em_model *world_model(const struct em_settings *s);

/* Settings with the values an example wants; *settings is given up for the new ones. EM_USAGE when one does not fit. */
enum em_status world_preset(const struct em_example *e, struct em_settings **settings, struct em_err *err);
/* The same where a setting has its default, as after a change of the model. */
enum em_status world_renew(const struct em_example *e, struct em_settings **settings, struct em_err *err);
/* True when a run begins at the example's published start. */
bool world_published(const struct world *w, const struct em_settings *s);
/* The same settings without what the example had set and nobody changed since. */
enum em_status world_unset(const struct em_example *e, struct em_settings **settings, struct em_err *err);
/* Without the settings that name columns: those of one file say nothing about the next. */
enum em_status world_forget(struct em_settings **settings, struct em_err *err);
/* With the settings of lines "NAME=VALUE". */
enum em_status world_with(const char *lines, struct em_settings **settings, struct em_err *err);

#endif
