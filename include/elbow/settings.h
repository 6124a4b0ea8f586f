/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Settings: tables that declare them, and one immutable, shared set of values for the tables in use. */
#ifndef ELBOW_SETTINGS_H
#define ELBOW_SETTINGS_H

#include <stdbool.h>
#include <stddef.h>

#include "elbow/status.h"

enum em_setting_type { EM_INTEGER, EM_REAL, EM_CHOICE, EM_SWITCH, EM_TEXT };

/* What has to happen before a new value shows. */
enum em_setting_effect {
	EM_EFFECT_NOW,    /* at once: the screen, limits, evidence */
	EM_EFFECT_STEP,   /* the next step uses it */
	EM_EFFECT_RESTART,/* the run starts again from ledger entry 0 */
	EM_EFFECT_REOPEN  /* the data are read again */
};

struct em_setting {
	const char *name;
	enum em_setting_type type;
	const char *fallback;         /* the default, as one would type it */
	double min, max;              /* EM_INTEGER and EM_REAL, both inclusive */
	const char *const *choices;   /* EM_CHOICE: NULL-terminated */
	enum em_setting_effect effect;
	const char *help;             /* one line */
};

/* A table: its title for help, and its rows. */
struct em_setting_table {
	const char *title;
	const struct em_setting *rows;
	size_t count;
};

struct em_settings;

/* Values at their defaults for several tables (borrowed, must outlive the values). Owned: release.
 * NULL when out of memory. A name may occur in one table only. */
struct em_settings *em_settings_new(const struct em_setting_table *const tables[], size_t count);
struct em_settings *em_settings_retain(const struct em_settings *s);
void em_settings_release(const struct em_settings *s);

/* A new set that differs in one value; *out is owned by the caller, s is untouched.
 * EM_USAGE names the range or the choices when the text does not fit. */
enum em_status em_settings_with(const struct em_settings *s, const char *name, const char *text,
                                struct em_settings **out, struct em_err *err);
/* The same in place: *s is given up for the new set. On failure it stays. */
enum em_status em_settings_put(struct em_settings **s, const char *name, const char *text, struct em_err *err);

/* A new set for other tables that keeps each value whose row is in both. */
struct em_settings *em_settings_rebase(const struct em_settings *s,
                                       const struct em_setting_table *const tables[], size_t count);

/* The row of a name, NULL when there is none. */
const struct em_setting *em_settings_row(const struct em_settings *s, const char *name);
/* All rows in order, for help and completion: NULL past the last. */
const struct em_setting *em_settings_at(const struct em_settings *s, size_t i);
/* The title of the table that row i belongs to. */
const char *em_settings_group(const struct em_settings *s, size_t i);

/* Values. The name must exist (a programming error otherwise: aborts). EM_SWITCH is 0 or 1, EM_CHOICE the index. */
double em_settings_number(const struct em_settings *s, const char *name);
const char *em_settings_text(const struct em_settings *s, const char *name); /* borrowed; "" when unset */
/* A value as one would type it; borrowed from out, cut to size. */
const char *em_settings_show(const struct em_settings *s, const char *name, char *out, size_t size);
/* True when both hold the same value for the row. */
bool em_settings_same(const struct em_settings *a, const struct em_settings *b);

#endif
