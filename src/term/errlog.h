/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Standard error while the screen is up: kept in a file without a name, shown afterwards. Libraries print. */
#ifndef ELBOW_TERM_ERRLOG_H
#define ELBOW_TERM_ERRLOG_H

/* Does nothing when standard error is no terminal. */
void errlog_begin(void);
/* Standard error as it was; what was written meanwhile follows. */
void errlog_end(void);
/* The file and the real standard error, for a crash; -1 when there are none. */
int errlog_file(void);
int errlog_real(void);

#endif
