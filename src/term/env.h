/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What the environment says; read here and in main only. */
#ifndef ELBOW_TERM_ENV_H
#define ELBOW_TERM_ENV_H

#include <stdbool.h>

/* "" when unset. */
const char *env_term(void);
/* The locale writes UTF-8, and the terminal has the glyphs (the Linux console has not). */
bool env_utf8(void);
/* NO_COLOR, when not empty. */
bool env_no_color(void);
/* Where the histories are kept: XDG_STATE_HOME/elbow or HOME/.local/state/elbow. Owned; NULL: nowhere. */
char *env_state_directory(void);
/* The user's file of commands: XDG_CONFIG_HOME/elbow/init or HOME/.config/elbow/init. Owned; NULL: none. */
char *env_config_file(void);
/* ELBOW_SYNC_FD, an aid for tests: a descriptor that gets a zero byte after each frame with nothing left to do. -1: none. */
int env_sync_fd(void);

#endif
